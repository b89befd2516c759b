/* SPDX-License-Identifier: MIT */
/*
 * A mail on its way, seen from both daemons: otpd is asked for its row until the state
 * is final, otpd-mail for the steps in between. Where otpd-mail cannot be asked the row
 * alone must do: MUST NOT fail, nor wait long, for want of a trace.
 */
#include "otpd/ctl/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/doubt.h"
#include "otpd/ctl/interrupt.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/table.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define POLL_MIN_MS 10 /* between two looks; they become rarer as time goes on */
#define POLL_MAX_MS 300
#define SAID        (LIMIT_DETAIL + 96)

void watch_fini(struct watch *watch)
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

bool watch_is_over(const struct watch *watch)
{
	return state_is_final(watch->row.state);
}

static void warn(struct watch *watch, const char *text)
{
	json_array_append_new(watch->warnings, json_string(text));
	output_warning(watch->otpd->json, "%s", text);
}

int watch_warn(struct watch *watch, const struct arguments *arguments)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = mailer_call(&watch->mailer, "Status", json_object(), &answer);
	const json_t *warnings = json_object_get(answer, "warnings");
	char text[DOUBT_SIZE];
	json_t *warning;
	size_t i;

	json_array_foreach(warnings, i, warning) {
		if (!json_is_string(warning))
			return -EPROTO;
		warn(watch, json_string_value(warning));
	}
	if (doubt_tenant(answer, arguments->tenant, text))
		warn(watch, text);
	if (doubt_language(answer, arguments->language, text))
		warn(watch, text);
	return r;
}

void watch_stop_tracing(struct watch *watch, int r)
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
	watch_stop_tracing(watch, r);
	return 0;
}

static void copy_text(char *out, size_t size, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	text_copy_clean(out, size, text ? text : "");
	table_straighten(out);
}

/* -EPROTO if the answer has no mail. */
static int read_row(struct watch_row *row, const json_t *answer)
{
	const json_t *mail = json_object_get(answer, "mail");

	copy_text(row->state, sizeof(row->state), mail, "state");
	copy_text(row->detail, sizeof(row->detail), mail, "detail");
	copy_text(row->transport, sizeof(row->transport), mail, "transport");
	row->tries = json_integer_value(json_object_get(mail, "tries"));
	row->next_at = json_integer_value(json_object_get(mail, "next_at"));
	row->deadline = json_integer_value(json_object_get(mail, "deadline"));
	row->second = json_is_true(json_object_get(mail, "second"));
	return row->state[0] ? 0 : -EPROTO;
}

/* "try 2: 450 4.2.0 Greylisted; again in 15 s": what there is of it. */
static void describe(
	const struct watch *watch, const struct watch_row *row, char said[SAID])
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
static int show_change(struct watch *watch, const struct watch_row *row)
{
	bool deferred = strcmp(row->state, "queued") == 0 && row->tries > 0;
	char said[SAID];

	watch->row.deadline = row->deadline;
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
	struct watch_row row = { 0 };
	int r = session_call(watch->otpd, "org.emailotp.Admin.ShowMail",
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

/* A quarter of the time so far: each step is shown soon after it, in proportion. */
static int pause_ms(int64_t ms)
{
	if (ms / 4 < POLL_MIN_MS)
		return POLL_MIN_MS;
	return ms / 4 < POLL_MAX_MS ? (int)(ms / 4) : POLL_MAX_MS;
}

int watch_follow(struct watch *watch, int64_t wait_s)
{
	for (;;) {
		int64_t ms;
		int r = look(watch);

		if (r != 0)
			return r;
		ms = steps_now_ms(&watch->steps);
		if (watch_is_over(watch) || ms >= wait_s * 1000 || interrupt_came())
			return 0;
		poll(NULL, 0, pause_ms(ms));
	}
}
