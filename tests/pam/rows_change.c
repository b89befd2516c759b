/* SPDX-License-Identifier: MIT */
/* pam_sm_chauthtok for accounts: a new password by the old one and a code, or by a
 * code. */
#include "tests/pam/rows.h"

#define ADA          "ada@example.org"
#define METHOD(name) "{'method':'org.emailotp.Account." name "','parameters':{"
#define STATUS       METHOD("Status") "'login':'" ADA "','service':'otptest'}}"
#define CHANGE_CALL              \
	METHOD("ChangePassword") \
	"'login':'" ADA "','password':'right horse','service':'otptest'}}"
#define RESET_CALL METHOD("RequestReset") "'login':'" ADA "','service':'otptest'}}"
#define CONFIRM    METHOD("Confirm") "'challenge':'" ID "','code':'123456'}}"
#define CONFIRM_WITH(code) \
	METHOD("Confirm") "'challenge':'" ID "','code':'123456','recovery':'" code "'}}"
#define SET METHOD("SetPassword") "'grant':'" GRANT "','password':'staple staple'}}"

/* clang-format off */
#define CHANGED(text) .name = "change: " text, .args = "password=account", .user = ADA, .entry = CHANGE, .pam = PAM_SUCCESS, .never = "staple staple"
#define WITH(option, text) .name = "change " option ": " text, .args = "password=account " option, .user = ADA, .entry = CHANGE, .pam = PAM_SUCCESS, .never = "staple staple"
#define RESET(text) CHANGED("reset, " text), .flags = (int)PAM_CHANGE_EXPIRED_AUTHTOK
#define FIRST_PASS(text) .name = "change: " text, .args = "password=account", .user = ADA, .entry = CHANGE
#define OLD "off:Current password: "
#define NEW "off:New password: ", "off:Retype new password: "
#define CODE_CHANGE CODE_FOR("change_password")
#define GRANT_CHANGE GRANT_FOR("change_password")
#define TYPED .answers = { "right horse", "123456", "staple staple", "staple staple" }
#define CALLED .calls = { STATUS, CHANGE_CALL, CONFIRM, SET }
#define ASKED .prompts = { OLD, FIRST_OF_CHANGE, NEW }
#define NONSENSE(text, reply, confirmed) { CHANGED(text), .script = { VERIFIED, reply, confirmed, PASSWORD_IS_SET }, TYPED, .update = PAM_SYSTEM_ERR, \
	.calls = { STATUS, CHANGE_CALL }, .prompts = { OLD }, .logs = { "makes no sense" } }
#define NO_GRANT(text, reply) { CHANGED(text), .script = { VERIFIED, CODE_CHANGE, reply, PASSWORD_IS_SET }, TYPED, .update = PAM_SYSTEM_ERR, \
	.calls = { STATUS, CHANGE_CALL, CONFIRM }, .prompts = { OLD, FIRST_OF_CHANGE }, .logs = { "makes no sense" } }
#define GRANT_OF(grant) "{'parameters':{'purpose':'change_password','grant':" grant ",'grant_expires_in':900}}"

