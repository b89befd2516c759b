/* SPDX-License-Identifier: MIT */
/*
 * Whether a code may be issued, by the budgets of the user, of where it comes from or
 * goes, and of the host. MUST find for a decoy what it would find for a real one.
 */
#include <string.h>

#include "otpd/core/network.h"
#include "otpd/server/daemon.h"
#include "otpd/server/issue.h"
#include "otpd/util/text.h"

/* Budgets of codes that no first factor stands before; M3AAWG, see otpd.conf(5). */
static const struct budget_window bare_windows[] = {
	{ BUDGET_HOUR, 3 },
	{ BUDGET_DAY, 10 },
};

/*
 * Codes that failed or came back are given back to the user, who can do nothing for it,
 * but not without end: whoever has the password of a dead mailbox could else have the
 * relay, or a gateway that is paid by the message, try for ever.
 */
static const struct budget_window failed_windows[] = {
	{ BUDGET_HOUR, 10 },
	{ BUDGET_DAY, 30 },
};

static int64_t largest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The host's ceiling; its last tenth is for logins of root. */
static int64_t host_wait_s(struct daemon *daemon, const struct issue *issue)
{
	int64_t ceiling = daemon->moment.config->sends_per_host_hour;

	/* Strangers, who get decoys, must not use up what the others need. */
	const struct budget_rate *rate =
		issue->decoy ? &daemon->decoys : &daemon->sends;

	if (strcmp(issue->user, "root") != 0)
		ceiling -= (ceiling + 9) / 10;
	return budget_rate_hour(rate, daemon->moment.now_s) < ceiling ? 0 : 60;
}

void issue_find_origin(const struct daemon *daemon, const struct issue *issue,
	char out[LIMIT_RHOST + 1])
{
	char address[LIMIT_ADDRESS + 1];

	if (code_is_to_new_address(issue->purpose)) {
		/* One address, however it is spelled: budgets hold for the mailbox. */
		text_copy_lower(address, sizeof(address), issue->address);
		code_hide_address(out, daemon->key, address);
	} else {
		network_origin(out, LIMIT_RHOST + 1, issue->rhost);
	}
}

static int origin_wait_s(struct daemon *daemon, struct store *store,
	const struct issue *issue, int64_t *ret)
{
	int64_t limit = daemon->moment.config->sends_per_rhost_hour;
	struct budget_window windows[2] = { { BUDGET_HOUR, limit }, { BUDGET_DAY, 0 } };
	size_t n = 1;
	char origin[LIMIT_RHOST + 1];
	struct spending sends;
	int r;

	*ret = 0;
	issue_find_origin(daemon, issue, origin);
	if (!origin[0])
		return 0;
	if (code_is_to_new_address(issue->purpose)) {
		memcpy(windows, bare_windows, sizeof(windows));
		n = 2;
	}
	r = spending_origin_sends(store, origin, windows[n - 1].span_s,
		windows[n - 1].limit, daemon->moment.now_s, &sends);
	if (r == 0)
		*ret = budget_wait_s(
			sends.at, sends.n, windows, n, daemon->moment.now_s);
	return r;
}

static int64_t user_wait_s(
	const struct issue *issue, const struct spending *sends, int64_t now_s)
{
	struct budget_window windows[2];

	policy_send_windows(issue->policy, windows);
	if (code_is_bare(issue->purpose))
		memcpy(windows, bare_windows, sizeof(windows));
	return largest(budget_wait_s(sends->at, sends->n, windows, 2, now_s),
		budget_cool_down_s(sends->at, sends->n, issue->used_at,
			issue->policy->cool_down_s, now_s));
}

/* The same for all, and asked for decoys too: there it finds what a real one would. */
static int failed_wait_s(struct daemon *daemon, struct store *store,
	const struct issue *issue, int64_t *ret)
{
	int64_t now_s = daemon->moment.now_s;
	struct spending failed;
	int r;

	*ret = 0;
	/* Strangers would see it; and failed ones are given back to none of them. */
	if (issue->purpose == CODE_RESET)
		return 0;
	r = spending_user_failed(store, issue->user, BUDGET_DAY,
		failed_windows[1].limit, now_s, &failed);

	*ret = budget_wait_s(failed.at, failed.n, failed_windows, 2, now_s);
	return r;
}

/* What a user would have to wait after one more code. */
static int64_t next_wait_s(
	const struct issue *issue, struct spending *sends, int64_t now_s)
{
	size_t kept = sends->n < SPENDING_MAX ? sends->n : SPENDING_MAX - 1;

	memmove(sends->at + 1, sends->at, kept * sizeof(sends->at[0]));
	sends->at[0] = now_s;
	sends->n = kept + 1;
	return user_wait_s(issue, sends, now_s);
}

int issue_wait_s(struct daemon *daemon, struct store *store, const struct issue *issue,
	int64_t *ret_wait_s, int64_t *ret_next_s)
{
	const struct moment *moment = &daemon->moment;
	struct spending sends;
	int64_t wait = 0, failed_wait = 0;
	int r;

	r = origin_wait_s(daemon, store, issue, &wait);
	if (r == 0)
		r = failed_wait_s(daemon, store, issue, &failed_wait);
	if (r < 0)
		return r;
	r = spending_user_sends(store, issue->user, issue->purpose, BUDGET_DAY,
		largest(issue->policy->sends_per_day, 10), moment->now_s, &sends);
	if (r < 0)
		return r;
	wait = largest(
		largest(wait, failed_wait), user_wait_s(issue, &sends, moment->now_s));
	*ret_wait_s = largest(wait, host_wait_s(daemon, issue));
	*ret_next_s = next_wait_s(issue, &sends, moment->now_s);
	return 0;
}
