/* SPDX-License-Identifier: MIT */
/*
 * otpctl send-test: whether mail goes out, before a login depends on it. The mail takes
 * the way of every code (outbox, otpd-mail, relay). otpd is asked for its row until the
 * state is final, and otpd-mail for the steps in between; where otpd-mail cannot be
 * asked the row alone must do. A refusal is shown in the server's own words, with what
 * to do about it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/advice.h"
#include "otpd/ctl/commands.h"
#include "otpd/ctl/language.h"
#include "otpd/ctl/mailer.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/route.h"
#include "otpd/ctl/steps.h"
#include "otpd/ctl/table.h"
#include "otpd/ctl/wrap.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define ADMIN     "org.emailotp.Admin."
#define POLL_MS   100 /* between two questions in the first seconds */
#define CALM_MS   500 /* and later */
#define EAGER_MS  5000
#define MAILER_MS 3000
#define SAID      (LIMIT_DETAIL + 96)

/* The mail's row in otpd's queue, cleaned. */
struct row {
	char state[16];
	char detail[LIMIT_DETAIL + 1];
	char transport[64];
	int64_t tries;
	int64_t next_at;
	bool second;
};

struct watch {
	struct session *otpd;
	struct mailer mailer;
	bool traced; /* otpd-mail answers */
	char mail[LIMIT_CHALLENGE + 1];
	char route[ROUTE_SIZE];
	struct row row; /* as it was shown last */
	struct steps steps;
	json_t *warnings;
};

static void watch_fini(struct watch *watch)
{
	mailer_close(&watch->mailer);
	steps_fini(&watch->steps);
	json_decref(watch->warnings);
}

static bool state_is_final(const char *state)
{
	static const char *const finals[] = { "sent", "failed", "dead", "void",
		"bounced" };

	for (size_t i = 0; i < sizeof(finals) / sizeof(finals[0]); i++)
		if (strcmp(state, finals[i]) == 0)
			return true;
	return false;
}

/* What does not fit in mail.conf, before a mail is lost to it. Returns as a call does.
 */
static int warn(struct watch *watch)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = mailer_call(&watch->mailer, "Status", json_object(), &answer);
	const json_t *warnings = json_object_get(answer, "warnings");
	json_t *warning;
	size_t i;

	json_array_foreach(warnings, i, warning) {
		if (!json_is_string(warning))
			return -EPROTO;
		json_array_append(watch->warnings, warning);
		output_warning(watch->otpd->json, "%s", json_string_value(warning));
	}
	return r;
}

/* From now on otpd's row is all there is. */
static void stop_tracing(struct watch *watch, int r)
{
	char text[SESSION_FAULT];

	watch->traced = false;
	mailer_fault(&watch->mailer, r, text);
	output_warning(watch->otpd->json,
		"otpd-mail cannot be asked for its steps (%s), so only what otpd knows is "
		"shown",
		text);
}

static int take_trace(struct watch *watch)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r;

	if (!watch->traced)
		return 0;
	r = mailer_call(&watch->mailer, "Trace",
		json_pack("{s:s}", "mail", watch->mail), &answer);
	if (r == 0)
		r = steps_take(&watch->steps, answer, steps_now_ms(&watch->steps));
	if (r == 0 || r == -ENOMEM)
		return r;
	stop_tracing(watch, r);
	return 0;
}

static void copy_text(char *out, size_t size, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	text_copy_clean(out, size, text ? text : "");
	table_straighten(out);
}

/* -EPROTO if the answer has no mail. */
static int read_row(struct row *row, const json_t *answer)
{
	const json_t *mail = json_object_get(answer, "mail");

	copy_text(row->state, sizeof(row->state), mail, "state");
	copy_text(row->detail, sizeof(row->detail), mail, "detail");
	copy_text(row->transport, sizeof(row->transport), mail, "transport");
	row->tries = json_integer_value(json_object_get(mail, "tries"));
	row->next_at = json_integer_value(json_object_get(mail, "next_at"));
	row->second = json_is_true(json_object_get(mail, "second"));
	return row->state[0] ? 0 : -EPROTO;
}

/* "try 2: 450 4.2.0 Greylisted; again in 15 s": what there is of it. */
static void describe(const struct watch *watch, const struct row *row, char said[SAID])
{
	int64_t left = row->next_at - clock_wall_s();
	bool final = state_is_final(row->state);
	char span[OUTPUT_SPAN];
	const char *last;
	size_t n = 0;

	said[0] = '\0';
	if (row->tries > 1 || (row->tries == 1 && !final))
		n = (size_t)snprintf(said, SAID, "try %lld", (long long)row->tries);
	(void)steps_last(&watch->steps, &last);
	/* The step above has said it already. */
	if (row->detail[0] && (!last || strcmp(last, row->detail) != 0))
		n += (size_t)snprintf(
			said + n, SAID - n, "%s%s", n ? ": " : "", row->detail);
	if (!final && left > 0 && n < SAID) {
		output_span(span, left);
		snprintf(said + n, SAID - n, "%sagain in %s", n ? "; " : "", span);
	}
}

