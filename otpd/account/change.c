/* SPDX-License-Identifier: MIT */
/*
 * What the owner of an account changes with a code: the password, the address.
 *
 * The old password stands before both (gate.h). The code of a new password goes to the
 * account's address; that of a new address goes there and nowhere else, for it proves
 * it. A new address that another account has MUST look like any other: its owner is
 * told in place of the code, under the same budgets, and the challenge is a decoy whose
 * wrong tries count.
 *
 * Whatever is changed ends every session, every grant and every other code of the
 * account: a code that is on its way to the old address opens nothing any more.
 */
#include "otpd/account/change.h"

#include <errno.h>
#include <string.h>

#include "otpd/account/confirm.h"
#include "otpd/account/session.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/reply.h"
#include "otpd/store/challenges.h"
#include "otpd/store/registrations.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

static int find_owner(struct store *store, const struct account_caller *caller,
	const char *address, struct change_issue *out)
{
	int r = accounts_find(store, caller->tenant, address, &out->owner);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return memcmp(out->owner.id, out->account.id, ACCOUNT_ID) != 0;
}

int change_issue(struct store *store, const struct account_caller *caller,
	const char *rhost, int64_t peer, int64_t purpose, const char *address,
	struct change_issue *out)
{
	struct issue *issue = &out->to.issue;
	int r;

	account_issue(&out->to, caller, &out->account, rhost, peer, purpose);
	if (!address)
		return 0;
	r = find_owner(store, caller, address, out);
	if (r < 0)
		return r;
	issue->own = false;
	issue->address = address;
	issue->taken = r > 0;
	if (!issue->taken)
		return 0;
	issue->address = out->owner.address;
	issue->person = out->owner.login;
	issue->language =
		out->owner.language[0] ? out->owner.language : caller->rules->language;
	return 0;
}

/*
 * 1 if the live one goes on. Spellings of an address are one here, whether or not
 * somebody has it. Another one to a new address ends where the new one begins.
 */
static int resume(struct call *call, struct store *store, struct begin_work *work,
	const struct issue *issue)
{
	struct challenge *live = &work->challenge;
	int r = challenges_find(store, issue->user, issue->service, issue->rhost,
		issue->peer, call_daemon(call)->moment.now_s, live);

	if (r < 0 || live->purpose != issue->purpose)
		return r == -ENOENT || r >= 0 ? 0 : r;
	return live->decoy == (issue->decoy || issue->taken) &&
		(issue->decoy || text_same_nocase(live->address, issue->address));
}

static int cancel_earlier(struct store *store, struct begin_work *work,
	const struct issue *issue, struct challenge *live)
{
	int r;

	if (live->purpose != CODE_CHANGE_ADDRESS || issue->purpose != live->purpose)
		return 0;
	work->dead_mail = live->mail;
	challenge_set_state(live, CHALLENGE_CANCELLED);
	r = challenges_update(store, live);
	return r < 0 ? r : mails_kill(store, live->mail);
}

int change_begin(struct call *call, struct store *store, struct begin_work *work,
	struct issue *issue)
{
	struct daemon *daemon = call_daemon(call);
	int64_t wait, next;
	int r = attempt_look_at_lock(call, store, issue);

	if (r != 0)
		return r;
	r = resume(call, store, work, issue);
	if (r != 0)
		return r < 0 ? r
			     : reply_resumed(call, store, &work->challenge, issue,
				       CODE_OF_ACCOUNT);
	r = issue_wait_s(daemon, store, issue, &wait, &next);
	if (r < 0 || wait > 0)
		return r < 0 ? r : reply_throttled(call, wait);
	r = cancel_earlier(store, work, issue, &work->challenge);
	if (r == 0)
		r = issue_new(daemon, store, issue, &work->challenge, &work->mail);
	if (r == 0)
		reply_challenge(
			call, &work->challenge, next, "queued", CODE_OF_ACCOUNT);
	return r;
}

static int note_begun(struct call *call, struct store *store, const struct issue *issue,
	struct begin_work *work)
{
	bool is_address = issue->purpose == CODE_CHANGE_ADDRESS;

	record_about(&work->record, issue->user, issue->service, issue->rhost,
		call->peer.uid);
	record_refer(&work->record, work->challenge.reference);
	if (issue->decoy)
		record_detail(&work->record, "locked");
	else if (issue->taken)
		record_detail(&work->record, "taken");
	return record_store(&work->record, store, call_daemon(call)->moment.now_s,
		is_address ? "address_begun" : "password_begun",
		is_address ? "change of address begun" : "change of password begun",
		LOG_NOTICE);
}

