/* SPDX-License-Identifier: MIT */
/* pam_sm_acct_mgmt and pam_sm_setcred. */
#include "tests/pam/rows.h"

/* clang-format off */
#define ROW(text) .name = "account: " text, .entry = ACCOUNT
#define OF_ACCOUNT(text) .name = "account of otpd: " text, .entry = ACCOUNT, .args = "password=account", .user = "ada@example.org"
#define CRED(text, f) .name = "24 setcred: " text, .entry = SETCRED, .flags = (int)(f), \
	.kind = FAKE_ABSENT, .pam = PAM_SUCCESS

static const struct row table[] = {
	{ ROW("verified is success"), .script = { VERIFIED }, .pam = PAM_SUCCESS,
	  .calls = { "{'method':'org.emailotp.Auth.Account','parameters':{'user':'daemon','service':'otptest'}}" } },
	{ ROW("exempt is ignored"), .script = { STATE("exempt") }, .pam = PAM_IGNORE,
	  .calls = { "Account" }, .logs = { "otptest:account): passed over, the policy of otpd asks for no code" } },
	{ ROW("not enrolled is denied"), .script = { STATE("not_enrolled") }, .pam = PAM_PERM_DENIED,
	  .calls = { "Account" }, .logs = { "refused, the user is not enrolled: user=\"daemon\" service=\"otptest\" rhost=\"\" ref=- result=perm_denied" } },
	{ ROW("not enrolled is ignored with nullok"), .args = "nullok", .script = { STATE("not_enrolled") },
	  .pam = PAM_IGNORE, .calls = { "Account" }, .logs = { "nullok is set" } },
	{ ROW("locked is denied"), .script = { ERROR_AFTER("Locked", "60") }, .pam = PAM_PERM_DENIED,
	  .calls = { "Account" }, .logs = { "second step is locked" } },
	{ ROW("denied is denied"), .script = { ERROR("Denied") }, .pam = PAM_PERM_DENIED,
	  .calls = { "Account" }, .logs = { "perm_denied" } },
	{ ROW("a challenge makes no sense"), .script = { CHALLENGE }, .pam = PAM_SYSTEM_ERR,
	  .calls = { "Account" }, .logs = { "makes no sense" } },
	{ ROW("a verified address makes no sense"), .script = { STATE("address_verified") },
	  .pam = PAM_SYSTEM_ERR, .calls = { "Account" }, .logs = { "makes no sense" } },
	{ ROW("throttled makes no sense"), .script = { ERROR_AFTER("Throttled", "5") },
	  .pam = PAM_SYSTEM_ERR, .calls = { "Account" }, .logs = { "system_err" } },
	{ ROW("an unknown user"), .user = "no-such-user", .pam = PAM_USER_UNKNOWN,
	  .logs = { "refused, the user is not known to this system" } },
	{ ROW("a bad name"), .user = "a\nb", .pam = PAM_USER_UNKNOWN, .logs = { "not acceptable" } },
	{ ROW("unavailable"), .script = { ERROR("Unavailable") }, .pam = PAM_AUTHINFO_UNAVAIL,
	  .calls = { "Account" }, .logs = { "authinfo_unavail" } },
	{ ROW("no otpd"), .kind = FAKE_ABSENT, .pam = PAM_AUTHINFO_UNAVAIL, .logs = { "ENOENT" } },
	{ ROW("otpd hangs"), .script = { "@hang" }, .pam = PAM_AUTHINFO_UNAVAIL, .once = true,
	  .calls = { "Account" }, .logs = { "ETIMEDOUT" } },
	{ ROW("garbage"), .script = { "garbage" }, .pam = PAM_SYSTEM_ERR, .calls = { "Account" },
	  .logs = { "makes no sense" } },
	{ ROW("a foreign server"), .kind = FAKE_FOREIGN, .script = { VERIFIED }, .pam = PAM_SYSTEM_ERR,
	  .calls = { "(cut)" }, .logs = { "neither root nor otpd" } },
	{ ROW("a bad option"), .args = "bogus", .pam = PAM_SERVICE_ERR, .logs = { "\"bogus\" is unknown" } },
	{ ROW("it never talks"), .script = { ERROR("Expired") }, .pam = PAM_SYSTEM_ERR,
	  .calls = { "Account" }, .logs = { "the code has expired" } },

	{ OF_ACCOUNT("in order"), .script = { VERIFIED }, .pam = PAM_SUCCESS,
	  .calls = { "{'method':'org.emailotp.Account.Status','parameters':{'login':'ada@example.org','service':'otptest'}}" } },
	{ OF_ACCOUNT("not verified"), .script = { ERROR("NotVerified") }, .pam = PAM_PERM_DENIED, .calls = { "Status" },
	  .prompts = { "err:Your e-mail address is not verified. Verify it first." }, .logs = { "refused, the account's address was never proven" } },
	{ OF_ACCOUNT("disabled"), .script = { ERROR("Disabled") }, .pam = PAM_ACCT_EXPIRED, .calls = { "Status" },
	  .prompts = { "err:This account is disabled. Ask an administrator." }, .logs = { "result=acct_expired" } },
	{ OF_ACCOUNT("must be reset"), .script = { ERROR("MustReset") }, .pam = PAM_NEW_AUTHTOK_REQD, .calls = { "Status" },
	  .prompts = { "err:Your password must be reset before you can log in." }, .logs = { "result=new_authtok_reqd" } },
	{ OF_ACCOUNT("locked"), .script = { ERROR_AFTER("Locked", "3590") }, .pam = PAM_PERM_DENIED, .calls = { "Status" },
	  .prompts = { "err:Sign-in is locked for 60 minutes, after too many wrong tries." }, .logs = { "result=perm_denied" } },
	{ OF_ACCOUNT("nobody"), .script = { ERROR("NoUser") }, .pam = PAM_USER_UNKNOWN, .calls = { "Status" },
	  .prompts = { "err:There is no such account." }, .logs = { "result=user_unknown" } },
	{ OF_ACCOUNT("under PAM_SILENT nothing is told"), .flags = (int)PAM_SILENT, .script = { ERROR("Disabled") }, .pam = PAM_ACCT_EXPIRED,
	  .calls = { "Status" }, .logs = { "acct_expired" } },
	{ OF_ACCOUNT("exempt makes no sense"), .script = { STATE("exempt") }, .pam = PAM_SYSTEM_ERR, .calls = { "Status" }, .logs = { "makes no sense" } },
	{ OF_ACCOUNT("not enrolled makes no sense"), .script = { STATE("not_enrolled") }, .pam = PAM_SYSTEM_ERR, .calls = { "Status" }, .logs = { "makes no sense" } },
	{ OF_ACCOUNT("a challenge makes no sense"), .script = { CHALLENGE }, .pam = PAM_SYSTEM_ERR, .calls = { "Status" }, .logs = { "makes no sense" } },
	{ OF_ACCOUNT("no otpd"), .kind = FAKE_ABSENT, .pam = PAM_AUTHINFO_UNAVAIL, .prompts = { "err:" }, .logs = { "ENOENT" } },
	{ .name = "account of otpd: a bad login", .args = "password=account", .user = "a\nb", .entry = ACCOUNT, .pam = PAM_USER_UNKNOWN, .logs = { "not acceptable" } },
	{ .name = "account: append is passed over", .args = "password=account append token", .user = "ada@example.org", .entry = ACCOUNT, .script = { VERIFIED },
	  .pam = PAM_SUCCESS, .calls = { "Status" } },
	{ ROW("must be reset is not for users of the system"), .script = { ERROR("MustReset") }, .pam = PAM_SYSTEM_ERR, .calls = { "Account" }, .logs = { "makes no sense" } },

	{ CRED("no flag", 0) },
	{ CRED("establish", PAM_ESTABLISH_CRED) },
	{ CRED("delete", PAM_DELETE_CRED) },
	{ CRED("reinitialize", PAM_REINITIALIZE_CRED) },
	{ CRED("refresh", PAM_REFRESH_CRED) },
	{ CRED("silent", PAM_SILENT | PAM_ESTABLISH_CRED) },
	{ CRED("all flags", 0xffff) },
	{ CRED("a bad option", PAM_ESTABLISH_CRED), .args = "bogus" },
	{ CRED("an unknown user", PAM_ESTABLISH_CRED), .user = "no-such-user" },
};
/* clang-format on */

DEFINE_ROWS(account);
