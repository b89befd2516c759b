/* SPDX-License-Identifier: MIT */
/*
 * otpctl top: what otpd does, as it does it. It asks as every other command does, once
 * a second; where otpd goes away meanwhile it says so and goes on asking.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/frame.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/screen.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/file.h"

#define ADMIN   "org.emailotp.Admin."
#define ROWS    40     /* of events and mails */
#define IN_FILE 100000 /* lines: all of them */
#define OWN     3      /* calls of ours for each picture */
#define CALL_MS 3000   /* how long a picture waits, without --timeout */

struct top {
	struct session *session;
	json_t *status;
	json_t *events;
	json_t *mails;
	char fault[SESSION_FAULT + 16];
	int64_t looked_ms; /* when status came; 0: never */
	int64_t calls;
	double rate;
	bool colour;
};

static void top_fini(struct top *top)
{
	json_decref(top->status);
	json_decref(top->events);
	json_decref(top->mails);
}

/* Replaces *old by the answer, or one member of it. */
static int ask(struct top *top, const char *method, json_t *parameters, const char *key,
	json_t **old, json_t **ret_refusal)
{
	json_t *answer = NULL, *part;
	int r = session_call(top->session, method, parameters, &answer);

	if (r != 0) {
		*ret_refusal = answer;
		return r;
	}
	part = key ? json_object_get(answer, key) : answer;
	if (key ? !json_is_array(part) : !json_is_object(part)) {
		json_decref(answer);
		return -EPROTO;
	}
	json_decref(*old);
	*old = json_incref(part);
	json_decref(answer);
	return 0;
}

static int look(struct top *top, json_t **ret_refusal)
{
	int r = ask(
		top, ADMIN "Status", json_object(), NULL, &top->status, ret_refusal);

	if (r == 0)
		r = ask(top, ADMIN "Audit", json_pack("{s:i}", "limit", ROWS), "events",
			&top->events, ret_refusal);
	if (r == 0)
		r = ask(top, ADMIN "Queue",
			json_pack("{s:i, s:b}", "limit", ROWS, "open", 1), "mails",
			&top->mails, ret_refusal);
	return r;
}

/* A daemon that was started anew counts from nothing. */
static void measure(struct top *top)
{
	int64_t calls = json_integer_value(json_object_get(top->status, "calls"));
	int64_t now = clock_mono_ms(), more = calls - top->calls - OWN;

	top->rate = -1;
	if (top->looked_ms && now > top->looked_ms && calls >= top->calls)
		top->rate = (double)(more > 0 ? more : 0) * 1000 /
			(double)(now - top->looked_ms);
	top->calls = calls;
	top->looked_ms = now;
}

static int draw(struct top *top, struct frame *frame)
{
	CLEANUP(freep) char *text = NULL;
	const struct frame_data data = { top->status, top->events, top->mails,
		top->fault[0] ? top->fault : NULL, clock_wall_s(), top->rate };
	size_t size = 0;

	frame->out = open_memstream(&text, &size);
	if (!frame->out)
		return -errno;
	frame_draw(frame, &data);
	if (fclose(frame->out) != 0)
		return -ENOMEM;
	return file_write_all(STDOUT_FILENO, text, size);
}

/* Once, for a file or a program. */
static int run_once(struct top *top)
{
	struct frame frame = { .width = IN_FILE, .height = IN_FILE };
	CLEANUP(json_decrefp) json_t *all = NULL;

	if (!top->session->json)
		return draw(top, &frame) < 0 ? OUTPUT_OTHER : OUTPUT_DONE;
	all = json_pack("{s:O, s:O, s:O}", "status", top->status, "events", top->events,
		"mails", top->mails);
	output_json(all);
	return OUTPUT_DONE;
}

/* The connection of a daemon that has gone is not asked again. */
static void look_again(struct top *top)
{
	CLEANUP(json_decrefp) json_t *refusal = NULL;
	char why[SESSION_FAULT];
	int r = look(top, &refusal);

	top->fault[0] = '\0';
	if (r == 0) {
		measure(top);
		return;
	}
	session_close(top->session);
	top->looked_ms = 0;
	top->rate = -1;
	if (r > 0)
		snprintf(why, sizeof(why), "otpd refuses to answer");
	else
		session_fault(top->session, r, why);
	snprintf(top->fault, sizeof(top->fault), "trying again: %s", why);
}

static int run_screen(struct top *top, int64_t interval_s)
{
	struct frame frame = { .screen = true, .colour = top->colour };
	int r = screen_open();

	while (r == 0) {
		screen_size(&frame.width, &frame.height);
		r = draw(top, &frame);
		if (r < 0 || screen_wait(interval_s * 1000))
			break;
		look_again(top);
	}
	screen_close();
	return r < 0 ? OUTPUT_OTHER : OUTPUT_DONE;
}

static bool wants_colour(const struct arguments *arguments)
{
	const char *none = getenv("NO_COLOR"); /* https://no-color.org */

	return !(none && none[0]) && !(arguments->given & ARGUMENT_PLAIN);
}

int top_run(struct session *session, const struct arguments *arguments)
{
	CLEANUP(top_fini)
	struct top top = {
		.session = session,
		.rate = -1,
		.colour = wants_colour(arguments),
	};
	CLEANUP(json_decrefp) json_t *refusal = NULL;
	int r;

	if (!(arguments->given & ARGUMENT_TIMEOUT))
		session->timeout_ms = CALL_MS;
	r = look(&top, &refusal);
	if (r != 0)
		return session_explain(session, r, refusal, NULL);
	measure(&top);
	if (session->json || !screen_possible())
		return run_once(&top);
	return run_screen(&top, arguments->interval_s);
}
