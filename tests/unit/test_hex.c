/* SPDX-License-Identifier: MIT */
/* Identifiers have one spelling. */
#include "otpd/util/hex.h"

#include <errno.h>

#include "tests/unit/unit.h"

START_TEST(bytes_come_back)
{
	uint8_t bytes[256], back[256];
	char text[513];

	for (int i = 0; i < 256; i++)
		bytes[i] = (uint8_t)i;
	hex_encode(text, bytes, 256);
	ck_assert_uint_eq(strlen(text), 512);
	ck_assert_int_eq(strncmp(text, "000102", 6), 0);
	ck_assert_str_eq(text + 508, "feff");
	ck_assert_int_eq(hex_decode(back, 256, text), 0);
	ck_assert_mem_eq(bytes, back, 256);
	hex_encode(text, bytes, 0);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(hex_decode(back, 0, ""), 0);
}
END_TEST

START_TEST(only_lower_case_digits_of_full_length_are_read)
{
	static const char *const bad[] = { "", "0", "00", "000", "00000", "000000",
		"0A00", "00g0", "0x00", " 000", "000 ", "00-0", "\xd9\xa0.00", "0/00",
		"0:00", "0`00" };
	uint8_t out[2];

	ck_assert_int_eq(hex_decode(out, 2, "09af"), 0);
	ck_assert_uint_eq(out[0], 0x09);
	ck_assert_uint_eq(out[1], 0xaf);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(hex_decode(out, 2, bad[i]) == -EINVAL, "\"%s\"", bad[i]);
}
END_TEST

START_TEST(every_byte_value_is_judged_in_both_places)
{
	for (int c = 1; c < 256; c++) {
		bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
		char high[] = { (char)c, '0', 0 }, low[] = { '0', (char)c, 0 };
		uint8_t out;

		ck_assert_int_eq(hex_decode(&out, 1, high), digit ? 0 : -EINVAL);
		ck_assert_int_eq(hex_decode(&out, 1, low), digit ? 0 : -EINVAL);
	}
}
END_TEST

UNIT_MAIN("hex", bytes_come_back, only_lower_case_digits_of_full_length_are_read,
	every_byte_value_is_judged_in_both_places);
