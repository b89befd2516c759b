/* SPDX-License-Identifier: MIT */
/*
 * A recovery code or a break-glass code is tried: by Auth.Recover, and by resets of
 * accounts.
 *
 * The hash takes as long as an Argon2id, which no transaction may last. So there is a
 * phase that finds the row, and one that uses it up; between them the row may go or
 * become another one, and whoever finds it so has brought a wrong code: of two calls
 * with one code, exactly one goes on. A budget of its own bounds wrong ones, and it
 * MUST be looked at in both phases: calls that run beside each other get no more tries.
 */
#include "otpd/server/recovery_try.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/store/spending.h"
#include "otpd/util/text.h"

#define BUDGET "rc:" /* sql.c knows it too */

static const struct budget_window windows[] = {
	{ BUDGET_HOUR, 5 },
	{ BUDGET_MONTH, 20 },
};

static void name_budget(char out[ATTEMPT_BUDGET], const char *principal)
{
	snprintf(out, ATTEMPT_BUDGET, BUDGET "%.*s", LIMIT_USER, principal);
}

static int64_t left_of(
	const struct spending *wrong, const struct budget_window *window, int64_t now_s)
{
	int64_t used = budget_count(wrong->at, wrong->n, window->span_s, now_s);

	return used < window->limit ? window->limit - used : 0;
}

int recovery_left(struct daemon *daemon, struct store *store, const char *principal,
	struct recovery_left *ret)
{
	int64_t now_s = daemon->moment.now_s, by_hour, by_month;
	struct spending wrong;
	int r;

	name_budget(ret->budget, principal);
	r = spending_wrong(
		store, ret->budget, windows[1].span_s, windows[1].limit, now_s, &wrong);
	if (r < 0)
		return r;
	by_hour = left_of(&wrong, &windows[0], now_s);
	by_month = left_of(&wrong, &windows[1], now_s);
	ret->tries = by_hour < by_month ? by_hour : by_month;
	ret->wait_s = budget_wait_s(wrong.at, wrong.n, windows, 2, now_s);
	return 0;
}

int recovery_count_wrong(
	struct daemon *daemon, struct store *store, struct recovery_left *left)
{
	left->tries--;
	return spending_add_wrong(store, left->budget, false, daemon->moment.now_s);
}

int recovery_forget_wrong(struct store *store, const char *principal)
{
	char budget[ATTEMPT_BUDGET];

	name_budget(budget, principal);
	return spending_forget_wrong(store, budget);
}

/* The code says which one it is, and then what that one's hash is of. */
static int find(struct call *call, struct store *store, const char *principal,
	const struct recovery_try *try, struct recovery *ret)
{
	char selector[RECOVERY_SELECTOR + 1];

	memcpy(selector, try->code, RECOVERY_SELECTOR);
	selector[RECOVERY_SELECTOR] = '\0';
	return recovery_get(
		store, principal, selector, call_daemon(call)->moment.now_s, ret);
}

int recovery_try_ask(struct call *call, struct store *store, const char *principal,
	struct recovery_try *try)
{
	struct hashing *hashing = &try->hashed.hashing;
	int r;

	try->found = (struct recovery){ .hash = "" };
	r = find(call, store, principal, try, &try->found);
	if (r < 0 && r != -ENOENT)
		return r;
	text_copy(hashing->stored, sizeof(hashing->stored), try->found.hash);
	hashing->password = try->code + RECOVERY_SELECTOR;
	hashing->check = true;
	call_out_clear(call);
	hashed_ask_then(call, &try->hashed);
	return 0;
}

int recovery_try_use(struct call *call, struct store *store, const char *principal,
	struct recovery_try *try)
{
	struct recovery now;
	int r;

	if (!try->hashed.hashing.is_right)
		return OUTCOME_WRONG_CODE;
	/* It may be used, over or replaced meanwhile. */
	r = find(call, store, principal, try, &now);
	if (r == 0 && strcmp(now.hash, try->found.hash) != 0)
		r = -ENOENT;
	if (r == 0)
		r = recovery_delete(store, principal, &now);
	return r == -ENOENT ? OUTCOME_WRONG_CODE : r;
}
