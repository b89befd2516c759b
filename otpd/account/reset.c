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
#include "otpd/server/reply.h"
#include "otpd/store/recovery.h"
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

#define PER_HOUR  5
#define PER_MONTH 20
#define BUDGET    "rc:"

/* How many more wrong ones there may be, and how long none may be tried. */
struct allowance_left {
	char budget[sizeof(BUDGET) - 1 + PRINCIPAL_SIZE];
	int64_t tries;
	int64_t wait_s;
};

static int64_t left_of(
	const struct spending *wrong, const struct budget_window *window, int64_t now_s)
{
	int64_t used = budget_count(wrong->at, wrong->n, window->span_s, now_s);

	return used < window->limit ? window->limit - used : 0;
}

static int find_left(struct daemon *daemon, struct store *store, const char *principal,
	struct allowance_left *ret)
{
	static const struct budget_window windows[] = {
		{ BUDGET_HOUR, PER_HOUR },
		{ BUDGET_MONTH, PER_MONTH },
	};
	int64_t now_s = daemon->moment.now_s, by_hour, by_month;
	struct spending wrong;
	int r;

	snprintf(ret->budget, sizeof(ret->budget), BUDGET "%.*s", PRINCIPAL_SIZE - 1,
		principal);
	r = spending_wrong(store, ret->budget, BUDGET_MONTH, PER_MONTH, now_s, &wrong);
	if (r < 0)
		return r;
	by_hour = left_of(&wrong, &windows[0], now_s);
	by_month = left_of(&wrong, &windows[1], now_s);
	ret->tries = by_hour < by_month ? by_hour : by_month;
	ret->wait_s = budget_wait_s(wrong.at, wrong.n, windows, 2, now_s);
	return 0;
}

static int needed(struct call *call, int64_t tries_left)
{
	call_out_clear(call);
	call_out_int(call, "tries_left", tries_left);
	return OUTCOME_RECOVERY_NEEDED;
}

/* The code says which one it is, and then what that one's hash is of. */
static void split(const char code[RECOVERY_SIZE], char selector[RECOVERY_SELECTOR + 1])
{
	memcpy(selector, code, RECOVERY_SELECTOR);
	selector[RECOVERY_SELECTOR] = '\0';
}

static int ask(struct call *call, struct store *store, const char *principal)
{
	struct confirm_work *work = call->work;
	struct hashing *hashing = &work->hashed.hashing;
	struct recovery recovery = { .hash = "" };
	char selector[RECOVERY_SELECTOR + 1];
	int r;

	split(work->recovery, selector);
	r = recovery_get(store, principal, selector, &recovery);
	if (r < 0 && r != -ENOENT)
		return r;
	hashing->password = work->recovery + RECOVERY_SELECTOR;
	hashing->check = true;
	text_copy(
		hashing->stored, sizeof(hashing->stored), r == 0 ? recovery.hash : "");
	call_out_clear(call);
	hashed_ask_then(call, &work->hashed);
	return 0;
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

static int wrong(struct call *call, struct store *store, struct allowance_left *left)
{
	int r = spending_add_wrong(
		store, left->budget, false, call_daemon(call)->moment.now_s);

	if (r == 0)
		r = say(call, store, "recovery_wrong", "wrong recovery code");
	return r < 0 ? r : needed(call, left->tries - 1);
}

/* The second phase: 0 if the recovery code was right, and it is used up. */
static int judge(struct call *call, struct store *store, const char *principal,
	struct allowance_left *left)
{
	struct confirm_work *work = call->work;
	char selector[RECOVERY_SELECTOR + 1];
	int r;

	if (!work->hashed.hashing.is_right)
		return wrong(call, store, left);
	split(work->recovery, selector);
	r = recovery_delete(store, principal, selector);
	/* Another call has used it meanwhile. */
	if (r == -ENOENT)
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
	struct allowance_left left;
	struct account account;
	int r = change_load(call, store, caller, &account);

	if (r != 0)
		return r;
	/* An administrator who allows one stands in for the recovery code. */
	if (caller->rules->reset != TENANT_RESET_RECOVERY ||
		account.reset_until > call_daemon(call)->moment.now_s)
		return change_grant(call, store, caller, &account);
	r = find_left(call_daemon(call), store, principal, &left);
	if (r < 0 || left.wait_s > 0)
		return r < 0 ? r : reply_locked(call, left.wait_s);
	if (!work->hashed.asked) {
		/* What can be none is no guess, and costs nothing. */
		if (!recovery_read(work->recovery, in->recovery))
			return needed(call, left.tries);
		return ask(call, store, principal);
	}
	r = judge(call, store, principal, &left);
	return r != 0 ? r : change_grant(call, store, caller, &account);
}

int reset_recovery_locked_s(struct daemon *daemon, struct store *store,
	const char *principal, int64_t *ret_wait_s)
{
	struct allowance_left left;
	int r = find_left(daemon, store, principal, &left);

	*ret_wait_s = r < 0 ? 0 : left.wait_s;
	return r;
}

int reset_forget_wrong(struct store *store, const char *principal)
{
	char codes[ATTEMPT_BUDGET], recovery[ATTEMPT_BUDGET];
	int r;

	attempt_budget(codes, principal, CODE_RESET);
	snprintf(recovery, sizeof(recovery), BUDGET "%.*s", PRINCIPAL_SIZE - 1,
		principal);
	r = spending_forget_wrong(store, codes);
	return r < 0 ? r : spending_forget_wrong(store, recovery);
}
