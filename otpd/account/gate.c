/* SPDX-License-Identifier: MIT */
/*
 * The first factor of an account.
 *
 * A password takes some 25 ms to check, which no transaction may last. So a call has
 * two phases: one reads the hash; then the hasher works, outside of any transaction;
 * then one that writes says what came of it. Between them everything may change: the
 * second phase reads all anew.
 *
 * MUST do the same for a login that nobody has: the same statements, the same hashing,
 * the same counting, the same lock, so that neither answers nor times tell whether
 * there is an account. MUST refuse unseen while the lock holds: a right password then
 * looks like a wrong one. MUST count a wrong one in the transaction that answers,
 * whatever has become of whoever asked. The mail to the owner changes nothing of that;
 * strangers can cause it, so it has the budget of mails that no first factor stands
 * before.
 *
 * What the state of an account forbids is said only behind the right password.
 */
#include "otpd/account/gate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/budget.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/reply.h"
#include "otpd/store/spending.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

/* Everything that the second phase decides with. */
struct gate_try {
	struct call *call;
	struct daemon *daemon;
	struct store *store;
	struct gate *gate;
	const struct account_caller *caller;
	const char *rhost;
	char budget[GATE_BUDGET_SIZE];
};

/*
 * Not hashed.h, which ends a call whose hash failed: an old hash that could not be made
 * anew is no reason to refuse the right password.
 */
static void on_hashed(struct hashing *hashing)
{
	struct call *call = hashing->context;

	call->service->submit(call);
}

/* Behind the first phase, on the loop's thread. */
static void ask_hasher(struct call *call)
{
	struct gate *gate = call->phase;
	int r;

	gate->asked = true;
	call->reading = false;
	r = hasher_ask(&call_daemon(call)->hasher, &gate->hashing);
	if (r == 0)
		return;
	if (r == OUTCOME_BUSY)
		call_out_int(call, "retry_after", 1);
	call_finish(call, r);
}

void gate_prepare(struct call *call)
{
	call->reading = true;
}

/* Nobody is an account of zeros. */
static int load(
	struct gate *gate, struct store *store, const char *tenant, const char *login)
{
	int r;

	gate->account = (struct account){ .state = ACCOUNT_ACTIVE };
	r = accounts_find(store, tenant, login, &gate->account);
	gate->known = r == 0;
	return r == -ENOENT ? 0 : r;
}

static int look(struct call *call, struct store *store, struct gate *gate,
	const char *tenant, const char *login, const char *password)
{
	struct hashing *hashing = &gate->hashing;
	int r = load(gate, store, tenant, login);

	if (r < 0)
		return r;
	text_copy(hashing->stored, sizeof(hashing->stored), gate->account.password);
	hashing->password = password;
	hashing->check = true;
	hashing->make = true;
	hashing->context = call;
	hashing->done = on_hashed;
	call->phase = gate;
	call->then = ask_hasher;
	return 0;
}

static void name_principal(struct gate_try *t, const char *login)
{
	struct gate *gate = t->gate;

	if (gate->known)
		principal_of_account(gate->principal, gate->account.id);
	else
		principal_of_nobody(
			gate->principal, t->daemon->key, t->caller->tenant, login);
	snprintf(t->budget, sizeof(t->budget), GATE_BUDGET "%s", gate->principal);
	record_about(&gate->record, gate->principal, t->caller->service, t->rhost,
		t->call->peer.uid);
	record_about(&gate->lock, gate->principal, t->caller->service, t->rhost,
		t->call->peer.uid);
}

