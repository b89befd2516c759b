/* SPDX-License-Identifier: MIT */
/* The grammar of user names of accounts. */
#include "otpd/core/login.h"

#include "otpd/proto/limits.h"
#include "tests/unit/unit.h"

START_TEST(good_ones_are_good)
{
	static const char *const good[] = { "abc", "jane", "Jane.Doe", "j_d-0", "007",
		"a--", "ABC" };
	char longest[LIMIT_LOGIN + 1];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(login_problem(good[i]) == NULL, "%s: %s", good[i],
			login_problem(good[i]));
	memset(longest, 'x', LIMIT_LOGIN);
	longest[LIMIT_LOGIN] = '\0';
	ck_assert_ptr_null(login_problem(longest));
}
END_TEST

START_TEST(none_is_an_address_or_a_principal_or_too_short_or_long)
{
	static const char *const bad[] = { "", "a", "ab", ".ab", "-ab", "_ab", "jane@x",
		"acct:0", "a b c", "jan\xc3\xa9", "abc\n", "a/b", "abc\x01", "ab\x7f" };
	char longer[LIMIT_LOGIN + 2];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(login_problem(bad[i]), "%s", bad[i]);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_ptr_nonnull(login_problem(longer));
	/* Every byte that is none of the few is refused. */
	for (int c = 1; c < 256; c++) {
		char text[] = { 'a', 'b', (char)c, '\0' };
		bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || strchr("._-", c);

		ck_assert_msg((login_problem(text) == NULL) == fine, "%d", c);
	}
}
END_TEST

UNIT_MAIN("login_name", good_ones_are_good,
	none_is_an_address_or_a_principal_or_too_short_or_long);
