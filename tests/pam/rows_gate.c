/* SPDX-License-Identifier: MIT */
/* pam_sm_chauthtok as a gate before the module that changes the password. */
#include "tests/pam/rows.h"

/* clang-format off */
#define GATE(text) .name = "gate: " text, .entry = CHANGE, .update = PAM_IGNORE
#define EXPIRED(text) GATE(text), .flags = (int)PAM_CHANGE_EXPIRED_AUTHTOK

static const struct row table[] = {
	{ GATE("the right code opens it"), .script = { CHALLENGE, VERIFIED }, .answers = { "123456" }, .pam = PAM_SUCCESS, .calls = { "org.emailotp.Auth.Begin", "Verify" }, .prompts = { FIRST } },
	{ GATE("a remembered step-up opens it"), .script = { VERIFIED }, .pam = PAM_SUCCESS, .calls = { "Begin" } },
	{ GATE("who is exempt passes"), .script = { STATE("exempt") }, .pam = PAM_IGNORE, .calls = { "Begin" }, .logs = { "otptest:chauthtok): passed over, the policy of otpd asks for no code" } },
	{ GATE("who is not enrolled does not"), .script = { STATE("not_enrolled") }, .pam = PAM_SYSTEM_ERR, .calls = { "Begin" }, .logs = { "the user is not enrolled" } },
	{ GATE("but with nullok"), .args = "nullok", .script = { STATE("not_enrolled") }, .pam = PAM_IGNORE, .calls = { "Begin" }, .logs = { "nullok is set" } },
	{ GATE("a wrong code keeps it shut"), .args = "prompts=1", .script = { CHALLENGE, WRONG("4") }, .answers = { "111111" }, .pam = PAM_AUTH_ERR, .calls = { "Begin", "Verify" }, .prompts = { FIRST },
	  .logs = { "refused, no prompt is left, the last code was wrong" } },
	{ GATE("locked"), .script = { ERROR_AFTER("Locked", "60") }, .answers = { "" }, .pam = PAM_MAXTRIES, .calls = { "Begin" }, .prompts = { "on:Sign-in by code is locked" }, .logs = { "maxtries" } },
	{ GATE("nobody answers"), .script = { CHALLENGE }, .answers = { "@fail" }, .pam = PAM_CONV_ERR, .calls = { "Begin" }, .prompts = { FIRST }, .logs = { "conv_err" } },
	{ GATE("no otpd"), .kind = FAKE_ABSENT, .pam = PAM_AUTHINFO_UNAVAIL, .prompts = { "err:" }, .logs = { "ENOENT" } },
	{ GATE("an unknown user"), .user = "no-such-user", .script = { VERIFIED }, .pam = PAM_AUTH_ERR, .calls = { "'unknown':true" }, .logs = { "is not known" } },
	{ GATE("nonsense"), .script = { STATE("none") }, .pam = PAM_SYSTEM_ERR, .calls = { "Begin" }, .logs = { "makes no sense" } },
	{ EXPIRED("an expired password needs a code as well"), .script = { CHALLENGE, VERIFIED }, .answers = { "123456" }, .pam = PAM_SUCCESS, .calls = { "Begin", "Verify" }, .prompts = { FIRST } },
	{ EXPIRED("an expired password and a wrong code"), .args = "prompts=1", .script = { CHALLENGE, WRONG("4") }, .answers = { "111111" }, .pam = PAM_AUTH_ERR, .calls = { "Begin", "Verify" }, .prompts = { FIRST },
	  .logs = { "the last code was wrong" } },
	{ GATE("the new password of an earlier module stays"), .authtok = "a new one", .script = { VERIFIED }, .pam = PAM_SUCCESS, .calls = { "Begin" }, .authtok_after = "a new one" },
	{ GATE("the second pass is said with debug only"), .args = "debug", .script = { VERIFIED }, .pam = PAM_SUCCESS, .calls = { "Begin" } },
	{ GATE("append has no place here"), .args = "password=system append", .pam = PAM_SERVICE_ERR, .logs = { "option \"append\" is for lines of auth and account" } },
	{ GATE("token neither"), .args = "token", .pam = PAM_SERVICE_ERR, .logs = { "option \"token\" is for lines of auth and account" } },
	{ GATE("a bad option"), .args = "bogus", .pam = PAM_SERVICE_ERR, .logs = { "\"bogus\" is unknown" } },
};
/* clang-format on */

DEFINE_ROWS(gate);
