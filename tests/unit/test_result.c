/* SPDX-License-Identifier: MIT */
/* The table outcome -> PAM code: who gets in, and that nobody else does. */
#include <check.h>
#include <errno.h>
#include <security/pam_modules.h>
#include <stdbool.h>
#include <string.h>
#include <syslog.h>

#include "otpd/proto/outcome.h"
#include "pam_emailotp/result.h"

static const int results[] = { RESULT_VERIFIED, RESULT_CHALLENGE, RESULT_EXEMPT,
	RESULT_NOT_ENROLLED, RESULT_NOT_ALLOWED_IN, RESULT_ADDRESS_VERIFIED,
	RESULT_NOT_A_CODE, RESULT_BAD_NAME, RESULT_UNKNOWN_USER, RESULT_WRONG_PASSWORD,
	RESULT_PASSWORD_RIGHT, RESULT_NO_CONVERSATION, RESULT_BAD_OPTION };

#define N_RESULTS ((int)(sizeof(results) / sizeof(results[0])))

static int distance(int a, int b)
{
	return __builtin_popcount((unsigned)a ^ (unsigned)b);
}

static void assert_refuses(int result)
{
	ck_assert_msg(result_auth(result) != PAM_SUCCESS &&
			result_auth(result) != PAM_IGNORE &&
			result_account(result) != PAM_SUCCESS &&
			result_account(result) != PAM_IGNORE,
		"%d lets in", result);
}

START_TEST(no_errno_and_no_outcome_lets_in)
{
	for (int result = -4095; result < OUTCOME_MAX + 4096; result++)
		assert_refuses(result);
}
END_TEST

START_TEST(only_verified_is_success)
{
	ck_assert_int_eq(result_auth(RESULT_VERIFIED), PAM_SUCCESS);
	ck_assert_int_eq(result_account(RESULT_VERIFIED), PAM_SUCCESS);
	for (int i = 0; i < N_RESULTS; i++) {
		if (results[i] == RESULT_VERIFIED)
			continue;
		ck_assert_int_ne(result_auth(results[i]), PAM_SUCCESS);
		ck_assert_int_ne(result_account(results[i]), PAM_SUCCESS);
	}
}
END_TEST

START_TEST(only_exempt_and_not_enrolled_are_ignored)
{
	for (int i = 0; i < N_RESULTS; i++) {
		bool lets = results[i] == RESULT_EXEMPT ||
			results[i] == RESULT_NOT_ENROLLED;

		ck_assert_int_eq(result_auth(results[i]) == PAM_IGNORE, lets);
		ck_assert_int_eq(result_account(results[i]) == PAM_IGNORE, lets);
	}
}
END_TEST

START_TEST(no_flipped_bit_lets_in)
{
	for (int i = 0; i < N_RESULTS; i++)
		for (int bit = 0; bit < 32; bit++)
			assert_refuses((int)((unsigned)results[i] ^ 1u << bit));
}
END_TEST

START_TEST(results_are_sixteen_bits_apart)
{
	for (int i = 0; i < N_RESULTS; i++)
		for (int j = 0; j < i; j++)
			ck_assert_int_ge(distance(results[i], results[j]), 16);
}
END_TEST

START_TEST(what_lets_in_is_far_from_every_errno_and_outcome)
{
	for (int other = -4095; other < OUTCOME_MAX; other++) {
		ck_assert_int_ge(distance(RESULT_VERIFIED, other), 13);
		ck_assert_int_ge(distance(RESULT_EXEMPT, other), 10);
		ck_assert_int_ge(distance(RESULT_NOT_ENROLLED, other), 10);
		ck_assert_int_ge(distance(RESULT_PASSWORD_RIGHT, other), 10);
	}
}
END_TEST

