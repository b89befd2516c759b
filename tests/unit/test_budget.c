/* SPDX-License-Identifier: MIT */
/* Sliding windows against an oracle that only counts. */
#include "otpd/core/budget.h"

#include "tests/unit/unit.h"

#define MAX 64

/* Whether one more event at t would break a window: a plain count. */
static bool breaks(
	const int64_t *at, size_t n, const struct budget_window *window, int64_t t)
{
	int64_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += at[i] > t - window->span_s;
	return count >= window->limit;
}

static int64_t naive_wait(const int64_t *at, size_t n,
	const struct budget_window *windows, size_t n_windows, int64_t now)
{
	int64_t wait = 0;

	for (size_t i = 0; i < n_windows; i++)
		while (breaks(at, n, &windows[i], now + wait))
			wait++;
	return wait;
}

START_TEST(waits_are_those_of_a_naive_count)
{
	uint64_t state = 23;

	for (int round = 0; round < 20000; round++) {
		struct budget_window windows[3];
		int64_t at[MAX], now = 100000, t = now;
		size_t n = unit_random(&state) % MAX;

		for (int i = 0; i < 3; i++)
			windows[i] =
				(struct budget_window){ 1 + unit_random(&state) % 200,
					1 + unit_random(&state) % 30 };
		for (size_t i = 0; i < n; i++) {
			t -= unit_random(&state) % 12;
			at[i] = t;
		}
		if (budget_wait_s(at, n, windows, 3, now) !=
			naive_wait(at, n, windows, 3, now))
			ck_abort_msg("round %d", round);
	}
}
END_TEST

START_TEST(events_that_obey_the_wait_never_break_a_window)
{
	static const struct budget_window windows[] = { { 60, 3 }, { 600, 8 },
		{ 3600, 20 } };
	int64_t at[512], now = 1000;
	size_t n = 0;
	uint64_t state = 29;

	for (int i = 0; i < 500; i++) {
		int64_t wait = budget_wait_s(at, n, windows, 3, now);

		ck_assert_int_ge(wait, 0);
		now += wait;
		ck_assert_int_eq(budget_wait_s(at, n, windows, 3, now), 0);
		memmove(at + 1, at, n * sizeof(at[0]));
		at[0] = now;
		n++;
		for (int w = 0; w < 3; w++)
			ck_assert_int_le(budget_count(at, n, windows[w].span_s, now),
				windows[w].limit);
		now += unit_random(&state) % 20;
	}
}
END_TEST

START_TEST(a_window_opens_at_the_second_and_not_before)
{
	static const struct budget_window window = { 3600, 2 };
	int64_t at[] = { 5000, 4000 };

	ck_assert_int_eq(budget_wait_s(at, 2, &window, 1, 5000), 2600);
	ck_assert_int_eq(budget_wait_s(at, 2, &window, 1, 7599), 1);
	ck_assert_int_eq(budget_wait_s(at, 2, &window, 1, 7600), 0);
	ck_assert_int_eq(budget_wait_s(at, 1, &window, 1, 5000), 0);
	ck_assert_int_eq(budget_wait_s(at, 0, &window, 1, 5000), 0);
	ck_assert_int_eq(budget_count(at, 2, 3600, 7599), 2);
	ck_assert_int_eq(budget_count(at, 2, 3600, 7600), 1);
	ck_assert_int_eq(budget_count(at, 2, 3600, 8600), 0);
}
END_TEST

START_TEST(a_limit_of_nothing_allows_nothing)
{
	static const struct budget_window none = { 100, 0 }, negative = { 100, -1 };

	ck_assert_int_eq(budget_wait_s(NULL, 0, &none, 1, 5000), 100);
	ck_assert_int_eq(budget_wait_s(NULL, 0, &negative, 1, 5000), 100);
	ck_assert_int_eq(budget_wait_s(NULL, 0, NULL, 0, 5000), 0);
}
END_TEST