int change_apply(struct call *call, struct store *store,
	const struct account_caller *caller, const char *rhost, const char *address)
{
	struct change_work *work = call->work;
	struct change_issue change = { .account = work->gate.account };
	struct issue *issue = &change.to.issue;
	int r = gate_state(&change.account);

	if (r != 0)
		return r;
	if (address && strcmp(address, change.account.address) == 0) {
		call_out_string(call, "reason", "it is the address already");
		return OUTCOME_BAD_ADDRESS;
	}
	r = change_issue(store, caller, rhost, call->peer.uid,
		address ? CODE_CHANGE_ADDRESS : CODE_CHANGE_PASSWORD, address, &change);
	if (r == 0)
		r = change_begin(call, store, &work->begin, issue);
	return r != 0 ? r : note_begun(call, store, issue, &work->begin);
}

int change_load(struct call *call, struct store *store,
	const struct account_caller *caller, struct account *ret)
{
	const struct confirm_work *work = call->work;
	uint8_t id[ACCOUNT_ID];

	return principal_is_account(work->attempt.challenge.user, id)
		? account_of(store, caller, id, OUTCOME_NO_CHALLENGE, ret)
		: OUTCOME_NO_CHALLENGE;
}

static void answer_account(struct call *call, const struct account *account)
{
	char id[LIMIT_ACCOUNT + 1];

	hex_encode(id, account->id, sizeof(account->id));
	call_out_string(call, "account", id);
}

int change_grant(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account)
{
	struct confirm_work *work = call->work;
	struct grant grant = { .purpose = GRANT_PASSWORD };
	int r = attempt_pass(store, &work->attempt);

	text_copy(grant.tenant, sizeof(grant.tenant), caller->tenant);
	text_copy(grant.client, sizeof(grant.client), caller->client);
	memcpy(grant.account, account->id, sizeof(grant.account));
	text_copy(grant.address, sizeof(grant.address), account->address);
	if (r == 0)
		r = session_grant(call, store, &grant);
	if (r < 0)
		return r;
	answer_account(call, account);
	return record_store(&work->attempt.record, store,
		call_daemon(call)->moment.now_s, "password_granted",
		"a new password is allowed", LOG_NOTICE);
}

int change_confirm_password(
	struct call *call, struct store *store, const struct account_caller *caller)
{
	struct account account;
	int r = change_load(call, store, caller, &account);

	return r != 0 ? r : change_grant(call, store, caller, &account);
}

int change_end_all(struct store *store, const struct account *account)
{
	char principal[PRINCIPAL_SIZE];
	int r = session_end_all(store, account->id, NULL);

	principal_of_account(principal, account->id);
	return r < 0 ? r : challenges_cancel_user(store, principal);
}

/* To the address as it was. One that was never proven may be anybody's. */
static int tell_old_address(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *old)
{
	struct confirm_work *work = call->work;
	const struct challenge *challenge = &work->attempt.challenge;
	struct account_issue to;
	int r;

	if (old->verified_at == 0)
		return 0;
	account_issue(&to, caller, old, challenge->rhost, challenge->peer, CODE_NOTICE);
	to.issue.own = false;
	to.issue.new_address = challenge->address;
	r = issue_notice(call_daemon(call), store, &to.issue, ISSUE_ADDRESS_CHANGED, 0,
		&work->letter);
	return issue_courtesy(r);
}

int change_confirm_address(
	struct call *call, struct store *store, const struct account_caller *caller)
{
	struct confirm_work *work = call->work;
	struct daemon *daemon = call_daemon(call);
	const char *address = work->attempt.challenge.address;
	struct account old;
	int r = change_load(call, store, caller, &old);

	if (r == 0)
		r = attempt_pass(store, &work->attempt);
	if (r == 0)
		r = accounts_set_address(store, old.id, address, daemon->moment.now_s);
	if (r == -EEXIST)
		return OUTCOME_NO_CHALLENGE;
	if (r == 0)
		r = registrations_delete_address(store, caller->tenant, address);
	if (r == 0)
		r = change_end_all(store, &old);
	if (r == 0)
		r = tell_old_address(call, store, caller, &old);
	if (r != 0)
		return r;
	text_copy(
		work->cancelled, sizeof(work->cancelled), work->attempt.challenge.user);
	answer_account(call, &old);
	return record_store(&work->attempt.record, store, daemon->moment.now_s,
		"address_changed", "address changed", LOG_NOTICE);
}
