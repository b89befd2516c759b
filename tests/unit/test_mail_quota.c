/* SPDX-License-Identifier: MIT */
/* How many mails a minute a transport takes. */
#include "otpd/mail/quota.h"

#include "tests/unit/unit.h"

#define AT_MS 1000000

/* How many it takes now, at most max. */
static int take_all(struct quota *quota, int64_t now_ms, int max)
{
	int n = 0;

	for (; n < max && quota_has(quota, now_ms); n++)
		quota_take(quota, now_ms);
	return n;
}

START_TEST(zero_is_no_limit)
{
	struct quota quota;

	quota_init(&quota, 0, AT_MS);
	ck_assert_int_eq(take_all(&quota, AT_MS, 100000), 100000);
}
END_TEST

START_TEST(a_minute_has_its_number_at_once_and_then_evenly)
{
	struct quota quota;

	quota_init(&quota, 6, AT_MS);
	ck_assert_int_eq(take_all(&quota, AT_MS, 100), 6);
	ck_assert_int_eq(take_all(&quota, AT_MS + 9999, 100), 0);
	ck_assert_int_eq(take_all(&quota, AT_MS + 10000, 100), 1);
	ck_assert_int_eq(take_all(&quota, AT_MS + 30000, 100), 2);
	/* However long nothing came, no more than a minute's mails wait. */
	ck_assert_int_eq(take_all(&quota, AT_MS + 1000000000LL, 100), 6);
	ck_assert_int_eq(take_all(&quota, INT64_MAX / 2, 100), 6);
}
END_TEST

START_TEST(taking_from_the_empty_one_makes_no_debt)
{
	struct quota quota;

	quota_init(&quota, 1, AT_MS);
	for (int i = 0; i < 10; i++)
		quota_take(&quota, AT_MS);
	ck_assert(!quota_has(&quota, AT_MS + 59999));
	ck_assert(quota_has(&quota, AT_MS + 60000));
}
END_TEST

START_TEST(the_rate_is_exact_however_often_one_looks)
{
	static const int64_t rates[] = { 1, 7, 59, 1000, 99999, 100000 };

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct quota quota;
		int64_t taken = 0;

		quota_init(&quota, rates[i], AT_MS);
		for (int64_t ms = 0; ms <= 120000; ms++)
			taken += take_all(&quota, AT_MS + ms, 1000000);
		ck_assert_int_eq(taken, 3 * rates[i]);
	}
}
END_TEST

START_TEST(a_clock_that_stands_or_steps_back_gives_nothing)
{
	struct quota quota;

	quota_init(&quota, 2, AT_MS);
	ck_assert_int_eq(take_all(&quota, AT_MS, 100), 2);
	ck_assert(!quota_has(&quota, AT_MS - 100000));
	ck_assert(!quota_has(&quota, AT_MS));
}
END_TEST

UNIT_MAIN("mail_quota", zero_is_no_limit,
	a_minute_has_its_number_at_once_and_then_evenly,
	taking_from_the_empty_one_makes_no_debt,
	the_rate_is_exact_however_often_one_looks,
	a_clock_that_stands_or_steps_back_gives_nothing);
