/* SPDX-License-Identifier: MIT */
/* Recovery codes at the prompt for a code: what goes to Auth.Recover, and what comes of
 * it. */
#include "tests/pam/rows.h"

#define ASK         "Code, r for a new one, or a recovery code: "
#define NO_MAIL_ASK "r to have a code mailed, or a recovery code: "
#define VERIFY(code)                                                          \
	"{'method':'org.emailotp.Auth.Verify','parameters':{'challenge':'" ID \
	"','code':'" code "'}}"
#define RESEND \
	"{'method':'org.emailotp.Auth.Resend','parameters':{'challenge':'" ID "'}}"

/* No code was mailed: the challenge of a user who is locked, and the one without mail.
 */
#define FIELDS(delivery, resend)                                                      \
	"'challenge':'" ID "','purpose':'login','reference':'K7Q','length':6,"        \
	"'alphabet':'digits','expires_in':600,'resend_in':" resend ",'tries_left':5," \
	"'delivery':'" delivery "','resumed':false"
#define LOCKED_WITH(more) \
	"{'parameters':{'state':'challenge'," FIELDS("none", "0") "," more "}}"
#define LOCKED         LOCKED_WITH("'locked':true,'retry_after':3590")
#define NO_MAIL(after) "{'parameters':{'state':'challenge'," FIELDS("none", after) "}}"
#define LOCKED_FIRST                                                                \
	"on:Sign-in by code is locked for 60 minutes, after too many wrong codes. " \
	"Recovery code, or Enter to give up: "

/* clang-format off */
#define FORM(text, answer) { .name = "recovery: typed " text, .script = { CHALLENGE, VERIFIED }, .answers = { answer }, \
	.pam = PAM_SUCCESS, .calls = { "Begin", RECOVER(SQUEEZED) }, .prompts = { FIRST }, .never = NULL }
#define NO_FORM(text, answer) { .name = "recovery: " text " is none", .args = "prompts=1", .script = { CHALLENGE, VERIFIED }, .answers = { answer }, \
	.pam = PAM_AUTH_ERR, .calls = { "Begin" }, .prompts = { FIRST }, .logs = { "the last answer was not a code" } }
#define NONSENSE(text, reply) { .name = "recovery: " text, .script = { CHALLENGE, reply }, .answers = { WRITTEN }, .pam = PAM_SYSTEM_ERR, \
	.calls = { "Begin", RECOVER(SQUEEZED) }, .prompts = { FIRST }, .logs = { "makes no sense" } }
#define BROKEN(text, answer) { .name = "locked: conversation: " text, .script = { LOCKED, VERIFIED }, .answers = { answer }, .pam = PAM_CONV_ERR, \
	.calls = { "Begin" }, .prompts = { LOCKED_FIRST }, .logs = { "nobody answered the prompt" } }
#define BEGUN(text, begun) { .name = "recovery: " text, .script = { begun, VERIFIED }, .answers = { WRITTEN }, .pam = PAM_SYSTEM_ERR, \
	.calls = { "Begin" }, .logs = { "makes no sense" } }

