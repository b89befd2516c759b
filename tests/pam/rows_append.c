/* SPDX-License-Identifier: MIT */
/*
 * Option append with accounts: how one text is read, and that it costs one Login. With
 * password=system see rows_password.c.
 */
#include "tests/pam/rows.h"

#define ADA      "ada@example.org"
#define OTHER_ID "fedcba9876543210fedcba9876543210"
#define FIND                                                            \
	"{'method':'org.emailotp.Auth.Find','parameters':{'user':'" ADA \
	"','service':'otptest','tty':'ssh','account':true}}"
#define LOGIN_WITH(password)                                                 \
	"{'method':'org.emailotp.Account.Login','parameters':{'login':'" ADA \
	"','password':'" password "','service':'otptest','tty':'ssh'"
#define LOGIN LOGIN_WITH("right horse") "}}"
#define VERIFY                                                                \
	"{'method':'org.emailotp.Auth.Verify','parameters':{'challenge':'" ID \
	"','code':'123456'"
#define MAILED                                                                  \
	"err:A code has been mailed; enter your password followed by the code " \
	"(reference K7Q, valid for 10 minutes)."
#define ALIVE FOUND(SIX_DIGITS)

/* clang-format off */
#define BOX(text, typed) .name = "append: " text, .args = "password=account append", .user = ADA, .answers = { typed }, .never = "right horse"
#define CODE_DUE .pam = PAM_AUTH_ERR, .quick = true, .prompts = { "off:Password: ", MAILED }, .logs = { "refused, the password is right, the code is to come behind it: user=\"" ADA "\" service=\"otptest\" rhost=\"\" ref=K7Q result=auth_err" }
#define GETS_IN .script = { ALIVE, CHALLENGE, VERIFIED }, .pam = PAM_SUCCESS, .calls = { FIND, LOGIN, VERIFY "}}" }, .prompts = { "off:Password: " }
#define IS_WRONG .pam = PAM_AUTH_ERR, .prompts = { "off:", "err:The login or the password is wrong." }, .logs = { "error=\"WrongPassword\"" }
#define NONSENSE(text, reply) { BOX("Find, " text, "right horse123456"), .script = { reply, VERIFIED, VERIFIED }, .pam = PAM_SYSTEM_ERR, \
	.calls = { FIND }, .prompts = { "off:" }, .logs = { "makes no sense" } }

