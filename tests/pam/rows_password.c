/* SPDX-License-Identifier: MIT */
/*
 * password=system, with the real unix_chkpwd. password.sh has put users into the passwd
 * and shadow of a private mount namespace: otpgood ("right horse"), otpempty (no
 * password), otplocked ("!"), otplong (64 times "x"),
 * otpdigits ("horse777777"), otpdash ("horse-"), otpchange ("right horse").
 */
#include "tests/pam/rows.h"

/* clang-format off */
#define SYSTEM(text) .name = "password: " text, .args = "password=system", .user = "otpgood"
#define FIRST_PASS(text, option) .name = "password: " option ", " text, .args = "password=system " option, .user = "otpgood"
#define LOGIN .script = { CHALLENGE, VERIFIED }, .calls = { "'user':'otpgood'", "Verify" }, .pam = PAM_SUCCESS
#define REFUSED .script = { VERIFIED }, .pam = PAM_AUTH_ERR, .logs = { "refused, the password is wrong: " }, .never = "battery"
#define FIND "{'method':'org.emailotp.Auth.Find','parameters':{'user':'otpgood','service':'otptest','tty':'ssh'}}"
#define VERIFY "'code':'123456'"
#define ALIVE FOUND(SIX_DIGITS)
#define BOX(text, typed) .name = "append: " text, .args = "password=system append", .user = "otpgood", .answers = { typed }, .never = "right horse"
#define GETS_IN .script = { ALIVE, CHALLENGE, VERIFIED }, .pam = PAM_SUCCESS, .calls = { FIND, "Begin", VERIFY }, .prompts = { "off:Password: " }, .authtok_after = "right horse"
#define CODE_DUE .pam = PAM_AUTH_ERR, .quick = true, .prompts = { "off:Password: ", "err:A code has been mailed; enter your password followed by the code (reference K7Q, valid for 10 minutes)." }, \
	.logs = { "the password is right, the code is to come behind it" }
#define BOX_WRONG .pam = PAM_AUTH_ERR, .prompts = { "off:" }, .logs = { "refused, the password is wrong: " }
#define GATE(text) .name = "gate: " text, .entry = CHANGE, .user = "otpgood", .update = PAM_IGNORE
#define UNIX(text) .name = "gate: " text, .entry = CHANGE, .args = "prompts=1", .user = "otpchange", .update = PAM_IGNORE, .after = "required pam_unix.so sha512"

