/* SPDX-License-Identifier: MIT */
/* Enrolment at the first login: the address, its code, the recovery codes. */
#include "tests/pam/rows.h"

#define ADDRESS "on:You have no address for sign-in codes yet. Your e-mail address: "
#define BEGIN                                                                \
	"{'method':'org.emailotp.Auth.Begin','parameters':{'user':'daemon'," \
	"'service':'otptest','tty':'ssh','enrol':true,'recovery':true}}"
#define ENROL(address)                                                       \
	"{'method':'org.emailotp.Auth.Enrol','parameters':{'user':'daemon'," \
	"'service':'otptest','tty':'ssh','address':'" address "'}}"
#define VERIFY(code)                                                          \
	"{'method':'org.emailotp.Auth.Verify','parameters':{'challenge':'" ID \
	"','code':'" code "'}}"
#define CODES                                                                        \
	"{'method':'org.emailotp.Auth.RecoveryCodes','parameters':{'challenge':'" ID \
	"'}}"
#define ENROLLING_AS(delivery, resumed) CHALLENGE_AS("enrol", "K7Q", delivery, resumed)
#define ENROLLING                       ENROLLING_AS("queued", "false")
#define SENT                                                                         \
	"on:A code was sent to this address (reference K7Q, valid for 10 minutes). " \
	"Enter it to enrol, r for a new one: "
#define BAD(reason) \
	"{'error':'org.emailotp.Error.BadAddress','parameters':{'reason':'" reason "'}}"

/* Ten codes, as otpd sends them. */
#define C(n) "CDFG-HJKM-NPQR-TVWX-000" #n
#define NINE \
	C(0) " " C(1) " " C(2) " " C(3) " " C(4) " " C(5) " " C(6) " " C(7) " " C(8)
#define TEN             NINE " " C(9)
#define CODES_AS(codes) "{'parameters':{'codes':'" codes "'}}"
#define SHOWN                                                                       \
	"on:You are enrolled. Write down these recovery codes; they are not shown " \
	"again.\nEach lets you in once when no mail reaches you.\n"                 \
	"  " C(0) "  " C(1) "\n  " C(2) "  " C(3) "\n  " C(4) "  " C(5) "\n  " C(   \
		6) "  " C(7) "\n  " C(8) "  " C(9) "\nPress Enter when you have them: "
#define NO_CODES                                                                     \
	"on:You are enrolled. No recovery codes could be made now; make some later " \
	"with: otpctl recovery-codes. Press Enter: "

/* clang-format off */
#define BROKEN(text, answer, n) { .name = "enrol: conversation: " text, .script = { STATE("enrol"), ENROLLING, VERIFIED }, \
	.answers = { answer }, .pam = PAM_CONV_ERR, .calls = { "Begin" }, .prompts = { n }, \
	.logs = { "refused, nobody answered the prompt" } }
#define BROKEN_AT_CODE(text, answer) { .name = "enrol: conversation at the code: " text, .script = { STATE("enrol"), ENROLLING, VERIFIED }, \
	.answers = { "a@example.org", answer }, .pam = PAM_CONV_ERR, .calls = { "Begin", "Enrol" }, .prompts = { ADDRESS, SENT }, \
	.logs = { "refused, nobody answered the prompt" } }
#define BROKEN_AT_CODES(text, answer) { .name = "enrol: conversation at the recovery codes: " text, .script = { STATE("enrol"), ENROLLING, VERIFIED, CODES_AS(TEN) }, \
	.answers = { "a@example.org", "123456", answer }, .pam = PAM_CONV_ERR, .calls = { "Begin", "Enrol", "Verify", CODES }, .prompts = { ADDRESS, SENT, SHOWN }, \
	.logs = { "refused, nobody answered the prompt" } }
#define NO_ADDRESS(text, typed) { .name = "enrol: not sent: " text, .script = { STATE("enrol"), ENROLLING }, \
	.answers = { typed, typed, typed, typed }, .pam = PAM_AUTH_ERR, .calls = { "Begin" }, \
	.prompts = { ADDRESS, "on:That is not an e-mail address. Your e-mail address: ", "on:That is not", "err:You are not enrolled. Log in again" }, \
	.logs = { "refused, no address was given that may be enrolled" } }
