/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_LISTING_H
#define OTPD_CTL_LISTING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "otpd/ctl/session.h"

enum listing_type {
	LISTING_TEXT,
	LISTING_INT,
	LISTING_TIME, /* seconds since 1970; 0: never */
	LISTING_SPAN, /* a number of seconds */
};

/* How one member of a JSON object is shown. */
struct listing_column {
	const char *title;
	const char *key;
	enum listing_type type;
	const char *(*text)(const json_t *row); /* instead of key; or NULL */
};

/* A method that answers page by page. */
struct listing {
	const char *method;
	const char *key;    /* the member of the answer that has the rows */
	const char *cursor; /* the parameter that next becomes */
	const struct listing_column *columns;
	size_t n_columns;
	bool (*wants)(const json_t *row, uint64_t given); /* NULL: every row */
	int64_t page;         /* rows of an answer, if more than the usual 40 */
	bool csv;             /* for people: CSV in place of a table */
	const char *progress; /* what a bar calls it; NULL: none. The cursor is an id */
};

/*
 * Shows at most limit rows (0: all) as a table, or as a JSON array. parameters is taken
 * over. given goes to wants. Returns the exit code.
 */
int listing_run(struct session *session, const struct listing *listing,
	json_t *parameters, int64_t limit, uint64_t given);

/* Shows one object, a line for each member; -ENOMEM or 0. */
int listing_card(
	const json_t *object, const struct listing_column *columns, size_t n_columns);

#endif
