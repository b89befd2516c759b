/* SPDX-License-Identifier: MIT */
#include "otpd/server/counters.h"

#include "otpd/server/attempt.h"
#include "otpd/server/daemon.h"
#include "otpd/store/challenges.h"
#include "otpd/store/spending.h"

/* The longest that any service's policy locks the user. */
static int longest_lock_s(
	struct daemon *daemon, struct store *store, const char *name, int64_t *ret)
{
	const struct config *config = daemon->moment.config;
	const struct policy *policies = config->policies.items;

	*ret = 0;
	for (size_t i = 0; i <= config->policies.n; i++) {
		const struct policy *policy = i < config->policies.n
			? &policies[i]
			: config_policy(config, "");
		int64_t wait;
		int r = attempt_locked_s(daemon, store, name, policy, &wait);

		if (r < 0)
			return r;
		*ret = wait > *ret ? wait : *ret;
	}
	return 0;
}

int counters_reply(struct call *call, struct store *store, const char *name)
{
	struct daemon *daemon = call_daemon(call);
	int64_t now = daemon->moment.now_s, live = 0, locked = 0;
	struct spending spending;
	int r = spending_wrong(store, name, BUDGET_MONTH, SPENDING_MAX, now, &spending);

	if (r < 0)
		return r;
	call_out_int(call, "wrong_hour",
		budget_count(spending.at, spending.n, BUDGET_HOUR, now));
	call_out_int(call, "wrong_day",
		budget_count(spending.at, spending.n, BUDGET_DAY, now));
	call_out_int(call, "wrong_month", (int64_t)spending.n);
	r = spending_user_sends(
		store, name, CODE_LOGIN, BUDGET_DAY, SPENDING_MAX, now, &spending);
	if (r == 0)
		r = challenges_count_user(store, name, now, &live);
	if (r == 0)
		r = longest_lock_s(daemon, store, name, &locked);
	if (r < 0)
		return r;
	call_out_int(call, "sends_hour",
		budget_count(spending.at, spending.n, BUDGET_HOUR, now));
	call_out_int(call, "sends_day", (int64_t)spending.n);
	call_out_int(call, "live_challenges", live);
	call_out_int(call, "locked_for", locked);
	return 0;
}
