/* SPDX-License-Identifier: MIT */
/* CSV as RFC 4180 has it, and everything that is not. Links csv.o. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/ctl/csv.h"

/*
 * Reads a whole text and writes it down again: fields in <>, one record after another,
 * "!LINE" for a malformed one and "@LINE" before each record. The text is copied to a
 * block of its exact size, so that a sanitizer sees a read behind it.
 */
static const char *read_all(const char *text, size_t size)
{
	static char seen[4096];
	char *data = malloc(size + 1);
	struct csv_record record;
	const char *problem;
	struct csv csv;
	int n = 0, r;

	ck_assert_ptr_nonnull(data);
	memcpy(data, text, size);
	data[size] = '\0';
	seen[0] = '\0';
	csv_init(&csv, data, size);
	while ((r = csv_next(&csv, &record, &problem)) != 0) {
		n += snprintf(seen + n, sizeof(seen) - (size_t)n,
			r < 0 ? "!%zu" : "@%zu", record.line);
		for (size_t i = 0; r > 0 && i < record.n_fields; i++)
			n += snprintf(seen + n, sizeof(seen) - (size_t)n, "<%s>",
				record.fields[i]);
		ck_assert_int_lt(n, (int)sizeof(seen));
		if (r < 0) {
			ck_assert_int_eq(r, -EBADMSG);
			ck_assert_ptr_nonnull(problem);
		}
	}
	/* The end stays the end. */
	ck_assert_int_eq(csv_next(&csv, &record, &problem), 0);
	free(data);
	return seen;
}

static const struct {
	const char *text;
	const char *seen;
} table[] = {
	{ "", "" },
	{ "a", "@1<a>" },
	{ "a,b", "@1<a><b>" },
	{ "a,b\n", "@1<a><b>" },
	{ "a,b\r\nc,d\r\n", "@1<a><b>@2<c><d>" },
	{ "a,b\nc,d", "@1<a><b>@2<c><d>" },
	{ ",", "@1<><>" },
	{ "a,", "@1<a><>" },
	{ "a,\n", "@1<a><>" },
	{ ",,\n", "@1<><><>" },
	{ " a , b ", "@1< a >< b >" },
	{ "\n\r\n\na\n\n", "@4<a>" },
	{ "\"a\"", "@1<a>" },
	{ "\"\"", "" },
	{ "\"\",\"\"", "@1<><>" },
	{ "\"a,b\",c", "@1<a,b><c>" },
	{ "\"a\"\"b\",c", "@1<a\"b><c>" },
	{ "\"\"\"\",c", "@1<\"><c>" },
	{ "\"\"\"a\"\"\"", "@1<\"a\">" },
	{ "\"a\nb\",c\nd", "@1<a\nb><c>@3<d>" },
	{ "\"a\r\nb\"\r\nd\r\n", "@1<a\r\nb>@3<d>" },
	{ "\xef\xbb\xbf"
	  "a,b",
		"@1<a><b>" },
	{ "\xef\xbb\xbf"
	  "\"a\",b",
		"@1<a><b>" },
	{ "\xef\xbb\xbf", "" },
	{ "a\rb,c\n", "@1<a\rb><c>" },
	{ "a\r", "@1<a\r>" },
	{ "\xff\xfe,b", "@1<\xff\xfe><b>" },
	/* Malformed ones, and the record behind them. */
	{ "a\"b,c\nd", "!1@2<d>" },
	{ "a \"b\",c\nd", "!1@2<d>" },
	{ "\"a\"b,c\nd", "!1@2<d>" },
	{ "\"a\" ,c\nd", "!1@2<d>" },
	{ "\"a\"\rb\nd", "!1@2<d>" },
	{ "\"a\nb\"c\nd", "!1@3<d>" },
	{ "\"", "!1" },
	{ "\"a", "!1" },
	{ "\"a\"\"", "!1" },
	{ "a,\"b\nc\nd", "!1" },
	{ "a\nb,\"", "@1<a>!2" },
	{ "1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6",
		"@1<1><2><3><4><5><6><7><8><9><0><1><2><3><4><5><6>" },
	{ "1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7\nd", "!1@2<d>" },
	{ "1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,\nd", "!1@2<d>" },
};

START_TEST(a_text_is_read_as_the_table_says)
{
	const char *text = table[_i].text;

	ck_assert_str_eq(read_all(text, strlen(text)), table[_i].seen);
}
END_TEST

START_TEST(a_nul_ends_a_field_and_nothing_else)
{
	/* roster.c refuses such files; the reader must only stay inside. */
	ck_assert_str_eq(read_all("a\0b,c\nd", 7), "@1<a><c>@2<d>");
}
END_TEST

START_TEST(every_short_text_is_read_to_its_end)
{
	static const char alphabet[] = "a,\"\r\n";
	char text[8];

	/* All texts of up to 7 of the five bytes that matter. */
	for (size_t length = 0; length <= 7; length++) {
		size_t n = 1;

		for (size_t i = 0; i < length; i++)
			n *= 5;
		for (size_t k = 0; k < n; k++) {
			size_t rest = k;

			for (size_t i = 0; i < length; i++, rest /= 5)
				text[i] = alphabet[rest % 5];
			read_all(text, length);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("csv");
	TCase *tcase = tcase_create("csv");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, a_text_is_read_as_the_table_says, 0,
		sizeof(table) / sizeof(table[0]));
	tcase_add_test(tcase, a_nul_ends_a_field_and_nothing_else);
	tcase_add_test(tcase, every_short_text_is_read_to_its_end);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
