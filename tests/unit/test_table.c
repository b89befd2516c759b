/* SPDX-License-Identifier: MIT */
/* Tables for people: straight columns, nothing hostile. Links table.o and text.o. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/ctl/table.h"

static const char *const titles[] = { "A", "LONG", "C" };

/* The table of rows of three cells, as text; the caller frees. */
static char *draw(const char *const *const *rows, size_t n, bool titled)
{
	struct table table;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	table_init(&table, out, titled ? titles : NULL, 3);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(table_add(&table, rows[i]), 0);
	table_end(&table);
	table_fini(&table);
	fclose(out);
	return text;
}

static void expect(
	const char *const *const *rows, size_t n, bool titled, const char *expected)
{
	char *text = draw(rows, n, titled);

	ck_assert_str_eq(text, expected);
	free(text);
}

#define ROW(...)              \
	(const char *const[]) \
	{                     \
		__VA_ARGS__   \
	}

START_TEST(columns_are_as_wide_as_their_widest_cell)
{
	const char *const *const rows[] = { ROW("a", "b", "c"), ROW("aaaa", "bb", "") };

	expect(rows, 2, true, "A     LONG  C\na     b     c\naaaa  bb    \n");
	expect(rows, 2, false, "a     b   c\naaaa  bb  \n");
}
END_TEST

START_TEST(a_table_without_rows_is_its_titles)
{
	expect(NULL, 0, true, "A  LONG  C\n");
	expect(NULL, 0, false, "");
}
END_TEST

START_TEST(what_is_wide_and_what_is_narrow_line_up)
{
	const char *const *const rows[] = { ROW("Zoë", "x", "1"), ROW("日本", "x", "2"),
		ROW("e\xcc\x81", "x", "3"), ROW("abcd", "x", "4") };

	expect(rows, 4, false,
		"Zoë   x  1\n日本  x  2\ne\xcc\x81     x  3\nabcd  x  4\n");
}
END_TEST

START_TEST(hostile_cells_are_cleaned)
{
	const char *const *const rows[] = { ROW("\x1b[2J", "a\nb", "\xff\xc3"),
		ROW("\xe2\x80\xae"
		    "x",
			"\xe2\x81\xa6",
			"\xc2\x9b"
			"2J") };

	expect(rows, 2, false, "?[2J  a?b  ??\n?x    ?    ?2J\n");
}
END_TEST

START_TEST(widths_are_those_of_a_terminal)
{
	ck_assert_uint_eq(table_width(""), 0);
	ck_assert_uint_eq(table_width("abc"), 3);
	ck_assert_uint_eq(table_width("äöü"), 3);
	ck_assert_uint_eq(table_width("한국"), 4);
	ck_assert_uint_eq(table_width("ｗ"), 2);
	ck_assert_uint_eq(table_width("😀"), 2);
	ck_assert_uint_eq(table_width("a\xe2\x80\x8d"
				      "b"),
		2);
	ck_assert_uint_eq(table_width("\xff"), 1);
}
END_TEST

START_TEST(rows_behind_the_measured_ones_are_written_at_once)
{
	const char *const *row = ROW("a", "b", "c");
	const char *const *wide = ROW("wider than measured", "b", "c");
	struct table table;
	char *text = NULL;
	size_t size = 0, n = 0;
	FILE *out = open_memstream(&text, &size);

	table_init(&table, out, titles, 3);
	for (size_t i = 0; i < TABLE_MEASURED; i++)
		ck_assert_int_eq(table_add(&table, row), 0);
	fflush(out);
	ck_assert_uint_eq(size, 0);
	ck_assert_int_eq(table_add(&table, row), 0);
	fflush(out);
	ck_assert_uint_gt(size, 0);
	ck_assert_int_eq(table_add(&table, wide), 0);
	table_end(&table);
	table_fini(&table);
	fclose(out);
	for (const char *at = text; *at; at++)
		n += *at == '\n';
	ck_assert_uint_eq(n, TABLE_MEASURED + 3);
	ck_assert_ptr_nonnull(strstr(text, "\nwider than measured b     c\n"));
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("table");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, columns_are_as_wide_as_their_widest_cell);
	tcase_add_test(tcase, a_table_without_rows_is_its_titles);
	tcase_add_test(tcase, what_is_wide_and_what_is_narrow_line_up);
	tcase_add_test(tcase, hostile_cells_are_cleaned);
	tcase_add_test(tcase, widths_are_those_of_a_terminal);
	tcase_add_test(tcase, rows_behind_the_measured_ones_are_written_at_once);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
