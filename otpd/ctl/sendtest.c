/* SPDX-License-Identifier: MIT */
/*
 * otpctl send-test: whether mail goes out, before a login depends on it. The mail takes
 * the way of every code (outbox, otpd-mail, relay); its row is asked for until its
 * state is final, and each change is shown with the time since the start. A relay's
 * refusal is shown in its own words, with a guess at what to change.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "otpd/core/address.h"
#include "otpd/ctl/commands.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/table.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define ADMIN   "org.emailotp.Admin."
#define POLL_MS 200

/* The mail as it was shown last. */
struct watch {
	char mail[LIMIT_CHALLENGE + 1];
	char state[16];
	char detail[LIMIT_DETAIL + 1];
	int64_t tries;
	int64_t started_ms;
};

static bool state_is_final(const char *state)
{
	static const char *const finals[] = { "sent", "failed", "dead", "void" };

	for (size_t i = 0; i < sizeof(finals) / sizeof(finals[0]); i++)
		if (strcmp(state, finals[i]) == 0)
			return true;
	return false;
}

/* What to change, from the words that relays and libcurl use. */
static const char *advice(const char *detail)
{
	static const char *const advices[][2] = {
		{ "535", "check user and password of the transport in mail.conf" },
		{ "534",
			"the relay wants another kind of password, often an app password" },
		{ "530", "the relay wants a login or TLS; see mail.conf(5)" },
		{ "login", "check user and password of the transport in mail.conf" },
		{ "auth", "check user and password of the transport in mail.conf" },
		{ "certificate",
			"the relay's certificate is not trusted; check host and CA "
			"in mail.conf" },
		{ "SSL", "check tls and port of the transport in mail.conf" },
		{ "TLS", "check tls and port of the transport in mail.conf" },
		{ "resolve", "check host of the transport in mail.conf, and DNS" },
		{ "connect",
			"check host and port of the transport in mail.conf, and the "
			"firewall" },
		{ "550",
			"the relay refuses sender or recipient; check from in mail.conf" },
		{ "553", "the relay refuses the sender; check from in mail.conf" },
		{ "554", "the relay refuses the mail; check from in mail.conf" },
	};

	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (strcasestr(detail, advices[i][0]))
			return advices[i][1];
	return "check mail.conf (otpd-mail --check), and look at: journalctl -u otpd-mail";
}

static void show_change(const struct session *session, const struct watch *watch)
{
	int64_t ms = clock_mono_ms() - watch->started_ms;

	if (session->json)
		return;
	printf("%6.1f s  %s", (double)ms / 1000, watch->state);
	if (watch->tries > 0)
		printf(", try %lld", (long long)watch->tries);
	printf("%s%s\n", watch->detail[0] ? ": " : "", watch->detail);
	fflush(stdout);
}

/* Takes over what is new. Returns -EPROTO if the answer has no mail. */
static int look(
	const struct session *session, struct watch *watch, const json_t *answer)
{
	const json_t *mail = json_object_get(answer, "mail");
	const char *state = json_string_value(json_object_get(mail, "state"));
	const char *detail = json_string_value(json_object_get(mail, "detail"));
	int64_t tries = json_integer_value(json_object_get(mail, "tries"));
	char clean_state[sizeof(watch->state)], clean_detail[sizeof(watch->detail)];

	if (!state)
		return -EPROTO;
	text_copy_clean(clean_state, sizeof(clean_state), state);
	text_copy_clean(clean_detail, sizeof(clean_detail), detail ? detail : "");
	table_straighten(clean_detail);
	if (tries == watch->tries && strcmp(clean_state, watch->state) == 0 &&
		strcmp(clean_detail, watch->detail) == 0)
		return 0;
	watch->tries = tries;
	memcpy(watch->state, clean_state, sizeof(watch->state));
	memcpy(watch->detail, clean_detail, sizeof(watch->detail));
	show_change(session, watch);
	return 0;
}

/* Asks until the state is final or the time is over. 0, or the exit code. */
static int follow(struct session *session, struct watch *watch, int64_t wait_s)
{
	int64_t end = watch->started_ms + wait_s * 1000;

	for (;;) {
		CLEANUP(json_decrefp) json_t *answer = NULL;
		int r = session_call(session, ADMIN "ShowMail",
			json_pack("{s:s}", "mail", watch->mail), &answer);

		if (r == 0)
			r = look(session, watch, answer);
		if (r != 0)
			return session_explain(session, r, answer, NULL);
		if (state_is_final(watch->state) || clock_mono_ms() >= end)
			return 0;
		poll(NULL, 0, POLL_MS);
	}
}

static int conclude(const struct session *session, const struct watch *watch)
{
	const char *server = watch->detail[0] ? watch->detail : "no reason was given";

	if (session->json) {
		CLEANUP(json_decrefp)
		json_t *summary = json_pack("{s:s, s:s, s:I, s:s}", "mail", watch->mail,
			"state", watch->state, "tries", (json_int_t)watch->tries,
			"detail", watch->detail);
		output_json(summary);
	}
	if (strcmp(watch->state, "sent") == 0) {
		if (!session->json)
			puts("The next mail server has taken it; now look into the "
			     "mailbox.");
		return OUTPUT_DONE;
	}
	if (state_is_final(watch->state)) {
		output_error(session->json, "Refused",
			"the test mail was not sent (%s); %s", server,
			advice(watch->detail));
		return OUTPUT_REFUSED;
	}
	output_error(session->json, "TimedOut", "the test mail is still %s (%s); %s",
		watch->state, server,
		watch->tries > 0
			? advice(watch->detail)
			: "is otpd-mail running? See: systemctl status otpd-mail");
	return OUTPUT_UNREACHABLE;
}

int sendtest_run(struct session *session, const struct arguments *arguments)
{
	const char *address = arguments->words[0], *problem = address_problem(address);
	struct watch watch = { .tries = -1, .started_ms = clock_mono_ms() };
	CLEANUP(json_decrefp) json_t *answer = NULL;
	const char *mail;
	int r;

	if (problem) {
		output_error(session->json, "Usage",
			"\"%s\" is no address for mail: %s; correct it", address,
			problem);
		return OUTPUT_USAGE;
	}
	r = session_call(session, ADMIN "SendTest",
		json_pack("{s:s}", "address", address), &answer);
	mail = json_string_value(json_object_get(answer, "mail"));
	if (r == 0 && (!mail || !text_copy(watch.mail, sizeof(watch.mail), mail)))
		r = -EPROTO;
	if (r != 0)
		return session_explain(session, r, answer, NULL);
	r = follow(session, &watch, arguments->wait_s);
	return r ? r : conclude(session, &watch);
}