static const struct row table[] = {
	{ CHANGED("old password, code, new password"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, PASSWORD_IS_SET }, TYPED, .update = PAM_SUCCESS,
	  CALLED, ASKED, .authtok_after = "staple staple" },
	{ CHANGED("the old one from an earlier module"), .oldauthtok = "right horse", .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, PASSWORD_IS_SET },
	  .answers = { "123456", "staple staple", "staple staple" }, .update = PAM_SUCCESS, CALLED, .prompts = { FIRST_OF_CHANGE, NEW } },
	{ WITH("use_first_pass", "the new one from an earlier module"), .authtok = "staple staple", .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, PASSWORD_IS_SET },
	  .answers = { "right horse", "123456" }, .update = PAM_SUCCESS, CALLED, .prompts = { OLD, FIRST_OF_CHANGE }, .authtok_after = "staple staple" },
	{ WITH("use_first_pass", "no earlier module has one"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE }, .answers = { "right horse", "123456" }, .update = PAM_AUTHTOK_ERR,
	  .calls = { STATUS, CHANGE_CALL, CONFIRM }, .prompts = { OLD, FIRST_OF_CHANGE }, .logs = { "refused, no earlier module has left a new password: user=\"" ADA "\" service=\"otptest\" rhost=\"\" ref=K7Q result=authtok_err" } },
	{ WITH("use_first_pass", "it is not acceptable, and not asked again"), .authtok = "staple staple", .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, REASON("it is too common") },
	  .answers = { "right horse", "123456", "x", "x" }, .update = PAM_AUTHTOK_ERR, CALLED, .prompts = { OLD, FIRST_OF_CHANGE, "err:The new password is not acceptable." }, .logs = { "BadPassword" } },
	{ WITH("try_first_pass", "asked if there is none"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, PASSWORD_IS_SET }, TYPED, .update = PAM_SUCCESS, CALLED, ASKED },
	{ CHANGED("an earlier new one is not looked at without the option"), .authtok = "battery", .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, PASSWORD_IS_SET }, TYPED, .update = PAM_SUCCESS, CALLED, ASKED },
	{ CHANGED("the reason is in the next prompt"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, REASON("it is too common"), PASSWORD_IS_SET },
	  .answers = { "right horse", "123456", "password", "password", "staple staple", "staple staple" }, .update = PAM_SUCCESS, .calls = { STATUS, CHANGE_CALL, CONFIRM, "'password':'password'", SET },
	  .prompts = { OLD, FIRST_OF_CHANGE, NEW, "off:The password is not acceptable: it is too common. New password: ", "off:Retype" } },
	{ CHANGED("three that are not acceptable"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, REASON("a"), REASON("b"), REASON("c"), PASSWORD_IS_SET },
	  .answers = { "right horse", "123456", "x", "x", "y", "y", "z", "z", "staple staple", "staple staple" }, .update = PAM_AUTHTOK_ERR, .calls = { STATUS, CHANGE_CALL, CONFIRM, "'password':'x'", "'password':'y'", "'password':'z'" },
	  .prompts = { OLD, FIRST_OF_CHANGE, NEW, "acceptable: a.", "off:", "acceptable: b.", "off:", "err:The new password is not acceptable. The password is unchanged." }, .logs = { "refused, no new password was acceptable" } },
	{ CHANGED("a reason is cleaned and cut"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, REASON("a\\n\\u001b[2Jb"), PASSWORD_IS_SET },
	  .answers = { "right horse", "123456", "x", "x", "staple staple", "staple staple" }, .update = PAM_SUCCESS, .calls = { STATUS, CHANGE_CALL, CONFIRM, "'password':'x'", SET },
	  .prompts = { OLD, FIRST_OF_CHANGE, NEW, "off:The password is not acceptable: a??[2Jb. New", "off:" } },
	{ CHANGED("typed in two ways, then in one"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, PASSWORD_IS_SET }, .answers = { "right horse", "123456", "a", "b", "staple staple", "staple staple" },
	  .update = PAM_SUCCESS, CALLED, .prompts = { OLD, FIRST_OF_CHANGE, NEW, "off:The password is not acceptable: the passwords differ. New password: ", "off:Retype" } },
	{ CHANGED("typed in two ways three times"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, PASSWORD_IS_SET }, .answers = { "right horse", "123456", "a", "b", "a", "b", "a", "b", "c", "c" },
	  .update = PAM_AUTHTOK_ERR, .calls = { STATUS, CHANGE_CALL, CONFIRM }, .prompts = { OLD, FIRST_OF_CHANGE, NEW, "differ", "off:", "differ", "off:", "err:The passwords differ. The password is unchanged." }, .logs = { "was typed in two ways" } },
	{ CHANGED("a new one of 513 bytes"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, PASSWORD_IS_SET }, .answers = { "right horse", "123456", "@fill:513", "staple staple", "staple staple" }, .update = PAM_SUCCESS,
	  CALLED, .prompts = { OLD, FIRST_OF_CHANGE, "off:New", "off:The password is not acceptable: it is too long. New password: ", "off:Retype" } },
	{ CHANGED("a new one that is not UTF-8"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, PASSWORD_IS_SET }, .answers = { "right horse", "123456", "caf\xe9", "caf\xe9", "staple staple", "staple staple" }, .update = PAM_SUCCESS,
	  CALLED, .prompts = { OLD, FIRST_OF_CHANGE, NEW, "off:The password is not acceptable: it is not UTF-8. New password: ", "off:Retype" } },
	{ CHANGED("nobody answers for the new one"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE }, .answers = { "right horse", "123456", "@fail" }, .update = PAM_CONV_ERR,
	  .calls = { STATUS, CHANGE_CALL, CONFIRM }, .prompts = { OLD, FIRST_OF_CHANGE, "off:" }, .logs = { "conv_err" } },
	{ CHANGED("the grant has run out"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, ERROR("BadToken") }, TYPED, .update = PAM_AUTHTOK_ERR, CALLED,
	  .prompts = { OLD, FIRST_OF_CHANGE, NEW, "err:The time for a new password is over." }, .logs = { "the time for a new password is over" } },
	{ CHANGED("busy waits with the user"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, ERROR_AFTER("Busy", "2"), PASSWORD_IS_SET }, .answers = { "right horse", "123456", "staple staple", "staple staple", "" },
	  .update = PAM_SUCCESS, .calls = { STATUS, CHANGE_CALL, CONFIRM, SET, SET }, .prompts = { OLD, FIRST_OF_CHANGE, NEW, "on:Too many passwords are being checked. Wait 2 s" } },
	{ CHANGED("the old one is wrong"), .script = { VERIFIED, ERROR("WrongPassword") }, .answers = { "battery" }, .update = PAM_AUTH_ERR, .calls = { STATUS, "'password':'battery'" },
	  .prompts = { OLD, "err:The login or the password is wrong." }, .logs = { "WrongPassword" } },
	{ CHANGED("the old one is empty"), .script = { VERIFIED }, .answers = { "" }, .update = PAM_AUTH_ERR, .calls = { STATUS }, .prompts = { OLD, "err:" }, .logs = { "the password is wrong" } },
	{ CHANGED("a wrong code asks again"), .script = { VERIFIED, CODE_CHANGE, WRONG("4"), GRANT_CHANGE, PASSWORD_IS_SET }, .answers = { "right horse", "111111", "123456", "staple staple", "staple staple" },
	  .update = PAM_SUCCESS, .calls = { STATUS, CHANGE_CALL, "111111", CONFIRM, SET }, .prompts = { OLD, FIRST_OF_CHANGE, "on:Wrong code (4 tries left", NEW } },
	{ WITH("prompts=1", "a wrong code"), .script = { VERIFIED, CODE_CHANGE, WRONG("4") }, .answers = { "right horse", "111111" }, .update = PAM_AUTH_ERR,
	  .calls = { STATUS, CHANGE_CALL, "111111" }, .prompts = { OLD, FIRST_OF_CHANGE }, .logs = { "the last code was wrong" } },
	{ CHANGED("r sends a new code"), .script = { VERIFIED, CODE_CHANGE, CODE_CHANGE, GRANT_CHANGE, PASSWORD_IS_SET }, .answers = { "right horse", "r", "123456", "staple staple", "staple staple" },
	  .update = PAM_SUCCESS, .calls = { STATUS, CHANGE_CALL, METHOD("Resend") "'challenge':'" ID "'}}", CONFIRM, SET }, .prompts = { OLD, FIRST_OF_CHANGE, "on:A new code was e-mailed", NEW } },
	{ CHANGED("must be reset: the old one does not do"), .script = { ERROR("MustReset"), ERROR("MustReset") }, .answers = { "right horse" }, .update = PAM_PERM_DENIED, .calls = { STATUS, CHANGE_CALL },
	  .prompts = { OLD, "err:Your password must be reset" }, .logs = { "must be reset" } },
	{ CHANGED("that there is no account is not seen"), .script = { ERROR("NoUser"), ERROR("WrongPassword") }, .answers = { "right horse" }, .update = PAM_AUTH_ERR, .calls = { STATUS, CHANGE_CALL },
	  .prompts = { OLD, "err:The login or the password is wrong." }, .logs = { "WrongPassword" } },

	{ RESET("a code, a new password"), .script = { ERROR("MustReset"), CODE_FOR("reset"), GRANT_FOR("reset"), PASSWORD_IS_SET }, .answers = { "123456", "staple staple", "staple staple" },
	  .update = PAM_SUCCESS, .calls = { STATUS, RESET_CALL, CONFIRM, SET }, .prompts = { FIRST_OF_CHANGE, NEW }, .authtok_after = "staple staple" },
	{ RESET("forgotten"), .script = { VERIFIED, CODE_FOR("reset"), GRANT_FOR("reset"), PASSWORD_IS_SET }, .answers = { "123456", "staple staple", "staple staple" },
	  .update = PAM_SUCCESS, .calls = { STATUS, RESET_CALL, CONFIRM, SET }, .prompts = { FIRST_OF_CHANGE, NEW } },
	{ RESET("nobody's looks the same"), .script = { ERROR("NoUser"), CODE_FOR("reset"), WRONG("4"), WRONG("3"), WRONG("2") }, .answers = { "111111", "222222", "333333" },
	  .update = PAM_AUTH_ERR, .calls = { STATUS, RESET_CALL, "C", "C", "C" }, .prompts = { FIRST_OF_CHANGE, "on:Wrong", "on:Wrong" }, .logs = { "the last code was wrong" } },
	{ RESET("a recovery code is needed"), .script = { VERIFIED, CODE_FOR("reset"), RECOVERY("5"), GRANT_FOR("reset"), PASSWORD_IS_SET }, .answers = { "123456", "CDFG-HJKM", "staple staple", "staple staple" },
	  .update = PAM_SUCCESS, .calls = { STATUS, RESET_CALL, CONFIRM, CONFIRM_WITH("CDFG-HJKM"), SET }, .prompts = { FIRST_OF_CHANGE, "on:One of your recovery codes: ", NEW } },
	{ RESET("a wrong recovery code asks again"), .script = { VERIFIED, CODE_FOR("reset"), RECOVERY("5"), RECOVERY("4"), GRANT_FOR("reset"), PASSWORD_IS_SET },
	  .answers = { "123456", "CDFG-HJKM", "CDFG-HJKN", "staple staple", "staple staple" }, .update = PAM_SUCCESS, .calls = { STATUS, RESET_CALL, CONFIRM, CONFIRM_WITH("CDFG-HJKM"), CONFIRM_WITH("CDFG-HJKN"), SET },
	  .prompts = { FIRST_OF_CHANGE, "on:One of", "on:Wrong recovery code (4 tries left). One of your recovery codes: ", NEW } },
	{ RESET("what is no recovery code is not sent"), .script = { VERIFIED, CODE_FOR("reset"), RECOVERY("5"), GRANT_FOR("reset") }, .answers = { "123456", "", "caf\xe9", "@fill:25" }, .update = PAM_AUTH_ERR,
	  .calls = { STATUS, RESET_CALL, CONFIRM }, .prompts = { FIRST_OF_CHANGE, "on:", "on:", "on:", "err:A new password needs one of your recovery codes." }, .logs = { "the reset needs a recovery code" } },
	{ RESET("only an administrator allows it"), .script = { VERIFIED, ERROR("NotAllowed") }, .update = PAM_PERM_DENIED, .calls = { STATUS, RESET_CALL }, .prompts = { "err:Only an administrator can allow" }, .logs = { "perm_denied" } },
	{ RESET("throttled waits with the user"), .script = { VERIFIED, ERROR_AFTER("Throttled", "43"), CODE_FOR("reset"), GRANT_FOR("reset"), PASSWORD_IS_SET }, .answers = { "", "123456", "staple staple", "staple staple" },
	  .update = PAM_SUCCESS, .calls = { STATUS, RESET_CALL, RESET_CALL, CONFIRM, SET }, .prompts = { "on:No new code can be sent for 43 s.", FIRST_OF_CHANGE, NEW } },

	{ RESET("a disabled one's looks the same"), .script = { ERROR("Disabled"), CODE_FOR("reset"), WRONG("4"), WRONG("3"), WRONG("2") }, .answers = { "111111", "222222", "333333" },
	  .update = PAM_AUTH_ERR, .calls = { STATUS, RESET_CALL, "C", "C", "C" }, .prompts = { FIRST_OF_CHANGE, "on:Wrong", "on:Wrong" }, .logs = { "the last code was wrong" } },
	{ RESET("one that was never verified is by the code"), .script = { ERROR("NotVerified"), CODE_FOR("reset"), GRANT_FOR("reset"), PASSWORD_IS_SET }, .answers = { "123456", "staple staple", "staple staple" },
	  .update = PAM_SUCCESS, .calls = { STATUS, RESET_CALL, CONFIRM, SET }, .prompts = { FIRST_OF_CHANGE, NEW } },
	{ RESET("a lock of sign-ins is not seen"), .script = { ERROR_AFTER("Locked", "60"), CODE_FOR("reset"), GRANT_FOR("reset"), PASSWORD_IS_SET }, .answers = { "123456", "staple staple", "staple staple" },
	  .update = PAM_SUCCESS, .calls = { STATUS, RESET_CALL, CONFIRM, SET }, .prompts = { FIRST_OF_CHANGE, NEW } },
	{ CHANGED("disabled is said behind the password"), .script = { ERROR("Disabled"), ERROR("Disabled") }, .answers = { "right horse" }, .update = PAM_PERM_DENIED, .calls = { STATUS, CHANGE_CALL },
	  .prompts = { OLD, "err:This account is disabled." }, .logs = { "perm_denied" } },

	{ FIRST_PASS("no otpd"), .kind = FAKE_ABSENT, .pam = PAM_AUTHINFO_UNAVAIL, .prompts = { "err:" }, .logs = { "ENOENT" } },
	{ FIRST_PASS("exempt makes no sense"), .script = { STATE("exempt") }, .pam = PAM_SYSTEM_ERR, .calls = { STATUS }, .logs = { "makes no sense" } },
	{ FIRST_PASS("a challenge makes no sense"), .script = { CHALLENGE }, .pam = PAM_SYSTEM_ERR, .calls = { STATUS }, .logs = { "makes no sense" } },
	{ .name = "change: append has no place here", .args = "password=account append", .user = ADA, .entry = CHANGE, .pam = PAM_SERVICE_ERR, .logs = { "is for lines of auth and account" } },

	NONSENSE("a challenge for a login", CODE_FOR("login"), GRANT_CHANGE),
	NONSENSE("a challenge for a reset, when none was asked for", CODE_FOR("reset"), GRANT_CHANGE),
	NONSENSE("only a state", VERIFIED, GRANT_CHANGE),
	NONSENSE("WrongCode before there is a code", WRONG("4"), GRANT_CHANGE),
	NO_GRANT("a grant for something else", GRANT_FOR("reset")),
	NO_GRANT("a grant for a registration", GRANT_FOR("register")),
	NO_GRANT("no grant", "{'parameters':{'purpose':'change_password'}}"),
	NO_GRANT("a grant without its purpose", "{'parameters':{'grant':'" GRANT "'}}"),
	NO_GRANT("a grant of null", GRANT_OF("null")),
	NO_GRANT("an empty grant", GRANT_OF("''")),
	NO_GRANT("a grant with a quote", GRANT_OF("'a\\u0022b'")),
	NO_GRANT("a grant that is a number", GRANT_OF("7")),
	NO_GRANT("verified is no grant", VERIFIED),
	{ CHANGED("SetPassword without an account"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, VERIFIED }, TYPED, .update = PAM_SYSTEM_ERR, CALLED, ASKED, .logs = { "makes no sense" } },
	{ CHANGED("otpd dies before SetPassword is answered"), .script = { VERIFIED, CODE_CHANGE, GRANT_CHANGE, "@close" }, TYPED, .update = PAM_AUTHINFO_UNAVAIL, CALLED, .prompts = { OLD, FIRST_OF_CHANGE, NEW, "err:" }, .logs = { "closed" } },
};
/* clang-format on */

DEFINE_ROWS(change);