static const struct row table[] = {
	{ BOX("the password alone has a code mailed", "right horse"), .script = { NONE, CHALLENGE }, .calls = { FIND, LOGIN }, CODE_DUE },
	{ BOX("the password alone while a code is alive", "right horse"), .script = { ALIVE, CHALLENGE }, .calls = { FIND, LOGIN }, CODE_DUE },
	{ BOX("password and code get in", "right horse123456"), GETS_IN, .authtok_after = "right horse" },
	{ BOX("with a blank between", "right horse 123456"), GETS_IN, .authtok_after = "right horse" },
	{ BOX("with a hyphen between", "right horse-123456"), GETS_IN, .authtok_after = "right horse" },
	{ BOX("with a comma between", "right horse,123456"), GETS_IN, .authtok_after = "right horse" },
	{ BOX("with a blank in the code", "right horse123 456"), GETS_IN },
	{ BOX("with a hyphen in the code", "right horse123-456"), GETS_IN },
	{ BOX("with blanks in and before the code", "right horse 123 456"), GETS_IN },
	{ BOX("with hyphens in and before the code", "right horse-12-34-56"), GETS_IN },
	{ BOX("letters in either case", "right horsecdfgHJK3"), .script = { FOUND("'length':8,'alphabet':'letters'"), LETTERS, VERIFIED }, .pam = PAM_SUCCESS,
	  .calls = { FIND, LOGIN, "'code':'CDFGHJK3'" }, .prompts = { "off:" }, .authtok_after = "right horse" },
	{ BOX("only one separator is taken for one", "right horse, 123456"), .script = { ALIVE, CHALLENGE, VERIFIED }, .pam = PAM_SUCCESS,
	  .calls = { FIND, LOGIN_WITH("right horse,"), VERIFY }, .prompts = { "off:" }, .authtok_after = "right horse," },
	{ BOX("a separator at the end is none", "right horse123456 "), .script = { ALIVE, ERROR("WrongPassword") }, .calls = { FIND, LOGIN_WITH("right horse123456 ") }, IS_WRONG },
	{ BOX("two separators inside are none", "right horse123  456"), .script = { ALIVE, ERROR("WrongPassword") }, .calls = { FIND, LOGIN_WITH("right horse123  456") }, IS_WRONG },
	{ BOX("remembered: password and the old code", "right horse123456"), .script = { REMEMBERED, VERIFIED }, .pam = PAM_SUCCESS, .calls = { FIND, LOGIN }, .prompts = { "off:" }, .authtok_after = "right horse" },
	{ BOX("remembered: the password alone", "right horse"), .script = { REMEMBERED, VERIFIED }, .pam = PAM_SUCCESS, .calls = { FIND, LOGIN }, .prompts = { "off:" }, .authtok_after = "right horse" },
	{ BOX("remembered until just now", "right horse123456"), .script = { REMEMBERED, CHALLENGE }, .calls = { FIND, LOGIN }, CODE_DUE },
	{ BOX("nothing found, but remembered", "right horse"), .script = { NONE, VERIFIED }, .pam = PAM_SUCCESS, .calls = { FIND, LOGIN }, .prompts = { "off:" } },
	{ BOX("the code was of a challenge that is dead now", "right horse123456"),
	  .script = { "{'parameters':{'state':'challenge','challenge':'" OTHER_ID "'," SIX_DIGITS "}}", CHALLENGE }, .calls = { FIND, LOGIN }, CODE_DUE },
	{ BOX("a mail that failed is said", "right horse"), .script = { NONE, CHALLENGE_AS("login", "K7Q", "failed", "true") }, .pam = PAM_AUTH_ERR, .quick = true,
	  .calls = { FIND, LOGIN }, .prompts = { "off:", "valid for 10 minutes). The mail could not be delivered." }, .logs = { "is to come behind it" } },

	/* One Login for each call, whatever the text is. */
	{ BOX("a wrong password, nothing alive", "wrong battery123456"), .script = { NONE, ERROR("WrongPassword") }, .calls = { FIND, LOGIN_WITH("wrong battery123456") }, IS_WRONG },
	{ BOX("a wrong password without a code", "wrong battery"), .script = { ALIVE, ERROR("WrongPassword") }, .calls = { FIND, LOGIN_WITH("wrong battery") }, IS_WRONG },
	{ BOX("a wrong password before a code", "wrong battery123456"), .script = { ALIVE, ERROR("WrongPassword") }, .calls = { FIND, LOGIN_WITH("wrong battery") "}}" }, IS_WRONG },
	{ BOX("a wrong password, remembered", "wrong battery123456"), .script = { REMEMBERED, ERROR("WrongPassword") }, .calls = { FIND, LOGIN_WITH("wrong battery") "}}" }, IS_WRONG },
	{ BOX("a password that ends like a code has one mailed", "anna19840512"), .script = { NONE, CHALLENGE }, .calls = { FIND, LOGIN_WITH("anna19840512") }, CODE_DUE },
	{ BOX("and can be sent alone while it is alive", "anna19840512"), .script = { ALIVE, CHALLENGE }, .calls = { FIND, LOGIN_WITH("anna19840512") }, CODE_DUE },
	{ BOX("and alone while it is remembered", "anna19840512"), .script = { REMEMBERED, VERIFIED }, .pam = PAM_SUCCESS, .calls = { FIND, LOGIN_WITH("anna19840512") }, .prompts = { "off:" }, .authtok_after = "anna19840512" },
	{ BOX("and gets in with the code behind it", "anna19840512123456"), .script = { ALIVE, CHALLENGE, VERIFIED }, .pam = PAM_SUCCESS,
	  .calls = { FIND, LOGIN_WITH("anna19840512") "}}", VERIFY }, .prompts = { "off:" }, .authtok_after = "anna19840512" },
	{ BOX("characters are counted, not bytes", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4\xc3\xb6\xc3\xbc" "123456"), .script = { ALIVE, CHALLENGE },
	  .calls = { FIND, LOGIN_WITH("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4\xc3\xb6\xc3\xbc" "123456") }, CODE_DUE },
	{ BOX("only digits", "123456"), .script = { ALIVE, ERROR("WrongPassword") }, .calls = { FIND, LOGIN_WITH("123456") }, .pam = PAM_AUTH_ERR,
	  .prompts = { "off:", "err:" }, .logs = { "WrongPassword" } },
	{ BOX("nothing", ""), .script = { ALIVE }, .calls = { FIND }, .pam = PAM_AUTH_ERR, .prompts = { "off:", "err:The login or" }, .logs = { "the password is wrong" } },
	{ BOX("what is not UTF-8 is not sent", "caf\xe9 au lait 123456"), .script = { ALIVE }, .calls = { FIND }, .pam = PAM_AUTH_ERR, .prompts = { "off:", "err:The login or" }, .logs = { "the password is wrong" } },
	{ BOX("513 bytes", "@fill:513"), .pam = PAM_AUTH_ERR, .prompts = { "off:", "err:The login or" }, .logs = { "the password is wrong" } },

	{ BOX("a wrong code", "right horse123456"), .script = { ALIVE, CHALLENGE, WRONG("4") }, .pam = PAM_AUTH_ERR, .calls = { FIND, LOGIN, VERIFY },
	  .prompts = { "off:", "err:Wrong code (4 tries left; reference K7Q). Enter your password followed by the code." }, .logs = { "the last code was wrong" } },
	{ BOX("the code has expired", "right horse123456"), .script = { ALIVE, CHALLENGE, ERROR("Expired") }, .pam = PAM_AUTH_ERR, .calls = { FIND, LOGIN, VERIFY },
	  .prompts = { "off:", "err:The code has expired." }, .logs = { "the code has expired" } },
	{ BOX("burnt", "right horse123456"), .script = { ALIVE, CHALLENGE, ERROR("Burnt") }, .pam = PAM_MAXTRIES, .calls = { FIND, LOGIN, VERIFY }, .prompts = { "off:", "err:" }, .logs = { "maxtries" } },
	{ BOX("throttled does not wait", "right horse"), .script = { NONE, ERROR_AFTER("Throttled", "43") }, .pam = PAM_MAXTRIES, .calls = { FIND, LOGIN },
	  .prompts = { "off:", "err:No new code can be sent now." }, .logs = { "maxtries" } },
	{ BOX("busy does not wait", "right horse"), .script = { NONE, ERROR_AFTER("Busy", "2") }, .pam = PAM_MAXTRIES, .calls = { FIND, LOGIN }, .prompts = { "off:", "err:Too many passwords" }, .logs = { "Busy" } },
	{ BOX("locked is said at once", "right horse"), .script = { NONE, ERROR_AFTER("Locked", "60") }, .pam = PAM_MAXTRIES, .calls = { FIND, LOGIN },
	  .prompts = { "off:", "err:Sign-in is locked for 60 s, after too many wrong tries." }, .logs = { "maxtries" } },
	{ BOX("that Find says it is locked is not told without the password", "wrong battery"), .script = { ERROR_AFTER("Locked", "60"), ERROR("WrongPassword") }, .calls = { FIND, LOGIN_WITH("wrong battery") }, IS_WRONG },
	{ BOX("disabled", "right horse"), .script = { NONE, ERROR("Disabled") }, .pam = PAM_PERM_DENIED, .calls = { FIND, LOGIN }, .prompts = { "off:", "err:This account is disabled." }, .logs = { "perm_denied" } },
	{ BOX("not verified", "right horse"), .script = { NONE, ERROR("NotVerified") }, .pam = PAM_PERM_DENIED, .calls = { FIND, LOGIN }, .prompts = { "off:", "err:Your e-mail address is not" }, .logs = { "perm_denied" } },
	{ BOX("the code proves the address", "right horse123456"), .script = { ALIVE, CHALLENGE_AS("verify_address", "K7Q", "queued", "true"), STATE("address_verified") }, .pam = PAM_AUTH_ERR,
	  .calls = { FIND, LOGIN, VERIFY }, .prompts = { "off:", "err:Your address is verified now." }, .logs = { "the address is verified now" } },
	{ BOX("a code that proves an address opens nothing", "right horse123456"), .script = { ALIVE, CHALLENGE_AS("verify_address", "K7Q", "queued", "true"), VERIFIED }, .pam = PAM_SYSTEM_ERR,
	  .calls = { FIND, LOGIN, VERIFY }, .prompts = { "off:" }, .logs = { "makes no sense" } },
	{ BOX("no conversation, no call", "@fail"), .script = { VERIFIED }, .pam = PAM_CONV_ERR, .prompts = { "off:" }, .logs = { "conv_err" } },
	{ BOX("no otpd", "right horse"), .kind = FAKE_ABSENT, .pam = PAM_AUTHINFO_UNAVAIL, .prompts = { "off:", "err:" }, .logs = { "ENOENT" } },
	{ BOX("otpd dies after Find", "right horse123456"), .script = { ALIVE, "@close" }, .pam = PAM_AUTHINFO_UNAVAIL, .calls = { FIND, LOGIN }, .prompts = { "off:", "err:" }, .logs = { "closed" } },

	/* Find's word lets nobody in. */
	{ BOX("Find says verified, Login does not", "right horse123456"), .script = { REMEMBERED, ERROR("WrongPassword") }, .calls = { FIND, LOGIN }, IS_WRONG },
	NONSENSE("exempt", STATE("exempt")),
	NONSENSE("not enrolled", STATE("not_enrolled")),
	NONSENSE("verified without a form", VERIFIED),
	NONSENSE("a challenge without a form", "{'parameters':{'state':'challenge','challenge':'" ID "'}}"),
	NONSENSE("a challenge without its name", "{'parameters':{'state':'challenge'," SIX_DIGITS "}}"),
	NONSENSE("a code too short", FOUND("'length':5,'alphabet':'digits'")),
	NONSENSE("a code too long", FOUND("'length':17,'alphabet':'digits'")),
	NONSENSE("an alphabet nobody knows", FOUND("'length':6,'alphabet':'hex'")),
	NONSENSE("no state", "{'parameters':{" SIX_DIGITS "}}"),
	{ BOX("Login cannot exempt", "right horse"), .script = { NONE, STATE("exempt") }, .pam = PAM_SYSTEM_ERR, .calls = { FIND, LOGIN }, .prompts = { "off:" }, .logs = { "makes no sense" } },

	{ .name = "append: use_first_pass", .args = "password=account append use_first_pass", .user = ADA, .authtok = "right horse123456", .script = { ALIVE, CHALLENGE, VERIFIED },
	  .pam = PAM_SUCCESS, .calls = { FIND, LOGIN, VERIFY }, .authtok_after = "right horse", .never = "right horse" },
	{ .name = "append: use_first_pass, not set", .args = "password=account append use_first_pass", .user = ADA, .answers = { "right horse" }, .pam = PAM_AUTH_ERR,
	  .prompts = { "err:The login or" }, .logs = { "the password is wrong" } },
	{ .name = "append: try_first_pass is one try", .args = "password=account append try_first_pass", .user = ADA, .authtok = "wrong battery", .answers = { "right horse" },
	  .script = { NONE, ERROR("WrongPassword") }, .pam = PAM_AUTH_ERR, .calls = { FIND, LOGIN_WITH("wrong battery") }, .prompts = { "err:" }, .logs = { "WrongPassword" } },
	{ .name = "append: try_first_pass, not set", .args = "password=account append try_first_pass", .user = ADA, .answers = { "right horse" }, .script = { NONE, CHALLENGE },
	  .calls = { FIND, LOGIN }, CODE_DUE },
	{ .name = "append: under PAM_SILENT nothing is told", .args = "password=account append", .user = ADA, .flags = (int)PAM_SILENT, .answers = { "right horse" }, .script = { NONE, CHALLENGE },
	  .calls = { FIND, LOGIN }, .pam = PAM_AUTH_ERR, .quick = true, .prompts = { "off:" }, .logs = { "is to come behind it" } },
	{ .name = "append: with token", .args = "password=account append token", .user = ADA, .answers = { "right horse123456" }, .script = { ALIVE, CHALLENGE, VERIFIED_WITH(TOKEN) },
	  .pam = PAM_SUCCESS, .token = TOKEN, .calls = { FIND, LOGIN_WITH("right horse") ",'token':true}}", VERIFY ",'token':true}}" }, .prompts = { "off:" } },
};
/* clang-format on */

DEFINE_ROWS(append);
