/* SPDX-License-Identifier: MIT */
/* Recovery codes: drawn evenly, shown in groups, read as people write them. */
#include "otpd/core/recovery.h"

#include <sodium.h>
#include <sodium/randombytes_internal_random.h>

#include "otpd/proto/limits.h"
#include "tests/unit/unit.h"

#define ALPHABET "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

/* The same draw over a generator that is no system call for each code. */
static void start(void)
{
	randombytes_set_implementation(&randombytes_internal_implementation);
	ck_assert_int_ge(sodium_init(), 0);
}

START_TEST(each_letter_is_as_likely_in_each_place)
{
	static long counts[20][32];
	const long n = 200000;

	start();
	for (long i = 0; i < n; i++) {
		char code[RECOVERY_SIZE];

		recovery_draw(code);
		if (strlen(code) != 20 || strspn(code, ALPHABET) != 20)
			ck_abort_msg("%s", code);
		for (int p = 0; p < 20; p++)
			counts[p][strchr(ALPHABET, code[p]) - ALPHABET]++;
	}
	for (int p = 0; p < 20; p++) {
		double sum = 0, expected = (double)n / 32;

		for (int i = 0; i < 32; i++)
			sum += ((double)counts[p][i] - expected) *
				((double)counts[p][i] - expected) / expected;
		/* 31 degrees of freedom: once in a hundred million. */
		ck_assert_double_lt(sum, 100.0);
	}
}
END_TEST

START_TEST(what_is_shown_can_be_typed)
{
	char code[RECOVERY_SIZE], shown[RECOVERY_SHOWN], read[RECOVERY_SIZE];

	start();
	recovery_show(shown, "0123456789ABCDEFGHJK");
	ck_assert_str_eq(shown, "0123-4567-89AB-CDEF-GHJK");
	ck_assert_uint_le(strlen(shown), LIMIT_RECOVERY);
	for (int i = 0; i < 1000; i++) {
		recovery_draw(code);
		recovery_show(shown, code);
		ck_assert_uint_eq(strlen(shown), RECOVERY_SHOWN - 1);
		ck_assert(recovery_read(read, shown));
		ck_assert_str_eq(read, code);
		ck_assert(recovery_read(read, code));
		ck_assert_str_eq(read, code);
	}
}
END_TEST

START_TEST(people_may_write_it_their_way)
{
	static const char *const ways[] = { "0123-4567-89AB-CDEF-GHJK",
		"0123 4567 89ab cdef ghjk", " 0123456789abcdefghjk ",
		"oi23-4567-89ab-cdef-ghjk", "OL23-4567-89AB-CDEF-GHJK",
		"0-1-2-3-4-5-6-7-8-9-A-B-C-D-E-F-G-H-J-K", "0123\t456789ABCDEFGHJK",
		"--0l23456789ABCDEFGHJK--" };
	char read[RECOVERY_SIZE];

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		ck_assert_msg(recovery_read(read, ways[i]), "%s", ways[i]);
		ck_assert_str_eq(read, "0123456789ABCDEFGHJK");
	}
}
END_TEST

START_TEST(what_cannot_be_one_is_refused)
{
	static const char *const wrong[] = { "", " ", "----", "0123-4567-89AB-CDEF-GHJ",
		"0123-4567-89AB-CDEF-GHJKM", "U123-4567-89AB-CDEF-GHJK",
		"u123-4567-89AB-CDEF-GHJK", "0123_4567_89AB_CDEF_GHJK",
		"0123-4567-89AB-CDEF-GHJ!", "0123-4567-89AB-CDEF-GHJK\n",
		"0123-4567-89AB-CDEF-GHJ\303\226", "123456",
		"\342\200\2230123456789ABCDEFGHJK" };
	static const char none[RECOVERY_SIZE];
	char read[RECOVERY_SIZE];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memset(read, 'x', sizeof(read));
		ck_assert_msg(!recovery_read(read, wrong[i]), "%s", wrong[i]);
		/* Nothing of it is left. */
		ck_assert_mem_eq(read, none, sizeof(read));
	}
}
END_TEST

UNIT_MAIN("recovery", each_letter_is_as_likely_in_each_place,
	what_is_shown_can_be_typed, people_may_write_it_their_way,
	what_cannot_be_one_is_refused);
