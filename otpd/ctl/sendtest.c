/* SPDX-License-Identifier: MIT */
/*
 * otpctl send-test: whether mail goes out, before a login depends on it. The mail takes
 * the way of every code (outbox, otpd-mail, relay), is watched on it (watch.h), and a
 * refusal is shown in the server's own words, with what to do about it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/advice.h"
#include "otpd/ctl/commands.h"
#include "otpd/ctl/language.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/route.h"
#include "otpd/ctl/watch.h"
#include "otpd/ctl/wrap.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define ADMIN     "org.emailotp.Admin."
#define MAILER_MS 3000
#define FAILURE   128 /* bytes of what became of a mail */

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

/* What otpd-mail says of its transports, or NULL. */
static json_t *ask_transports(struct watch *watch)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;

	if (!watch->traced ||
		mailer_call(&watch->mailer, "Stats", json_pack("{s:i}", "limit", 1),
			&answer) != 0)
		return NULL;
	return TAKE_PTR(answer);
}

/* The place of the transport that sent, or how many there are if it is none of them. */
static size_t find_sender(const struct watch *watch, const json_t *rows)
{
	size_t n;

	for (n = 0; n < json_array_size(rows); n++)
		if (!strcmp(text_of(json_array_get(rows, n), "name"),
			    watch->row.transport))
			break;
	return n;
}

/* What became of it, and where to look: a sentence. */
static const char *describe_end(const struct watch *watch, const json_t *rows)
{
	const char *type =
		text_of(json_array_get(rows, find_sender(watch, rows)), "type");

	if (!strcmp(type, "console"))
		return "It stands in the log of otpd-mail: journalctl -o cat -u otpd-mail.";
	if (!strcmp(type, "maildir"))
		return "It lies in the Maildir, and went no further.";
	return route_is_number(watch->route)
		? "The gateway has taken it; now look at the telephone."
		: "The next mail server has taken it; now look into the mailbox.";
}

static void print_success(const struct watch *watch, const json_t *rows)
{
	bool named = watch->row.transport[0];
	int64_t ms = watch->steps.shown_ms;
	char text[512], time[32];

	if (ms < 1000)
		snprintf(time, sizeof(time), "%lld ms", (long long)ms);
	else
		snprintf(time, sizeof(time), "%.1f s", (double)ms / 1000);
	snprintf(text, sizeof(text), "Sent in %s%s%s%s. %s", time,
		named ? " by the transport " : "", watch->row.transport,
		watch->row.second ? ", to the second route" : "",
		describe_end(watch, rows));
	putchar('\n');
	wrap_write(stdout, "", text);
}

static void tell_paused(struct watch *watch, const json_t *row)
{
	const char *error = text_of(row, "last_error");
	char text[512];

	snprintf(text, sizeof(text),
		"%.64s, which stands before it, is paused%s%.300s; see otpctl mail stats",
		text_of(row, "name"), *error ? ": " : "", error);
	if (watch->otpd->json)
		json_array_append_new(watch->warnings, json_string(text));
	else
		wrap_write(stdout, "", text);
}

/*
 * Of a mail that was sent, which transports should have had it and are paused: it went
 * well, and yet something is wrong. Those of type sms are a row of their own.
 */
static void tell_all_paused(struct watch *watch, const json_t *rows)
{
	size_t n = find_sender(watch, rows), i;
	const json_t *row, *sender = json_array_get(rows, n);

	for (i = 0; sender && i < n; i++) {
		row = json_array_get(rows, i);
		if (!strcmp(text_of(row, "state"), "paused") &&
			!strcmp(text_of(row, "type"), "sms") ==
				!strcmp(text_of(sender, "type"), "sms"))
			tell_paused(watch, row);
	}
}

static int print_summary(const struct watch *watch, const char *advice)
{
	CLEANUP(json_decrefp)
	json_t *summary = json_pack(
		"{s:s, s:s, s:I, s:s, s:s, s:b, s:I, s:b, s:O, s:O, s:s*}", "mail",
		watch->mail, "state", watch->row.state, "tries",
		(json_int_t)watch->row.tries, "detail", watch->row.detail, "transport",
		watch->row.transport, "second", watch->row.second, "ms",
		(json_int_t)watch->steps.shown_ms, "traced", watch->traced, "warnings",
		watch->warnings, "steps", watch->steps.shown, "advice", advice);

	if (!summary)
		return -ENOMEM;
	output_json(summary);
	return 0;
}

static void describe_queued(const struct watch *watch, char text[static FAILURE])
{
	int64_t deadline = watch->row.deadline;
	char until[OUTPUT_TIME] = "";

	if (deadline > 0)
		output_time(until, deadline);
	snprintf(text, FAILURE,
		"the test mail is still queued, and otpd goes on trying%s%s",
		until[0] ? " until " : "", until);
}

