/* SPDX-License-Identifier: MIT */
/*
 * password=system, with the real unix_chkpwd. password.sh has put users into the passwd
 * and shadow of a private mount namespace: otpgood ("right horse"), otpempty (no
 * password), otplocked ("!"), otplong (64 times "x").
 */
#include "tests/pam/rows.h"

/* clang-format off */
#define SYSTEM(text) .name = "password: " text, .args = "password=system", .user = "otpgood"
#define FIRST_PASS(text, option) .name = "password: " option ", " text, .args = "password=system " option, .user = "otpgood"
#define LOGIN .script = { CHALLENGE, VERIFIED }, .calls = { "'user':'otpgood'", "Verify" }, .pam = PAM_SUCCESS
#define REFUSED .script = { VERIFIED }, .pam = PAM_AUTH_ERR, .logs = { "refused, the password is wrong: " }, .never = "battery"

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
};
/* clang-format on */

DEFINE_ROWS(password);
