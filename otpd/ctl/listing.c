/* SPDX-License-Identifier: MIT */
/*
 * Lists and single objects, as every command that shows something shows it. Rows are
 * written while pages come in, so that a list of any length needs the memory of a page.
 * What a page holds is checked only as far as it is used: a member that is missing or
 * of another type is shown as "-".
 */
#include "otpd/ctl/listing.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "otpd/ctl/output.h"
#include "otpd/ctl/progress.h"
#include "otpd/ctl/sheet.h"
#include "otpd/ctl/table.h"
#include "otpd/util/cleanup.h"

/* Rows that fit an answer (LIMIT_REPLY) even if each is as long as it can be. */
#define PAGE   40
#define NUMBER 24

struct run {
	struct session *session;
	const struct listing *listing;
	struct table table;
	struct output_array array;
	uint64_t given;
	int64_t left; /* rows that may still be shown */
	struct progress progress;
	int64_t first; /* where the second page begins */
};

static void run_fini(struct run *run)
{
	progress_end(&run->progress);
	table_fini(&run->table);
}

/* The text of one member, in room where it needs some. */
static const char *cell_text(
	const json_t *row, const struct listing_column *column, char room[OUTPUT_SPAN])
{
	const json_t *value = json_object_get(row, column->key);
	const char *text = json_string_value(value);

	if (column->text)
		return column->text(row);
	if (column->type == LISTING_TEXT)
		return text && text[0] ? text : "-";
	if (!json_is_integer(value))
		return "-";
	if (column->type == LISTING_TIME)
		output_time(room, json_integer_value(value));
	else if (column->type == LISTING_SPAN)
		output_span(room, json_integer_value(value));
	else
		snprintf(room, NUMBER, "%lld", (long long)json_integer_value(value));
	return room;
}

static int show_row(struct run *run, const json_t *row)
{
	const struct listing *listing = run->listing;
	char rooms[TABLE_COLUMNS][OUTPUT_SPAN];
	const char *cells[TABLE_COLUMNS];

	if (run->session->json) {
		output_array_add(&run->array, row);
		return 0;
	}
	for (size_t i = 0; i < listing->n_columns; i++)
		cells[i] = cell_text(row, &listing->columns[i], rooms[i]);
	if (listing->csv) {
		sheet_row(stdout, cells, listing->n_columns);
		return 0;
	}
	return table_add(&run->table, cells);
}

static int show_page(struct run *run, const json_t *answer)
{
	const json_t *rows = json_object_get(answer, run->listing->key);
	const json_t *row;
	size_t i;

	if (!json_is_array(rows))
		return -EPROTO;
	json_array_foreach(rows, i, row) {
		int r;

		if (!json_is_object(row))
			return -EPROTO;
		if (run->left == 0 ||
			(run->listing->wants && !run->listing->wants(row, run->given)))
			continue;
		r = show_row(run, row);
		if (r < 0)
			return r;
		run->left--;
	}
	return 0;
}

/* Identifiers fall to 1, so the first cursor says how far it is. */
static void show_progress(struct run *run, int64_t at)
{
	if (!run->listing->progress || at <= 0)
		return;
	if (run->first == 0) {
		run->first = at;
		/* Not among the rows on the same terminal. */
		progress_begin(&run->progress, run->listing->progress, (size_t)at,
			!isatty(STDOUT_FILENO));
	}
	if (at <= run->first)
		progress_show(&run->progress, (size_t)(run->first - at));
}

/* Moves the cursor on. 1: there is a next page; 0: that was the last. */
static int next_page(struct run *run, json_t *parameters, const json_t *answer)
{
	const char *cursor = run->listing->cursor;
	json_t *next = json_object_get(answer, "next");

	if (!next || json_is_null(next) || run->left == 0)
		return 0;
	/* A daemon that stays on the same page would keep us here for ever. */
	if (json_equal(next, json_object_get(parameters, cursor)))
		return -EPROTO;
	show_progress(run, json_integer_value(next));
	return json_object_set(parameters, cursor, next) < 0 ? -ENOMEM : 1;
}

static int one_page(struct run *run, json_t *parameters)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int64_t page = run->listing->page > 0 ? run->listing->page : PAGE;
	int64_t rows = run->left < page ? run->left : page;
	int r;

	if (parameters &&
		json_object_set_new(parameters, "limit", json_integer(rows)) < 0)
		return -ENOMEM;
	r = session_call(
		run->session, run->listing->method, json_incref(parameters), &answer);
	if (r == 0)
		r = show_page(run, answer);
	else
		return session_explain(run->session, r, answer, NULL);
	if (r == 0)
		r = next_page(run, parameters, answer);
	return r < 0 ? session_explain(run->session, r, NULL, NULL) : -r;
}

int listing_run(struct session *session, const struct listing *listing,
	json_t *parameters, int64_t limit, uint64_t given)
{
	CLEANUP(json_decrefp) json_t *owned = parameters;
	CLEANUP(run_fini)
	struct run run = {
		.session = session,
		.listing = listing,
		.given = given,
		.left = limit > 0 ? limit : INT64_MAX,
	};
	const char *titles[TABLE_COLUMNS];
	int r;

	for (size_t i = 0; i < listing->n_columns; i++)
		titles[i] = listing->columns[i].title;
	table_init(&run.table, stdout, titles, listing->n_columns);
	if (listing->csv)
		sheet_row(stdout, titles, listing->n_columns);
	/* one_page: -1 there is more, 0 that was all, else the exit code. */
	do
		r = one_page(&run, owned);
	while (r < 0);
	if (r > 0)
		return r;
	if (session->json)
		output_array_end(&run.array);
	else if (!listing->csv)
		table_end(&run.table);
	return OUTPUT_DONE;
}

int listing_card(
	const json_t *object, const struct listing_column *columns, size_t n_columns)
{
	CLEANUP(table_fini) struct table table;
	int r = 0;

	table_init(&table, stdout, NULL, 2);
	for (size_t i = 0; i < n_columns && r == 0; i++) {
		char room[OUTPUT_SPAN];
		const char *cells[] = {
			columns[i].title,
			cell_text(object, &columns[i], room),
		};

		r = table_add(&table, cells);
	}
	table_end(&table);
	return r;
}
