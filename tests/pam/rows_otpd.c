/* SPDX-License-Identifier: MIT */
/* An otpd that is absent, hangs, breaks off, talks nonsense, or is somebody else. */
#include "tests/pam/rows.h"

/* clang-format off */
#define UNAVAIL(text) .name = text, .pam = PAM_AUTHINFO_UNAVAIL, .prompts = { "err:Sign-in by code is not available now." }
#define NONSENSE(text, reply) { .name = "14 " text, .script = { reply }, .pam = PAM_SYSTEM_ERR, \
	.calls = { "Begin" }, .logs = { "refused, otpd's answer makes no sense: " } }

static const struct row table[] = {
	{ UNAVAIL("10 no socket"), .kind = FAKE_ABSENT, .logs = { "refused, otpd is not running, its socket is missing: user=\"daemon\" service=\"otptest\" rhost=\"\" ref=- result=authinfo_unavail error=\"ENOENT\"" } },
	{ UNAVAIL("10 nobody listens"), .kind = FAKE_DEAD, .logs = { "its socket refuses" } },
	{ UNAVAIL("11 Begin is not answered"), .script = { "@hang" }, .calls = { "Begin" }, .logs = { "otpd did not answer in time" }, .once = true },
	{ .name = "11 Verify is not answered", .script = { CHALLENGE, "@hang" }, .answers = { "123456" }, .pam = PAM_AUTHINFO_UNAVAIL,
	  .calls = { "Begin", "Verify" }, .prompts = { "on:", "err:" }, .logs = { "ETIMEDOUT" }, .once = true },
	{ UNAVAIL("11 the backlog is full"), .kind = FAKE_FULL, .logs = { "ETIMEDOUT" }, .once = true },
	{ UNAVAIL("11 half an answer, then nothing"), .script = { "@stall:{'parameters'" }, .calls = { "Begin" }, .logs = { "ETIMEDOUT" }, .once = true },
	{ UNAVAIL("Begin is closed without an answer"), .script = { "@close" }, .calls = { "Begin" }, .logs = { "otpd closed the connection without an answer" } },
	{ .name = "otpd is killed between Begin and Verify", .script = { CHALLENGE, "@close" }, .answers = { "123456" }, .pam = PAM_AUTHINFO_UNAVAIL,
	  .calls = { "Begin", "Verify" }, .prompts = { "on:", "err:" }, .logs = { "closed the connection" } },
	{ .name = "15 somebody else listens", .kind = FAKE_FOREIGN, .script = { VERIFIED, VERIFIED }, .pam = PAM_SYSTEM_ERR,
	  .calls = { "(cut)" }, .logs = { "refused, what listens on otpd's socket is neither root nor otpd: " } },
	NONSENSE("text", "hello"),
	NONSENSE("only a NUL", "@nul"),
	NONSENSE("cut in a word", "@raw:{'parameters':{'state':'verif"),
	NONSENSE("cut before the NUL", "@raw:" VERIFIED),
	NONSENSE("two answers", "@two:" VERIFIED),
	NONSENSE("something behind it", VERIFIED " x"),
	NONSENSE("nested 8,000 deep", "@nest:8000"),
	NONSENSE("8191 bytes of nothing", "@fill:8191"),
	{ .name = "14 8192 bytes without a NUL", .script = { "@fill:8192" }, .pam = PAM_SYSTEM_ERR, .calls = { "Begin" }, .logs = { "otpd's answer is too long" } },
	{ .name = "14 a megabyte", .script = { "@fill:1048576" }, .pam = PAM_SYSTEM_ERR, .calls = { "Begin" }, .logs = { "otpd's answer is too long" } },
	NONSENSE("an array", "['verified']"),
	NONSENSE("a nested state", "{'parameters':{'state':{'state':'verified'}}}"),
	NONSENSE("the state twice", "{'parameters':{'state':'challenge','state':'verified'}}"),
	NONSENSE("the parameters twice", "{'parameters':{},'parameters':{'state':'verified'}}"),
	NONSENSE("no parameters", "{}"),
	NONSENSE("no state", "{'parameters':{}}"),
	NONSENSE("a state of null", "{'parameters':{'state':null}}"),
	NONSENSE("a state of true", "{'parameters':{'state':true}}"),
	NONSENSE("a state of 0", "{'parameters':{'state':0}}"),
	NONSENSE("a state nobody knows", STATE("success")),
	NONSENSE("a state in capitals", STATE("VERIFIED")),
	NONSENSE("a state with more behind it", STATE("verified ")),
	NONSENSE("a state with a NUL", STATE("verified\\u0000x")),
	NONSENSE("the state outside of the parameters", "{'state':'verified'}"),
	NONSENSE("not UTF-8", "{'parameters':{'state':'verified','x':'\xff'}}"),
	NONSENSE("a fraction", "{'parameters':{'state':'verified','x':1.5}}"),
	NONSENSE("an answer that goes on", "{'parameters':{'state':'verified'},'continues':true}"),
	NONSENSE("only half of a challenge", STATE("challenge")),
	NONSENSE("Locked without a time", ERROR("Locked")),
	NONSENSE("Throttled without a time", ERROR("Throttled")),
	NONSENSE("Throttled with a negative time", ERROR_AFTER("Throttled", "-1")),
	NONSENSE("WrongCode for Begin", WRONG("3")),
	{ .name = "14 WrongCode without its counters", .script = { CHALLENGE, ERROR("WrongCode") }, .answers = { "111111" }, .pam = PAM_SYSTEM_ERR,
	  .calls = { "Begin", "Verify" }, .prompts = { "on:" }, .logs = { "makes no sense" } },
	{ .name = "14 nonsense at Verify", .script = { CHALLENGE, "{'parameters':{'state':'verified'}" }, .answers = { "123456" }, .pam = PAM_SYSTEM_ERR,
	  .calls = { "Begin", "Verify" }, .prompts = { "on:" }, .logs = { "makes no sense" } },
	{ .name = "an error of Varlink", .script = { "{'error':'org.varlink.service.MethodNotFound','parameters':{'method':'x'}}" }, .pam = PAM_SYSTEM_ERR,
	  .calls = { "Begin" }, .logs = { "otpd answered with an error that is not known here: user=\"daemon\" service=\"otptest\" rhost=\"\" ref=- result=system_err error=\"org.varlink.service.MethodNotFound\"" } },
	{ .name = "an error with control bytes", .script = { "{'error':'a\\n\\u001b[2J'}" }, .pam = PAM_SYSTEM_ERR,
	  .calls = { "Begin" }, .logs = { "error=\"a??[2J\"" } },
	{ .name = "an error of ours that Begin cannot have", .script = { ERROR("Exists") }, .pam = PAM_SYSTEM_ERR,
	  .calls = { "Begin" }, .logs = { "error=\"Exists\"" } },
	{ .name = "an error and a state", .script = { "{'error':'x.y','parameters':{'state':'verified'}}" }, .pam = PAM_SYSTEM_ERR,
	  .calls = { "Begin" }, .logs = { "error=\"x.y\"" } },
	{ .name = "1 fields that a newer otpd adds are left alone", .script = { "{'parameters':{'state':'verified','new':'x','newer':7,'newest':null}}" },
	  .pam = PAM_SUCCESS, .calls = { "Begin" } },
};
/* clang-format on */

DEFINE_ROWS(otpd);
