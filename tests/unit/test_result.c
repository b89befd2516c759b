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
	RESULT_PASSWORD_RIGHT, RESULT_NO_CONVERSATION, RESULT_BAD_OPTION, RESULT_FOUND,
	RESULT_NOT_FOUND, RESULT_GRANTED, RESULT_CODE_MAILED, RESULT_MAY_CHANGE,
	RESULT_PASSWORD_SET, RESULT_SECOND_PASS, RESULT_PASSWORDS_DIFFER,
	RESULT_NO_NEW_PASSWORD, RESULT_ENROL, RESULT_CODES, RESULT_NO_ADDRESS };

#define N_RESULTS ((int)(sizeof(results) / sizeof(results[0])))

static int distance(int a, int b)
{
	return __builtin_popcount((unsigned)a ^ (unsigned)b);
}

static void assert_refuses(int result)
{
	ck_assert_msg(result_auth(result) != PAM_SUCCESS &&
			result_auth(result) != PAM_IGNORE &&
			result_auth(result) != PAM_NEW_AUTHTOK_REQD &&
			result_account(result) != PAM_SUCCESS &&
			result_account(result) != PAM_IGNORE &&
			result_change(result) != PAM_SUCCESS &&
			result_change(result) != PAM_IGNORE &&
			result_change(result) != PAM_NEW_AUTHTOK_REQD,
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

START_TEST(a_password_phase_has_two_successes_more)
{
	for (int i = 0; i < N_RESULTS; i++) {
		bool succeeds = results[i] == RESULT_VERIFIED ||
			results[i] == RESULT_MAY_CHANGE ||
			results[i] == RESULT_PASSWORD_SET;
		bool passes = results[i] == RESULT_EXEMPT ||
			results[i] == RESULT_NOT_ENROLLED ||
			results[i] == RESULT_SECOND_PASS;

		ck_assert_int_eq(result_change(results[i]) == PAM_SUCCESS, succeeds);
		ck_assert_int_eq(result_change(results[i]) == PAM_IGNORE, passes);
	}
}
END_TEST

START_TEST(only_an_account_that_must_be_reset_asks_for_a_new_password)
{
	for (int result = -4095; result < OUTCOME_MAX + N_RESULTS; result++) {
		int it = result < OUTCOME_MAX ? result : results[result - OUTCOME_MAX];

		ck_assert_int_eq(result_account(it) == PAM_NEW_AUTHTOK_REQD,
			it == OUTCOME_MUST_RESET);
		ck_assert_int_ne(result_auth(it), PAM_NEW_AUTHTOK_REQD);
		ck_assert_int_ne(result_change(it), PAM_NEW_AUTHTOK_REQD);
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
		ck_assert_int_ge(distance(RESULT_MAY_CHANGE, other), 11);
		ck_assert_int_ge(distance(RESULT_PASSWORD_SET, other), 11);
		ck_assert_int_ge(distance(RESULT_SECOND_PASS, other), 10);
	}
}
END_TEST

static const struct {
	int result;
	int auth;
	int account;
	int change;
} rows[] = {
	{ RESULT_NOT_ALLOWED_IN, PAM_SYSTEM_ERR, PAM_PERM_DENIED, PAM_SYSTEM_ERR },
	{ RESULT_ADDRESS_VERIFIED, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR },
	{ RESULT_NOT_A_CODE, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR },
	{ RESULT_BAD_NAME, PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTH_ERR },
	{ RESULT_UNKNOWN_USER, PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTH_ERR },
	{ RESULT_WRONG_PASSWORD, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR },
	{ RESULT_NO_CONVERSATION, PAM_CONV_ERR, PAM_CONV_ERR, PAM_CONV_ERR },
	{ RESULT_BAD_OPTION, PAM_SERVICE_ERR, PAM_SERVICE_ERR, PAM_SERVICE_ERR },
	{ RESULT_CHALLENGE, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ RESULT_PASSWORD_RIGHT, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_OK, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_WRONG_CODE, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR },
	{ OUTCOME_EXPIRED, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR },
	{ OUTCOME_BURNT, PAM_MAXTRIES, PAM_SYSTEM_ERR, PAM_MAXTRIES },
	{ OUTCOME_LOCKED, PAM_MAXTRIES, PAM_PERM_DENIED, PAM_MAXTRIES },
	{ OUTCOME_THROTTLED, PAM_MAXTRIES, PAM_SYSTEM_ERR, PAM_MAXTRIES },
	{ OUTCOME_NO_CHALLENGE, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR },
	{ OUTCOME_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED },
	{ OUTCOME_UNAVAILABLE, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		PAM_AUTHINFO_UNAVAIL },
	{ OUTCOME_BAD_ADDRESS, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_EXISTS, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ RESULT_FOUND, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ RESULT_NOT_FOUND, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ RESULT_GRANTED, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ RESULT_CODE_MAILED, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ RESULT_MAY_CHANGE, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SUCCESS },
	{ RESULT_PASSWORD_SET, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SUCCESS },
	{ RESULT_SECOND_PASS, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_IGNORE },
	{ RESULT_PASSWORDS_DIFFER, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_AUTHTOK_ERR },
	{ RESULT_NO_NEW_PASSWORD, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_AUTHTOK_ERR },
	{ RESULT_ENROL, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ RESULT_CODES, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ RESULT_NO_ADDRESS, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR },
	{ OUTCOME_BAD_NAME, PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTH_ERR },
	{ OUTCOME_NO_USER, PAM_SYSTEM_ERR, PAM_USER_UNKNOWN, PAM_SYSTEM_ERR },
	{ OUTCOME_NOT_ALLOWED, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_PERM_DENIED },
	{ OUTCOME_WRONG_PASSWORD, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR },
	{ OUTCOME_BUSY, PAM_MAXTRIES, PAM_SYSTEM_ERR, PAM_MAXTRIES },
	{ OUTCOME_NOT_VERIFIED, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED },
	{ OUTCOME_DISABLED, PAM_PERM_DENIED, PAM_ACCT_EXPIRED, PAM_PERM_DENIED },
	{ OUTCOME_MUST_RESET, PAM_PERM_DENIED, PAM_NEW_AUTHTOK_REQD, PAM_PERM_DENIED },
	{ OUTCOME_BAD_PASSWORD, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_AUTHTOK_ERR },
	{ OUTCOME_BAD_LOGIN, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_BAD_PROFILE, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ OUTCOME_BAD_TOKEN, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_AUTHTOK_ERR },
	{ OUTCOME_RECOVERY_NEEDED, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR },
	{ OUTCOME_MAX, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ -ENOENT, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -ENOTDIR, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -ECONNREFUSED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		PAM_AUTHINFO_UNAVAIL },
	{ -EACCES, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -ECONNRESET, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		PAM_AUTHINFO_UNAVAIL },
	{ -EPIPE, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -ETIMEDOUT, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		PAM_AUTHINFO_UNAVAIL },
	{ -ENOEXEC, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ -ENOMEM, PAM_BUF_ERR, PAM_BUF_ERR, PAM_BUF_ERR },
	{ -ENOBUFS, PAM_BUF_ERR, PAM_BUF_ERR, PAM_BUF_ERR },
	{ -EKEYREJECTED, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ -EBADMSG, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ -EMSGSIZE, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ -EPROTO, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ -EMFILE, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ -EPERM, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
	{ 0x7fffffff, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
};

START_TEST(every_row_has_its_codes)
{
	ck_assert_int_eq(result_auth(rows[_i].result), rows[_i].auth);
	ck_assert_int_eq(result_account(rows[_i].result), rows[_i].account);
	ck_assert_int_eq(result_change(rows[_i].result), rows[_i].change);
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
		ck_assert_str_ne(result_pam_name(result_change(it)), "?");
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
	tcase_add_test(tcase, a_password_phase_has_two_successes_more);
	tcase_add_test(
		tcase, only_an_account_that_must_be_reset_asks_for_a_new_password);
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
