/* SPDX-License-Identifier: MIT */
/*
 * One picture of otpctl top. Every text that came from outside is cleaned, and every
 * line is cut to the width of the window, so that a name can neither move the cursor
 * nor push the rest off the screen.
 */
#include "otpd/ctl/frame.h"

#include <string.h>
#include <time.h>

#include "otpd/ctl/output.h"
#include "otpd/ctl/table.h"
#include "otpd/util/text.h"

#define LINE  1024 /* bytes of a line before it is cut */
#define CELL  160
#define WRAP  100 /* columns of the head, however wide the window */
#define WIDE  70  /* columns from which on there is room for all */
#define MIXED 3   /* at most one line in so many shows a mail */

#define BOLD    "\033[1m"
#define REVERSE "\033[7m"
#define RED     "\033[31m"
#define GREEN   "\033[32m"
#define YELLOW  "\033[33m"

/* The bytes of well-formed text that fit so many columns. */
static int fitting(const char *text, int columns)
{
	const char *at = text;
	size_t width = 0;

	while (*at) {
		size_t length = text_utf8_length(at);
		char one[8] = "";

		length = length ? length : 1;
		memcpy(one, at, length);
		width += table_width(one);
		if (width > (size_t)columns)
			break;
		at += length;
	}
	return (int)(at - text);
}

static bool has_room(const struct frame *frame)
{
	return frame->line < frame->height;
}

static void put_line(struct frame *frame, const char *style, const char *text)
{
	bool styled = frame->colour && style[0];

	if (!has_room(frame))
		return;
	/* The last line of a screen has no end, which would scroll it. Erasing comes
	 * first, as behind a full line it would take its last letter. */
	if (frame->screen && frame->line > 0)
		fputs("\n", frame->out);
	frame->line++;
	fprintf(frame->out, "%s%s%.*s%s%s", frame->screen ? "\033[K" : "",
		styled ? style : "", fitting(text, frame->width), text,
		styled ? "\033[0m" : "", frame->screen ? "" : "\n");
}

static void clean(char out[CELL], const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	text_copy_clean(out, CELL, text ? text : "");
	table_straighten(out);
}

static int64_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Words that stay together, as many on a line as fit. */
struct flow {
	struct frame *frame;
	char line[LINE];
};

static void flow_end(struct flow *flow)
{
	if (flow->line[0])
		put_line(flow->frame, "", flow->line);
	flow->line[0] = '\0';
}

static void flow_add(struct flow *flow, const char *label, const char *value)
{
	size_t n = strlen(flow->line), width;
	size_t most = flow->frame->width < WRAP ? (size_t)flow->frame->width : WRAP;
	char item[CELL + 32];

	snprintf(item, sizeof(item), "%s %s", label, value);
	width = table_width(flow->line) + 2 + table_width(item);
	if (n > 0 && width > most) {
		flow_end(flow);
		n = 0;
	}
	snprintf(flow->line + n, sizeof(flow->line) - n, "%s%s", n ? "  " : "", item);
}

static void flow_number(
	struct flow *flow, const char *label, const json_t *object, const char *key)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number(object, key));
	flow_add(flow, label, text);
}

static void put_rate(struct flow *flow, double rate)
{
	char text[32] = "-";

	if (rate >= 0)
		snprintf(text, sizeof(text), "%.1f", rate);
	flow_add(flow, "calls/s", text);
}

static void put_head(struct frame *frame, const struct frame_data *data)
{
	const json_t *status = data->status;
	struct flow flow = { .frame = frame };
	char version[CELL], mailer[CELL], error[CELL], title[LINE], up[OUTPUT_SPAN];

	clean(version, status, "version");
	clean(mailer, status, "mailer");
	clean(error, status, "mailer_error");
	output_span(up, data->now_s - number(status, "started_at"));
	snprintf(title, sizeof(title), "otpd %s  up %s", version, up);
	put_line(frame, BOLD, title);
	flow_number(&flow, "users", status, "users");
	flow_number(&flow, "accounts", status, "accounts");
	flow_number(&flow, "sessions", status, "sessions");
	flow_number(&flow, "live codes", status, "live_challenges");
	flow_number(&flow, "mails waiting", status, "queued_mails");
	flow_add(&flow, "mailer", mailer);
	flow_number(&flow, "wrong codes, last hour", status, "wrong_last_hour");
	put_rate(&flow, data->calls_per_s);
	flow_number(&flow, "connections", status, "connections");
	flow_end(&flow);
	if (error[0] && strcmp(mailer, "up") != 0) {
		snprintf(title, sizeof(title), "mailer: %s", error);
		put_line(frame, RED, title);
	}
	if (data->fault)
		put_line(frame, RED, data->fault);
}