START_TEST(a_clock_set_back_gives_no_try_back_and_locks_nobody_out_for_years)
{
	static const struct budget_window window = { 3600, 2 };
	int64_t at[] = { 1000000, 999999 };

	/* The events lie in the future: they count, and the wait is no longer than the
	 * span. */
	ck_assert_int_eq(budget_wait_s(at, 2, &window, 1, 10), 3600);
	ck_assert_int_eq(budget_wait_s(at, 2, &window, 1, 999998), 3600);
	ck_assert_int_eq(budget_count(at, 2, 3600, 10), 2);
	ck_assert_int_eq(budget_cool_down_s(at, 1, 0, 60, 10), 60);
	for (int64_t now = -10; now < 2000000; now += 997) {
		int64_t wait = budget_wait_s(at, 2, &window, 1, now);

		ck_assert_int_ge(wait, 0);
		ck_assert_int_le(wait, 3600);
	}
}
END_TEST

START_TEST(the_cool_down_doubles_up_to_sixteen_times)
{
	static const int64_t expected[] = { 0, 60, 120, 240, 480, 960, 960, 960 };
	int64_t at[8] = { 0 };

	for (size_t n = 0; n < 8; n++) {
		for (size_t i = 0; i < n; i++)
			at[i] = 10000 - (int64_t)i;
		ck_assert_int_eq(budget_cool_down_s(at, n, 0, 60, 10000), expected[n]);
		if (n == 0)
			continue;
		ck_assert_int_eq(
			budget_cool_down_s(at, n, 0, 60, 10000 + expected[n] - 1), 1);
		ck_assert_int_eq(
			budget_cool_down_s(at, n, 0, 60, 10000 + expected[n]), 0);
		ck_assert_int_eq(budget_cool_down_s(at, n, 0, 60, 99999999), 0);
	}
}
END_TEST

START_TEST(a_code_that_was_used_ends_the_cool_down)
{
	int64_t at[] = { 300, 200, 100 };

	ck_assert_int_eq(budget_cool_down_s(at, 3, 300, 60, 301), 0);
	ck_assert_int_eq(budget_cool_down_s(at, 3, 310, 60, 311), 0);
	ck_assert_int_eq(budget_cool_down_s(at, 3, 200, 60, 300), 60);
	ck_assert_int_eq(budget_cool_down_s(at, 3, 199, 60, 300), 120);
	ck_assert_int_eq(budget_cool_down_s(at, 3, 0, 0, 300), 0);
}
END_TEST

START_TEST(rates_count_the_last_sixty_minutes)
{
	struct budget_rate rate = { 0 };
	static int64_t events[4000];
	int64_t now = 1700000000;
	size_t n = 0;
	uint64_t state = 31;

	for (int i = 0; i < 3000; i++) {
		int64_t count = 0;

		now += unit_random(&state) % (i % 100 == 0 ? 9000 : 90);
		budget_rate_add(&rate, now, 1);
		events[n++] = now;
		for (size_t j = 0; j < n; j++)
			count += events[j] / 60 > now / 60 - 60;
		if (budget_rate_hour(&rate, now) != count)
			ck_abort_msg("%d: %ld", i, (long)budget_rate_hour(&rate, now));
	}
	for (int64_t later = 0; later < 5000; later += 60) {
		int64_t count = 0;

		for (size_t j = 0; j < n; j++)
			count += events[j] / 60 > (now + later) / 60 - 60;
		ck_assert_int_eq(budget_rate_hour(&rate, now + later), count);
	}
}
END_TEST

START_TEST(a_rate_forgets_nothing_when_the_clock_goes_back)
{
	struct budget_rate rate = { 0 };

	budget_rate_add(&rate, 1000000, 5);
	budget_rate_add(&rate, 10, 2);
	ck_assert_int_eq(budget_rate_hour(&rate, 10), 7);
	ck_assert_int_eq(budget_rate_hour(&rate, 1000000), 7);
	budget_rate_add(&rate, 1000060, 1);
	ck_assert_int_eq(budget_rate_hour(&rate, 1000060), 8);
	ck_assert_int_eq(budget_rate_hour(&rate, 1000060 + 3600), 0);
}
END_TEST

UNIT_MAIN("budget", waits_are_those_of_a_naive_count,
	events_that_obey_the_wait_never_break_a_window,
	a_window_opens_at_the_second_and_not_before, a_limit_of_nothing_allows_nothing,
	a_clock_set_back_gives_no_try_back_and_locks_nobody_out_for_years,
	the_cool_down_doubles_up_to_sixteen_times,
	a_code_that_was_used_ends_the_cool_down, rates_count_the_last_sixty_minutes,
	a_rate_forgets_nothing_when_the_clock_goes_back);
