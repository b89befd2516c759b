/* SPDX-License-Identifier: MIT */
/*
 * A new password for who has forgotten his.
 *
 * Who asks is told the same whether the account exists, is disabled, or may not be
 * reset by its tenant's rules: a challenge, which is a decoy then. No first factor
 * stands before it, so strangers ask as well: the sends have the budget of such codes,
 * and wrong codes one of their own (attempt.h), which never locks a sign-in.
 *
 * Where the tenant's reset is "recovery", two things must be right, and neither may be
 * an oracle without the other. The code comes first: as long as it is wrong, it counts
 * as ever, and nothing is looked at or said of the recovery code, not even in time. Who
 * has the right one has the mailbox, and is told that there is more to bring; that
 * costs nothing, for he knew. A recovery code is then checked outside of the
 * transaction, as slowly whether or not there is one of that name, and a wrong one
 * counts in a budget that is looked at again before its result: calls that run beside
 * each other get no more tries than others. The code stays good meanwhile, and both
 * are used up in one transaction.
 */
#include "otpd/account/reset.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/account/change.h"
#include "otpd/account/confirm.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/recovery_try.h"
#include "otpd/server/reply.h"
#include "otpd/store/spending.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

/* ---- RequestReset */

/* Of nobody: no login has a blank, so that this is no other method's nobody. */
static void principal_of_stranger(char out[PRINCIPAL_SIZE], const struct daemon *daemon,
	const char *tenant, const char *login)
{
	char text[LIMIT_ADDRESS + 8];

	snprintf(text, sizeof(text), "reset %s", login);
	principal_of_nobody(out, daemon->key, tenant, text);
}

/* Why there can only be a decoy; NULL: there can be a code. */
static const char *find_decoy(const struct daemon *daemon,
	const struct account_caller *caller, const struct account *account, bool known)
{
	if (!known)
		return "unknown_login";
	if (account->state == ACCOUNT_DISABLED)
		return "disabled";
	if (account->state == ACCOUNT_LOCKED)
		return "locked";
	if (caller->rules->reset == TENANT_RESET_ADMIN &&
		account->reset_until <= daemon->moment.now_s)
		return "not_allowed";
	return NULL;
}

static int note_begun(struct call *call, struct store *store, const struct issue *issue,
	const char *decoy)
{
	struct begin_work *work = call->work;

	if (!decoy && issue->decoy)
		decoy = "locked";
	record_about(&work->record, issue->user, issue->service, issue->rhost,
		call->peer.uid);
	record_refer(&work->record, work->challenge.reference);
	record_detail(&work->record, decoy ? decoy : "");
	return record_store(&work->record, store, call_daemon(call)->moment.now_s,
		decoy ? "reset_unknown" : "reset_begun",
		decoy ? "reset asked for that there cannot be" : "reset begun",
		LOG_NOTICE);
}

int reset_begin(struct call *call, struct store *store,
	const struct account_caller *caller, const char *login, const char *rhost)
{
	struct daemon *daemon = call_daemon(call);
	struct account account = { .state = ACCOUNT_ACTIVE };
	char stranger[PRINCIPAL_SIZE];
	struct account_issue to;
	const char *decoy;
	int r = accounts_find(store, caller->tenant, login, &account);
	bool known = r == 0;

	if (r < 0 && r != -ENOENT)
		return r;
	principal_of_stranger(stranger, daemon, caller->tenant, login);
	account_issue(&to, caller, &account, rhost, call->peer.uid, CODE_RESET);
	decoy = find_decoy(daemon, caller, &account, known);
	/* A sign-in makes nobody's next reset come sooner: that would be seen. */
	to.issue.used_at = 0;
	to.issue.decoy = decoy != NULL;
	if (!known) {
		to.issue.user = stranger;
		to.issue.address = ISSUE_NOBODY;
	}
	r = change_begin(call, store, call->work, &to.issue);
	return r != 0 ? r : note_begun(call, store, &to.issue, decoy);
}

/* ---- Confirm, with a recovery code */

static int needed(struct call *call, int64_t tries_left)
{
	call_out_clear(call);
	call_out_int(call, "tries_left", tries_left);
	return OUTCOME_RECOVERY_NEEDED;
}

static int say(
	struct call *call, struct store *store, const char *event, const char *phrase)
{
	struct confirm_work *work = call->work;
	const struct challenge *challenge = &work->attempt.challenge;

	record_about(&work->record, challenge->user, challenge->service,
		challenge->rhost, challenge->peer);
	record_refer(&work->record, challenge->reference);
	return record_store(&work->record, store, call_daemon(call)->moment.now_s,
		event, phrase, LOG_NOTICE);
}

static int wrong(struct call *call, struct store *store, struct recovery_left *left)
{
	int r = recovery_count_wrong(call_daemon(call), store, left);

	if (r == 0)
		r = say(call, store, "recovery_wrong", "wrong recovery code");
	return r < 0 ? r : needed(call, left->tries);
}

/* The second phase: 0 if the recovery code was right, and it is used up. */
static int judge(struct call *call, struct store *store, const char *principal,
	struct recovery_left *left)
{
	struct confirm_work *work = call->work;
	int r = recovery_try_use(call, store, principal, &work->recovery);

	if (r == OUTCOME_WRONG_CODE)
		return wrong(call, store, left);
	return r < 0 ? r
		     : say(call, store, "recovery_used", "a recovery code was used");
}

int reset_confirm(
	struct call *call, struct store *store, const struct account_caller *caller)
{
	struct confirm_work *work = call->work;
	const struct confirm_in *in = call->in;
	const char *principal = work->attempt.challenge.user;
	struct recovery_left left;
	struct account account;
	int r = change_load(call, store, caller, &account);

	if (r != 0)
		return r;
	/* An administrator who allows one stands in for the recovery code. */
	if (caller->rules->reset != TENANT_RESET_RECOVERY ||
		account.reset_until > call_daemon(call)->moment.now_s)
		return change_grant(call, store, caller, &account);
	r = recovery_left(call_daemon(call), store, principal, &left);
	if (r < 0 || left.wait_s > 0)
		return r < 0 ? r : reply_locked(call, left.wait_s);
	if (!work->recovery.hashed.asked) {
		/* What can be none is no guess, and costs nothing. */
		if (!recovery_read(work->recovery.code, in->recovery))
			return needed(call, left.tries);
		return recovery_try_ask(call, store, principal, &work->recovery);
	}
	r = judge(call, store, principal, &left);
	return r != 0 ? r : change_grant(call, store, caller, &account);
}

int reset_forget_wrong(struct store *store, const char *principal)
{
	char codes[ATTEMPT_BUDGET];
	int r;

	attempt_budget(codes, principal, CODE_RESET);
	r = spending_forget_wrong(store, codes);
	return r < 0 ? r : recovery_forget_wrong(store, principal);
}
