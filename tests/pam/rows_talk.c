/* SPDX-License-Identifier: MIT */
/* Conversations that misbehave. Begin has been called; nothing else may be, Cancel
 * least. */
#include "tests/pam/rows.h"

/* clang-format off */
#define BROKEN(text, answer, n) .name = "19 conversation: " text, .script = { CHALLENGE, VERIFIED }, \
	.answers = { answer }, .pam = PAM_CONV_ERR, .calls = { "Begin" }, .prompts = { n }, \
	.logs = { "refused, nobody answered the prompt: user=\"daemon\" service=\"otptest\" rhost=\"\" ref=K7Q result=conv_err" }
#define NO_CODE(text, answer) .name = "20 conversation: " text, .script = { CHALLENGE, VERIFIED }, \
	.args = "prompts=1", .answers = { answer, "123456" }, .pam = PAM_AUTH_ERR, .calls = { "Begin" }, \
	.prompts = { FIRST }, .logs = { "the last answer was not a code" }

static const struct row table[] = {
	{ BROKEN("none", "@noconv", NULL) },
	{ BROKEN("fails", "@fail", "on:") },
	{ BROKEN("fails with a response", "@failresp", "on:") },
	{ BROKEN("is out of memory", "@buferr", "on:") },
	{ BROKEN("wants to be called again", "@again", "on:") },
	{ BROKEN("aborts", "@abort", "on:") },
	{ BROKEN("returns a number of its own", "@weird", "on:") },
	{ BROKEN("succeeds without a response", "@null", "on:") },
	{ BROKEN("responds without a text", "@nulltext", "on:") },
	{ .name = "19 conversation: ends after a wrong code", .script = { CHALLENGE, WRONG("4") },
	  .answers = { "111111", "@fail" }, .pam = PAM_CONV_ERR, .calls = { "Begin", "Verify" },
	  .prompts = { "on:", "on:" }, .logs = { "conv_err" } },
	{ .name = "1 conversation: a response code is not looked at", .script = { CHALLENGE, VERIFIED },
	  .answers = { "@retcode:123456" }, .pam = PAM_SUCCESS, .calls = { "Begin", "Verify" }, .prompts = { "on:" } },
	{ NO_CODE("nothing typed", "") },
	{ NO_CODE("only separators", " - - ") },
	{ NO_CODE("one digit too few", "12345") },
	{ NO_CODE("one digit too many", "1234567") },
	{ NO_CODE("a tab between", "123\t456") },
	{ NO_CODE("a line end", "123456\n") },
	{ NO_CODE("a carriage return", "123456\r") },
	{ NO_CODE("sshd's fake password", "\b\n\r\177INCORRECT") },
	{ NO_CODE("the password", "correct horse"), .never = "correct horse" },
	{ NO_CODE("not UTF-8", "\xff\xfe\x80") },
	{ NO_CODE("digits of another script", "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6") },
	{ NO_CODE("an escape sequence", "\x1b[A123456"), .never = "\x1b" },
	{ NO_CODE("512 digits", "@fill:512") },
	{ NO_CODE("513 digits", "@fill:513") },
	{ NO_CODE("4096 digits", "@fill:4096") },
	{ NO_CODE("4097 digits", "@fill:4097") },
	{ NO_CODE("a megabyte of digits", "@fill:1048576") },
	{ NO_CODE("JSON", "\",\"code\":\"123456"), .never = "\"code\"" },
	{ NO_CODE("format directives", "%s%n%x%d"), .never = "%n" },
};
/* clang-format on */

DEFINE_ROWS(talk);