#define BEGUN(text, reply) { .name = "enrol: " text, .script = { reply }, .pam = PAM_SYSTEM_ERR, .calls = { "Begin" }, .logs = { "makes no sense" } }
#define ENROL_SAYS(text, reply) { .name = "enrol: Enrol: " text, .script = { STATE("enrol"), reply }, .answers = { "a@example.org" }, \
	.pam = PAM_SYSTEM_ERR, .calls = { "Begin", "Enrol" }, .prompts = { ADDRESS }, .logs = { "makes no sense" } }
#define CODE_SAYS(text, reply) { .name = "enrol: at its code: " text, .script = { STATE("enrol"), ENROLLING, reply }, .answers = { "a@example.org", "123456" }, \
	.pam = PAM_SYSTEM_ERR, .calls = { "Begin", "Enrol", "Verify" }, .prompts = { ADDRESS, SENT }, .logs = { "makes no sense" } }
/* That there are no codes keeps nobody out. */
#define NO_CODES_FOR(text, reply) { .name = "enrol: no recovery codes: " text, .script = { STATE("enrol"), ENROLLING, VERIFIED, reply }, \
	.answers = { "a@example.org", "123456", "" }, .pam = PAM_SUCCESS, .calls = { "Begin", "Enrol", "Verify", CODES }, \
	.prompts = { ADDRESS, SENT, NO_CODES } }

