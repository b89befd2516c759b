/* SPDX-License-Identifier: MIT */
/* When a transport is left alone, for how long, and what brings it back. */
#include "otpd/mail/health.h"

#include "tests/unit/unit.h"

#define AT_MS 1000000

/* One whole try that begins and ends now. */
static enum health_change one(struct health *health, enum health_sign sign,
	int64_t asked_s, unsigned jitter, int64_t now_ms)
{
	struct health_try attempt;

	health_begin(health, &attempt, now_ms);
	return health_end(health, &attempt, sign, asked_s, jitter, now_ms);
}

START_TEST(a_new_transport_is_up)
{
	struct health health = { 0 };

	ck_assert_int_eq(health_state(&health, AT_MS), HEALTH_UP);
	ck_assert(health_takes(&health, AT_MS));
	ck_assert_int_eq(health_left_ms(&health, AT_MS), 0);
	ck_assert_int_eq(one(&health, HEALTH_WORKS, 0, 0, AT_MS), HEALTH_SAME);
	ck_assert_int_eq(one(&health, HEALTH_SILENT, 0, 0, AT_MS), HEALTH_SAME);
	ck_assert_int_eq(health_state(&health, AT_MS), HEALTH_UP);
}
END_TEST

START_TEST(pauses_are_5_10_20_40_80_160_and_then_300)
{
	static const int64_t pauses_s[] = { 5, 10, 20, 40, 80, 160, 300, 300, 300 };
	struct health health = { 0 };
	int64_t now_ms = AT_MS;

	for (size_t i = 0; i < sizeof(pauses_s) / sizeof(pauses_s[0]); i++) {
		enum health_change change = one(&health, HEALTH_FAILED, 0, 0, now_ms);

		ck_assert_int_eq(change, i == 0 ? HEALTH_WENT_DOWN : HEALTH_SAME);
		ck_assert_int_eq(health_left_ms(&health, now_ms), 1000 * pauses_s[i]);
		ck_assert_int_eq(health_state(&health, now_ms), HEALTH_PAUSED);
		ck_assert(!health_takes(&health, now_ms));
		now_ms += 1000 * pauses_s[i] - 1;
		ck_assert(!health_takes(&health, now_ms));
		ck_assert_int_eq(health_left_ms(&health, now_ms), 1);
		now_ms++;
		ck_assert_int_eq(health_state(&health, now_ms), HEALTH_PROBING);
		ck_assert_int_eq(health_left_ms(&health, now_ms), 0);
		ck_assert(health_takes(&health, now_ms));
	}
}
END_TEST

START_TEST(jitter_lengthens_by_at_most_a_quarter)
{
	int64_t last_ms = 5000;

	for (unsigned jitter = 0; jitter < 256; jitter++) {
		struct health health = { 0 };
		int64_t left_ms;

		one(&health, HEALTH_FAILED, 0, jitter + 256, AT_MS);
		left_ms = health_left_ms(&health, AT_MS);
		ck_assert_int_ge(left_ms, last_ms);
		ck_assert_int_le(left_ms, 6250);
		last_ms = left_ms;
	}
	ck_assert_int_gt(last_ms, 6000);
}
END_TEST

START_TEST(a_success_brings_it_up_and_forgets_the_failures)
{
	struct health health = { 0 };

	for (int i = 0; i < 5; i++)
		one(&health, HEALTH_FAILED, 0, 0, AT_MS + i * 1000);
	ck_assert_int_eq(
		one(&health, HEALTH_WORKS, 0, 0, AT_MS + 6000), HEALTH_CAME_UP);
	ck_assert_int_eq(health_state(&health, AT_MS + 6000), HEALTH_UP);
	ck_assert_int_eq(
		one(&health, HEALTH_FAILED, 0, 0, AT_MS + 7000), HEALTH_WENT_DOWN);
	ck_assert_int_eq(health_left_ms(&health, AT_MS + 7000), 5000);
}
END_TEST

START_TEST(one_mail_at_a_time_probes)
{
	struct health health = { 0 };
	struct health_try first, second;
	int64_t now_ms = AT_MS + 5000;

	one(&health, HEALTH_FAILED, 0, 0, AT_MS);
	ck_assert(health_takes(&health, now_ms));
	health_begin(&health, &first, now_ms);
	ck_assert(!health_takes(&health, now_ms));
	ck_assert_int_eq(health_state(&health, now_ms), HEALTH_PROBING);
	/* Somebody comes all the same, since there is no other way. */
	health_begin(&health, &second, now_ms + 1);
	health_end(&health, &second, HEALTH_SILENT, 0, 0, now_ms + 2);
	ck_assert(!health_takes(&health, now_ms + 2));
	health_end(&health, &first, HEALTH_SILENT, 0, 0, now_ms + 3);
	ck_assert(health_takes(&health, now_ms + 3));
	health_begin(&health, &first, now_ms + 4);
	ck_assert_int_eq(health_end(&health, &first, HEALTH_WORKS, 0, 0, now_ms + 900),
		HEALTH_CAME_UP);
	ck_assert(health_takes(&health, now_ms + 900));
}
END_TEST

