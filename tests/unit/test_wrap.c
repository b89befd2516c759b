/* SPDX-License-Identifier: MIT */
/* Breaking lines between words. Links wrap.o, table.o and text.o. */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/ctl/table.h"
#include "otpd/ctl/wrap.h"

/* What is written; the caller frees. */
static char *write_all(const char *label, const char *text)
{
	char *out = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&out, &size);

	ck_assert_ptr_nonnull(file);
	wrap_write(file, label, text);
	fclose(file);
	return out;
}

static void expect(const char *label, const char *text, const char *expected)
{
	char *out = write_all(label, text);

	ck_assert_str_eq(out, expected);
	free(out);
}

START_TEST(what_fits_stays_on_one_line)
{
	expect("", "a b", "a b\n");
	expect("label:  ", "a  b ", "label:  a b\n");
	expect("ä: ", "日本", "ä: 日本\n");
}
END_TEST

START_TEST(without_text_a_label_has_no_blanks_behind_it)
{
	expect("label:  ", "", "label:\n");
	expect("label:  ", "   ", "label:\n");
	expect("", "", "\n");
}
END_TEST

START_TEST(hostile_text_is_cleaned)
{
	expect("", "\x1b[2J a\nb \xff \xe2\x80\xae", "?[2J a?b ? ?\n");
}
END_TEST

/* Texts of words of every length behind labels of every width. */
START_TEST(no_line_is_too_long_and_each_begins_below_the_text)
{
	for (size_t indent = 0; indent < 40; indent++) {
		char label[64] = "", text[600] = "", *out, *rest = NULL;
		size_t n = 0;
		bool first = true;

		memset(label, '-', indent);
		while (n < sizeof(text) - 41) {
			size_t length = 1 + (n + indent) % 39;

			memset(text + n, 'x', length);
			n += length;
			text[n++] = ' ';
		}
		out = write_all(label, text);
		for (char *line = strtok_r(out, "\n", &rest); line;
			line = strtok_r(NULL, "\n", &rest)) {
			ck_assert_uint_le(table_width(line), WRAP_WIDTH);
			ck_assert_int_ne(line[strlen(line) - 1], ' ');
			ck_assert_uint_eq(strspn(line, first ? "-" : " "), indent);
			first = false;
		}
		free(out);
	}
}
END_TEST

START_TEST(a_line_is_full_to_its_last_column)
{
	char text[2 * WRAP_WIDTH + 8] = "", expected[2 * WRAP_WIDTH + 8] = "";

	memset(text, 'x', WRAP_WIDTH - 2);
	memcpy(text + WRAP_WIDTH - 2, " y z", 5);
	memcpy(expected, text, WRAP_WIDTH);
	memcpy(expected + WRAP_WIDTH, "\nz\n", 4);
	expect("", text, expected);
}
END_TEST

START_TEST(a_word_that_is_too_long_is_not_broken)
{
	char word[201] = "", text[256], expected[256];

	memset(word, 'w', 200);
	snprintf(text, sizeof(text), "a %s b", word);
	snprintf(expected, sizeof(expected), "> a\n  %s\n  b\n", word);
	expect("> ", text, expected);
	snprintf(text, sizeof(text), "%s b", word);
	snprintf(expected, sizeof(expected), "> %s\n  b\n", word);
	expect("> ", text, expected);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wrap");
	TCase *tcase = tcase_create("wrap");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, what_fits_stays_on_one_line);
	tcase_add_test(tcase, without_text_a_label_has_no_blanks_behind_it);
	tcase_add_test(tcase, hostile_text_is_cleaned);
	tcase_add_test(tcase, no_line_is_too_long_and_each_begins_below_the_text);
	tcase_add_test(tcase, a_line_is_full_to_its_last_column);
	tcase_add_test(tcase, a_word_that_is_too_long_is_not_broken);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