/* Over the whole width, so that it can be told apart without colours, too. */
static void put_title(struct frame *frame, const char *text)
{
	char line[LINE];
	size_t n = strlen(text);
	size_t width = frame->width < LINE - 1 ? (size_t)frame->width : LINE - 1;

	if (!frame->screen)
		width = n;
	memset(line, ' ', sizeof(line));
	memcpy(line, text, n);
	line[width > n ? width : n] = '\0';
	put_line(frame, "", "");
	put_line(frame, REVERSE, line);
}

static void put_mail(
	struct frame *frame, const struct frame_data *data, const json_t *mail)
{
	char user[CELL], purpose[CELL], detail[CELL], line[LINE], age[OUTPUT_SPAN];

	clean(user, mail, "user");
	clean(purpose, mail, "purpose");
	clean(detail, mail, "detail");
	output_span(age, data->now_s - number(mail, "created_at"));
	if (frame->width >= WIDE)
		snprintf(line, sizeof(line), "%-10s %-18s %-14s try %lld  %s", age,
			user, purpose, (long long)number(mail, "tries"), detail);
	else
		snprintf(line, sizeof(line), "%s %s: %s", age, user,
			detail[0] ? detail : purpose);
	put_line(frame, number(mail, "tries") > 0 ? YELLOW : "", line);
}

static void put_mails(struct frame *frame, const struct frame_data *data)
{
	size_t n = json_array_size(data->mails), most;
	char rest[64];

	if (n == 0)
		return;
	put_title(frame, "OPEN MAILS");
	most = (size_t)(frame->height / MIXED);
	for (size_t i = 0; i < n && i < most; i++)
		put_mail(frame, data, json_array_get(data->mails, i));
	if (n <= most)
		return;
	snprintf(rest, sizeof(rest), "and %zu more: otpctl queue --open", n - most);
	put_line(frame, "", rest);
}

/* Green is what let somebody in, red what kept somebody out. */
static const char *colour_of(const char *event)
{
	static const char *const good[] = { "verified", "passed", "enrolled", "login" };
	static const char *const bad[] = { "wrong", "lock", "burnt", "refused",
		"denied", "throttled", "failed", "disabled" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strstr(event, bad[i]))
			return RED;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (strstr(event, good[i]))
			return GREEN;
	return "";
}

static void put_event(struct frame *frame, const json_t *event)
{
	char name[CELL], user[CELL], service[CELL], from[CELL], detail[CELL];
	char at[16] = "-", line[LINE];
	time_t when = (time_t)number(event, "at");
	struct tm parts;

	if (when > 0 && localtime_r(&when, &parts))
		strftime(at, sizeof(at), "%H:%M:%S", &parts);
	clean(name, event, "event");
	clean(user, event, "user");
	clean(service, event, "service");
	clean(from, event, "rhost");
	clean(detail, event, "detail");
	if (frame->width >= WIDE)
		snprintf(line, sizeof(line), "%s %-20s %-14s %-8s %-15s %s", at, name,
			user[0] ? user : "-", service[0] ? service : "-",
			from[0] ? from : "-", detail);
	else
		snprintf(line, sizeof(line), "%s %s %s %s", at, name, user, from);
	put_line(frame, colour_of(name), line);
}

void frame_draw(struct frame *frame, const struct frame_data *data)
{
	const json_t *event;
	size_t i;

	frame->line = 0;
	if (frame->screen)
		fputs("\033[H", frame->out);
	put_head(frame, data);
	put_mails(frame, data);
	put_title(frame, frame->screen ? "NEWEST EVENTS (q ends)" : "NEWEST EVENTS");
	json_array_foreach(data->events, i, event)
		if (has_room(frame))
			put_event(frame, event);
	/* Below the last line, if there is a line below. */
	if (frame->screen && has_room(frame))
		fputs("\n\033[J", frame->out);
	if (frame->screen)
		fputs("\033[0m", frame->out);
}