static const struct row table[] = {
	{ SYSTEM("right, then the code"), LOGIN, .answers = { "right horse", "123456" },
	  .prompts = { "off:Password: ", FIRST }, .authtok_after = "right horse", .never = "right horse" },
	{ SYSTEM("wrong"), REFUSED, .answers = { "battery" }, .prompts = { "off:Password: " } },
	{ SYSTEM("empty"), REFUSED, .answers = { "" }, .prompts = { "off:" } },
	{ SYSTEM("a prefix"), REFUSED, .answers = { "right hors" }, .prompts = { "off:" } },
	{ SYSTEM("one byte more"), REFUSED, .answers = { "right horse " }, .prompts = { "off:" } },
	{ SYSTEM("sshd's fake password"), REFUSED, .answers = { "\b\n\r\177INCORRECT" }, .prompts = { "off:" } },
	{ SYSTEM("a megabyte"), REFUSED, .answers = { "@fill:1048576" }, .prompts = { "off:" } },
	{ SYSTEM("512 bytes"), REFUSED, .answers = { "@fill:512" }, .prompts = { "off:" } },
	{ SYSTEM("no conversation: no mail"), .script = { CHALLENGE }, .answers = { "@fail" }, .pam = PAM_CONV_ERR,
	  .prompts = { "off:" }, .logs = { "conv_err" } },
	{ SYSTEM("right, and a wrong code"), .script = { CHALLENGE, WRONG("4"), WRONG("3"), WRONG("2") },
	  .answers = { "right horse", "111111", "222222", "333333" }, .pam = PAM_AUTH_ERR,
	  .calls = { "Begin", "V", "V", "V" }, .prompts = { "off:", "on:", "on:", "on:" }, .logs = { "the last code was wrong" } },
	{ SYSTEM("right, and no otpd"), .kind = FAKE_ABSENT, .answers = { "right horse" }, .pam = PAM_AUTHINFO_UNAVAIL,
	  .prompts = { "off:", "err:" }, .logs = { "authinfo_unavail" } },
	{ .name = "password: an account without one, nothing typed", .args = "password=system", .user = "otpempty", REFUSED, .answers = { "" }, .prompts = { "off:" } },
	{ .name = "password: an account without one, something typed", .args = "password=system", .user = "otpempty", REFUSED, .answers = { "x" }, .prompts = { "off:" } },
	{ .name = "password: a locked account", .args = "password=system", .user = "otplocked", REFUSED, .answers = { "!" }, .prompts = { "off:" } },
	{ .name = "password: a long one", .args = "password=system", .user = "otplong", .script = { VERIFIED }, .pam = PAM_SUCCESS,
	  .answers = { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" }, .calls = { "otplong" }, .prompts = { "off:" } },
	{ .name = "password: an unknown user sees the same prompt", .args = "password=system", .user = "no-such-user", REFUSED, .answers = { "battery" }, .prompts = { "off:Password: " } },
	{ .name = "password: a name like an option", .args = "password=system", .user = "-h", REFUSED, .answers = { "battery" }, .prompts = { "off:" } },
	{ FIRST_PASS("set and right", "use_first_pass"), LOGIN, .authtok = "right horse", .answers = { "123456" }, .prompts = { FIRST }, .authtok_after = "right horse" },
	{ FIRST_PASS("set and wrong", "use_first_pass"), REFUSED, .authtok = "battery", .answers = { "right horse" } },
	{ FIRST_PASS("not set", "use_first_pass"), REFUSED, .answers = { "right horse" } },
	{ FIRST_PASS("set and right", "try_first_pass"), LOGIN, .authtok = "right horse", .answers = { "123456" }, .prompts = { FIRST } },
	{ FIRST_PASS("set and wrong, asked once", "try_first_pass"), LOGIN, .authtok = "battery", .answers = { "right horse", "123456" },
	  .prompts = { "off:Password: ", FIRST }, .authtok_after = "right horse" },
	{ FIRST_PASS("set and wrong, wrong again", "try_first_pass"), REFUSED, .authtok = "battery", .answers = { "battery", "right horse" }, .prompts = { "off:" } },
	{ FIRST_PASS("not set, asked", "try_first_pass"), LOGIN, .answers = { "right horse", "123456" }, .prompts = { "off:", FIRST } },
	{ SYSTEM("an earlier one is not looked at without the option"), REFUSED, .authtok = "right horse", .answers = { "battery" }, .prompts = { "off:" } },

	{ BOX("the password alone has a code mailed", "right horse"), .script = { NONE, CHALLENGE }, .calls = { FIND, "Begin" }, CODE_DUE },
	{ BOX("the password alone while a code is alive", "right horse"), .script = { ALIVE, CHALLENGE }, .calls = { FIND, "Begin" }, CODE_DUE },
	{ BOX("password and code get in", "right horse123456"), GETS_IN },
	{ BOX("with a blank between", "right horse 123456"), GETS_IN },
	{ BOX("with separators in the code", "right horse,123-456"), GETS_IN },
	{ BOX("remembered: the password alone", "right horse"), .script = { REMEMBERED, VERIFIED }, .pam = PAM_SUCCESS, .calls = { FIND, "Begin" }, .prompts = { "off:" }, .authtok_after = "right horse" },
	{ BOX("remembered: password and the old code", "right horse123456"), .script = { REMEMBERED, VERIFIED }, .pam = PAM_SUCCESS, .calls = { FIND, "Begin" }, .prompts = { "off:" }, .authtok_after = "right horse" },
	{ BOX("exempt", "right horse"), .script = { NONE, STATE("exempt") }, .pam = PAM_IGNORE, .calls = { FIND, "Begin" }, .prompts = { "off:" }, .logs = { "asks for no code" } },
	{ BOX("not enrolled", "right horse"), .script = { NONE, STATE("not_enrolled") }, .pam = PAM_SYSTEM_ERR, .calls = { FIND, "Begin" }, .prompts = { "off:" }, .logs = { "is not enrolled" } },
	{ BOX("a wrong password", "battery"), .script = { NONE, VERIFIED }, .calls = { FIND }, BOX_WRONG },
	{ BOX("a wrong password before a code", "battery123456"), .script = { ALIVE, VERIFIED }, .calls = { FIND }, BOX_WRONG },
	{ BOX("a wrong password, remembered", "battery 123456"), .script = { REMEMBERED, VERIFIED }, .calls = { FIND }, BOX_WRONG },
	{ BOX("a prefix of the password before a code", "right hors123456"), .script = { ALIVE, VERIFIED }, .calls = { FIND }, BOX_WRONG },
	{ BOX("a code alone", "123456"), .script = { ALIVE, VERIFIED }, .calls = { FIND }, BOX_WRONG },
	{ BOX("a right password and a wrong code", "right horse123456"), .script = { ALIVE, CHALLENGE, WRONG("4") }, .pam = PAM_AUTH_ERR, .calls = { FIND, "Begin", "Verify" },
	  .prompts = { "off:", "err:Wrong code (4 tries left; reference K7Q). Enter your password followed by the code." }, .logs = { "the last code was wrong" } },
	{ .name = "append: a password that ends like a code, alone", .args = "password=system append", .user = "otpdigits", .answers = { "horse777777" }, .script = { ALIVE, CHALLENGE }, .calls = { "Find", "Begin" }, CODE_DUE },
	{ .name = "append: a password that ends like a code, and one", .args = "password=system append", .user = "otpdigits", .answers = { "horse777777123456" }, .script = { ALIVE, CHALLENGE, VERIFIED }, .pam = PAM_SUCCESS,
	  .calls = { "Find", "Begin", VERIFY }, .prompts = { "off:" }, .authtok_after = "horse777777" },
	{ .name = "append: a password that ends in a separator", .args = "password=system append", .user = "otpdash", .answers = { "horse-123456" }, .script = { ALIVE, CHALLENGE, VERIFIED }, .pam = PAM_SUCCESS,
	  .calls = { "Find", "Begin", VERIFY }, .prompts = { "off:" }, .authtok_after = "horse-" },
	{ .name = "append: an unknown user", .args = "password=system append", .user = "no-such-user", .answers = { "battery" }, .script = { NONE, VERIFIED }, .calls = { "'user':'no-such-user'" }, BOX_WRONG },
	{ .name = "append: an account without a password", .args = "password=system append", .user = "otpempty", .answers = { "123456" }, .script = { ALIVE, VERIFIED }, .calls = { "Find" }, BOX_WRONG },
	{ .name = "append: nothing typed", .args = "password=system append", .user = "otpempty", .answers = { "" }, .script = { ALIVE, VERIFIED }, .calls = { "Find" }, BOX_WRONG },

	{ BOX("otpd is gone, and the password is wrong", "battery"), .kind = FAKE_ABSENT, BOX_WRONG },
	{ BOX("otpd is gone, and the password is empty", ""), .kind = FAKE_ABSENT, BOX_WRONG },
	{ BOX("otpd is gone, and the password is right", "right horse"), .kind = FAKE_ABSENT, .pam = PAM_AUTHINFO_UNAVAIL, .prompts = { "off:", "err:" }, .logs = { "ENOENT" } },
	{ BOX("Find is nonsense, and the password is wrong", "battery"), .script = { "hello" }, .calls = { FIND }, BOX_WRONG },
	{ .name = "append: otpd is gone, an unknown user", .args = "password=system append", .user = "no-such-user", .answers = { "battery" }, .kind = FAKE_ABSENT, BOX_WRONG },

	{ GATE("right, then the code"), .args = "password=system", .script = { CHALLENGE, VERIFIED }, .answers = { "right horse", "123456" }, .pam = PAM_SUCCESS, .calls = { "'user':'otpgood'", "Verify" }, .prompts = { "off:Password: ", FIRST } },
	{ GATE("wrong, and no mail"), .args = "password=system", .script = { VERIFIED }, .answers = { "battery" }, .pam = PAM_AUTH_ERR, .prompts = { "off:" }, .logs = { "chauthtok): refused, the password is wrong" } },
	{ GATE("the new one is not taken for it"), .args = "password=system use_first_pass", .authtok = "right horse", .script = { VERIFIED }, .pam = PAM_AUTH_ERR, .logs = { "the password is wrong" } },
	{ GATE("the old one of an earlier module"), .args = "password=system use_first_pass", .authtok = "battery", .oldauthtok = "right horse", .script = { VERIFIED }, .pam = PAM_SUCCESS, .calls = { "otpgood" }, .authtok_after = "battery" },

	/* With the real pam_unix behind it, which changes /etc/shadow. The order matters. */
	{ UNIX("a wrong code, and the password stays"), .script = { CHALLENGE, WRONG("4") }, .answers = { "111111", "staple staple", "staple staple" }, .pam = PAM_AUTH_ERR,
	  .calls = { "Begin", "Verify" }, .prompts = { FIRST }, .logs = { "the last code was wrong" } },
	{ UNIX("no otpd, and the password stays"), .kind = FAKE_ABSENT, .answers = { "staple staple", "staple staple" }, .pam = PAM_AUTHINFO_UNAVAIL, .prompts = { "err:" }, .logs = { "ENOENT" } },
	{ .name = "gate: it has stayed", .args = "password=system", .user = "otpchange", .script = { VERIFIED }, .answers = { "right horse" }, .pam = PAM_SUCCESS, .calls = { "Begin" }, .prompts = { "off:" } },
	{ UNIX("the right code, and pam_unix changes it"), .script = { CHALLENGE, VERIFIED }, .answers = { "123456", "staple staple", "staple staple" }, .pam = PAM_SUCCESS,
	  .calls = { "Begin", "Verify" }, .prompts = { FIRST, "off:New password: ", "off:Retype new password: " } },
	{ .name = "gate: it has changed", .args = "password=system", .user = "otpchange", .script = { VERIFIED }, .answers = { "staple staple" }, .pam = PAM_SUCCESS, .calls = { "Begin" }, .prompts = { "off:" } },
	{ UNIX("exempt, and pam_unix changes it"), .script = { STATE("exempt") }, .answers = { "right horse", "right horse" }, .pam = PAM_IGNORE,
	  .calls = { "Begin" }, .prompts = { "off:New", "off:Retype" }, .logs = { "asks for no code" } },
	{ .name = "gate: it has changed back", .args = "password=system", .user = "otpchange", .script = { VERIFIED }, .answers = { "right horse" }, .pam = PAM_SUCCESS, .calls = { "Begin" }, .prompts = { "off:" } },
};
/* clang-format on */

DEFINE_ROWS(password);
