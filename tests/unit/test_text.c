/* SPDX-License-Identifier: MIT */
/* Bytes that strangers send: UTF-8, control characters, copies that fit. */
#include "otpd/util/text.h"

#include "tests/unit/unit.h"

/* An independent decoder: the code point, or -1. */
static long decode(const unsigned char *s, size_t n)
{
	static const long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	long c;

	if (n == 1)
		return s[0] > 0 && s[0] < 0x80 ? s[0] : -1;
	c = s[0] & (0xff >> (n + 1));
	if ((s[0] & (0xff << (7 - n)) & 0xff) != ((0xff << (8 - n)) & 0xff))
		return -1;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (s[i] & 0x3f);
	}
	return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? -1 : c;
}

static size_t length_of(const unsigned char *s)
{
	for (size_t n = 1; n <= 4; n++)
		if (decode(s, n) >= 0)
			return n;
	return 0;
}

START_TEST(every_pair_and_triple_of_bytes_is_judged_as_rfc_3629_does)
{
	char text[5] = { 0 };

	for (unsigned i = 0; i < 1u << 24; i += i < 1u << 16 ? 1 : 7) {
		text[0] = (char)(i >> 16);
		text[1] = (char)(i >> 8);
		text[2] = (char)i;
		if (text_utf8_length(text) != length_of((const unsigned char *)text))
			ck_abort_msg("%06x: %zu", i, text_utf8_length(text));
	}
}
END_TEST

START_TEST(every_code_point_is_taken_and_no_cut_of_it)
{
	for (long c = 0x10000; c <= 0x110000; c += 97) {
		char text[5] = { (char)(0xf0 | c >> 18),
			(char)(0x80 | (c >> 12 & 0x3f)), (char)(0x80 | (c >> 6 & 0x3f)),
			(char)(0x80 | (c & 0x3f)), 0 };
		bool valid = c <= 0x10ffff;

		ck_assert_uint_eq(text_utf8_length(text), valid ? 4 : 0);
		ck_assert_int_eq(text_is_utf8(text), valid);
		text[3] = '\0';
		ck_assert_uint_eq(text_utf8_length(text), 0);
	}
}
END_TEST

START_TEST(overlong_forms_surrogates_and_lone_tails_are_not_utf8)
{
	static const char *const bad[] = { "\xc0\x80", "\xc1\xbf", "\xe0\x80\xaf",
		"\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xbf", "\xfe", "\xff",
		"a\xc3", "a\xe2\x82", "a\xf0\x9f\x92", "\xc3(", "ok\xffok" };
	static const char *const good[] = { "", "plain", "\xc2\x80", "Zo\xc3\xab",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "\xe2\x82\xac" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!text_is_utf8(bad[i]), "%zu", i);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(text_is_utf8(good[i]), "%zu", i);
}
END_TEST

START_TEST(controls_are_c0_del_and_c1_and_nothing_else)
{
	char text[8];

	for (int c = 1; c < 0x80; c++) {
		snprintf(text, sizeof(text), "a%cb", c);
		ck_assert_int_eq(text_has_control(text), c < 0x20 || c == 0x7f);
	}
	for (int c = 0x80; c < 0xc0; c++) {
		snprintf(text, sizeof(text), "a\xc2%cb", c);
		ck_assert_int_eq(text_has_control(text), c < 0xa0);
		snprintf(text, sizeof(text), "a\xc3%cb", c);
		ck_assert(!text_has_control(text));
	}
	ck_assert(!text_has_control(""));
}
END_TEST

START_TEST(clean_copies_are_utf8_without_controls_whatever_goes_in)
{
	uint64_t state = 1;

	for (int i = 0; i < 20000; i++) {
		char in[24], out[24];
		size_t n = unit_random(&state) % 20,
		       size = 1 + unit_random(&state) % 22;

		for (size_t j = 0; j < n; j++)
			in[j] = (char)(1 + unit_random(&state) % 255);
		in[n] = '\0';
		memset(out, 'x', sizeof(out));
		text_copy_clean(out, size, in);
		ck_assert_uint_lt(strlen(out), size);
		ck_assert(text_is_utf8(out) && !text_has_control(out));
		/* Nothing behind the size that was given. */
		for (size_t j = size; j < sizeof(out); j++)
			if (out[j] != 'x')
				ck_abort_msg("behind the end");
	}
}
END_TEST

START_TEST(clean_copies_keep_what_is_clean_and_never_half_a_character)
{
	char out[8];

	text_copy_clean(out, sizeof(out),
		"a\xe2\x82\xac"
		"b\xe2\x82\xac");
	ck_assert_str_eq(out,
		"a\xe2\x82\xac"
		"b");
	text_copy_clean(out, sizeof(out), "a\nb\x7f\xff\xc2\x9b!");
	ck_assert_str_eq(out, "a?b?\?\?!");
	text_copy_clean(out, sizeof(out), "1234567");
	ck_assert_str_eq(out, "1234567");
	text_copy_clean(out, 1, "1");
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(case_is_ignored_for_ascii_letters_only)
{
	ck_assert(text_same_nocase("Yes", "yES"));
	ck_assert(text_same_nocase("", ""));
	ck_assert(!text_same_nocase("yes", "yes "));
	ck_assert(!text_same_nocase("ye", "yes"));
	ck_assert(!text_same_nocase("@", "`"));
	ck_assert(!text_same_nocase("[", "{"));
	ck_assert(!text_same_nocase("\xc3\x84", "\xc3\xa4"));
}
END_TEST

START_TEST(a_copy_fits_whole_or_is_empty)
{
	char out[4] = "zzz";

	ck_assert(text_copy(out, sizeof(out), "abc"));
	ck_assert_str_eq(out, "abc");
	ck_assert(!text_copy(out, sizeof(out), "abcd"));
	ck_assert_str_eq(out, "");
	ck_assert(text_copy(out, 1, ""));
	ck_assert(!text_copy(out, 1, "a"));
}
END_TEST

START_TEST(a_copy_in_lower_case_changes_ascii_letters_only)
{
	char out[16] = "zzz";

	ck_assert(text_copy_lower(out, sizeof(out), "@AZ[az`{09"));
	ck_assert_str_eq(out, "@az[az`{09");
	ck_assert(text_copy_lower(out, sizeof(out), "\xc3\x84I\xc4\xb0"));
	ck_assert_str_eq(out, "\xc3\x84i\xc4\xb0");
	ck_assert(text_copy_lower(out, 4, "ABC"));
	ck_assert_str_eq(out, "abc");
	ck_assert(!text_copy_lower(out, 3, "ABC"));
	ck_assert_str_eq(out, "");
}
END_TEST

UNIT_MAIN("text", every_pair_and_triple_of_bytes_is_judged_as_rfc_3629_does,
	every_code_point_is_taken_and_no_cut_of_it,
	overlong_forms_surrogates_and_lone_tails_are_not_utf8,
	controls_are_c0_del_and_c1_and_nothing_else,
	clean_copies_are_utf8_without_controls_whatever_goes_in,
	clean_copies_keep_what_is_clean_and_never_half_a_character,
	case_is_ignored_for_ascii_letters_only, a_copy_fits_whole_or_is_empty,
	a_copy_in_lower_case_changes_ascii_letters_only);
