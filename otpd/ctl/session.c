/* SPDX-License-Identifier: MIT */
/*
 * Calls to otpd, and the one place where their failures become sentences. Each sentence
 * says what to do next; that is kept in two tables, one for the refusals of the daemon
 * and one for what can be wrong on the way to it.
 */
#include "otpd/ctl/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/output.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"

/* What a caller does about a refusal. The ones with numbers are in refusal_detail. */
static const char *const next_steps[OUTCOME_MAX] = {
	[OUTCOME_WRONG_CODE] = "type the newest code you got",
	[OUTCOME_EXPIRED] = "begin again",
	[OUTCOME_BURNT] = "begin again",
	[OUTCOME_LOCKED] = "an administrator can run: otpctl users unlock USER",
	[OUTCOME_THROTTLED] = "wait, then try again",
	[OUTCOME_NO_CHALLENGE] = "begin again",
	[OUTCOME_DENIED] = "this needs root; run it with sudo",
	[OUTCOME_UNAVAILABLE] = "run: otpctl status, and journalctl -u otpd",
	[OUTCOME_BAD_ADDRESS] = "correct the address",
	[OUTCOME_BAD_NAME] = "use the name that the system has (getent passwd)",
	[OUTCOME_NO_USER] = "see: otpctl users list",
	[OUTCOME_EXISTS] = "to change the address: otpctl users add --replace",
	[OUTCOME_NOT_ALLOWED] =
		"ask the administrator (self_enrol and enrol_domains in "
		"otpd.conf)",
};

static const struct fault {
	int r;
	int exit_code;
	const char *word;
	const char *text;
} faults[] = {
	{ -ENOENT, OUTPUT_UNREACHABLE, "NotReachable",
		"otpd is not running (there is no such socket); start it with: systemctl "
		"start otpd" },
	{ -ECONNREFUSED, OUTPUT_UNREACHABLE, "NotReachable",
		"otpd is not running (nobody listens on the socket); start it with: "
		"systemctl start otpd" },
	{ -EACCES, OUTPUT_UNREACHABLE, "NotReachable",
		"no access to the socket; be root or a member of the group otpd-clients" },
	{ -EPERM, OUTPUT_UNREACHABLE, "NotReachable",
		"no access to the socket; be root or a member of the group otpd-clients" },
	{ -ENAMETOOLONG, OUTPUT_USAGE, "Usage",
		"the path of the socket is too long; give a shorter one with --socket" },
	{ -ETIMEDOUT, OUTPUT_UNREACHABLE, "TimedOut",
		"otpd did not answer in time; try again with a longer --timeout, and look "
		"at: journalctl -u otpd" },
	{ -ECONNRESET, OUTPUT_UNREACHABLE, "NotReachable",
		"otpd closed the connection without an answer; try again, and look at: "
		"journalctl -u otpd" },
	{ -EPROTO, OUTPUT_UNREACHABLE, "Protocol",
		"the answer is not one of otpd; see what listens there (ss -xlp), or give "
		"the right socket with --socket" },
	{ -EMSGSIZE, OUTPUT_UNREACHABLE, "Protocol",
		"a message is longer than the protocol allows; check the arguments, and "
		"what listens on the socket (ss -xlp)" },
	{ -ENOSYS, OUTPUT_UNREACHABLE, "Protocol",
		"this otpd does not know the call; restart it if it was upgraded: "
		"systemctl restart otpd" },
	{ -EILSEQ, OUTPUT_USAGE, "Usage",
		"an argument is not UTF-8; type it in a terminal that is set to UTF-8" },
	{ -ENOMEM, OUTPUT_OTHER, "Failed",
		"there is not enough memory; close something and try again" },
};

int session_call(struct session *session, const char *method, json_t *parameters,
	json_t **ret_out)
{
	CLEANUP(json_decrefp) json_t *owned = parameters;
	int r = 0;

	*ret_out = NULL;
	if (!owned)
		return -EILSEQ;
	if (session->client.fd < 0)
		r = client_open(&session->client, session->socket, session->timeout_ms);
	if (r < 0)
		return r;
	return client_call(&session->client, method, owned, ret_out);
}

void session_close(struct session *session)
{
	client_close(&session->client);
}

/* " (in 5 min)", " (the domain has no dot)": what the refusal carries. */
static void refusal_detail(char *text, size_t size, const json_t *out)
{
	const json_t *retry = json_object_get(out, "retry_after");
	const json_t *left = json_object_get(out, "tries_left");
	const char *reason = json_string_value(json_object_get(out, "reason"));
	char span[OUTPUT_SPAN];

	text[0] = '\0';
	if (json_is_integer(retry) && json_integer_value(retry) > 0) {
		output_span(span, json_integer_value(retry));
		snprintf(text, size, " (for %s)", span);
	} else if (json_is_integer(left))
		snprintf(text, size, " (%lld tries left)",
			(long long)json_integer_value(left));
	else if (reason)
		snprintf(text, size, " (%s)", reason);
}

static int explain_refusal(const struct session *session, int outcome,
	const json_t *out, const char *about)
{
	char detail[256];

	refusal_detail(detail, sizeof(detail), out);
	output_error(session->json, outcome_name(outcome), "%s%s%s%s; %s",
		about ? about : "", about ? ": " : "", outcome_text(outcome), detail,
		next_steps[outcome]);
	return OUTPUT_REFUSED;
}

static const struct fault *find_fault(int r)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].r == r)
			return &faults[i];
	return NULL;
}

int session_explain(
	const struct session *session, int r, const json_t *out, const char *about)
{
	const char *name = json_string_value(json_object_get(out, "parameter"));
	const struct fault *fault = find_fault(r);

	if (r > 0)
		return explain_refusal(session, r, out, about);
	if (r == -EINVAL) {
		output_error(session->json, "InvalidParameter",
			"%s%sotpd does not accept this value of \"%s\"; shorten or "
			"correct it",
			about ? about : "", about ? ": " : "", name ? name : "?");
		return OUTPUT_REFUSED;
	}
	if (fault && fault->exit_code != OUTPUT_UNREACHABLE) {
		output_error(session->json, fault->word, "%s", fault->text);
		return fault->exit_code;
	}
	output_error(session->json, fault ? fault->word : "NotReachable", "%s: %s",
		session->socket, fault ? fault->text : strerror(-r));
	return OUTPUT_UNREACHABLE;
}
