/* SPDX-License-Identifier: MIT */
/*
 * CSV as RFC 4180 has it: commas, fields in double quotes where they hold commas, line
 * ends or quotes (doubled), lines ended by CRLF or LF, the last one maybe by nothing.
 * Fields are unquoted in place, which never makes them longer, and so nothing is
 * allocated and a file of any size costs its own size once.
 *
 * Strict: a quote in the middle of a bare field or text behind a closing quote is a
 * problem, not a guess, since a guess here moves one user's address to another.
 */
#include "otpd/ctl/csv.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

void csv_init(struct csv *csv, char *data, size_t size)
{
	bool bom = size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0;

	*csv = (struct csv){
		.at = data + (bom ? 3 : 0), .end = data + size, .line = 1
	};
}

static bool at_line_end(const struct csv *csv)
{
	if (csv->at == csv->end || *csv->at == '\n')
		return true;
	return *csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n';
}

/* Steps over a comma (true: another field follows) or over the end of the record. */
static bool take_delimiter(struct csv *csv)
{
	if (csv->at == csv->end)
		return false;
	if (*csv->at == ',') {
		csv->at++;
		return true;
	}
	csv->at += *csv->at == '\r' ? 2 : 1;
	csv->line++;
	return false;
}

static const char *bare_field(struct csv *csv, char **ret_field, bool *ret_more)
{
	char *stop;

	*ret_field = csv->at;
	while (!at_line_end(csv) && *csv->at != ',') {
		if (*csv->at == '"')
			return "there is a quote inside a field; put the whole field "
			       "in quotes and double the quotes in it";
		csv->at++;
	}
	/* The NUL goes where the delimiter stands, so that one is read first. */
	stop = csv->at;
	*ret_more = take_delimiter(csv);
	*stop = '\0';
	return NULL;
}

static const char *quoted_field(struct csv *csv, char **ret_field, bool *ret_more)
{
	char *to = csv->at++;

	*ret_field = to;
	for (;; csv->at++) {
		if (csv->at == csv->end)
			return "a quote is opened here and never closed";
		if (*csv->at == '"' && (++csv->at == csv->end || *csv->at != '"'))
			break;
		csv->line += *csv->at == '\n';
		*to++ = *csv->at;
	}
	*to = '\0';
	if (!at_line_end(csv) && *csv->at != ',')
		return "there is text behind a closing quote";
	*ret_more = take_delimiter(csv);
	return NULL;
}

static void skip_line(struct csv *csv)
{
	while (!at_line_end(csv))
		csv->at++;
	take_delimiter(csv);
}

static const char *read_record(struct csv *csv, struct csv_record *record)
{
	bool more = true;

	record->line = csv->line;
	record->n_fields = 0;
	while (more) {
		bool quoted = csv->at < csv->end && *csv->at == '"';
		const char *problem;
		char *field;

		if (record->n_fields == CSV_FIELDS)
			return "there are too many fields";
		problem = quoted ? quoted_field(csv, &field, &more)
				 : bare_field(csv, &field, &more);
		if (problem)
			return problem;
		record->fields[record->n_fields++] = field;
	}
	return NULL;
}

int csv_next(
	struct csv *csv, struct csv_record *ret_record, const char **reterr_problem)
{
	while (csv->at < csv->end) {
		const char *problem = read_record(csv, ret_record);

		if (problem) {
			skip_line(csv);
			*reterr_problem = problem;
			return -EBADMSG;
		}
		if (ret_record->n_fields > 1 || ret_record->fields[0][0])
			return 1;
	}
	return 0;
}
