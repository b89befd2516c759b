/* SPDX-License-Identifier: MIT */
/* Language tags. */
#include "otpd/core/language.h"

#include <ctype.h>

#include "otpd/proto/limits.h"
#include "tests/unit/unit.h"

START_TEST(tags_as_the_rfc_forms_them_are_good)
{
	static const char *const good[] = { "", "de", "pt-BR", "zh-Hant-TW", "de-1996",
		"sl-rozaj", "ast", "DE", "en-x-a-b", "de-12345678-abc" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(language_is_good(good[i]), "%s", good[i]);
	ck_assert_uint_eq(strlen("de-12345678-abc"), LIMIT_LANGUAGE);
}
END_TEST

START_TEST(what_could_be_a_path_or_a_line_is_none)
{
	static const char *const bad[] = { "d", "germ", "de_DE", "de-", "-de", "de--at",
		"1e", "d1", "de/", "../x", "de\n", "de\r", "de ", " de", "de.mo",
		"de-A.B", "de-123456789", "de-12345678-abcd", "d\xc3\xa9", "de-\xff",
		"*", "de-*" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!language_is_good(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(whatever_is_good_is_letters_digits_and_hyphens_and_short)
{
	static const char bytes[] = "aZ09-_./ \n\\\xc3";
	uint64_t state = 11;
	int good = 0;

	for (int i = 0; i < 200000; i++) {
		char text[24];
		size_t n = unit_random(&state) % (sizeof(text) - 1);

		for (size_t j = 0; j < n; j++)
			text[j] = bytes[unit_random(&state) % (sizeof(bytes) - 1)];
		text[n] = '\0';
		if (!language_is_good(text))
			continue;
		good++;
		ck_assert_uint_le(n, LIMIT_LANGUAGE);
		for (size_t j = 0; j < n; j++)
			ck_assert(isalnum((unsigned char)text[j]) || text[j] == '-');
	}
	ck_assert_int_gt(good, 100);
}
END_TEST

UNIT_MAIN("language", tags_as_the_rfc_forms_them_are_good,
	what_could_be_a_path_or_a_line_is_none,
	whatever_is_good_is_letters_digits_and_hyphens_and_short);