/* How it is with a mail that was not sent: a clause. Returns what a program is told. */
static const char *describe_failure(
	const struct watch *watch, char text[static FAILURE])
{
	const char *state = watch->row.state;

	if (!watch_is_over(watch)) {
		describe_queued(watch, text);
		return "TimedOut";
	}
	snprintf(text, FAILURE, "the test mail %s",
		strcmp(state, "bounced") == 0        ? "was sent, and came back"
			: strcmp(state, "dead") == 0 ? "could not be sent in time"
						     : "was not sent");
	return "Refused";
}

static const char *find_advice(const struct watch *watch)
{
	const char *said;

	if (watch->row.detail[0])
		return advice_for(watch->row.detail);
	if (steps_last(&watch->steps, &said))
		return "the last step took longer than this command waits; give a longer "
		       "--wait, and look at: journalctl -u otpd-mail";
	return watch_is_over(watch)
		? advice_for("")
		: "is otpd-mail running? See: systemctl status otpd-mail, and "
		  "journalctl -u otpd";
}

static int explain(const struct watch *watch, const char *advice)
{
	char what[FAILURE];
	const char *word = describe_failure(watch, what);
	const char *words = watch->row.detail[0] ? watch->row.detail : NULL;

	if (watch->otpd->json) {
		output_error(true, word, "%s (%s); %s", what,
			words ? words : "no reason was given", advice);
	} else {
		output_error(false, word, "%s", what);
		wrap_write(stderr, "  what was said:  ", words ? words : "nothing");
		wrap_write(stderr, "  what to do:     ", advice);
	}
	return watch_is_over(watch) ? OUTPUT_REFUSED : OUTPUT_UNREACHABLE;
}

static int conclude(struct watch *watch)
{
	bool sent = strcmp(watch->row.state, "sent") == 0;
	const char *advice = sent ? NULL : find_advice(watch);
	CLEANUP(json_decrefp) json_t *answer = sent ? ask_transports(watch) : NULL;
	const json_t *rows = json_object_get(answer, "transports");

	if (sent && watch->otpd->json)
		tell_all_paused(watch, rows);
	if (watch->otpd->json && print_summary(watch, advice) < 0)
		return session_explain(watch->otpd, -ENOMEM, NULL, NULL);
	if (!sent)
		return explain(watch, advice);
	if (!watch->otpd->json) {
		print_success(watch, rows);
		tell_all_paused(watch, rows);
	}
	return OUTPUT_DONE;
}

/* Hands the mail to otpd. 0, or the exit code. */
static int begin(struct watch *watch, const struct arguments *arguments)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	const char *mail;
	int r = session_call(watch->otpd, ADMIN "SendTest",
		json_pack("{s:s, s:s*, s:s*}", "address", watch->route, "language",
			arguments->language, "tenant", arguments->tenant),
		&answer);

	mail = json_string_value(json_object_get(answer, "mail"));
	if (r == 0 && (!mail || !text_copy(watch->mail, sizeof(watch->mail), mail)))
		r = -EPROTO;
	if (r == 0) {
		text_copy(watch->row.state, sizeof(watch->row.state), "queued");
		r = steps_add(&watch->steps, "queued", "by otpd");
	}
	if (r == OUTCOME_BAD_NAME) {
		output_error(watch->otpd->json, outcome_name(r),
			"otpd does not accept this language or tenant; a tenant is the title "
			"of a section of mail.conf");
		return OUTPUT_REFUSED;
	}
	return r ? session_explain(watch->otpd, r, answer, NULL) : 0;
}

static bool check_arguments(struct watch *watch, const struct arguments *arguments)
{
	const char *problem = route_read(watch->route, arguments->words[0]);

	if (problem)
		output_error(watch->otpd->json, "Usage",
			"\"%s\" is no address for mail and no telephone number: %s; "
			"correct it",
			arguments->words[0], problem);
	return !problem && language_check(arguments->language, watch->otpd->json);
}

int sendtest_run(struct session *session, const struct arguments *arguments)
{
	CLEANUP(watch_fini)
	struct watch watch = { .otpd = session, .warnings = json_array() };
	int warned, r;

	mailer_init(&watch.mailer, session, arguments);
	/* It answers at once or is ill; the mail does not wait for it. */
	if (watch.mailer.session.timeout_ms > MAILER_MS)
		watch.mailer.session.timeout_ms = MAILER_MS;
	if (!check_arguments(&watch, arguments))
		return OUTPUT_USAGE;
	if (steps_init(&watch.steps, session->json) < 0 || !watch.warnings)
		return session_explain(session, -ENOMEM, NULL, NULL);
	warned = watch_warn(&watch, arguments);
	watch.traced = warned == 0;
	r = begin(&watch, arguments);
	if (r != 0)
		return r;
	if (warned != 0)
		watch_stop_tracing(&watch, warned);
	r = watch_follow(&watch, arguments->wait_s);
	return r ? r : conclude(&watch);
}
