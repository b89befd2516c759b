/* SPDX-License-Identifier: MIT */
/* Numbers, times, modes, booleans: the whole text or nothing. */
#include "otpd/util/parse.h"

#include <errno.h>
#include <inttypes.h>

#include "tests/unit/unit.h"

START_TEST(numbers_are_read_whole)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = { { "0", 0 }, { "1", 1 }, { "-1", -1 }, { "007", 7 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775807", -INT64_MAX } };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int64_t value = 99;

		ck_assert_int_eq(parse_int(good[i].text, &value), 0);
		ck_assert_int_eq(value, good[i].value);
	}
}
END_TEST

START_TEST(what_is_no_number_changes_nothing)
{
	static const char *const bad[] = { "", "-", "--1", "+1", " 1", "1 ", "1x", "x1",
		"1.0", "0x10", "1e3", "\xd9\xa1", "1\n", "- 1", "1-", "," };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t value = 99, mode = 98;

		ck_assert_msg(parse_int(bad[i], &value) == -EINVAL, "\"%s\"", bad[i]);
		ck_assert_msg(
			parse_duration_s(bad[i], &value) == -EINVAL, "\"%s\"", bad[i]);
		ck_assert_msg(parse_mode(bad[i], &mode) == -EINVAL, "\"%s\"", bad[i]);
		ck_assert_int_eq(value, 99);
		ck_assert_int_eq(mode, 98);
	}
}
END_TEST

START_TEST(what_does_not_fit_is_out_of_range)
{
	static const char *const large[] = { "9223372036854775808",
		"99999999999999999999999999", "18446744073709551617" };
	int64_t value = 99;

	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		ck_assert_int_eq(parse_int(large[i], &value), -ERANGE);
		ck_assert_int_eq(parse_duration_s(large[i], &value), -ERANGE);
	}
	ck_assert_int_eq(parse_duration_s("9223372036854775807d", &value), -ERANGE);
	ck_assert_int_eq(parse_duration_s("153722867280912931m", &value), -ERANGE);
	ck_assert_int_eq(value, 99);
}
END_TEST

START_TEST(numbers_that_are_printed_are_read_back)
{
	uint64_t state = 7;

	for (int i = 0; i < 20000; i++) {
		int64_t want = (int64_t)((uint64_t)unit_random(&state) << 31 ^
				       unit_random(&state)) >>
			(unit_random(&state) % 62);
		int64_t value;
		char text[32];

		if (i & 1)
			want = -want;
		snprintf(text, sizeof(text), "%" PRId64, want);
		ck_assert_int_eq(parse_int(text, &value), 0);
		ck_assert_int_eq(value, want);
	}
}
END_TEST

START_TEST(times_have_at_most_one_unit)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = { { "0", 0 }, { "90", 90 }, { "90s", 90 }, { "10m", 600 },
		{ "8h", 28800 }, { "30d", 2592000 }, { "0d", 0 } };
	static const char *const bad[] = { "s", "1S", "1M", "1w", "1ms", "1h30m", "1 h",
		"-1", "-1s", "1d ", "d1", "1dd" };
	int64_t value;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_int_eq(parse_duration_s(good[i].text, &value), 0);
		ck_assert_int_eq(value, good[i].seconds);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(
			parse_duration_s(bad[i], &value) == -EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(booleans_are_eight_words_in_any_case)
{
	static const char *const yes[] = { "yes", "true", "on", "1", "YES", "True",
		"oN" };
	static const char *const no[] = { "no", "false", "off", "0", "No", "FALSE",
		"Off" };
	static const char *const bad[] = { "", "y", "n", "2", "10", "yes ", " no",
		"yess", "tru", "-1", "00" };
	bool value;

	for (size_t i = 0; i < 7; i++) {
		value = false;
		ck_assert_int_eq(parse_bool(yes[i], &value), 0);
		ck_assert(value);
		ck_assert_int_eq(parse_bool(no[i], &value), 0);
		ck_assert(!value);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		value = true;
		ck_assert_msg(parse_bool(bad[i], &value) == -EINVAL, "%s", bad[i]);
		ck_assert(value);
	}
}
END_TEST

START_TEST(modes_are_three_or_four_octal_digits)
{
	static const char *const bad[] = { "6", "60", "00660", "888", "0680", "660 ",
		"rw-", "-660", "06600" };
	int64_t value;

	ck_assert_int_eq(parse_mode("0660", &value), 0);
	ck_assert_int_eq(value, 0660);
	ck_assert_int_eq(parse_mode("600", &value), 0);
	ck_assert_int_eq(value, 0600);
	ck_assert_int_eq(parse_mode("7777", &value), 0);
	ck_assert_int_eq(value, 07777);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(parse_mode(bad[i], &value) == -EINVAL, "%s", bad[i]);
}
END_TEST

UNIT_MAIN("parse", numbers_are_read_whole, what_is_no_number_changes_nothing,
	what_does_not_fit_is_out_of_range, numbers_that_are_printed_are_read_back,
	times_have_at_most_one_unit, booleans_are_eight_words_in_any_case,
	modes_are_three_or_four_octal_digits);
