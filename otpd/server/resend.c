/* SPDX-License-Identifier: MIT */
/*
 * Another code for the same challenge. The counters stay, the old code and its unsent
 * mail are dead, and the same locks and budgets stand before it as before the first
 * code.
 */
#include "otpd/server/resend.h"

#include <errno.h>
#include <string.h>

#include "otpd/account/account.h"
#include "otpd/account/renew.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/daemon.h"
#include "otpd/server/issue.h"
#include "otpd/server/reply.h"
#include "otpd/store/challenges.h"
#include "otpd/store/principals.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

/* Whom the challenge is for, as he is now; a decoy is for nobody. */
static int load_owner(
	struct store *store, const struct challenge *challenge, struct user *ret)
{
	int r = principals_get(store, challenge->user, ret);

	if (r != -ENOENT)
		return r;
	return challenge->decoy || code_founds(challenge->purpose)
		? 0
		: OUTCOME_NO_CHALLENGE;
}

static struct issue issue_of(
	struct call *call, const struct challenge *challenge, const struct user *owner)
{
	const struct config *config = call_daemon(call)->moment.config;

	struct issue issue = {
		.policy = config_policy(config, challenge->service),
		.user = challenge->user,
		.service = challenge->service,
		.rhost = challenge->rhost,
		.tty = challenge->tty,
		.peer = challenge->peer,
		.purpose = challenge->purpose,
		.address = ISSUE_NOBODY,
		.person = "",
		.decoy = challenge->decoy,
	};

	if (!challenge->decoy)
		issue_to_user(&issue, owner);
	account_dress(&issue, config, challenge->peer);
	if (!challenge->decoy && code_is_to_new_address(challenge->purpose)) {
		issue.address = challenge->address;
		issue.own = false;
	}
	return issue;
}

int resend_wait_s(struct call *call, struct store *store,
	const struct challenge *challenge, int64_t *ret)
{
	struct user owner = { .address = "" };
	struct issue issue;
	int64_t ignored;
	int r;

	*ret = 0;
	if (code_realm(challenge->purpose) == CODE_OF_ACCOUNT)
		return renew_wait_s(call, store, challenge, ret);
	r = load_owner(store, challenge, &owner);
	if (r != 0)
		return r;
	issue = issue_of(call, challenge, &owner);
	return issue_wait_s(call_daemon(call), store, &issue, ret, &ignored);
}

static int check_budgets(struct call *call, struct store *store, struct issue *issue,
	const struct user *owner, int64_t *ret_next_s)
{
	struct daemon *daemon = call_daemon(call);
	int64_t wait = 0;
	int r = 0;

	if (!issue->decoy)
		r = attempt_locked_s(daemon, store, issue->user, issue->policy, &wait);
	if (r == 0 && owner->state != USER_ACTIVE)
		wait = -1;
	if (r < 0 || (wait != 0 && !issue->policy->conceal))
		return r < 0 ? r : reply_locked(call, wait > 0 ? wait : 0);
	/* Concealed: the new code is one that nobody gets. */
	issue->decoy = issue->decoy || wait != 0;
	r = issue_wait_s(daemon, store, issue, &wait, ret_next_s);
	if (r < 0 || wait > 0)
		return r < 0 ? r : reply_throttled(call, wait);
	return 0;
}

static int note(struct call *call, struct store *store)
{
	struct begin_work *work = call->work;
	const struct challenge *c = &work->challenge;
	int64_t now = call_daemon(call)->moment.now_s;

	record_about(&work->record, c->user, c->service, c->rhost, call->peer.uid);
	record_refer(&work->record, c->reference);
	if (!c->decoy)
		return record_store(&work->record, store, now, "resent",
			"another code issued", LOG_NOTICE);
	record_detail(&work->record, "resend");
	return record_store(&work->record, store, now, "decoy",
		"no code sent, challenge cannot be passed", LOG_NOTICE);
}

static int issue_another(struct call *call, struct store *store, enum code_realm form)
{
	struct begin_work *work = call->work;
	struct challenge *challenge = &work->challenge;
	struct user owner = { .address = "" };
	struct issue issue;
	int64_t next;
	int r = load_owner(store, challenge, &owner);

	if (r != 0)
		return r;
	issue = issue_of(call, challenge, &owner);
	r = check_budgets(call, store, &issue, &owner, &next);
	if (r != 0)
		return r;
	work->dead_mail = challenge->mail;
	r = issue_again(call_daemon(call), store, &issue, challenge, &work->mail);
	if (r != 0)
		return r;
	reply_challenge(call, challenge, next, "queued", form);
	return note(call, store);
}

int resend_apply(struct call *call, struct store *store, const uint8_t id[CODE_ID],
	enum code_realm realm, enum code_realm form)
{
	struct begin_work *work = call->work;
	struct challenge *challenge = &work->challenge;
	int r = challenges_get(store, id, challenge);

	if (r < 0)
		return r == -ENOENT ? OUTCOME_NO_CHALLENGE : r;
	if (code_realm(challenge->purpose) != realm)
		return OUTCOME_NO_CHALLENGE;
	if (realm == CODE_OF_ACCOUNT) {
		r = renew_check(call, store, work);
		return r != 0 ? r : renew_apply(call, store, work);
	}
	r = challenge_check(challenge, call->peer.uid, call_daemon(call)->moment.now_s);
	return r != 0 ? r : issue_another(call, store, form);
}
