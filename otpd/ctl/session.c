/* SPDX-License-Identifier: MIT */
/*
 * Calls to otpd and otpd-mail, and the one place where their failures become sentences.
 * Each sentence says what to do next; that is kept in two tables, one for the refusals
 * of the daemon and one for what can be wrong on the way to it.
 *
 * MUST NOT send a byte before the listener's uid is known: codes go through here, and
 * somebody who has taken the socket's place could say that all is well.
 */
#include "otpd/ctl/session.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

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
	[OUTCOME_WRONG_PASSWORD] = "try again",
	[OUTCOME_BUSY] = "try again",
	[OUTCOME_NOT_VERIFIED] =
		"an administrator can run: otpctl accounts verify ACCOUNT",
	[OUTCOME_DISABLED] = "an administrator can run: otpctl accounts unlock ACCOUNT",
	[OUTCOME_MUST_RESET] = "set another password by a reset",
	[OUTCOME_BAD_PASSWORD] = "choose another one",
	[OUTCOME_BAD_LOGIN] = "choose another one",
	[OUTCOME_BAD_PROFILE] = "correct it",
	[OUTCOME_BAD_TOKEN] = "sign in again",
	[OUTCOME_RECOVERY_NEEDED] = "give one of the recovery codes",
};

const struct session_daemon session_otpd = {
	.name = "otpd",
	.user = "otpd",
	.option = "--socket",
	.access = "be root or a member of the group otpd-clients",
};

const struct session_daemon session_otpd_mail = {
	.name = "otpd-mail",
	.user = "otpd-mail",
	.option = "--mail-socket",
	.access = "this needs root; run it with sudo",
};

/* In the texts, {name}, {option} and {access} are those of the daemon. */
static const struct fault {
	int r;
	int exit_code;
	const char *word;
	const char *text;
} faults[] = {
	{ -ENOENT, OUTPUT_UNREACHABLE, "NotReachable",
		"{name} is not running (there is no such socket); start it with: "
		"systemctl start {name}" },
	{ -ECONNREFUSED, OUTPUT_UNREACHABLE, "NotReachable",
		"{name} is not running (nobody listens on the socket); start it with: "
		"systemctl start {name}" },
	{ -EACCES, OUTPUT_UNREACHABLE, "NotReachable",
		"no access to the socket; {access}" },
	{ -EPERM, OUTPUT_UNREACHABLE, "NotReachable",
		"no access to the socket; {access}" },
	{ -EKEYREJECTED, OUTPUT_UNREACHABLE, "NotReachable",
		"who listens there is neither root nor the user {name}, so nothing was "
		"sent; see who it is (ss -xlp), or give the right socket with {option}" },
	{ -ENAMETOOLONG, OUTPUT_USAGE, "Usage",
		"the path of the socket is too long; give a shorter one with {option}" },
	{ -ETIMEDOUT, OUTPUT_UNREACHABLE, "TimedOut",
		"{name} did not answer in time; try again with a longer --timeout, and "
		"look at: journalctl -u {name}" },
	{ -ECONNRESET, OUTPUT_UNREACHABLE, "NotReachable",
		"{name} closed the connection without an answer; try again, and look at: "
		"journalctl -u {name}" },
	{ -EPROTO, OUTPUT_UNREACHABLE, "Protocol",
		"the answer is not one of {name}; see what listens there (ss -xlp), or "
		"give the right socket with {option}" },
	{ -EMSGSIZE, OUTPUT_UNREACHABLE, "Protocol",
		"a message is longer than the protocol allows; check the arguments, and "
		"what listens on the socket (ss -xlp)" },
	{ -ENOSYS, OUTPUT_UNREACHABLE, "Protocol",
		"this {name} does not know the call; restart it if it was upgraded: "
		"systemctl restart {name}" },
	{ -EILSEQ, OUTPUT_USAGE, "Usage",
		"an argument is not UTF-8; type it in a terminal that is set to UTF-8" },
	{ -ENOMEM, OUTPUT_OTHER, "Failed",
		"there is not enough memory; close something and try again" },
};