/* For how long the wrong ones of this budget allow no other. */
static int locked_s(struct gate_try *t, int64_t *ret_wait_s)
{
	const struct tenant_section *rules = t->caller->rules;
	const struct budget_window windows[] = {
		{ BUDGET_HOUR, rules->passwords_per_hour },
		{ BUDGET_DAY, rules->passwords_per_day },
	};
	int64_t most = windows[0].limit > windows[1].limit ? windows[0].limit
							   : windows[1].limit;
	int64_t now_s = t->daemon->moment.now_s;
	struct spending wrong;
	int r = spending_wrong(t->store, t->budget, BUDGET_DAY, most, now_s, &wrong);

	*ret_wait_s = r < 0 ? 0 : budget_wait_s(wrong.at, wrong.n, windows, 2, now_s);
	return r;
}

static int refuse_unseen(struct gate_try *t, int64_t wait_s)
{
	int r;

	t->gate->locked_s = wait_s;
	r = record_store(&t->gate->record, t->store, t->daemon->moment.now_s,
		"refused_locked", "password refused unseen, too many were wrong",
		LOG_NOTICE);
	return r < 0 ? r : reply_locked(t->call, wait_s);
}

/* Whether the owner was mailed as often as strangers may cause it. */
static int told_enough(struct gate_try *t)
{
	static const struct budget_window windows[] = {
		{ BUDGET_HOUR, 3 },
		{ BUDGET_DAY, 10 },
	};
	int64_t now_s = t->daemon->moment.now_s;
	struct spending sends;
	int r = spending_user_sends(t->store, t->gate->principal, CODE_NOTICE,
		BUDGET_DAY, windows[1].limit, now_s, &sends);

	return r < 0 ? r : budget_wait_s(sends.at, sends.n, windows, 2, now_s) > 0;
}

/* Nobody's is sealed and written like any other, and void. */
static int tell_owner(struct gate_try *t, int64_t until_s)
{
	struct gate *gate = t->gate;
	struct account_issue to;
	int enough = told_enough(t), r;

	if (enough < 0)
		return enough;
	account_issue(&to, t->caller, &gate->account, t->rhost, t->call->peer.uid,
		CODE_NOTICE);
	to.issue.user = gate->principal;
	to.issue.decoy = enough || gate->account.verified_at == 0 ||
		gate->account.state == ACCOUNT_DISABLED;
	if (!gate->known)
		to.issue.address = ISSUE_NOBODY;
	r = issue_notice(
		t->daemon, t->store, &to.issue, ISSUE_LOCKED, until_s, &gate->notice);
	/* The try must count whatever becomes of the mail. */
	return issue_courtesy(r);
}

/* After a wrong one: is the budget used up by it? */
static int lock_if_used_up(struct gate_try *t)
{
	struct record *lock = &t->gate->lock;
	int64_t now_s = t->daemon->moment.now_s, wait;
	int r = locked_s(t, &wait);

	if (r < 0 || wait == 0)
		return r;
	r = tell_owner(t, now_s + wait);
	if (r < 0)
		return r;
	snprintf(lock->detail, sizeof(lock->detail), "%llds", (long long)wait);
	return record_store(lock, t->store, now_s, "password_locked",
		"no password is tried any more after too many wrong ones", LOG_WARNING);
}

/* A wrong one that is new, and counts. */
static int count_wrong(struct gate_try *t, const char *detail)
{
	int64_t now_s = t->daemon->moment.now_s;
	int r = spending_add_wrong(t->store, t->budget, false, now_s);

	if (r < 0)
		return r;
	record_detail(&t->gate->record, detail);
	r = record_store(&t->gate->record, t->store, now_s, "password_wrong",
		"wrong password", LOG_NOTICE);
	return r < 0 ? r : lock_if_used_up(t);
}

/* One that does not count, and why. */
static int pass_over(struct gate_try *t, const char *detail)
{
	int r;

	record_detail(&t->gate->record, detail);
	r = record_store(&t->gate->record, t->store, t->daemon->moment.now_s,
		"password_wrong", "wrong password", LOG_NOTICE);
	return r < 0 ? r : OUTCOME_WRONG_PASSWORD;
}