START_TEST(mails_that_fail_together_are_one_failure)
{
	struct health health = { 0 };
	struct health_try attempts[100];

	for (int i = 0; i < 100; i++)
		health_begin(&health, &attempts[i], AT_MS + i);
	for (int i = 0; i < 100; i++)
		health_end(&health, &attempts[i], HEALTH_FAILED, 0, 0, AT_MS + 200 + i);
	ck_assert_int_eq(health_left_ms(&health, AT_MS + 300), 5000 - 100);
	/* The next one has begun later, and counts. */
	one(&health, HEALTH_FAILED, 0, 0, AT_MS + 300);
	ck_assert_int_eq(health_left_ms(&health, AT_MS + 300), 10000);
}
END_TEST

START_TEST(an_old_mail_that_is_taken_shows_that_it_works)
{
	struct health health = { 0 };
	struct health_try slow;

	health_begin(&health, &slow, AT_MS);
	one(&health, HEALTH_FAILED, 0, 0, AT_MS + 10);
	ck_assert_int_eq(health_end(&health, &slow, HEALTH_WORKS, 0, 0, AT_MS + 20),
		HEALTH_CAME_UP);
	ck_assert(health_takes(&health, AT_MS + 20));
}
END_TEST

START_TEST(what_the_server_asks_for_is_kept_up_to_an_hour)
{
	static const struct {
		int64_t asked_s, left_ms;
	} rows[] = { { 0, 5000 }, { -7, 5000 }, { 4, 5000 }, { 6, 6000 },
		{ 3600, 3600000 }, { 3601, 3600000 }, { INT64_MAX, 3600000 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct health health = { 0 };

		one(&health, HEALTH_FAILED, rows[i].asked_s, 0, AT_MS);
		ck_assert_int_eq(health_left_ms(&health, AT_MS), rows[i].left_ms);
	}
}
END_TEST

START_TEST(a_failure_that_does_not_count_still_tells_how_long)
{
	struct health health = { 0 };
	struct health_try a, b, c;

	health_begin(&health, &a, AT_MS);
	health_begin(&health, &b, AT_MS);
	health_begin(&health, &c, AT_MS);
	health_end(&health, &a, HEALTH_FAILED, 0, 0, AT_MS + 1);
	health_end(&health, &b, HEALTH_FAILED, 60, 0, AT_MS + 2);
	ck_assert_int_eq(health_left_ms(&health, AT_MS + 2), 60000);
	/* And never shortens. */
	health_end(&health, &c, HEALTH_FAILED, 1, 0, AT_MS + 3);
	ck_assert_int_eq(health_left_ms(&health, AT_MS + 3), 59999);
}
END_TEST

START_TEST(no_sequence_loses_the_transport)
{
	struct health health = { 0 };
	struct health_try open[8];
	bool is_open[8] = { false };
	uint64_t random = 88172645463325252ULL;
	int64_t now_ms = AT_MS;

	for (int i = 0; i < 200000; i++) {
		unsigned at = unit_random(&random) % 8;
		enum health_sign sign = (enum health_sign)(unit_random(&random) % 3);
		unsigned n = 0;

		now_ms += unit_random(&random) % 4000;
		if (is_open[at])
			health_end(&health, &open[at], sign,
				unit_random(&random) % 50 == 0 ? 400 : 0,
				unit_random(&random), now_ms);
		else
			health_begin(&health, &open[at], now_ms);
		is_open[at] = !is_open[at];
		for (int j = 0; j < 8; j++)
			n += is_open[j] && open[j].is_probe;
		ck_assert_uint_eq(n, health.n_probes);
		ck_assert_int_le(health_left_ms(&health, now_ms), 400000);
		if (n == 0)
			ck_assert(health_takes(&health, now_ms + 400000));
	}
}
END_TEST

UNIT_MAIN("mail_health", a_new_transport_is_up,
	pauses_are_5_10_20_40_80_160_and_then_300,
	jitter_lengthens_by_at_most_a_quarter,
	a_success_brings_it_up_and_forgets_the_failures, one_mail_at_a_time_probes,
	mails_that_fail_together_are_one_failure,
	an_old_mail_that_is_taken_shows_that_it_works,
	what_the_server_asks_for_is_kept_up_to_an_hour,
	a_failure_that_does_not_count_still_tells_how_long,
	no_sequence_loses_the_transport);
