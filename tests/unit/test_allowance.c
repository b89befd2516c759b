/* SPDX-License-Identifier: MIT */
/* How fast local users may call. */
#include "otpd/core/allowance.h"

#include "tests/unit/unit.h"

static struct allowance allowance;

static int taken(uint32_t uid, int n, int64_t now_ms)
{
	int got = 0;

	for (int i = 0; i < n; i++)
		got += allowance_take(&allowance, uid, now_ms);
	return got;
}

START_TEST(a_burst_passes_and_then_a_few_each_second)
{
	allowance = (struct allowance){ 0 };
	ck_assert_int_eq(taken(1000, 100, 5000), ALLOWANCE_BURST);
	ck_assert_int_eq(taken(1000, 100, 5199), 0);
	ck_assert_int_eq(taken(1000, 100, 5200), 1);
	ck_assert_int_eq(taken(1000, 100, 6200), ALLOWANCE_PER_S);
	ck_assert_int_eq(taken(1000, 100, 600000), ALLOWANCE_BURST);
}
END_TEST

START_TEST(one_user_does_not_use_up_what_another_has)
{
	allowance = (struct allowance){ 0 };
	ck_assert_int_eq(taken(1000, 100, 5000), ALLOWANCE_BURST);
	ck_assert_int_eq(taken(1001, 100, 5000), ALLOWANCE_BURST);
}
END_TEST

START_TEST(the_first_second_after_boot_and_the_last_uid_are_no_exceptions)
{
	allowance = (struct allowance){ 0 };
	ck_assert_int_eq(taken(UINT32_MAX, 100, 0), ALLOWANCE_BURST);
	ck_assert_int_eq(taken(UINT32_MAX, 100, 1), 0);
}
END_TEST

UNIT_MAIN("allowance", a_burst_passes_and_then_a_few_each_second,
	one_user_does_not_use_up_what_another_has,
	the_first_second_after_boot_and_the_last_uid_are_no_exceptions);
