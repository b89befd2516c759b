/* SPDX-License-Identifier: MIT */
/*
 * The one table from what happened to what PAM is told.
 *
 *  - PAM_SUCCESS of a login and of an account MUST stand in the row of RESULT_VERIFIED
 *    and nowhere else. pam_sm_chauthtok has two successes more, neither of which lets
 *    anybody in: RESULT_MAY_CHANGE, with which its first pass lets the second one run,
 *    and RESULT_PASSWORD_SET, when otpd has taken the new password. In the other two
 *    columns they are errors.
 *  - PAM_IGNORE lets a user pass under "required" as well. It MUST stand only
 *    where otpd has positively said that no code is needed; never for an error. In
 *    pam_sm_chauthtok also in RESULT_SECOND_PASS, as the first pass had its verdict.
 *  - PAM_NEW_AUTHTOK_REQD passes under "required" as well, though not as success. It
 *    MUST stand in the account column only, where hosts know what it means.
 *  - What is not in the table is PAM_SYSTEM_ERR.
 *
 * Which error: sudo goes on after auth_err, authinfo_unavail, maxtries and perm_denied,
 * and gives up at once after any other. maxtries makes sshd stop offering passwords.
 * authinfo_unavail is what an administrator may map in the PAM line, so it means that
 * otpd cannot be reached or cannot do its work, and nothing else; not that it is busy,
 * which strangers can bring about.
 */
#include "pam_emailotp/result.h"

#include <errno.h>
#include <security/pam_modules.h>
#include <stddef.h>
#include <syslog.h>

#include "otpd/proto/outcome.h"

struct row {
	int result;
	int auth;
	int account;
	int change;
	int priority;
	const char *text;
};

/* clang-format off */
static const struct row rows[] = {
	{ RESULT_VERIFIED, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS,
		LOG_DEBUG, "the second step is in order" },
	{ RESULT_MAY_CHANGE, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SUCCESS,
		LOG_DEBUG, "the password can be changed" },
	{ RESULT_PASSWORD_SET, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SUCCESS,
		LOG_DEBUG, "the password is changed" },
	{ RESULT_SECOND_PASS, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_IGNORE,
		LOG_DEBUG, "the code was asked for in the first pass" },
	{ RESULT_EXEMPT, PAM_IGNORE, PAM_IGNORE, PAM_IGNORE,
		LOG_NOTICE, "the policy of otpd asks for no code" },
	{ RESULT_NOT_ENROLLED, PAM_IGNORE, PAM_IGNORE, PAM_IGNORE,
		LOG_NOTICE, "the user is not enrolled, and nullok is set" },
	{ RESULT_NOT_ALLOWED_IN, PAM_SYSTEM_ERR, PAM_PERM_DENIED, PAM_SYSTEM_ERR,
		LOG_NOTICE, "the user is not enrolled" },
	{ RESULT_ADDRESS_VERIFIED, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR,
		LOG_NOTICE, "the address is verified now, the login must begin again" },
	{ RESULT_NOT_A_CODE, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR,
		LOG_NOTICE, "no prompt is left, the last answer was not a code" },
	{ RESULT_NO_ADDRESS, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR,
		LOG_NOTICE, "no address was given that may be enrolled" },
	{ RESULT_BAD_NAME, PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTH_ERR,
		LOG_NOTICE, "the user name is not acceptable" },
	{ RESULT_UNKNOWN_USER, PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTH_ERR,
		LOG_NOTICE, "the user is not known to this system" },
	{ RESULT_WRONG_PASSWORD, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR,
		LOG_NOTICE, "the password is wrong" },
	{ RESULT_CODE_MAILED, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR,
		LOG_NOTICE, "the password is right, the code is to come behind it" },
	{ RESULT_PASSWORDS_DIFFER, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_AUTHTOK_ERR,
		LOG_NOTICE, "the new password was typed in two ways" },
	{ RESULT_NO_NEW_PASSWORD, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_AUTHTOK_ERR,
		LOG_NOTICE, "no earlier module has left a new password" },
	{ RESULT_NO_CONVERSATION, PAM_CONV_ERR, PAM_CONV_ERR, PAM_CONV_ERR,
		LOG_NOTICE, "nobody answered the prompt" },
	{ RESULT_BAD_OPTION, PAM_SERVICE_ERR, PAM_SERVICE_ERR, PAM_SERVICE_ERR,
		LOG_ERR, "the options of the PAM line are wrong" },

	{ OUTCOME_WRONG_CODE, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR,
		LOG_NOTICE, "no prompt is left, the last code was wrong" },
	{ OUTCOME_EXPIRED, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR,
		LOG_NOTICE, "the code has expired" },
	{ OUTCOME_BURNT, PAM_MAXTRIES, PAM_SYSTEM_ERR, PAM_MAXTRIES,
		LOG_NOTICE, "the code has used up its tries" },
	{ OUTCOME_LOCKED, PAM_MAXTRIES, PAM_PERM_DENIED, PAM_MAXTRIES,
		LOG_NOTICE, "the user's second step is locked" },
	{ OUTCOME_THROTTLED, PAM_MAXTRIES, PAM_SYSTEM_ERR, PAM_MAXTRIES,
		LOG_NOTICE, "no further code can be sent yet" },
	{ OUTCOME_NO_CHALLENGE, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR,
		LOG_NOTICE, "the challenge is gone" },
	{ OUTCOME_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED,
		LOG_NOTICE, "otpd does not let this program ask for this user" },
	{ OUTCOME_BAD_NAME, PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTH_ERR,
		LOG_NOTICE, "the login is not acceptable" },
	{ OUTCOME_NO_USER, PAM_SYSTEM_ERR, PAM_USER_UNKNOWN, PAM_SYSTEM_ERR,
		LOG_NOTICE, "there is no such account" },
	{ OUTCOME_WRONG_PASSWORD, PAM_AUTH_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR,
		LOG_NOTICE, "the login or the password is wrong" },
	{ OUTCOME_BUSY, PAM_MAXTRIES, PAM_SYSTEM_ERR, PAM_MAXTRIES,
		LOG_WARNING, "too many passwords are being checked" },
	{ OUTCOME_NOT_VERIFIED, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED,
		LOG_NOTICE, "the account's address was never proven" },
	{ OUTCOME_DISABLED, PAM_PERM_DENIED, PAM_ACCT_EXPIRED, PAM_PERM_DENIED,
		LOG_NOTICE, "the account is disabled" },
	{ OUTCOME_MUST_RESET, PAM_PERM_DENIED, PAM_NEW_AUTHTOK_REQD, PAM_PERM_DENIED,
		LOG_NOTICE, "the account's password must be reset" },
	{ OUTCOME_NOT_ALLOWED, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_PERM_DENIED,
		LOG_NOTICE, "only an administrator can allow a reset" },
	{ OUTCOME_BAD_PASSWORD, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_AUTHTOK_ERR,
		LOG_NOTICE, "no new password was acceptable" },
	{ OUTCOME_BAD_TOKEN, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_AUTHTOK_ERR,
		LOG_NOTICE, "the time for a new password is over" },
	{ OUTCOME_RECOVERY_NEEDED, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_AUTH_ERR,
		LOG_NOTICE, "the reset needs a recovery code" },
	{ OUTCOME_UNAVAILABLE, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		LOG_ERR, "otpd cannot do it now, see its log" },

	{ -ENOENT, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		LOG_ERR, "otpd is not running, its socket is missing" },
	{ -ENOTDIR, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		LOG_ERR, "otpd's socket is missing" },
	{ -ECONNREFUSED, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		LOG_ERR, "otpd is not running, its socket refuses" },
	{ -EACCES, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		LOG_ERR, "this program may not use otpd's socket" },
	{ -ECONNRESET, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		LOG_ERR, "otpd closed the connection without an answer" },
	{ -EPIPE, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		LOG_ERR, "otpd closed the connection without an answer" },
	{ -ETIMEDOUT, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		LOG_ERR, "otpd did not answer in time" },
	{ -ENOEXEC, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		LOG_ERR, "the password cannot be checked, unix_chkpwd did not run" },
	{ -ENOMEM, PAM_BUF_ERR, PAM_BUF_ERR, PAM_BUF_ERR,
		LOG_CRIT, "memory is exhausted" },
	{ -ENOBUFS, PAM_BUF_ERR, PAM_BUF_ERR, PAM_BUF_ERR,
		LOG_CRIT, "memory is exhausted" },
	{ -EKEYREJECTED, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR,
		LOG_CRIT, "what listens on otpd's socket is neither root nor otpd" },
	{ -EBADMSG, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR,
		LOG_ERR, "otpd's answer makes no sense" },
	{ -EMSGSIZE, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR,
		LOG_ERR, "otpd's answer is too long" },
	{ -EPROTO, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR,
		LOG_ERR, "otpd answered with an error that is not known here" },
};
/* clang-format on */

