/* SPDX-License-Identifier: MIT */
/*
 * How often somebody may ask, or be wrong. Windows slide, and nothing but time (or an
 * administrator) gives a try back: not a resend, not a new challenge, not a success.
 * The numbers behind the defaults are in otpd.conf(5); the rule that a budget is kept
 * across login sessions is RFC 4226 section 7.3.
 */
#include "otpd/core/budget.h"

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low : value > high ? high : value;
}

int64_t budget_wait_s(const int64_t *at, size_t n, const struct budget_window *windows,
	size_t n_windows, int64_t now_s)
{
	int64_t wait = 0;

	for (size_t i = 0; i < n_windows; i++) {
		const struct budget_window *window = &windows[i];
		int64_t until;

		if (window->limit > 0 && (size_t)window->limit > n)
			continue;
		/* One more fits when the limit-th newest has left the window. */
		until = window->limit > 0
			? at[window->limit - 1] + window->span_s - now_s
			: window->span_s;
		until = clamp(until, 0, window->span_s);
		if (until > wait)
			wait = until;
	}
	return wait;
}

int64_t budget_count(const int64_t *at, size_t n, int64_t span_s, int64_t now_s)
{
	int64_t count = 0;

	while ((size_t)count < n && at[count] > now_s - span_s)
		count++;
	return count;
}

int64_t budget_cool_down_s(
	const int64_t *at, size_t n, int64_t used_at, int64_t base_s, int64_t now_s)
{
	size_t unused = 0;
	int64_t wait;

	while (unused < n && at[unused] > used_at)
		unused++;
	if (unused == 0)
		return 0;
	wait = base_s * (1 << clamp((int64_t)unused - 1, 0, 4));
	return clamp(at[0] + wait - now_s, 0, wait);
}

void budget_rate_add(struct budget_rate *rate, int64_t now_s, int64_t n)
{
	int64_t minute = now_s / 60;

	/* A clock that went back counts into the newest minute. */
	if (minute > rate->minute) {
		int64_t gone = clamp(minute - rate->minute, 0, 60);

		for (int64_t i = 0; i < gone; i++)
			rate->counts[(minute - i) % 60] = 0;
		rate->minute = minute;
	}
	rate->counts[rate->minute % 60] += n;
}

int64_t budget_rate_hour(const struct budget_rate *rate, int64_t now_s)
{
	int64_t gone = clamp(now_s / 60 - rate->minute, 0, 60);
	int64_t sum = 0;

	for (int64_t i = 0; i < 60 - gone; i++)
		sum += rate->counts[(rate->minute + 60 - i) % 60];
	return sum;
}
