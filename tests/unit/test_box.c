/* SPDX-License-Identifier: MIT */
/* One box: where a password ends and the code behind it begins. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "pam_emailotp/box.h"

static const struct form six = { .length = 6 };
static const struct form eight = { .length = 8, .letters = true };

static const struct {
	const struct form *form;
	const char *text;
	int front; /* -1: no code is behind anything */
	int bare;
	const char *code;
} cuts[] = {
	{ &six, "pw123456", 2, 2, "123456" },
	{ &six, "pw000000", 2, 2, "000000" },
	{ &six, "pw1234567", 3, 3, "234567" },
	{ &six, "1234567", 1, 1, "234567" },
	{ &six, "pw 123456", 3, 2, "123456" },
	{ &six, "pw-123456", 3, 2, "123456" },
	{ &six, "pw,123456", 3, 2, "123456" },
	{ &six, "pw;123456", 3, 3, "123456" },
	{ &six, "pw  123456", 4, 3, "123456" },
	{ &six, "pw 123 456", 3, 2, "123456" },
	{ &six, "pw123-456", 2, 2, "123456" },
	{ &six, "pw1-2-3-4-5-6", 2, 2, "123456" },
	{ &six, "pw 1 2 3 4 5 6", 3, 2, "123456" },
	{ &six,
		"p w\xc3\xa4"
		"123456",
		5, 5, "123456" },
	{ &six, "12 34123456", 5, 5, "123456" },
	{ &six, "", -1, -1, "" },
	{ &six, "123456", -1, -1, "" },
	{ &six, " 123456", -1, -1, "" },
	{ &six, "-123456", -1, -1, "" },
	{ &six, ",123456", -1, -1, "" },
	{ &six, "12345", -1, -1, "" },
	{ &six, "pw12345", -1, -1, "" },
	{ &six, "pw123456 ", -1, -1, "" },
	{ &six, "pw123456-", -1, -1, "" },
	{ &six, "pw123  456", -1, -1, "" },
	{ &six, "pw123- 456", -1, -1, "" },
	{ &six, "pw123,456", -1, -1, "" },
	{ &six, "pw123\t456", -1, -1, "" },
	{ &six, "pw12345x", -1, -1, "" },
	{ &six, "pw12345\xd9\xa6", -1, -1, "" },
	{ &six, "------", -1, -1, "" },
	{ &eight, "pwcdfghjk3", 2, 2, "CDFGHJK3" },
	{ &eight, "pw CDFG-hjk3", 3, 2, "CDFGHJK3" },
	{ &eight, "pwcdfghjka", -1, -1, "" },
	{ &eight, "pwcdfghjk0", -1, -1, "" },
	{ &eight, "pw12345678", -1, -1, "" },
};

START_TEST(a_text_is_cut_at_its_code)
{
	struct box box;
	bool cut = box_split(cuts[_i].form, cuts[_i].text, &box);

	ck_assert_msg(cut == (cuts[_i].front >= 0), "%s", cuts[_i].text);
	if (!cut)
		return;
	ck_assert_msg((int)box.front == cuts[_i].front, "%s", cuts[_i].text);
	ck_assert_msg((int)box.bare == cuts[_i].bare, "%s", cuts[_i].text);
	ck_assert_str_eq(box.code, cuts[_i].code);
}
END_TEST

/* Every password gets in with a code behind it, also one that ends like a code. */
START_TEST(whatever_stands_before_a_code_is_cut_whole)
{
	static const char *const passwords[] = { "x", "right horse", "anna19840512",
		"123456", "123456123456", "a-1", "a,b", "\xc3\xa4\xc3\xb6" };
	static const char *const codes[] = { "123456", "123 456", "123-456",
		"12-34 56" };
	static const char *const betweens[] = { "", " ", "-", "," };

	for (size_t i = 0; i < 8 * 4 * 4; i++) {
		const char *password = passwords[i / 16];
		struct box box;
		char text[100];

		snprintf(text, sizeof(text), "%s%s%s", password, betweens[i / 4 % 4],
			codes[i % 4]);
		ck_assert_msg(box_split(&six, text, &box), "%s", text);
		ck_assert_msg(box.bare == strlen(password), "%s: %zu", text, box.bare);
		ck_assert_str_eq(box.code, "123456");
	}
}
END_TEST

START_TEST(any_length_of_code_and_any_text_stays_within_bounds)
{
	char text[64];

	for (int length = LIMIT_CODE_MIN; length <= LIMIT_CODE; length++)
		for (size_t n = 0; n < sizeof(text); n++) {
			struct form form = { .length = length };
			struct box box;
			char code[LIMIT_CODE + 1];

			memset(text, '7', n);
			text[n] = '\0';
			ck_assert_int_eq(
				box_split(&form, text, &box), n > (size_t)length);
			ck_assert_int_eq(
				box_read_code(&form, text, code), n == (size_t)length);
			if (n > (size_t)length)
				ck_assert_uint_eq(box.front, n - (size_t)length);
		}
}
END_TEST

START_TEST(a_wiped_box_is_empty)
{
	struct box box, empty;

	memset(&empty, 0, sizeof(empty));
	ck_assert(box_split(&six, "pw123456", &box));
	box_wipe(&box);
	ck_assert_mem_eq(&box, &empty, sizeof(box));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("box");
	TCase *tcase = tcase_create("box");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
		tcase, a_text_is_cut_at_its_code, 0, sizeof(cuts) / sizeof(cuts[0]));
	tcase_add_test(tcase, whatever_stands_before_a_code_is_cut_whole);
	tcase_add_test(tcase, any_length_of_code_and_any_text_stays_within_bounds);
	tcase_add_test(tcase, a_wiped_box_is_empty);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