static const struct row other = {
	.auth = PAM_SYSTEM_ERR,
	.account = PAM_SYSTEM_ERR,
	.change = PAM_SYSTEM_ERR,
	.priority = LOG_ERR,
	.text = "something broke",
};

static const struct row *find(int result)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].result == result)
			return &rows[i];
	return &other;
}

int result_auth(int result)
{
	return find(result)->auth;
}

int result_account(int result)
{
	return find(result)->account;
}

int result_change(int result)
{
	return find(result)->change;
}

const char *result_text(int result)
{
	return find(result)->text;
}

int result_priority(int result)
{
	return find(result)->priority;
}

const char *result_pam_name(int pam)
{
	static const char *const names[] = {
		[PAM_SUCCESS] = "success",
		[PAM_SERVICE_ERR] = "service_err",
		[PAM_SYSTEM_ERR] = "system_err",
		[PAM_BUF_ERR] = "buf_err",
		[PAM_PERM_DENIED] = "perm_denied",
		[PAM_AUTH_ERR] = "auth_err",
		[PAM_AUTHINFO_UNAVAIL] = "authinfo_unavail",
		[PAM_USER_UNKNOWN] = "user_unknown",
		[PAM_MAXTRIES] = "maxtries",
		[PAM_CONV_ERR] = "conv_err",
		[PAM_NEW_AUTHTOK_REQD] = "new_authtok_reqd",
		[PAM_ACCT_EXPIRED] = "acct_expired",
		[PAM_AUTHTOK_ERR] = "authtok_err",
		[PAM_IGNORE] = "ignore",
	};

	if (pam < 0 || pam >= (int)(sizeof(names) / sizeof(names[0])) || !names[pam])
		return "?";
	return names[pam];
}