static const struct {
	int result;
	int auth;
	int account;
} rows[] = {
	{ RESULT_NOT_ALLOWED_IN, PAM_SYSTEM_ERR, PAM_PERM_DENIED },
	{ RESULT_ADDRESS_VERIFIED, PAM_AUTH_ERR, PAM_SYSTEM_ERR },
	{ RESULT_NOT_A_CODE, PAM_AUTH_ERR, PAM_SYSTEM_ERR },
	{ RESULT_BAD_NAME, PAM_AUTH_ERR, PAM_USER_UNKNOWN },
	{ RESULT_UNKNOWN_USER, PAM_AUTH_ERR, PAM_USER_UNKNOWN },
	{ RESULT_WRONG_PASSWORD, PAM_AUTH_ERR, PAM_SYSTEM_ERR },
	{ RESULT_NO_CONVERSATION, PAM_CONV_ERR, PAM_CONV_ERR },
	{ RESULT_BAD_OPTION, PAM_SERVICE_ERR, PAM_SERVICE_ERR },
	{ RESULT_CHALLENGE, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ RESULT_PASSWORD_RIGHT, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_OK, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_WRONG_CODE, PAM_AUTH_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_EXPIRED, PAM_AUTH_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_BURNT, PAM_MAXTRIES, PAM_SYSTEM_ERR },
	{ OUTCOME_LOCKED, PAM_MAXTRIES, PAM_PERM_DENIED },
	{ OUTCOME_THROTTLED, PAM_MAXTRIES, PAM_SYSTEM_ERR },
	{ OUTCOME_NO_CHALLENGE, PAM_AUTH_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED },
	{ OUTCOME_UNAVAILABLE, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ OUTCOME_BAD_ADDRESS, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_BAD_NAME, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_NO_USER, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_EXISTS, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_NOT_ALLOWED, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_MAX, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ -ENOENT, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -ENOTDIR, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -ECONNREFUSED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -EACCES, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -ECONNRESET, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -EPIPE, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -ETIMEDOUT, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -ENOEXEC, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -ENOMEM, PAM_BUF_ERR, PAM_BUF_ERR },
	{ -ENOBUFS, PAM_BUF_ERR, PAM_BUF_ERR },
	{ -EKEYREJECTED, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ -EBADMSG, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ -EMSGSIZE, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ -EPROTO, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ -EMFILE, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ -EPERM, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ 0x7fffffff, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
};

START_TEST(every_row_has_its_codes)
{
	ck_assert_int_eq(result_auth(rows[_i].result), rows[_i].auth);
	ck_assert_int_eq(result_account(rows[_i].result), rows[_i].account);
}
END_TEST

START_TEST(every_result_has_a_text_a_priority_and_a_named_code)
{
	for (int result = -4095; result < OUTCOME_MAX + N_RESULTS; result++) {
		int it = result < OUTCOME_MAX ? result : results[result - OUTCOME_MAX];

		ck_assert_uint_gt(strlen(result_text(it)), 5);
		ck_assert_int_ge(result_priority(it), LOG_CRIT);
		ck_assert_int_le(result_priority(it), LOG_DEBUG);
		ck_assert_str_ne(result_pam_name(result_auth(it)), "?");
		ck_assert_str_ne(result_pam_name(result_account(it)), "?");
	}
	ck_assert_int_eq(result_priority(-EKEYREJECTED), LOG_CRIT);
	ck_assert_str_eq(result_pam_name(-1), "?");
	ck_assert_str_eq(result_pam_name(PAM_INCOMPLETE), "?");
	ck_assert_str_eq(result_pam_name(1000), "?");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("result");
	TCase *tcase = tcase_create("result");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, no_errno_and_no_outcome_lets_in);
	tcase_add_test(tcase, only_verified_is_success);
	tcase_add_test(tcase, only_exempt_and_not_enrolled_are_ignored);
	tcase_add_test(tcase, no_flipped_bit_lets_in);
	tcase_add_test(tcase, results_are_sixteen_bits_apart);
	tcase_add_test(tcase, what_lets_in_is_far_from_every_errno_and_outcome);
	tcase_add_loop_test(
		tcase, every_row_has_its_codes, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tcase, every_result_has_a_text_a_priority_and_a_named_code);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