static const struct row table[] = {
	{ .name = "enrol: address, code, recovery codes, in", .script = { STATE("enrol"), ENROLLING, VERIFIED, CODES_AS(TEN) },
	  .answers = { "ada@example.org", "123 456", "" }, .pam = PAM_SUCCESS,
	  .calls = { BEGIN, ENROL("ada@example.org"), VERIFY("123456"), CODES }, .prompts = { ADDRESS, SENT, SHOWN } },
	{ .name = "enrol: codes without hyphens are shown with them",
	  .script = { STATE("enrol"), ENROLLING, VERIFIED, CODES_AS("CDFGHJKMNPQRTVWX0000 " C(1) " " C(2) " " C(3) " " C(4) " " C(5) " " C(6) " " C(7) " " C(8) " cdfghjkmnpqrtvwxooo9") },
	  .answers = { "ada@example.org", "123456", "thank you" }, .pam = PAM_SUCCESS,
	  .calls = { BEGIN, "Enrol", "Verify", CODES }, .prompts = { ADDRESS, SENT, SHOWN } },
	{ .name = "enrol: the codes are shown under PAM_SILENT as well", .flags = (int)PAM_SILENT,
	  .script = { STATE("enrol"), ENROLLING, VERIFIED, CODES_AS(TEN) }, .answers = { "ada@example.org", "123456", "" }, .pam = PAM_SUCCESS,
	  .calls = { "Begin", "Enrol", "Verify", CODES }, .prompts = { ADDRESS, SENT, SHOWN } },
	{ .name = "enrol: blanks around the address", .script = { STATE("enrol"), ENROLLING, VERIFIED, CODES_AS(TEN) },
	  .answers = { "  ada@example.org\t ", "123456", "" }, .pam = PAM_SUCCESS,
	  .calls = { "Begin", ENROL("ada@example.org"), "Verify", CODES }, .prompts = { "on:", "on:", "on:" } },
	{ .name = "enrol: with the receipt", .args = "token", .script = { STATE("enrol"), ENROLLING, VERIFIED_WITH(TOKEN), CODES_AS(TEN) },
	  .answers = { "ada@example.org", "123456", "" }, .pam = PAM_SUCCESS, .token = TOKEN,
	  .calls = { "Begin", "Enrol", "'token':true", CODES }, .prompts = { "on:", "on:", "on:" } },
	{ .name = "enrol: the domains are said", .script = { "{'parameters':{'state':'enrol','domains':'example.org example.net'}}", ENROLLING, VERIFIED, CODES_AS(TEN) },
	  .answers = { "ada@example.net", "123456", "" }, .pam = PAM_SUCCESS, .calls = { "Begin", "Enrol", "Verify", "RecoveryCodes" },
	  .prompts = { "on:You have no address for sign-in codes yet. Your e-mail address (allowed domains: example.org example.net): ", "on:", "on:" } },
	{ .name = "enrol: domains of null are any", .script = { "{'parameters':{'state':'enrol','domains':null}}", ENROLLING, VERIFIED, CODES_AS(TEN) },
	  .answers = { "ada@example.net", "123456", "" }, .pam = PAM_SUCCESS, .calls = { "Begin", "Enrol", "Verify", "RecoveryCodes" }, .prompts = { ADDRESS, "on:", "on:" } },
	{ .name = "enrol: a long list ends behind a domain", .script = { "{'parameters':{'state':'enrol','domains':'"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example "
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example'}}" },
	  .answers = { "@fail" }, .pam = PAM_CONV_ERR, .calls = { "Begin" },
	  .prompts = { "example aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example ...): " }, .logs = { "conv_err" } },
	{ .name = "enrol: a domain that is not allowed, then one that is", .script = { STATE("enrol"), ERROR("NotAllowed"), ENROLLING, VERIFIED, CODES_AS(TEN) },
	  .answers = { "ada@example.com", "ada@example.org", "123456", "" }, .pam = PAM_SUCCESS,
	  .calls = { "Begin", ENROL("ada@example.com"), ENROL("ada@example.org"), "Verify", CODES },
	  .prompts = { ADDRESS, "on:That address is not allowed here. Your e-mail address: ", SENT, SHOWN } },
	{ .name = "enrol: an address that otpd refuses, with its reason", .script = { STATE("enrol"), BAD("the domain has no dot"), ENROLLING, VERIFIED, CODES_AS(TEN) },
	  .answers = { "ada@example", "ada@example.org", "123456", "" }, .pam = PAM_SUCCESS, .calls = { "Begin", "Enrol", "Enrol", "Verify", CODES },
	  .prompts = { ADDRESS, "on:That address cannot be used: the domain has no dot. Your e-mail address: ", SENT, SHOWN } },
	{ .name = "enrol: three addresses, no fourth", .script = { STATE("enrol"), ERROR("NotAllowed"), BAD("x"), ERROR("NotAllowed"), ENROLLING },
	  .answers = { "a@b.example", "b@b.example", "c@b.example", "d@b.example" }, .pam = PAM_AUTH_ERR, .calls = { "Begin", "Enrol", "Enrol", "Enrol" },
	  .prompts = { "on:", "on:", "on:", "err:You are not enrolled. Log in again with an address that is allowed." },
	  .logs = { "no address was given that may be enrolled" } },
	NO_ADDRESS("nothing", ""),
	NO_ADDRESS("the password", "correct horse"),
	NO_ADDRESS("a password with an at", "correct@horse battery"),
	NO_ADDRESS("a recovery code", WRITTEN),
	NO_ADDRESS("no local part", "@example.org"),
	NO_ADDRESS("no domain", "ada@"),
	NO_ADDRESS("a line end", "ada@example.org\n"),
	NO_ADDRESS("an escape sequence", "ada@example.org\x1b[A"),
	NO_ADDRESS("not UTF-8", "ada@example.org\xff"),
	NO_ADDRESS("255 characters", "@fill:255"),
	NO_ADDRESS("512 characters", "@fill:512"),
	NO_ADDRESS("513 characters", "@fill:513"),
	NO_ADDRESS("a megabyte", "@fill:1048576"),
	{ .name = "enrol: throttled waits with the user", .script = { STATE("enrol"), ERROR_AFTER("Throttled", "43"), ENROLLING, VERIFIED, CODES_AS(TEN) },
	  .answers = { "ada@example.org", "", "123456", "" }, .pam = PAM_SUCCESS, .calls = { "Begin", "Enrol", ENROL("ada@example.org"), "Verify", CODES },
	  .prompts = { ADDRESS, "on:No new code can be sent for 43 s. Wait, then press Enter: ", SENT, SHOWN } },
	{ .name = "enrol: throttled for good", .script = { STATE("enrol"), ERROR_AFTER("Throttled", "43"), ERROR_AFTER("Throttled", "43"), ERROR_AFTER("Throttled", "43"), ERROR_AFTER("Throttled", "43") },
	  .answers = { "ada@example.org", "", "", "", "" }, .pam = PAM_MAXTRIES, .calls = { "Begin", "Enrol", "Enrol", "Enrol", "Enrol" },
	  .prompts = { ADDRESS, "on:", "on:", "on:", "err:No new code can be sent now" }, .logs = { "maxtries" } },
	{ .name = "enrol: locked", .script = { STATE("enrol"), ERROR_AFTER("Locked", "60") }, .answers = { "ada@example.org", "" }, .pam = PAM_MAXTRIES,
	  .calls = { "Begin", "Enrol" }, .prompts = { ADDRESS, "on:Sign-in by code is locked for 60 s" }, .logs = { "maxtries" } },
	{ .name = "enrol: not available", .script = { STATE("enrol"), ERROR("Unavailable") }, .answers = { "ada@example.org" }, .pam = PAM_AUTHINFO_UNAVAIL,
	  .calls = { "Begin", "Enrol" }, .prompts = { ADDRESS, "err:Sign-in by code is not available now." }, .logs = { "authinfo_unavail" } },
	{ .name = "enrol: otpd hangs at Enrol", .script = { STATE("enrol"), "@hang" }, .answers = { "ada@example.org" }, .pam = PAM_AUTHINFO_UNAVAIL, .once = true,
	  .calls = { "Begin", "Enrol" }, .prompts = { ADDRESS, "err:" }, .logs = { "ETIMEDOUT" } },
	{ .name = "enrol: not by this program", .script = { STATE("enrol"), ERROR("Denied") }, .answers = { "ada@example.org" }, .pam = PAM_PERM_DENIED,
	  .calls = { "Begin", "Enrol" }, .prompts = { ADDRESS }, .logs = { "perm_denied" } },
	{ .name = "enrol: somebody has in another window", .script = { STATE("enrol"), ERROR("Exists"), CHALLENGE, VERIFIED },
	  .answers = { "ada@example.org", "123456" }, .pam = PAM_SUCCESS, .calls = { "Begin", "Enrol", BEGIN, VERIFY("123456") }, .prompts = { ADDRESS, FIRST } },
	{ .name = "enrol: enrolled, and not", .script = { STATE("enrol"), ERROR("Exists"), STATE("enrol"), ENROLLING },
	  .answers = { "ada@example.org", "ada@example.org" }, .pam = PAM_SYSTEM_ERR, .calls = { "Begin", "Enrol", "Begin" }, .prompts = { ADDRESS }, .logs = { "makes no sense" } },
	{ .name = "enrol: a wrong code, then a new one", .script = { STATE("enrol"), ENROLLING, WRONG("4"), CHALLENGE_AS("enrol", "M2X", "queued", "false"), VERIFIED, CODES_AS(TEN) },
	  .answers = { "ada@example.org", "111111", "r", "123456", "" }, .pam = PAM_SUCCESS, .calls = { "Begin", "Enrol", "Verify", "Resend", VERIFY("123456"), CODES },
	  .prompts = { ADDRESS, SENT, "on:Wrong code (4 tries left; reference K7Q). Code, or r for a new one: ",
		  "on:A new code was sent to this address (reference M2X, valid for 10 minutes); the old one is void. Code, or r for a new one: ", SHOWN } },
	{ .name = "enrol: wrong codes until no prompt is left", .script = { STATE("enrol"), ENROLLING, WRONG("4"), WRONG("3"), WRONG("2"), VERIFIED },
	  .answers = { "ada@example.org", "111111", "111112", "111113", "123456" }, .pam = PAM_AUTH_ERR, .calls = { "Begin", "Enrol", "V", "V", "V" },
	  .prompts = { "on:", "on:", "on:", "on:" }, .logs = { "the last code was wrong" } },
	{ .name = "enrol: burnt", .script = { STATE("enrol"), ENROLLING, ERROR("Burnt") }, .answers = { "ada@example.org", "111111" }, .pam = PAM_MAXTRIES,
	  .calls = { "Begin", "Enrol", "V" }, .prompts = { "on:", "on:", "err:This code has used up its tries" }, .logs = { "maxtries" } },
	{ .name = "enrol: a recovery code is none here", .args = "prompts=1", .script = { STATE("enrol"), ENROLLING, VERIFIED }, .answers = { "ada@example.org", WRITTEN },
	  .pam = PAM_AUTH_ERR, .calls = { "Begin", "Enrol" }, .prompts = { ADDRESS, SENT }, .logs = { "the last answer was not a code" } },
	{ .name = "enrol: the code of before is still good", .script = { STATE("enrol"), ENROLLING_AS("sent", "true"), VERIFIED, CODES_AS(TEN) },
	  .answers = { "ada@example.org", "123456", "" }, .pam = PAM_SUCCESS, .calls = { "Begin", "Enrol", "Verify", CODES },
	  .prompts = { ADDRESS, "on:The code that was sent to this address before is still good (reference K7Q, for 10 minutes). Enter it to enrol, r for a new one: ", SHOWN } },
	{ .name = "enrol: the mail failed", .script = { STATE("enrol"), ENROLLING_AS("failed", "true") }, .answers = { "ada@example.org", "@fail" }, .pam = PAM_CONV_ERR,
	  .calls = { "Begin", "Enrol" }, .prompts = { ADDRESS, "on:The code (reference K7Q) could not be delivered; r sends another. If the address is wrong, log in again. Code, or r" }, .logs = { "conv_err" } },
	BROKEN("none", "@noconv", NULL),
	BROKEN("fails", "@fail", ADDRESS),
	BROKEN("fails with a response", "@failresp", ADDRESS),
	BROKEN("is out of memory", "@buferr", ADDRESS),
	BROKEN("wants to be called again", "@again", ADDRESS),
	BROKEN("aborts", "@abort", ADDRESS),
	BROKEN("returns a number of its own", "@weird", ADDRESS),
	BROKEN("succeeds without a response", "@null", ADDRESS),
	BROKEN("responds without a text", "@nulltext", ADDRESS),
	BROKEN_AT_CODE("fails", "@fail"),
	BROKEN_AT_CODE("wants to be called again", "@again"),
	BROKEN_AT_CODE("succeeds without a response", "@null"),
	BROKEN_AT_CODE("responds without a text", "@nulltext"),
	BROKEN_AT_CODES("fails", "@fail"),
	BROKEN_AT_CODES("fails with a response", "@failresp"),
	BROKEN_AT_CODES("is out of memory", "@buferr"),
	BROKEN_AT_CODES("wants to be called again", "@again"),
	BROKEN_AT_CODES("aborts", "@abort"),
	BROKEN_AT_CODES("returns a number of its own", "@weird"),
	BROKEN_AT_CODES("succeeds without a response", "@null"),
	BROKEN_AT_CODES("responds without a text", "@nulltext"),
	{ .name = "enrol: nobody hears that there are no codes", .script = { STATE("enrol"), ENROLLING, VERIFIED, ERROR("Unavailable") }, .answers = { "a@example.org", "123456", "@fail" },
	  .pam = PAM_CONV_ERR, .calls = { "Begin", "Enrol", "Verify", CODES }, .prompts = { ADDRESS, SENT, NO_CODES }, .logs = { "conv_err" } },
	{ .name = "enrol: a megabyte in place of Enter", .script = { STATE("enrol"), ENROLLING, VERIFIED, CODES_AS(TEN) }, .answers = { "a@example.org", "123456", "@fill:1048576" },
	  .pam = PAM_SUCCESS, .calls = { "Begin", "Enrol", "Verify", CODES }, .prompts = { ADDRESS, SENT, SHOWN } },
	NO_CODES_FOR("not available", ERROR("Unavailable")),
	NO_CODES_FOR("too late", ERROR("NoChallenge")),
	NO_CODES_FOR("busy", ERROR_AFTER("Busy", "3")),
	NO_CODES_FOR("an unknown error", "{'error':'a.b'}"),
	NO_CODES_FOR("otpd has gone", "@close"),
	NO_CODES_FOR("nine", CODES_AS(NINE)),
	NO_CODES_FOR("eleven", CODES_AS(TEN " " C(9))),
	NO_CODES_FOR("two blanks", CODES_AS(NINE "  " C(9))),
	NO_CODES_FOR("a blank at the end", CODES_AS(TEN " ")),
	NO_CODES_FOR("a short one", CODES_AS(NINE " CDFG-HJKM-NPQR-TVWX-000")),
	NO_CODES_FOR("an escape sequence", CODES_AS(NINE " CDFG-HJKM-NPQR-TVWX-\\u001b[A9")),
	NO_CODES_FOR("none", CODES_AS("")),
	NO_CODES_FOR("null", "{'parameters':{'codes':null}}"),
	NO_CODES_FOR("a number", "{'parameters':{'codes':10}}"),
	NO_CODES_FOR("missing", "{'parameters':{}}"),
	{ .name = "enrol: otpd hangs at the recovery codes", .script = { STATE("enrol"), ENROLLING, VERIFIED, "@hang" }, .answers = { "a@example.org", "123456", "" }, .once = true,
	  .pam = PAM_SUCCESS, .calls = { "Begin", "Enrol", "Verify", CODES }, .prompts = { ADDRESS, SENT, NO_CODES } },
	{ .name = "enrol: not for whom NSS does not know", .user = "no-such-user", .script = { STATE("enrol"), ENROLLING }, .answers = { "a@example.org" },
	  .pam = PAM_SYSTEM_ERR, .calls = { "Begin" }, .logs = { "makes no sense" } },
	BEGUN("domains must be a text", "{'parameters':{'state':'enrol','domains':7}}"),
	BEGUN("domains must be given once", "{'parameters':{'state':'enrol','domains':'a','domains':'a'}}"),
	{ .name = "enrol: Begin must not have the purpose", .script = { ENROLLING }, .pam = PAM_SYSTEM_ERR, .calls = { "Begin" }, .logs = { "makes no sense" } },
	ENROL_SAYS("the purpose of a login", CHALLENGE),
	ENROL_SAYS("the purpose of an address", CHALLENGE_AS("verify_address", "K7Q", "queued", "false")),
	ENROL_SAYS("verified", VERIFIED),
	ENROL_SAYS("exempt", STATE("exempt")),
	ENROL_SAYS("not enrolled", STATE("not_enrolled")),
	ENROL_SAYS("enrol", STATE("enrol")),
	ENROL_SAYS("a wrong code", WRONG("4")),
	ENROL_SAYS("busy", ERROR_AFTER("Busy", "1")),
	ENROL_SAYS("an outcome of accounts", ERROR("MustReset")),
	ENROL_SAYS("an address that is bad for no reason", ERROR("BadAddress")),
	CODE_SAYS("the address is verified", STATE("address_verified")),
	CODE_SAYS("exempt", STATE("exempt")),
	CODE_SAYS("not enrolled", STATE("not_enrolled")),
	CODE_SAYS("enrol", STATE("enrol")),
	{ .name = "enrol: Resend cannot make a login of it", .script = { STATE("enrol"), ENROLLING, CHALLENGE }, .answers = { "a@example.org", "r" },
	  .pam = PAM_SYSTEM_ERR, .calls = { "Begin", "Enrol", "Resend" }, .prompts = { ADDRESS, SENT }, .logs = { "makes no sense" } },
	{ .name = "enrol: Resend that fails is the end", .script = { STATE("enrol"), ENROLLING, ERROR("Unavailable") }, .answers = { "a@example.org", "r" },
	  .pam = PAM_AUTHINFO_UNAVAIL, .calls = { "Begin", "Enrol", "Resend" }, .prompts = { ADDRESS, SENT, "err:" }, .logs = { "authinfo_unavail" } },
	{ .name = "enrol: in the account phase is nonsense", .entry = ACCOUNT, .script = { STATE("enrol") }, .pam = PAM_SYSTEM_ERR,
	  .calls = { "Auth.Account" }, .logs = { "makes no sense" } },
	{ .name = "enrol: an account cannot", .args = "password=account", .script = { STATE("enrol") }, .answers = { "right horse" }, .pam = PAM_SYSTEM_ERR,
	  .calls = { "Login" }, .prompts = { "off:Password: " }, .logs = { "makes no sense" } },
};
/* clang-format on */

DEFINE_ROWS(enrol);
