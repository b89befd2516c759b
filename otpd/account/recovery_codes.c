/* SPDX-License-Identifier: MIT */
/*
 * New recovery codes of an account: may they be made, hash them, write them.
 *
 * Ten Argon2ids take a quarter of a second, so they are hashed one after another in the
 * hasher, between two transactions, and both look at the token: a session that ends
 * meanwhile gets no codes. The first only reads. Nothing is written before all ten are
 * there, so that a hasher which is busy leaves the earlier codes as they were.
 *
 * The codes MUST stand in this answer and nowhere else. A mail tells the owner, and
 * where none can be sent there are no codes: whoever has a session alone MUST NOT make
 * some in silence.
 */
#include "otpd/account/recovery_codes.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "otpd/account/session.h"
#include "otpd/core/budget.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/reply.h"
#include "otpd/store/spending.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

/* The first phase only reads. */
int recovery_codes_check(struct call *call)
{
	call->reading = true;
	return 0;
}

static bool is_new_selector(const struct recovery_work *work, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(work->codes[i], work->codes[n], RECOVERY_SELECTOR) == 0)
			return false;
	return true;
}

static void draw(struct recovery_work *work)
{
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		do
			recovery_draw(work->codes[i]);
		while (!is_new_selector(work, i));
		snprintf(work->rows[i].selector, sizeof(work->rows[i].selector), "%.*s",
			RECOVERY_SELECTOR, work->codes[i]);
	}
}

static void hash_next(struct call *call);

static void on_hashed(struct hashing *hashing)
{
	struct call *call = hashing->context;
	struct recovery_work *work = call->work;
	struct recovery *row = &work->rows[work->n_hashed];

	if (hashing->result < 0) {
		call_finish(call, hashing->result);
		return;
	}
	text_copy(row->hash, sizeof(row->hash), hashing->hash);
	work->n_hashed++;
	if (work->n_hashed < RECOVERY_CODES) {
		hash_next(call);
		return;
	}
	call->reading = false;
	call->service->submit(call);
}

/* What is hashed are the letters behind the selector. */
static void hash_next(struct call *call)
{
	struct recovery_work *work = call->work;

	work->hashing = (struct hashing){
		.password = work->codes[work->n_hashed] + RECOVERY_SELECTOR,
		.make = true,
		.context = call,
		.done = on_hashed,
	};
	if (hasher_ask(&call_daemon(call)->hasher, &work->hashing) == 0)
		return;
	call_out_int(call, "retry_after", 1);
	call_finish(call, OUTCOME_BUSY);
}

static void start_hashing(struct call *call)
{
	draw(call->work);
	hash_next(call);
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
	struct account_issue about;
	int r;

	account_issue(&about, caller, account, "", call->peer.uid, CODE_NOTICE);
	r = issue_notice(
		daemon, store, &about.issue, ISSUE_RECOVERY_CODES, 0, &work->notice);
	if (r == 0)
		r = recovery_replace(
			store, about.principal, work->rows, RECOVERY_CODES);
	if (r != 0)
		return r;
	record_about(
		&work->record, about.principal, caller->service, NULL, call->peer.uid);
	return record_store(&work->record, store, daemon->moment.now_s, "recovery_made",
		"new recovery codes", LOG_NOTICE);
}

static int answer(struct call *call)
{
	const struct recovery_work *work = call->work;
	json_t *codes = json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < RECOVERY_CODES; i++) {
		char shown[RECOVERY_SHOWN];
		SECRET_SCOPE(shown);

		recovery_show(shown, work->codes[i]);
		r = json_array_append_new(codes, json_string(shown));
	}
	call_out_json(call, "codes", codes);
	return r == 0 ? 0 : -ENOMEM;
}

int recovery_codes_apply(struct call *call, struct store *store)
{
	const struct recovery_work *work = call->work;
	struct account_caller caller;
	struct account account;
	int r = may(call, store, &caller, &account);

	if (r != 0)
		return r;
	if (work->n_hashed == 0) {
		call->then = start_hashing;
		return 0;
	}
	r = replace(call, store, &caller, &account);
	return r != 0 ? r : answer(call);
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
