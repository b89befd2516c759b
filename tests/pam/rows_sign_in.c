/* SPDX-License-Identifier: MIT */
/* password=account, and the option token with every kind of password. */
#include "tests/pam/rows.h"

#define ADA "ada@example.org"
#define LOGIN_WITH(password)                                                 \
	"{'method':'org.emailotp.Account.Login','parameters':{'login':'" ADA \
	"','password':'" password "','service':'otptest','tty':'ssh'"
#define LOGIN          LOGIN_WITH("right horse") "}}"
#define LOGIN_FOR_MORE LOGIN_WITH("right horse") ",'token':true}}"
#define VERIFY(code, more)                                                    \
	"{'method':'org.emailotp.Auth.Verify','parameters':{'challenge':'" ID \
	"','code':'" code "'" more "}}"
#define LOG(text, ref, result)                                                        \
	"refused, " text ": user=\"" ADA "\" service=\"otptest\" rhost=\"\" ref=" ref \
	" result=" result

/* clang-format off */
#define SIGN_IN_AS(login, text) .name = "account: " text, .args = "password=account", .user = login, .never = "right horse"
#define SIGN_IN(text) SIGN_IN_AS(ADA, text)
#define WITH(option, text) .name = "account " option ": " text, .args = "password=account " option, .user = ADA, .never = "right horse"
#define TYPED .answers = { "right horse", "123456" }
#define ASKED .prompts = { "off:Password: ", FIRST }
#define WRONG_LOGIN "err:The login or the password is wrong."
#define NONSENSE(text, reply) { SIGN_IN(text), .script = { reply, VERIFIED }, .answers = { "right horse", "123456" }, \
	.pam = PAM_SYSTEM_ERR, .calls = { LOGIN }, .prompts = { "off:" }, .logs = { "refused, otpd's answer makes no sense: " } }
#define NO_TOKEN(text, reply) { WITH("token", text), .script = { CHALLENGE, reply }, TYPED, \
	.pam = PAM_SYSTEM_ERR, .calls = { "Login", VERIFY("123456", ",'token':true") }, ASKED, .logs = { "makes no sense" } }

