/* SPDX-License-Identifier: MIT */
/*
 * New recovery codes of an account: may they be made, and what comes with them. How
 * they are made is in recovery_set.c.
 *
 * Both transactions look at the token: a session that ends meanwhile gets no codes. The
 * first only reads.
 *
 * A mail tells the owner, and where none can be sent there are no codes: whoever has a
 * session alone MUST NOT make some in silence.
 */
#include "otpd/account/recovery_codes.h"

#include "otpd/account/session.h"
#include "otpd/core/budget.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/reply.h"
#include "otpd/server/speaker.h"
#include "otpd/store/spending.h"
#include "otpd/util/cleanup.h"

/* The first phase only reads. */
int recovery_codes_check(struct call *call)
{
	struct recovery_in *in = call->in;

	speaker_clean(call, &in->from);
	call->reading = true;
	return 0;
}

/*
 * Each time is a mail, and counts against the ceiling of the whole host: one account
 * MUST NOT use up what all the others' codes need. Strangers cause fewer of them than
 * this (gate.c), so that they cannot keep the owner from it.
 */
static int look_at_mails(
	struct call *call, struct store *store, const struct account *account)
{
	static const struct budget_window windows[] = {
		{ BUDGET_HOUR, 10 },
		{ BUDGET_DAY, 30 },
	};
	int64_t now_s = call_daemon(call)->moment.now_s, wait;
	char principal[PRINCIPAL_SIZE];
	struct spending sends;
	int r;

	principal_of_account(principal, account->id);
	r = spending_notices(
		store, principal, BUDGET_DAY, windows[1].limit, now_s, &sends);
	if (r < 0)
		return r;
	wait = budget_wait_s(sends.at, sends.n, windows, 2, now_s);
	return wait > 0 ? reply_throttled(call, wait) : 0;
}

static int may(struct call *call, struct store *store, struct account_caller *caller,
	struct account *account)
{
	struct daemon *daemon = call_daemon(call);
	const struct recovery_in *in = call->in;
	struct token_claims claims;
	int r = account_caller(
		daemon->moment.config, call->peer.uid, "", ACCOUNT_CHANGE, caller);

	if (r == 0)
		r = session_access(daemon, store, in->token, caller, account, &claims);
	if (r == 0 && daemon->moment.now_s - claims.auth_time > RECOVERY_SIGNED_IN_S)
		return OUTCOME_NOT_ALLOWED;
	return r != 0 ? r : look_at_mails(call, store, account);
}

/* Mail first: if it cannot be made, the earlier codes stay. */
static int replace(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account)
{
	struct daemon *daemon = call_daemon(call);
	struct recovery_work *work = call->work;
	const struct recovery_in *in = call->in;
	struct account_issue about;
	int r;

	account_issue(
		&about, caller, account, in->from.rhost, call->peer.uid, CODE_NOTICE);
	r = issue_notice(
		daemon, store, &about.issue, ISSUE_RECOVERY_CODES, 0, &work->notice);
	if (r == 0)
		r = recovery_set_write(store, about.principal, &work->set);
	if (r != 0)
		return r;
	record_about(&work->record, about.principal, caller->service, in->from.rhost,
		call->peer.uid);
	return record_store(&work->record, store, daemon->moment.now_s, "recovery_made",
		"new recovery codes", LOG_NOTICE);
}

int recovery_codes_apply(struct call *call, struct store *store)
{
	struct recovery_work *work = call->work;
	struct account_caller caller;
	struct account account;
	int r = may(call, store, &caller, &account);

	if (r != 0)
		return r;
	if (!recovery_set_is_made(&work->set)) {
		recovery_set_make_then(call, &work->set, RECOVERY_CODES);
		return 0;
	}
	r = replace(call, store, &caller, &account);
	return r != 0 ? r : recovery_set_answer(call, &work->set);
}

void recovery_codes_committed(struct call *call)
{
	struct recovery_work *work = call->work;

	if (work->notice)
		outbox_add(&call_daemon(call)->outbox, TAKE_PTR(work->notice));
	record_log(&work->record);
}

void recovery_codes_release(struct call *call)
{
	struct recovery_work *work = call->work;

	outgoing_free(work->notice);
}
