/* SPDX-License-Identifier: MIT */
/* The table of refusals against org.emailotp.Error.varlink, both ways. */
#include "otpd/proto/outcome.h"

#include <errno.h>

#include "otpd/proto/idl.h"
#include "tests/unit/unit.h"

START_TEST(names_errors_and_texts_fit_each_other)
{
	for (int i = 1; i < OUTCOME_MAX; i++) {
		char error[128];

		ck_assert_ptr_nonnull(outcome_name(i));
		snprintf(
			error, sizeof(error), "org.emailotp.Error.%s", outcome_name(i));
		ck_assert_str_eq(outcome_error(i), error);
		ck_assert_int_eq(outcome_from_error(error), i);
		ck_assert_uint_gt(strlen(outcome_text(i)), 8);
		for (int j = 1; j < i; j++)
			ck_assert_str_ne(outcome_name(i), outcome_name(j));
	}
}
END_TEST

START_TEST(what_is_no_outcome_has_no_name)
{
	static const int none[] = { 0, -1, -1000, OUTCOME_MAX, OUTCOME_MAX + 1,
		1 << 30 };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		ck_assert_ptr_null(outcome_name(none[i]));
		ck_assert_ptr_null(outcome_error(none[i]));
		ck_assert_str_eq(outcome_text(none[i]), "done");
	}
}
END_TEST

START_TEST(success_is_zero_and_no_error_means_it)
{
	static const char *const strange[] = { "", "WrongCode", "org.emailotp.Error",
		"org.emailotp.Error.", "org.emailotp.Error.wrongcode",
		"org.emailotp.Error.WrongCode2", "org.emailotp.Error.WrongCod",
		" org.emailotp.Error.WrongCode", "org.emailotp.Auth.WrongCode",
		"org.varlink.service.InvalidParameter" };

	ck_assert_int_eq(OUTCOME_OK, 0);
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
		ck_assert_msg(
			outcome_from_error(strange[i]) == -ENOENT, "%s", strange[i]);
}
END_TEST

START_TEST(every_error_of_the_interface_file_is_an_outcome_and_the_reverse)
{
	char *copy = strdup(idl_error), *rest = copy, *line;
	bool seen[OUTCOME_MAX] = { false };

	ck_assert_ptr_nonnull(copy);
	while ((line = strsep(&rest, "\n"))) {
		char name[64], error[128];
		int outcome;

		if (sscanf(line, "error %63[A-Za-z]", name) != 1)
			continue;
		snprintf(error, sizeof(error), "%s.%s", OUTCOME_INTERFACE, name);
		outcome = outcome_from_error(error);
		ck_assert_msg(outcome > 0, "%s is in the file only", name);
		ck_assert_msg(!seen[outcome], "%s stands there twice", name);
		seen[outcome] = true;
	}
	for (int i = 1; i < OUTCOME_MAX; i++)
		ck_assert_msg(seen[i], "%s is not in the file", outcome_name(i));
	free(copy);
}
END_TEST

UNIT_MAIN("outcome", names_errors_and_texts_fit_each_other,
	what_is_no_outcome_has_no_name, success_is_zero_and_no_error_means_it,
	every_error_of_the_interface_file_is_an_outcome_and_the_reverse);
