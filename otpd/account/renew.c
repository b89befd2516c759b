/* SPDX-License-Identifier: MIT */
/*
 * Another code for a challenge of an account's method. Whom it goes to is looked up
 * anew, as it was for the first: whoever has been told that his address was typed is
 * told again, in place of a code, and the same budgets count it.
 */
#include "otpd/account/renew.h"

#include <errno.h>
#include <string.h>

#include "otpd/account/change.h"
#include "otpd/account/registration.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/daemon.h"
#include "otpd/server/reply.h"
#include "otpd/util/log.h"

/* What the issue of a new code borrows from; it stays where it is. */
struct renewal {
	union {
		struct registration_issue registration;
		struct change_issue change;
	} of;
	struct issue *issue;
};

/* Of a stranger's reset: he has no account, and the letter is about as long. */
static void make_void(const struct account_caller *caller,
	const struct challenge *challenge, struct renewal *out)
{
	struct change_issue *change = &out->of.change;

	change->account = (struct account){ .state = ACCOUNT_ACTIVE };
	account_issue(&change->to, caller, &change->account, challenge->rhost,
		challenge->peer, challenge->purpose);
	change->to.issue.user = challenge->user;
	change->to.issue.address = ISSUE_NOBODY;
	change->to.issue.decoy = true;
	out->issue = &change->to.issue;
}

static int of_account(struct store *store, const struct account_caller *caller,
	const struct challenge *challenge, struct renewal *out)
{
	bool is_address = challenge->purpose == CODE_CHANGE_ADDRESS;
	struct change_issue *change = &out->of.change;
	uint8_t id[ACCOUNT_ID] = { 0 };
	int r;

	(void)principal_is_account(challenge->user, id);
	r = accounts_get(store, id, &change->account);
	if (r == -ENOENT) {
		make_void(caller, challenge, out);
		return 0;
	}
	if (r == 0)
		r = change_issue(store, caller, challenge->rhost, challenge->peer,
			challenge->purpose, is_address ? challenge->address : NULL,
			change);
	out->issue = &change->to.issue;
	out->issue->service = challenge->service;
	/* One of a locked or disabled account, or one that may not be reset. */
	out->issue->decoy = challenge->decoy && !out->issue->taken;
	if (challenge->purpose == CODE_RESET)
		out->issue->used_at = 0; /* as at the first */
	return r;
}

/* The caller began it: his tenant and the policy are those of its service. */
static int find_issue(struct call *call, struct store *store,
	const struct challenge *challenge, struct renewal *out)
{
	struct daemon *daemon = call_daemon(call);
	struct account_caller caller;
	int r;

	if (challenge->purpose == CODE_REGISTER) {
		out->issue = &out->of.registration.issue;
		return registration_issue(
			daemon, store, challenge, &out->of.registration);
	}
	r = account_caller(daemon->moment.config, call->peer.uid, challenge->service,
		(enum account_purpose) ~0u, &caller);
	return r != 0 ? r : of_account(store, &caller, challenge, out);
}

int renew_check(struct call *call, struct store *store, struct begin_work *work)
{
	int r = challenge_check(
		&work->challenge, call->peer.uid, call_daemon(call)->moment.now_s);

	if (r != OUTCOME_EXPIRED)
		return r;
	r = registration_waits(call_daemon(call), store, &work->challenge);
	return r < 0 ? r : r > 0 ? 0 : OUTCOME_EXPIRED;
}

int renew_wait_s(struct call *call, struct store *store,
	const struct challenge *challenge, int64_t *ret)
{
	struct renewal renewal;
	int64_t ignored;
	int r = find_issue(call, store, challenge, &renewal);

	*ret = 0;
	/* There is nothing to wait for then. */
	if (r != 0)
		return r < 0 ? r : 0;
	return issue_wait_s(call_daemon(call), store, renewal.issue, ret, &ignored);
}

static int check_budgets(struct call *call, struct store *store, struct issue *issue,
	int64_t *ret_next_s)
{
	int64_t wait;
	int r = attempt_look_at_lock(call, store, issue);

	if (r != 0)
		return r;
	r = issue_wait_s(call_daemon(call), store, issue, &wait, ret_next_s);
	if (r < 0 || wait > 0)
		return r < 0 ? r : reply_throttled(call, wait);
	return 0;
}

static int note(struct call *call, struct store *store, struct begin_work *work,
	const struct issue *issue)
{
	const struct challenge *c = &work->challenge;

	record_about(&work->record, c->user, c->service, c->rhost, call->peer.uid);
	record_refer(&work->record, c->reference);
	record_detail(&work->record,
		issue->taken           ? "taken"
			: issue->decoy ? "decoy"
				       : "");
	return record_store(&work->record, store, call_daemon(call)->moment.now_s,
		"resent", "another code issued", LOG_NOTICE);
}

int renew_apply(struct call *call, struct store *store, struct begin_work *work)
{
	struct challenge *challenge = &work->challenge;
	struct renewal renewal;
	int64_t next;
	int r = find_issue(call, store, challenge, &renewal);

	if (r == 0)
		r = check_budgets(call, store, renewal.issue, &next);
	if (r != 0)
		return r;
	work->dead_mail = challenge->mail;
	r = issue_again(
		call_daemon(call), store, renewal.issue, challenge, &work->mail);
	if (r != 0)
		return r;
	reply_challenge(call, challenge, next, "queued", CODE_OF_ACCOUNT);
	return note(call, store, work, renewal.issue);
}