static const struct row table[] = {
	{ SIGN_IN("password and code are success"), .script = { CHALLENGE, VERIFIED }, TYPED, .pam = PAM_SUCCESS,
	  .calls = { LOGIN, VERIFY("123456", "") }, ASKED, .authtok_after = "right horse" },
	{ SIGN_IN("a remembered step-up asks for no code"), .script = { VERIFIED }, TYPED, .pam = PAM_SUCCESS,
	  .calls = { LOGIN }, .prompts = { "off:Password: " }, .authtok_after = "right horse" },
	{ SIGN_IN_AS("no-such-user", "no system user is looked for"), .script = { CHALLENGE, VERIFIED }, TYPED, .pam = PAM_SUCCESS,
	  .calls = { "'login':'no-such-user'", "Verify" }, ASKED },
	{ SIGN_IN_AS("ADA@Example.ORG", "the spelling stays as it was typed"), .script = { CHALLENGE, VERIFIED }, TYPED, .pam = PAM_SUCCESS,
	  .calls = { "'login':'ADA@Example.ORG'", "Verify" }, ASKED },
	{ SIGN_IN_AS("zo\xc3\xab@example.org", "UTF-8 and quotes are escaped"), .script = { VERIFIED }, .answers = { "p\xc3\xa4ss\"w\\ord" }, .pam = PAM_SUCCESS,
	  .calls = { "'login':'zo\xc3\xab@example.org','password':'p\xc3\xa4ss\\u0022w\\u005cord'" }, .prompts = { "off:" } },
	{ SIGN_IN("the remote host is told"), .rhost = "192.0.2.7", .script = { VERIFIED }, TYPED, .pam = PAM_SUCCESS,
	  .calls = { "'service':'otptest','rhost':'192.0.2.7','tty':'ssh'" }, .prompts = { "off:" } },
	{ SIGN_IN("a wrong code asks again"), .script = { CHALLENGE, WRONG("4"), VERIFIED }, .answers = { "right horse", "111111", "123456" },
	  .pam = PAM_SUCCESS, .calls = { LOGIN, "111111", "123456" }, .prompts = { "off:", FIRST, "on:Wrong code (4 tries left; reference K7Q)" } },
	{ SIGN_IN("r sends a new code"), .script = { CHALLENGE, CHALLENGE, VERIFIED }, .answers = { "right horse", "r", "123456" },
	  .pam = PAM_SUCCESS, .calls = { LOGIN, "org.emailotp.Auth.Resend", "Verify" }, .prompts = { "off:", FIRST, "on:A new code was e-mailed" } },
	{ SIGN_IN("wrong codes until no prompt is left"), .script = { CHALLENGE, WRONG("4"), WRONG("3"), WRONG("2") },
	  .answers = { "right horse", "111111", "222222", "333333" }, .pam = PAM_AUTH_ERR, .calls = { LOGIN, "V", "V", "V" },
	  .prompts = { "off:", "on:", "on:", "on:" }, .logs = { LOG("no prompt is left, the last code was wrong", "K7Q", "auth_err error=\"WrongCode\"") } },
	{ SIGN_IN("the password typed as code is not sent as one"), .script = { CHALLENGE, VERIFIED }, .answers = { "right horse", "right horse", "123456" },
	  .pam = PAM_SUCCESS, .calls = { LOGIN, VERIFY("123456", "") }, .prompts = { "off:", FIRST, "on:That is not a code" } },

	{ SIGN_IN("a wrong password"), .script = { ERROR("WrongPassword") }, TYPED, .pam = PAM_AUTH_ERR, .calls = { LOGIN },
	  .prompts = { "off:", WRONG_LOGIN }, .logs = { LOG("the login or the password is wrong", "-", "auth_err error=\"WrongPassword\"") } },
	{ SIGN_IN("an empty password is not sent"), .script = { VERIFIED }, .answers = { "" }, .pam = PAM_AUTH_ERR,
	  .prompts = { "off:", WRONG_LOGIN }, .logs = { "the password is wrong" } },
	{ SIGN_IN("513 bytes are not sent"), .script = { VERIFIED }, .answers = { "@fill:513" }, .pam = PAM_AUTH_ERR,
	  .prompts = { "off:", WRONG_LOGIN }, .logs = { "the password is wrong" } },
	{ SIGN_IN("a megabyte is not sent"), .script = { VERIFIED }, .answers = { "@fill:1048576" }, .pam = PAM_AUTH_ERR,
	  .prompts = { "off:", WRONG_LOGIN }, .logs = { "the password is wrong" } },
	{ SIGN_IN("512 bytes are sent"), .script = { VERIFIED }, .answers = { "@fill:512" }, .pam = PAM_SUCCESS,
	  .calls = { "'password':'1111" }, .prompts = { "off:" } },
	{ SIGN_IN("what is not UTF-8 is not sent"), .script = { VERIFIED }, .answers = { "caf\xe9 au lait" }, .pam = PAM_AUTH_ERR,
	  .prompts = { "off:", WRONG_LOGIN }, .logs = { "the password is wrong" } },
	{ SIGN_IN("control bytes are escaped"), .script = { ERROR("WrongPassword") }, .answers = { "\b\n\r\177INCORRECT" }, .pam = PAM_AUTH_ERR,
	  .calls = { "'password':'\\u0008\\u000a\\u000d\\u007fINCORRECT'" }, .prompts = { "off:", WRONG_LOGIN }, .logs = { "WrongPassword" } },
	{ SIGN_IN("no conversation, no call"), .script = { VERIFIED }, .answers = { "@fail" }, .pam = PAM_CONV_ERR, .prompts = { "off:" }, .logs = { "conv_err" } },
	{ SIGN_IN("the conversation ends before the code"), .script = { CHALLENGE, VERIFIED }, .answers = { "right horse", "@fail" }, .pam = PAM_CONV_ERR,
	  .calls = { LOGIN }, ASKED, .logs = { "conv_err" } },
	{ SIGN_IN_AS("ada\n@example.org", "control bytes in the login"), .pam = PAM_AUTH_ERR, .logs = { "not acceptable" } },
	{ SIGN_IN_AS("caf\xe9", "a login that is not UTF-8"), .pam = PAM_AUTH_ERR, .logs = { "not acceptable" } },
	{ SIGN_IN_AS("", "an empty login"), .pam = PAM_AUTH_ERR, .logs = { "not acceptable" } },

	{ SIGN_IN("busy waits with the user"), .script = { ERROR_AFTER("Busy", "2"), VERIFIED }, .answers = { "right horse", "" }, .pam = PAM_SUCCESS,
	  .calls = { LOGIN, LOGIN }, .prompts = { "off:", "on:Too many passwords are being checked. Wait 2 s, then press Enter: " } },
	{ SIGN_IN("busy four times"), .script = { ERROR_AFTER("Busy", "2"), ERROR_AFTER("Busy", "2"), ERROR_AFTER("Busy", "2"), ERROR_AFTER("Busy", "2") },
	  .answers = { "right horse", "", "", "" }, .pam = PAM_MAXTRIES, .calls = { LOGIN, LOGIN, LOGIN, LOGIN },
	  .prompts = { "off:", "on:", "on:", "on:", "err:Too many passwords are being checked. Try again in a few seconds." }, .logs = { LOG("too many passwords are being checked", "-", "maxtries error=\"Busy\"") } },
	{ SIGN_IN("throttled waits with the user"), .script = { ERROR_AFTER("Throttled", "43"), CHALLENGE, VERIFIED }, .answers = { "right horse", "", "123456" },
	  .pam = PAM_SUCCESS, .calls = { LOGIN, LOGIN, "Verify" }, .prompts = { "off:", "on:No new code can be sent for 43 s. Wait, then press Enter: ", FIRST } },
	{ SIGN_IN("not verified"), .script = { ERROR("NotVerified") }, TYPED, .pam = PAM_PERM_DENIED, .calls = { LOGIN },
	  .prompts = { "off:", "err:Your e-mail address is not verified. Verify it first." }, .logs = { LOG("the account's address was never proven", "-", "perm_denied") } },
	{ SIGN_IN("disabled"), .script = { ERROR("Disabled") }, TYPED, .pam = PAM_PERM_DENIED, .calls = { LOGIN },
	  .prompts = { "off:", "err:This account is disabled. Ask an administrator." }, .logs = { "the account is disabled" } },
	{ SIGN_IN("must be reset: not with a code of its own here"), .script = { ERROR("MustReset") }, TYPED, .pam = PAM_PERM_DENIED, .calls = { LOGIN },
	  .prompts = { "off:", "err:Your password must be reset before you can log in." }, .logs = { "must be reset" } },
	{ SIGN_IN("locked for a time"), .script = { ERROR_AFTER("Locked", "3590") }, .answers = { "right horse", "" }, .pam = PAM_MAXTRIES, .calls = { LOGIN },
	  .prompts = { "off:", "on:Sign-in is locked for 60 minutes, after too many wrong tries. Press Enter: " }, .logs = { "maxtries" } },
	{ SIGN_IN("locked for good"), .script = { ERROR_AFTER("Locked", "0") }, .answers = { "right horse", "" }, .pam = PAM_MAXTRIES, .calls = { LOGIN },
	  .prompts = { "off:", "on:Sign-in is locked until an administrator unlocks it. Press Enter: " }, .logs = { "maxtries" } },
	{ SIGN_IN("locked at Verify"), .script = { CHALLENGE, ERROR_AFTER("Locked", "60") }, TYPED, .pam = PAM_MAXTRIES, .calls = { LOGIN, "Verify" },
	  .prompts = { "off:", FIRST, "err:Sign-in is locked for 60 s, after too many wrong tries." }, .logs = { "maxtries" } },
	{ SIGN_IN("disabled meanwhile, at Verify"), .script = { CHALLENGE, ERROR("Disabled") }, TYPED, .pam = PAM_PERM_DENIED, .calls = { LOGIN, "Verify" },
	  .prompts = { "off:", FIRST, "err:This account is disabled." }, .logs = { "perm_denied" } },
	{ SIGN_IN("denied"), .script = { ERROR("Denied") }, TYPED, .pam = PAM_PERM_DENIED, .calls = { LOGIN }, .prompts = { "off:" }, .logs = { "perm_denied" } },
	{ SIGN_IN("a login that otpd does not like"), .script = { ERROR("BadName") }, TYPED, .pam = PAM_AUTH_ERR, .calls = { LOGIN },
	  .prompts = { "off:", WRONG_LOGIN }, .logs = { "the login is not acceptable" } },
	{ SIGN_IN("unavailable"), .script = { ERROR("Unavailable") }, TYPED, .pam = PAM_AUTHINFO_UNAVAIL, .calls = { LOGIN },
	  .prompts = { "off:", "err:" }, .logs = { "authinfo_unavail" } },
	{ SIGN_IN("no otpd"), .kind = FAKE_ABSENT, TYPED, .pam = PAM_AUTHINFO_UNAVAIL, .prompts = { "off:", "err:" }, .logs = { "ENOENT" } },
	{ SIGN_IN("a foreign server gets no password"), .kind = FAKE_FOREIGN, .script = { VERIFIED }, TYPED, .pam = PAM_SYSTEM_ERR,
	  .calls = { "(cut)" }, .prompts = { "off:" }, .logs = { "neither root nor otpd" } },
	{ SIGN_IN("otpd is killed between Login and Verify"), .script = { CHALLENGE, "@close" }, TYPED, .pam = PAM_AUTHINFO_UNAVAIL,
	  .calls = { LOGIN, "Verify" }, .prompts = { "off:", FIRST, "err:" }, .logs = { "closed the connection" } },
	{ SIGN_IN("the code proves the address"), .script = { CHALLENGE_AS("verify_address", "K7Q", "queued", "false"), STATE("address_verified") }, TYPED,
	  .pam = PAM_AUTH_ERR, .calls = { LOGIN, "Verify" }, .prompts = { "off:", "on:Your e-mail address is not verified. A code was sent to it", "err:Your address is verified now." },
	  .logs = { "the address is verified now" } },
	{ SIGN_IN("a code that proves an address opens nothing"), .script = { CHALLENGE_AS("verify_address", "K7Q", "queued", "false"), VERIFIED }, TYPED,
	  .pam = PAM_SYSTEM_ERR, .calls = { LOGIN, "Verify" }, .prompts = { "off:", "on:" }, .logs = { "makes no sense" } },

	NONSENSE("Login cannot exempt", STATE("exempt")),
	NONSENSE("Login cannot find nobody enrolled", STATE("not_enrolled")),
	NONSENSE("Login cannot verify an address", STATE("address_verified")),
	NONSENSE("Login cannot find none", STATE("none")),
	NONSENSE("Login cannot say WrongCode", WRONG("4")),
	NONSENSE("only half of a challenge", STATE("challenge")),
	NONSENSE("a challenge for a reset", CHALLENGE_AS("reset", "K7Q", "queued", "false")),
	NONSENSE("a challenge for another password", CHALLENGE_AS("change_password", "K7Q", "queued", "false")),
	NONSENSE("a challenge for a registration", CHALLENGE_AS("register", "K7Q", "queued", "false")),
	NONSENSE("Busy without a time", ERROR("Busy")),
	NONSENSE("Busy with a negative time", ERROR_AFTER("Busy", "-1")),
	NONSENSE("BadPassword without a reason", ERROR("BadPassword")),
	NONSENSE("RecoveryNeeded without its counter", ERROR("RecoveryNeeded")),
	NONSENSE("no state", "{'parameters':{}}"),
	{ SIGN_IN("an error that Login cannot have"), .script = { ERROR("Exists") }, TYPED, .pam = PAM_SYSTEM_ERR, .calls = { LOGIN },
	  .prompts = { "off:" }, .logs = { "error=\"Exists\"" } },
	{ .name = "account errors are not for users of the system", .script = { ERROR("MustReset") }, .pam = PAM_SYSTEM_ERR, .calls = { "Begin" }, .logs = { "makes no sense" } },
	{ .name = "nor is Busy", .script = { ERROR_AFTER("Busy", "2") }, .pam = PAM_SYSTEM_ERR, .calls = { "Begin" }, .logs = { "makes no sense" } },

	{ WITH("use_first_pass", "set and right"), .authtok = "right horse", .script = { CHALLENGE, VERIFIED }, .answers = { "123456" }, .pam = PAM_SUCCESS,
	  .calls = { LOGIN, "Verify" }, .prompts = { FIRST }, .authtok_after = "right horse" },
	{ WITH("use_first_pass", "set and wrong"), .authtok = "battery", .script = { ERROR("WrongPassword"), VERIFIED }, .answers = { "right horse" }, .pam = PAM_AUTH_ERR,
	  .calls = { "'password':'battery'" }, .prompts = { WRONG_LOGIN }, .logs = { "WrongPassword" } },
	{ WITH("use_first_pass", "not set"), .script = { VERIFIED }, .answers = { "right horse" }, .pam = PAM_AUTH_ERR, .prompts = { WRONG_LOGIN }, .logs = { "the password is wrong" } },
	{ WITH("try_first_pass", "set and right"), .authtok = "right horse", .script = { CHALLENGE, VERIFIED }, .answers = { "123456" }, .pam = PAM_SUCCESS,
	  .calls = { LOGIN, "Verify" }, .prompts = { FIRST } },
	{ WITH("try_first_pass", "set and wrong, asked once"), .authtok = "battery", .script = { ERROR("WrongPassword"), CHALLENGE, VERIFIED }, TYPED, .pam = PAM_SUCCESS,
	  .calls = { "'password':'battery'", LOGIN, "Verify" }, ASKED, .authtok_after = "right horse" },
	{ WITH("try_first_pass", "not set, asked"), .script = { CHALLENGE, VERIFIED }, TYPED, .pam = PAM_SUCCESS, .calls = { LOGIN, "Verify" }, ASKED },
	{ SIGN_IN("an earlier password is not looked at without the option"), .authtok = "right horse", .script = { ERROR("WrongPassword") }, .answers = { "battery" },
	  .pam = PAM_AUTH_ERR, .calls = { "'password':'battery'" }, .prompts = { "off:", WRONG_LOGIN }, .logs = { "WrongPassword" } },

	{ WITH("token", "the receipt is in PAM's environment"), .script = { CHALLENGE, VERIFIED_WITH(TOKEN) }, TYPED, .pam = PAM_SUCCESS, .token = TOKEN,
	  .calls = { LOGIN_FOR_MORE, VERIFY("123456", ",'token':true") }, ASKED },
	{ WITH("token debug", "not in the log either"), .script = { CHALLENGE, VERIFIED_WITH(TOKEN) }, TYPED, .pam = PAM_SUCCESS, .token = TOKEN,
	  .calls = { LOGIN_FOR_MORE, "Verify" }, ASKED },
	{ WITH("token", "remembered, with a receipt"), .script = { VERIFIED_WITH(TOKEN) }, TYPED, .pam = PAM_SUCCESS, .token = TOKEN, .calls = { LOGIN_FOR_MORE }, .prompts = { "off:" } },
	{ WITH("token", "remembered, without one"), .script = { VERIFIED }, TYPED, .pam = PAM_SUCCESS, .calls = { LOGIN_FOR_MORE }, .prompts = { "off:" } },
	{ WITH("token", "remembered, with null"), .script = { "{'parameters':{'state':'verified','token':null}}" }, TYPED, .pam = PAM_SUCCESS, .calls = { LOGIN_FOR_MORE }, .prompts = { "off:" } },
	{ WITH("token", "remembered, with one that is none"), .script = { VERIFIED_WITH("a b") }, TYPED, .pam = PAM_SYSTEM_ERR, .calls = { LOGIN_FOR_MORE }, .prompts = { "off:" }, .logs = { "makes no sense" } },
	{ WITH("token", "what is left there of another is taken away"), .stale = "EMAILOTP_TOKEN=stale", .script = { VERIFIED }, TYPED, .pam = PAM_SUCCESS, .calls = { LOGIN_FOR_MORE }, .prompts = { "off:" } },
	{ WITH("token", "what is left there is taken away by a failure as well"), .stale = "EMAILOTP_TOKEN=stale", .script = { ERROR("WrongPassword") }, TYPED, .pam = PAM_AUTH_ERR,
	  .calls = { LOGIN_FOR_MORE }, .prompts = { "off:", WRONG_LOGIN }, .logs = { "WrongPassword" } },
	{ WITH("token", "and replaced by a receipt"), .stale = "EMAILOTP_TOKEN=stale", .script = { VERIFIED_WITH(TOKEN) }, TYPED, .pam = PAM_SUCCESS, .token = TOKEN, .calls = { LOGIN_FOR_MORE }, .prompts = { "off:" } },
	{ WITH("token", "none with a wrong code"), .script = { CHALLENGE, WRONG("4"), WRONG("3"), WRONG("2") }, .answers = { "right horse", "111111", "222222", "333333" }, .pam = PAM_AUTH_ERR,
	  .calls = { "L", "V", "V", "V" }, .prompts = { "off:", "on:", "on:", "on:" }, .logs = { "auth_err" } },
	NO_TOKEN("a code without a receipt", VERIFIED),
	NO_TOKEN("a receipt of null", "{'parameters':{'state':'verified','token':null}}"),
	NO_TOKEN("an empty receipt", VERIFIED_WITH("")),
	NO_TOKEN("a receipt that is a number", "{'parameters':{'state':'verified','token':7}}"),
	NO_TOKEN("a receipt with a blank", VERIFIED_WITH("a.b .c")),
	NO_TOKEN("a receipt with an equals sign", VERIFIED_WITH("a=b")),
	NO_TOKEN("a receipt with a line end", VERIFIED_WITH("a\\nb")),
	NO_TOKEN("a receipt with an umlaut", VERIFIED_WITH("a\xc3\xa4")),
	NO_TOKEN("a receipt twice", VERIFIED_WITH("a','token':'a")),
	{ SIGN_IN("without the option a receipt is left alone"), .script = { CHALLENGE, VERIFIED_WITH("a b") }, TYPED, .pam = PAM_SUCCESS, .calls = { LOGIN, VERIFY("123456", "") }, ASKED },
	{ SIGN_IN("without the option what is there is left alone"), .stale = "EMAILOTP_TOKEN=mine", .script = { VERIFIED }, TYPED, .pam = PAM_SUCCESS, .token = "mine", .calls = { LOGIN }, .prompts = { "off:" } },
	{ .name = "token: for a user of the system", .args = "token", .script = { CHALLENGE, VERIFIED_WITH(TOKEN) }, .answers = { "123456" }, .pam = PAM_SUCCESS, .token = TOKEN,
	  .calls = { "Begin", VERIFY("123456", ",'token':true") }, .prompts = { FIRST } },
	{ .name = "token: remembered, Begin gives none", .args = "token", .script = { VERIFIED_WITH(TOKEN) }, .pam = PAM_SUCCESS, .calls = { "Begin" } },
	{ .name = "token: none where the address is proven", .args = "token", .script = { CHALLENGE_AS("verify_address", "K7Q", "queued", "false"), "{'parameters':{'state':'address_verified','token':'" TOKEN "'}}" },
	  .answers = { "123456" }, .pam = PAM_AUTH_ERR, .calls = { "Begin", "Verify" }, .prompts = { "on:", "err:" }, .logs = { "the address is verified now" } },
	{ .name = "token: none for an unknown user", .args = "token", .user = "no-such-user", .script = { CHALLENGE, VERIFIED_WITH(TOKEN) }, .answers = { "123456" }, .pam = PAM_AUTH_ERR,
	  .calls = { "Begin", "Verify" }, .prompts = { "on:" }, .logs = { "is not known" } },

	{ WITH("nullok", "are at odds"), .pam = PAM_SERVICE_ERR, .logs = { "option \"nullok\" contradicts password=account" } },
	{ .name = "append without a password", .args = "append", .pam = PAM_SERVICE_ERR, .logs = { "option \"append\" needs password=system or password=account" } },
	{ WITH("append prompts=2", "are at odds"), .pam = PAM_SERVICE_ERR, .logs = { "option \"prompts=\" contradicts append" } },
	{ WITH("append [prompt=Code: ]", "are at odds"), .pam = PAM_SERVICE_ERR, .logs = { "option \"prompt=\" contradicts append" } },
	{ WITH("append=yes", "takes no value"), .pam = PAM_SERVICE_ERR, .logs = { "option \"append=yes\" takes no value" } },
	{ WITH("token=jwt", "takes no value"), .pam = PAM_SERVICE_ERR, .logs = { "option \"token=jwt\" takes no value" } },
};
/* clang-format on */

DEFINE_ROWS(sign_in);