/* SO_PEERCRED has the credentials of whoever called listen(): the daemon, or systemd
 * for it. The caller himself is as good: what he runs can do nothing that he cannot. */
static int check_server(const struct session *session)
{
	struct ucred server;
	socklen_t size = sizeof(server);
	const struct passwd *user;

	if (getsockopt(session->client.fd, SOL_SOCKET, SO_PEERCRED, &server, &size) < 0)
		return -errno;
	if (server.uid == 0 || server.uid == geteuid())
		return 0;
	user = getpwnam(session->daemon->user);
	return user && user->pw_uid == server.uid ? 0 : -EKEYREJECTED;
}

static int open_checked(struct session *session)
{
	int r = client_open(&session->client, session->socket, session->timeout_ms);

	if (r < 0)
		return r;
	r = check_server(session);
	if (r < 0)
		client_close(&session->client);
	return r;
}

int session_call(struct session *session, const char *method, json_t *parameters,
	json_t **ret_out)
{
	CLEANUP(json_decrefp) json_t *owned = parameters;
	int r = 0;

	*ret_out = NULL;
	if (!owned)
		return -EILSEQ;
	if (session->client.fd < 0)
		r = open_checked(session);
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
	const char *text = outcome_text(outcome), *next = next_steps[outcome];
	char detail[256];

	for (const struct session_words *words = session->words;
		words && words->outcome; words++) {
		if (words->outcome != outcome)
			continue;
		text = words->text;
		next = words->next;
	}
	refusal_detail(detail, sizeof(detail), out);
	output_error(session->json, outcome_name(outcome), "%s%s%s%s; %s",
		about ? about : "", about ? ": " : "", text, detail, next);
	return OUTPUT_REFUSED;
}

static const struct fault *find_fault(int r)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].r == r)
			return &faults[i];
	return NULL;
}

/* What stands for {name}, {option} or {access} at text; NULL if none of them does. */
static const char *value_at(
	const struct session_daemon *daemon, const char *text, size_t *ret_length)
{
	const struct {
		const char *mark;
		const char *value;
	} values[] = {
		{ "{name}", daemon->name },
		{ "{option}", daemon->option },
		{ "{access}", daemon->access },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		*ret_length = strlen(values[i].mark);
		if (strncmp(text, values[i].mark, *ret_length) == 0)
			return values[i].value;
	}
	return NULL;
}

void session_fault(
	const struct session *session, int r, char text[static SESSION_FAULT])
{
	const struct fault *fault = find_fault(r);
	const char *from = fault ? fault->text : strerror(-r);
	size_t n = 0;

	while (*from && n + 1 < SESSION_FAULT) {
		size_t length = 1;
		const char *value = value_at(session->daemon, from, &length);

		if (value)
			n += (size_t)snprintf(text + n, SESSION_FAULT - n, "%s", value);
		else
			text[n++] = *from;
		from += value ? length : 1;
		if (n >= SESSION_FAULT)
			n = SESSION_FAULT - 1;
	}
	text[n] = '\0';
}

int session_explain(
	const struct session *session, int r, const json_t *out, const char *about)
{
	const char *name = json_string_value(json_object_get(out, "parameter"));
	const struct fault *fault = find_fault(r);
	char text[SESSION_FAULT];

	if (r > 0)
		return explain_refusal(session, r, out, about);
	if (r == -EINVAL) {
		output_error(session->json, "InvalidParameter",
			"%s%s%s does not accept this value of \"%s\"; shorten or "
			"correct it",
			about ? about : "", about ? ": " : "", session->daemon->name,
			name ? name : "?");
		return OUTPUT_REFUSED;
	}
	session_fault(session, r, text);
	if (fault && fault->exit_code != OUTPUT_UNREACHABLE) {
		output_error(session->json, fault->word, "%s", text);
		return fault->exit_code;
	}
	output_error(session->json, fault ? fault->word : "NotReachable", "%s: %s",
		session->socket, text);
	return OUTPUT_UNREACHABLE;
}