/*
 * A wrong one that was counted already guesses nothing new: a mail program or a browser
 * repeats it with each request, and would lock its user out. It is marked last, when
 * nothing can fail any more but the COMMIT, after which all marks are forgotten.
 */
static int wrong(struct gate_try *t)
{
	uint8_t mark[REPEATS_MARK];
	int r;

	repeats_mark(mark, t->daemon->key, t->budget, t->gate->account.password_at,
		t->gate->hashing.password);
	if (repeats_has(&t->daemon->repeats, mark))
		return pass_over(t, "repeated");
	r = count_wrong(t, t->gate->known ? "" : "unknown_login");
	if (r < 0)
		return r;
	repeats_add(&t->daemon->repeats, mark);
	return OUTCOME_WRONG_PASSWORD;
}

static int open_gate(struct gate_try *t, bool rehashed)
{
	struct gate *gate = t->gate;
	int r = 0;

	if (gate->hashing.hash[0] && !rehashed)
		r = accounts_rehash(t->store, gate->account.id, gate->hashing.hash);
	gate->open = r == 0;
	return r;
}

/*
 * The hash that was checked may not be that of now: a password that has been changed
 * opens nothing. Only another call like this one makes a hash anew and leaves the time
 * of the password as it was.
 */
static int judge(struct gate_try *t, const uint8_t id[ACCOUNT_ID], int64_t password_at)
{
	struct gate *gate = t->gate;
	const struct account *now = &gate->account;
	bool same_hash = strcmp(gate->hashing.stored, now->password) == 0;
	bool rehashed = !same_hash && gate->hashing.hash[0] &&
		now->password_at == password_at && memcmp(now->id, id, ACCOUNT_ID) == 0;

	if (!gate->hashing.is_right)
		return gate->hashing.result < 0 ? gate->hashing.result : wrong(t);
	if (!gate->known || (!same_hash && !rehashed))
		return pass_over(t, "changed_meanwhile");
	return open_gate(t, rehashed);
}

int gate_pass(struct call *call, struct store *store, struct gate *gate,
	const struct account_caller *caller, const char *login, const char *password,
	const char *rhost)
{
	struct gate_try t = { .call = call,
		.daemon = call_daemon(call),
		.store = store,
		.gate = gate,
		.caller = caller,
		.rhost = rhost };
	uint8_t id[ACCOUNT_ID];
	int64_t password_at, wait;
	int r;

	if (!gate->asked)
		return look(call, store, gate, caller->tenant, login, password);
	memcpy(id, gate->account.id, sizeof(id));
	password_at = gate->account.password_at;
	r = load(gate, store, caller->tenant, login);
	if (r < 0)
		return r;
	name_principal(&t, login);
	r = locked_s(&t, &wait);
	if (r < 0)
		return r;
	return wait > 0 ? refuse_unseen(&t, wait) : judge(&t, id, password_at);
}

int gate_forget_wrong(struct store *store, const char *principal)
{
	char budget[GATE_BUDGET_SIZE];

	snprintf(budget, sizeof(budget), GATE_BUDGET "%s", principal);
	return spending_forget_wrong(store, budget);
}

int gate_state(const struct account *account)
{
	switch ((enum account_state)account->state) {
	case ACCOUNT_ACTIVE:
		return 0;
	case ACCOUNT_MUST_RESET:
		return OUTCOME_MUST_RESET;
	case ACCOUNT_DISABLED:
	case ACCOUNT_LOCKED:
		break;
	}
	return OUTCOME_DISABLED;
}

int gate_login_state(const struct account *account)
{
	return account->state == ACCOUNT_LOCKED ? 0 : gate_state(account);
}

void gate_committed(struct daemon *daemon, struct gate *gate)
{
	outbox_add(&daemon->outbox, TAKE_PTR(gate->notice));
	record_log(&gate->record);
	record_log(&gate->lock);
}

void gate_release(struct gate *gate)
{
	outgoing_free(gate->notice);
}
