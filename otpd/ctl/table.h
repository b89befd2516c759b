/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_TABLE_H
#define OTPD_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS  12
#define TABLE_MEASURED 1000 /* rows that decide the widths */

/*
 * Rows for people, in columns. The first TABLE_MEASURED rows wait until the widths are
 * known; the ones after them are written at once, so that a million rows need no
 * memory.
 */
struct table {
	FILE *out; /* not owned */
	const char *const *titles;
	size_t n_columns;
	size_t widths[TABLE_COLUMNS];
	char **cells;
	size_t n_rows;
	bool laid_out;
};

/* titles has n_columns strings that outlive the table; NULL: no line of titles. */
void table_init(
	struct table *table, FILE *out, const char *const *titles, size_t n_columns);

/* One row; the cells are copied and cleaned. 0 or -ENOMEM. */
int table_add(struct table *table, const char *const *cells);

/* Writes what waits. */
void table_end(struct table *table);
void table_fini(struct table *table);

/* Columns that well-formed UTF-8 takes on a terminal. */
size_t table_width(const char *text);

/*
 * Replaces by '?' in place what changes the order of the text around it (U+202A to
 * U+202E, U+2066 to U+2069): a name must not be able to disguise another column.
 */
void table_straighten(char *text);

#endif
