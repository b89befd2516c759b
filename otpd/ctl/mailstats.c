/* SPDX-License-Identifier: MIT */
/*
 * otpctl mail stats: how each transport is and how each domain takes mails, as
 * otpd-mail has counted since it started. Transports come whole with the first page,
 * domains page by page. Answers for people are written while pages come in; the JSON is
 * one object and waits for the last page.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/advice.h"
#include "otpd/ctl/commands.h"
#include "otpd/ctl/mailer.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/table.h"
#include "otpd/ctl/wrap.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"

#define PAGE   40
#define NUMBER 24 /* bytes of a count or a time */

static int64_t count(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

static const char *text(const json_t *row, const char *key)
{
	const char *value = json_string_value(json_object_get(row, key));

	return value && value[0] ? value : "-";
}

static const char *number(char out[static NUMBER], const json_t *row, const char *key)
{
	snprintf(out, NUMBER, "%lld", (long long)count(row, key));
	return out;
}

/* "850 ms", "12.3 s"; "-" where nothing was sent whose time could be known. */
static const char *latency(char out[static NUMBER], const json_t *row, const char *key)
{
	int64_t ms = count(row, key);

	if (count(row, "sent") <= 0)
		return "-";
	if (ms < 10000)
		snprintf(out, NUMBER, "%lld ms", (long long)ms);
	else
		snprintf(out, NUMBER, "%.1f s", (double)ms / 1000);
	return out;
}

static int add_transport(struct table *table, const json_t *row)
{
	char rooms[6][NUMBER];
	const char *cells[] = {
		text(row, "name"),
		text(row, "type"),
		text(row, "state"),
		number(rooms[0], row, "waiting"),
		number(rooms[1], row, "sent"),
		number(rooms[2], row, "deferred"),
		number(rooms[3], row, "refused"),
		latency(rooms[4], row, "p50_ms"),
		latency(rooms[5], row, "p95_ms"),
	};

	return table_add(table, cells);
}

static int add_domain(struct table *table, const json_t *row)
{
	char rooms[6][NUMBER];
	const char *cells[] = {
		text(row, "domain"),
		number(rooms[0], row, "sent"),
		number(rooms[1], row, "deferred"),
		number(rooms[2], row, "refused"),
		number(rooms[3], row, "bounced"),
		latency(rooms[4], row, "p50_ms"),
		latency(rooms[5], row, "p95_ms"),
	};

	return table_add(table, cells);
}

/* What a table has no room for: since when one is paused, and why. */
static void write_note(const json_t *row)
{
	bool up = strcmp(text(row, "state"), "up") == 0;
	const char *error = text(row, "last_error");
	char head[256], span[OUTPUT_SPAN];
	int64_t again = count(row, "retry_in");

	if (up && strcmp(error, "-") == 0)
		return;
	output_span(span, again);
	snprintf(head, sizeof(head), "%.64s is %.32s%s%s%s", text(row, "name"),
		text(row, "state"), !up && again > 0 ? ", again in " : "",
		!up && again > 0 ? span : "",
		strcmp(error, "-") == 0 ? "" : "; last error:");
	putchar('\n');
	wrap_write(stdout, "", head);
	if (strcmp(error, "-") == 0)
		return;
	wrap_write(stdout, "  ", error);
	if (!up)
		wrap_write(stdout, "  what to do: ", advice_for(error));
}

static void write_since(int64_t since)
{
	char at[OUTPUT_TIME], span[OUTPUT_SPAN];

	output_time(at, since);
	output_span(span, clock_wall_s() > since ? clock_wall_s() - since : 0);
	printf("Since %s, when otpd-mail started (%s ago).\n\n", at, span);
}

static int write_transports(const json_t *answer)
{
	static const char *const titles[] = { "TRANSPORT", "TYPE", "STATE", "WAIT",
		"SENT", "DEFERRED", "REFUSED", "P50", "P95" };
	const json_t *rows = json_object_get(answer, "transports"), *row;
	CLEANUP(table_fini) struct table table;
	size_t i;
	int r = 0;

	write_since(count(answer, "since"));
	table_init(&table, stdout, titles, sizeof(titles) / sizeof(titles[0]));
	json_array_foreach(rows, i, row) {
		r = add_transport(&table, row);
		if (r < 0)
			return r;
	}
	table_end(&table);
	json_array_foreach(rows, i, row)
		write_note(row);
	putchar('\n');
	return 0;
}

/* The counters as they come in. */
struct counters {
	struct mailer mailer;
	json_t *whole; /* for JSON: the first answer, with the domains of all */
	json_t *after; /* the name that the next page begins behind; NULL: the first */
	struct table domains;
	bool json;
	bool some;
};

static void counters_fini(struct counters *counters)
{
	mailer_close(&counters->mailer);
	json_decref(counters->whole);
	json_decref(counters->after);
	table_fini(&counters->domains);
}

static bool is_rows(const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (!json_is_object(row))
			return false;
	return json_is_array(rows);
}

static int take_first(struct counters *counters, json_t *answer)
{
	if (!counters->json)
		return write_transports(answer);
	counters->whole =
		json_pack("{s:O, s:O, s:[]}", "since", json_object_get(answer, "since"),
			"transports", json_object_get(answer, "transports"), "domains");
	return counters->whole ? 0 : -EPROTO;
}

static int take_domains(struct counters *counters, json_t *rows)
{
	json_t *row;
	size_t i;
	int r = 0;

	if (counters->json)
		return json_array_extend(
			       json_object_get(counters->whole, "domains"), rows) < 0
			? -ENOMEM
			: 0;
	json_array_foreach(rows, i, row) {
		counters->some = true;
		r = add_domain(&counters->domains, row);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Moves behind this page. 1: there is a next one; 0: that was the last. */
static int turn(struct counters *counters, json_t *answer)
{
	json_t *next = json_object_get(answer, "next");

	if (!next || json_is_null(next))
		return 0;
	/* Names rise from page to page, or we would be here for ever. */
	if (!json_is_string(next) ||
		(counters->after &&
			strcmp(json_string_value(next),
				json_string_value(counters->after)) <= 0))
		return -EPROTO;
	json_decref(counters->after);
	counters->after = json_incref(next);
	return 1;
}

static int take_page(struct counters *counters, json_t *answer)
{
	json_t *domains = json_object_get(answer, "domains");
	int r = 0;

	if (!is_rows(domains) || !is_rows(json_object_get(answer, "transports")) ||
		!json_is_integer(json_object_get(answer, "since")))
		return -EPROTO;
	if (!counters->after)
		r = take_first(counters, answer);
	if (r == 0)
		r = take_domains(counters, domains);
	return r < 0 ? r : turn(counters, answer);
}

/* -1: there is more; 0: that was all; else the exit code. */
static int one_page(struct counters *counters)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = mailer_call(&counters->mailer, "Stats",
		json_pack("{s:i, s:O*}", "limit", PAGE, "after", counters->after),
		&answer);

	if (r == 0)
		r = take_page(counters, answer);
	else
		return session_explain(&counters->mailer.session, r, answer, NULL);
	return r < 0 ? session_explain(&counters->mailer.session, r, NULL, NULL) : -r;
}

int mailstats_run(struct session *session, const struct arguments *arguments)
{
	static const char *const titles[] = { "DOMAIN", "SENT", "DEFERRED", "REFUSED",
		"BOUNCED", "P50", "P95" };
	CLEANUP(counters_fini) struct counters counters = { .json = session->json };
	int r;

	mailer_init(&counters.mailer, session, arguments);
	table_init(
		&counters.domains, stdout, titles, sizeof(titles) / sizeof(titles[0]));
	do
		r = one_page(&counters);
	while (r < 0);
	if (r > 0)
		return r;
	if (counters.json)
		output_json(counters.whole);
	else if (counters.some)
		table_end(&counters.domains);
	else
		puts("No mail has been sent to anybody yet; try: otpctl send-test "
		     "ADDRESS");
	return OUTPUT_DONE;
}