static const struct row table[] = {
	FORM("with hyphens", WRITTEN),
	FORM("in capitals", "CDFG-HJKM-NPQR-TVWX-0123"),
	FORM("without hyphens", "cdfghjkmnpqrtvwx0123"),
	FORM("with blanks", " cdfg hjkm npqr  tvwx 0123 "),
	FORM("with a tab", "cdfg\thjkm-npqrtvwx0123"),
	FORM("with look-alikes", "cdfg-hjkm-npqr-tvwx-OI23"),
	FORM("with an l", "cdfg-hjkm-npqr-tvwx-ol23"),
	NO_FORM("a letter too few", "cdfg-hjkm-npqr-tvwx-012"),
	NO_FORM("a letter too many", "cdfg-hjkm-npqr-tvwx-01234"),
	NO_FORM("an u", "cdfg-hjkm-npqr-tvwx-012u"),
	NO_FORM("a dot", "cdfg.hjkm.npqr.tvwx.0123"),
	NO_FORM("another script", "cdfg-hjkm-npqr-tvwx-012\xd9\xa1"),
	NO_FORM("a line end", WRITTEN "\n"),
	NO_FORM("not UTF-8", "cdfg-hjkm-npqr-tvwx-012\xff"),
	NO_FORM("only hyphens", "--------------------"),
	{ .name = "recovery: a wrong one, then the right one", .script = { CHALLENGE, WRONG("4"), VERIFIED },
	  .answers = { "00000-00000-00000-00000", WRITTEN }, .pam = PAM_SUCCESS,
	  .calls = { "Begin", RECOVER("00000000000000000000"), RECOVER(SQUEEZED) },
	  .prompts = { FIRST, "on:Wrong recovery code (4 tries left). " ASK } },
	{ .name = "recovery: a wrong one, then the code of the mail", .script = { CHALLENGE, WRONG("1"), VERIFIED },
	  .answers = { WRITTEN, "123456" }, .pam = PAM_SUCCESS, .calls = { "Begin", RECOVER(SQUEEZED), VERIFY("123456") },
	  .prompts = { FIRST, "on:Wrong recovery code (1 try left). " ASK } },
	{ .name = "recovery: wrong ones until no prompt is left", .script = { CHALLENGE, WRONG("4"), WRONG("3"), WRONG("2"), VERIFIED },
	  .answers = { WRITTEN, WRITTEN, WRITTEN, WRITTEN }, .pam = PAM_AUTH_ERR, .calls = { "Begin", "Recover", "Recover", "Recover" },
	  .prompts = { "on:", "on:", "on:" }, .logs = { "no prompt is left, the last code was wrong" }, .never = "cdfg" },
	{ .name = "recovery: its budget is used up, the mailed code still good", .script = { CHALLENGE, ERROR_AFTER("Locked", "3590"), VERIFIED },
	  .answers = { WRITTEN, "123456" }, .pam = PAM_SUCCESS, .calls = { "Begin", "Recover", "Verify" },
	  .prompts = { FIRST, "on:Recovery codes are locked for 60 minutes, after too many wrong ones; the last has reference K7Q. " ASK } },
	{ .name = "recovery: otpd is busy for a moment", .script = { CHALLENGE, ERROR_AFTER("Busy", "2"), VERIFIED },
	  .answers = { WRITTEN, WRITTEN }, .pam = PAM_SUCCESS, .calls = { "Begin", "Recover", "Recover" },
	  .prompts = { FIRST, "on:otpd is busy; try the recovery code again in 2 s. " ASK } },
	{ .name = "recovery: otpd stays busy", .script = { CHALLENGE, ERROR_AFTER("Busy", "2"), ERROR_AFTER("Busy", "2"), ERROR_AFTER("Busy", "2") },
	  .answers = { WRITTEN, WRITTEN, WRITTEN, WRITTEN }, .pam = PAM_MAXTRIES, .calls = { "Begin", "Recover", "Recover", "Recover" },
	  .prompts = { "on:", "on:otpd is busy", "on:otpd is busy" }, .logs = { "maxtries" } },
	{ .name = "recovery: only Recover can be busy", .script = { CHALLENGE, ERROR_AFTER("Busy", "2") }, .answers = { "123456" },
	  .pam = PAM_SYSTEM_ERR, .calls = { "Begin", "Verify" }, .prompts = { FIRST }, .logs = { "makes no sense" } },
	{ .name = "recovery: the challenge is gone", .script = { CHALLENGE, ERROR("NoChallenge") }, .answers = { WRITTEN }, .pam = PAM_AUTH_ERR,
	  .calls = { "Begin", "Recover" }, .prompts = { FIRST, "err:This code is no longer good" }, .logs = { "the challenge is gone" } },
	{ .name = "recovery: not available", .script = { CHALLENGE, ERROR("Unavailable") }, .answers = { WRITTEN }, .pam = PAM_AUTHINFO_UNAVAIL,
	  .calls = { "Begin", "Recover" }, .prompts = { FIRST, "err:Sign-in by code is not available now." }, .logs = { "authinfo_unavail" } },
	{ .name = "recovery: otpd hangs", .script = { CHALLENGE, "@hang" }, .answers = { WRITTEN }, .pam = PAM_AUTHINFO_UNAVAIL, .once = true,
	  .calls = { "Begin", "Recover" }, .prompts = { FIRST, "err:" }, .logs = { "otpd did not answer in time" }, .never = "cdfg" },
	{ .name = "recovery: otpd does not know the method", .script = { CHALLENGE, "{'error':'org.varlink.service.MethodNotFound'}" }, .answers = { WRITTEN },
	  .pam = PAM_SYSTEM_ERR, .calls = { "Begin", "Recover" }, .prompts = { FIRST }, .logs = { "MethodNotFound" } },
	{ .name = "recovery: of an address that is not proven", .script = { CHALLENGE_AS("verify_address", "K7Q", "queued", "false"), VERIFIED },
	  .answers = { WRITTEN }, .pam = PAM_SUCCESS, .calls = { "Begin", RECOVER(SQUEEZED) }, .prompts = { "on:Your e-mail address is not verified." } },
	{ .name = "recovery: with the receipt", .args = "token", .script = { CHALLENGE, VERIFIED_WITH(TOKEN) }, .answers = { WRITTEN },
	  .pam = PAM_SUCCESS, .calls = { "Begin", "'code':'" SQUEEZED "','token':true}}" }, .prompts = { FIRST }, .token = TOKEN },
	{ .name = "recovery: the receipt is missing", .args = "token", .script = { CHALLENGE, VERIFIED }, .answers = { WRITTEN },
	  .pam = PAM_SYSTEM_ERR, .calls = { "Begin", "Recover" }, .prompts = { FIRST }, .logs = { "makes no sense" } },
	{ .name = "recovery: an unknown user gets nowhere", .user = "no-such-user", .script = { CHALLENGE, VERIFIED }, .answers = { WRITTEN },
	  .pam = PAM_AUTH_ERR, .calls = { "Begin", "Recover" }, .prompts = { FIRST }, .logs = { "is not known" } },
	{ .name = "recovery: an unknown user sees the same", .user = "no-such-user", .script = { CHALLENGE, WRONG("4"), WRONG("3"), WRONG("2") },
	  .answers = { WRITTEN, WRITTEN, WRITTEN }, .pam = PAM_AUTH_ERR, .calls = { "Begin", "Recover", "Recover", "Recover" },
	  .prompts = { FIRST, "on:Wrong recovery code (4 tries left). " ASK, "on:Wrong" }, .logs = { "is not known" } },
	NONSENSE("Recover cannot challenge", CHALLENGE),
	NONSENSE("Recover cannot exempt", STATE("exempt")),
	NONSENSE("Recover cannot find the user not enrolled", STATE("not_enrolled")),
	NONSENSE("Recover cannot prove an address", STATE("address_verified")),
	NONSENSE("Recover cannot enrol", STATE("enrol")),
	NONSENSE("Recover cannot say none", STATE("none")),
	NONSENSE("an answer without a state", "{'parameters':{}}"),
	NONSENSE("an outcome of accounts", ERROR("MustReset")),
	NONSENSE("WrongCode without its counters", ERROR("WrongCode")),
	NONSENSE("Locked without a time", ERROR("Locked")),
	NONSENSE("Busy without a time", ERROR("Busy")),

	/* No code was mailed. */
	{ .name = "locked: a recovery code lets in", .script = { LOCKED, VERIFIED }, .answers = { WRITTEN }, .pam = PAM_SUCCESS,
	  .calls = { "Begin", RECOVER(SQUEEZED) }, .prompts = { LOCKED_FIRST } },
	{ .name = "locked: until an administrator unlocks it", .script = { LOCKED_WITH("'locked':true,'retry_after':0"), VERIFIED }, .answers = { WRITTEN },
	  .pam = PAM_SUCCESS, .calls = { "Begin", "Recover" }, .prompts = { "on:Sign-in by code is locked until an administrator unlocks it. Recovery code, or Enter to give up: " } },
	{ .name = "locked: the time may be null", .script = { LOCKED_WITH("'locked':true,'retry_after':null"), VERIFIED }, .answers = { WRITTEN },
	  .pam = PAM_SUCCESS, .calls = { "Begin", "Recover" }, .prompts = { "on:Sign-in by code is locked until an administrator" } },
	{ .name = "locked: prompt= does not stand there", .args = "[prompt=Your code: ]", .script = { LOCKED, VERIFIED }, .answers = { WRITTEN },
	  .pam = PAM_SUCCESS, .calls = { "Begin", "Recover" }, .prompts = { LOCKED_FIRST } },
	{ .name = "locked: Enter gives up", .script = { LOCKED, VERIFIED }, .answers = { "" }, .pam = PAM_MAXTRIES, .calls = { "Begin" },
	  .prompts = { LOCKED_FIRST, "err:Sign-in by code is locked" }, .logs = { "the user's second step is locked" } },
	{ .name = "locked: nothing but a recovery code is sent", .script = { LOCKED, VERIFIED }, .answers = { "123456", "r", "correct horse", WRITTEN },
	  .pam = PAM_MAXTRIES, .calls = { "Begin" }, .never = "correct horse",
	  .prompts = { LOCKED_FIRST, "on:That is not a recovery code (20 letters and digits). Recovery code, or Enter to give up: ", "on:", "err:" },
	  .logs = { "maxtries" } },
	{ .name = "locked: a wrong one, then the right one", .script = { LOCKED, WRONG("4"), VERIFIED }, .answers = { WRITTEN, WRITTEN },
	  .pam = PAM_SUCCESS, .calls = { "Begin", "Recover", "Recover" }, .prompts = { LOCKED_FIRST, "on:Wrong recovery code (4 tries left). Recovery code, or Enter to give up: " } },
	{ .name = "locked: and its own budget is used up", .script = { LOCKED, ERROR_AFTER("Locked", "60") }, .answers = { WRITTEN },
	  .pam = PAM_MAXTRIES, .calls = { "Begin", "Recover" }, .prompts = { LOCKED_FIRST, "err:Sign-in by code is locked" }, .logs = { "maxtries" } },
	{ .name = "locked: otpd is busy", .script = { LOCKED, ERROR_AFTER("Busy", "3"), VERIFIED }, .answers = { WRITTEN, WRITTEN }, .pam = PAM_SUCCESS,
	  .calls = { "Begin", "Recover", "Recover" }, .prompts = { LOCKED_FIRST, "on:otpd is busy; try the recovery code again in 3 s. Recovery code, or Enter" } },
	BROKEN("fails with a response", "@failresp"),
	BROKEN("is out of memory", "@buferr"),
	BROKEN("wants to be called again", "@again"),
	BROKEN("aborts", "@abort"),
	BROKEN("returns a number of its own", "@weird"),
	BROKEN("succeeds without a response", "@null"),
	BROKEN("responds without a text", "@nulltext"),
	{ .name = "locked: a megabyte", .args = "prompts=1", .script = { LOCKED, VERIFIED }, .answers = { "@fill:1048576" }, .pam = PAM_AUTH_ERR,
	  .calls = { "Begin" }, .prompts = { LOCKED_FIRST }, .logs = { "the last answer was not a code" } },
	{ .name = "locked: nobody answers", .script = { LOCKED, VERIFIED }, .answers = { "@fail" }, .pam = PAM_CONV_ERR, .calls = { "Begin" },
	  .prompts = { LOCKED_FIRST }, .logs = { "conv_err" } },
	{ .name = "locked: is false where nothing is", .script = { LOCKED_WITH("'locked':false,'retry_after':null,'domains':null"), VERIFIED }, .answers = { WRITTEN },
	  .pam = PAM_SUCCESS, .calls = { "Begin", "Recover" }, .prompts = { "on:No code can be mailed now. " NO_MAIL_ASK } },
	BEGUN("locked must be a boolean", LOCKED_WITH("'locked':1")),
	BEGUN("locked must not be a text", LOCKED_WITH("'locked':'true'")),
	BEGUN("the time of a lock is a number", LOCKED_WITH("'locked':true,'retry_after':'60'")),
	BEGUN("the time of a lock is not negative", LOCKED_WITH("'locked':true,'retry_after':-1")),
	BEGUN("the time of a lock has an end", LOCKED_WITH("'locked':true,'retry_after':99999999999")),
	{ .name = "no mail: a recovery code lets in", .script = { NO_MAIL("43"), VERIFIED }, .answers = { WRITTEN }, .pam = PAM_SUCCESS,
	  .calls = { "Begin", RECOVER(SQUEEZED) }, .prompts = { "on:No code can be mailed for 43 s. " NO_MAIL_ASK } },
	{ .name = "no mail: prompt= does not stand there", .args = "[prompt=Your code: ]", .script = { NO_MAIL("0"), VERIFIED }, .answers = { WRITTEN },
	  .pam = PAM_SUCCESS, .calls = { "Begin", "Recover" }, .prompts = { "on:No code can be mailed now. " NO_MAIL_ASK } },
	{ .name = "no mail: a code is not sent, for there is none", .args = "prompts=2", .script = { NO_MAIL("43"), VERIFIED }, .answers = { "123456", "" },
	  .pam = PAM_AUTH_ERR, .calls = { "Begin" }, .prompts = { "on:No code can be", "on:No code has been mailed yet. " NO_MAIL_ASK },
	  .logs = { "the last answer was not a code" } },
	{ .name = "no mail: until r mails one", .script = { NO_MAIL("43"), ERROR_AFTER("Throttled", "7"), CHALLENGE, VERIFIED },
	  .answers = { "r", "r", "123456" }, .pam = PAM_SUCCESS, .calls = { "Begin", RESEND, RESEND, VERIFY("123456") },
	  .prompts = { "on:No code can be mailed for 43 s. ", "on:No new code can be sent for 7 s. " NO_MAIL_ASK, "on:A new code was e-mailed to you (reference K7Q" } },
	{ .name = "no mail: r, and there is still none", .script = { NO_MAIL("43"), NO_MAIL("20"), VERIFIED }, .answers = { "r", WRITTEN },
	  .pam = PAM_SUCCESS, .calls = { "Begin", RESEND, "Recover" }, .prompts = { "on:", "on:No code can be mailed for 20 s. " NO_MAIL_ASK } },
	{ .name = "no mail: r fails, the recovery code does not", .script = { NO_MAIL("0"), ERROR("Unavailable"), VERIFIED }, .answers = { "r", WRITTEN },
	  .pam = PAM_SUCCESS, .calls = { "Begin", RESEND, "Recover" }, .prompts = { "on:", "on:No code can be mailed now. " NO_MAIL_ASK } },
	{ .name = "no mail: r fails until no prompt is left", .script = { NO_MAIL("0"), ERROR("Unavailable"), ERROR("Unavailable"), ERROR("Unavailable") },
	  .answers = { "r", "r", "r", "r" }, .pam = PAM_AUTHINFO_UNAVAIL, .calls = { "Begin", RESEND, RESEND, RESEND },
	  .prompts = { "on:", "on:", "on:", "err:" }, .logs = { "authinfo_unavail" } },
	{ .name = "a resend that fails leaves the code that there is", .script = { CHALLENGE, ERROR("Unavailable"), VERIFIED }, .answers = { "r", "123456" },
	  .pam = PAM_SUCCESS, .calls = { "Begin", RESEND, "Verify" }, .prompts = { FIRST, "on:No code can be mailed now; the last has reference K7Q. " ASK } },

	/* Where there is no prompt for one. */
	{ .name = "append asks for no recovery code", .args = "append password=system use_first_pass", .authtok = "x",
	  .script = { NONE }, .pam = PAM_AUTH_ERR, .calls = { "Find" }, .logs = { "the password is wrong" } },
	{ .name = "recovery: at the sign-in of an account", .args = "password=account", .script = { CHALLENGE, WRONG("4"), VERIFIED },
	  .answers = { "right horse", WRITTEN, WRITTEN }, .pam = PAM_SUCCESS, .calls = { "Login", RECOVER(SQUEEZED), RECOVER(SQUEEZED) },
	  .prompts = { "off:Password: ", FIRST, "on:Wrong recovery code (4 tries left). " ASK } },
};
/* clang-format on */

DEFINE_ROWS(recovery);
