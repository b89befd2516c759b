/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_CSV_H
#define OTPD_CTL_CSV_H

#include <stddef.h>

#define CSV_FIELDS 16 /* of one record; more is a problem */

/* CSV (RFC 4180) in memory that the reader may overwrite. */
struct csv {
	char *at;
	char *end;
	size_t line; /* the line that at stands on, from 1 */
};

struct csv_record {
	size_t line; /* where the record begins */
	size_t n_fields;
	char *fields[CSV_FIELDS]; /* in the memory of the reader, NUL-ended */
};

/* data[size] must be there too, it may be overwritten by a NUL. Skips a UTF-8 BOM. */
void csv_init(struct csv *csv, char *data, size_t size);

/*
 * The next record that is not an empty line. 1: there is one; 0: the end; -EBADMSG: it
 * is malformed, *reterr_problem says how (a clause for people), record->line where, and
 * the next call goes on behind it.
 */
int csv_next(
	struct csv *csv, struct csv_record *ret_record, const char **reterr_problem);

#endif
