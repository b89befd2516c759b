/* SPDX-License-Identifier: MIT */
/* When a mail is tried again, and when it has failed. */
#include "otpd/core/retry.h"

#include "tests/unit/unit.h"

START_TEST(waits_are_5_15_45_90_180_and_then_180)
{
	static const int64_t waits[] = { 5, 15, 45, 90, 180, 180, 180 };

	for (int64_t tries = 1; tries <= 7; tries++)
		ck_assert_int_eq(
			retry_at_s(tries, 0, 100000, 1000), 1000 + waits[tries - 1]);
	ck_assert_int_eq(retry_at_s(0, 0, 100000, 1000), 1005);
	ck_assert_int_eq(retry_at_s(-5, 0, 100000, 1000), 1005);
	ck_assert_int_eq(retry_at_s(INT64_MAX, 0, 100000, 1000), 1180);
}
END_TEST

START_TEST(jitter_lengthens_by_at_most_a_quarter_and_never_shortens)
{
	for (int64_t tries = 1; tries <= 6; tries++) {
		int64_t plain = retry_at_s(tries, 0, 100000, 0);
		int64_t last = plain;

		for (unsigned jitter = 0; jitter < 256; jitter++) {
			int64_t at = retry_at_s(tries, jitter, 100000, 0);

			ck_assert_int_ge(at, last);
			ck_assert_int_le(4 * at, 5 * plain);
			last = at;
			/* Only its low byte counts. */
			ck_assert_int_eq(
				retry_at_s(tries, jitter + 256, 100000, 0), at);
		}
	}
}
END_TEST

START_TEST(nothing_is_tried_at_or_behind_the_deadline)
{
	ck_assert_int_eq(retry_at_s(1, 0, 1006, 1000), 1005);
	ck_assert_int_eq(retry_at_s(1, 0, 1005, 1000), 0);
	ck_assert_int_eq(retry_at_s(1, 0, 900, 1000), 0);
	for (int64_t tries = 1; tries < 10; tries++)
		for (unsigned jitter = 0; jitter < 256; jitter += 5) {
			int64_t at = retry_at_s(tries, jitter, 1100, 1000);

			ck_assert(at == 0 || (at > 1000 && at < 1100));
		}
}
END_TEST

START_TEST(the_deadline_leaves_a_person_time_to_read)
{
	ck_assert_int_eq(retry_deadline_s(1000, 1600), 1540);
	ck_assert_int_eq(retry_deadline_s(1000, 1121), 1061);
	ck_assert_int_eq(retry_deadline_s(1000, 1120), 1060);
	ck_assert_int_eq(retry_deadline_s(1000, 1060), 1030);
	for (int64_t life = 60; life <= 600; life++) {
		int64_t deadline = retry_deadline_s(0, life);

		ck_assert_int_gt(deadline, 0);
		ck_assert_int_lt(deadline, life);
	}
}
END_TEST

UNIT_MAIN("retry", waits_are_5_15_45_90_180_and_then_180,
	jitter_lengthens_by_at_most_a_quarter_and_never_shortens,
	nothing_is_tried_at_or_behind_the_deadline,
	the_deadline_leaves_a_person_time_to_read);
