/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_ROSTER_H
#define OTPD_CTL_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

struct roster_row {
	size_t line;
	const char *user; /* this and the others: in roster.data */
	const char *address;
	const char *name;
	bool skip; /* it has a problem */
};

struct roster_problem {
	size_t line;
	const char *what;  /* "address", or NULL: the line itself */
	const char *value; /* what stands there, not cleaned; or NULL */
	const char *text;  /* a clause */
};

/* The users of a file, and everything that is wrong with it. */
struct roster {
	char *data; /* owned */
	size_t size;
	struct roster_row *rows;
	size_t n_rows;
	struct roster_problem *problems;
	size_t n_problems;
	size_t n_malformed; /* lines that made no row */
	bool unusable;      /* the header is wrong: no row can be told */
};

/*
 * Reads and checks the whole file ("-": standard input). 0, with problems or without,
 * or -errno (-EFBIG: larger than ROSTER_MAX).
 */
#define ROSTER_MAX (256u << 20)
int roster_read(struct roster *roster, const char *path);
void roster_fini(struct roster *roster);

/* Notes a problem of a row and marks the row. 0 or -ENOMEM. */
int roster_refuse(struct roster *roster, struct roster_row *row, const char *what,
	const char *value, const char *text);

/* Puts the problems in the order of lines. */
void roster_sort_problems(struct roster *roster);

#endif