/* Shows the row if it is not as it was. */
static int show_change(struct watch *watch, const struct row *row)
{
	bool deferred = strcmp(row->state, "queued") == 0 && row->tries > 0;
	char said[SAID];

	if (row->tries == watch->row.tries &&
		strcmp(row->state, watch->row.state) == 0 &&
		strcmp(row->detail, watch->row.detail) == 0)
		return 0;
	watch->row = *row;
	describe(watch, row, said);
	return steps_add(&watch->steps, deferred ? "deferred" : row->state, said);
}

/* One look at both daemons. 0, or the exit code. */
static int look(struct watch *watch)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	struct row row = { 0 };
	int r = session_call(watch->otpd, ADMIN "ShowMail",
		json_pack("{s:s}", "mail", watch->mail), &answer);

	if (r == 0)
		r = read_row(&row, answer);
	/* The steps behind the state that was just read, since they lead to it. */
	if (r == 0)
		r = take_trace(watch);
	if (r == 0)
		r = show_change(watch, &row);
	return r ? session_explain(watch->otpd, r, answer, NULL) : 0;
}

/* Asks until the state is final or the time is over. 0, or the exit code. */
static int follow(struct watch *watch, int64_t wait_s)
{
	for (;;) {
		int64_t ms;
		int r = look(watch);

		if (r != 0)
			return r;
		ms = steps_now_ms(&watch->steps);
		if (state_is_final(watch->row.state) || ms >= wait_s * 1000)
			return 0;
		poll(NULL, 0, ms < EAGER_MS ? POLL_MS : CALM_MS);
	}
}

static void print_success(const struct watch *watch)
{
	bool number = route_is_number(watch->route);
	bool named = watch->row.transport[0];
	char text[512];

	snprintf(text, sizeof(text),
		"Sent in %.1f s%s%s%s. %s has taken it; now look %s.",
		(double)watch->steps.shown_ms / 1000, named ? " by the transport " : "",
		watch->row.transport, watch->row.second ? ", to the second route" : "",
		number ? "The gateway" : "The next mail server",
		number ? "at the telephone" : "into the mailbox");
	putchar('\n');
	wrap_write(stdout, "", text);
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

/* How it is with a mail that was not sent: a clause, and what a program is told. */
static const char *failure(const struct watch *watch, const char **ret_word)
{
	*ret_word = "Refused";
	if (strcmp(watch->row.state, "bounced") == 0)
		return "the test mail was sent, and came back";
	if (strcmp(watch->row.state, "dead") == 0)
		return "the test mail could not be sent in time";
	if (state_is_final(watch->row.state))
		return "the test mail was not sent";
	*ret_word = "TimedOut";
	return "the test mail is still queued, and otpd goes on trying";
}

static const char *find_advice(const struct watch *watch)
{
	const char *said;

	if (watch->row.detail[0])
		return advice_for(watch->row.detail);
	if (steps_last(&watch->steps, &said))
		return "the last step took longer than this command waits; give a longer "
		       "--wait, and look at: journalctl -u otpd-mail";
	return state_is_final(watch->row.state)
		? advice_for("")
		: "is otpd-mail running? See: systemctl status otpd-mail, and "
		  "journalctl -u otpd";
}

static int explain(const struct watch *watch, const char *advice)
{
	const char *word, *what = failure(watch, &word);
	const char *words = watch->row.detail[0] ? watch->row.detail : NULL;

	if (watch->otpd->json) {
		output_error(true, word, "%s (%s); %s", what,
			words ? words : "no reason was given", advice);
	} else {
		output_error(false, word, "%s", what);
		wrap_write(stderr, "  what was said:  ", words ? words : "nothing");
		wrap_write(stderr, "  what to do:     ", advice);
	}
	return state_is_final(watch->row.state) ? OUTPUT_REFUSED : OUTPUT_UNREACHABLE;
}

static int conclude(const struct watch *watch)
{
	bool sent = strcmp(watch->row.state, "sent") == 0;
	const char *advice = sent ? NULL : find_advice(watch);

	if (watch->otpd->json && print_summary(watch, advice) < 0)
		return session_explain(watch->otpd, -ENOMEM, NULL, NULL);
	if (!sent)
		return explain(watch, advice);
	if (!watch->otpd->json)
		print_success(watch);
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
	warned = warn(&watch);
	watch.traced = warned == 0;
	r = begin(&watch, arguments);
	if (r != 0)
		return r;
	if (warned != 0)
		stop_tracing(&watch, warned);
	r = follow(&watch, arguments->wait_s);
	return r ? r : conclude(&watch);
}
