/* SPDX-License-Identifier: MIT */
/*
 * The file of users to import. All of it is read and checked before the first user goes
 * to the daemon, and all that is wrong is collected, so that somebody with 10,000 lines
 * mends the file once instead of a line at a time. The rules are the daemon's own
 * (address_problem, limits.h); the daemon checks again.
 *
 * Rows and problems point into the file's text, which csv.c has cut into strings.
 */
#include "otpd/ctl/roster.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/core/address.h"
#include "otpd/ctl/csv.h"
#include "otpd/proto/limits.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

enum column {
	COLUMN_USER,
	COLUMN_ADDRESS,
	COLUMN_NAME,
	N_COLUMNS
};

static const struct {
	const char *name;
	enum column column;
} column_names[] = {
	{ "user", COLUMN_USER },
	{ "address", COLUMN_ADDRESS },
	{ "email", COLUMN_ADDRESS },
	{ "name", COLUMN_NAME },
};

void roster_fini(struct roster *roster)
{
	free(roster->data);
	free(roster->rows);
	free(roster->problems);
	*roster = (struct roster){ 0 };
}

/* Makes room for one more element, doubling. */
static int grow(void **array, size_t n, size_t size)
{
	void *larger;

	/* Powers of two are where the room ends. */
	if (n & (n - 1))
		return 0;
	larger = reallocarray(*array, n ? 2 * n : 1, size);
	if (!larger)
		return -ENOMEM;
	*array = larger;
	return 0;
}

static int add_problem(struct roster *roster, const struct roster_problem *problem)
{
	int r = grow((void **)&roster->problems, roster->n_problems, sizeof(*problem));

	if (r == 0)
		roster->problems[roster->n_problems++] = *problem;
	return r;
}

int roster_refuse(struct roster *roster, struct roster_row *row, const char *what,
	const char *value, const char *text)
{
	struct roster_problem problem = { row->line, what, value, text };

	row->skip = true;
	return add_problem(roster, &problem);
}

/* A problem of the file as a whole. */
static int condemn(
	struct roster *roster, size_t line, const char *value, const char *text)
{
	struct roster_problem problem = { line, value ? "column" : NULL, value, text };

	roster->unusable = true;
	return add_problem(roster, &problem);
}

static int by_line(const void *a, const void *b)
{
	const struct roster_problem *x = a, *y = b;

	return (x->line > y->line) - (x->line < y->line);
}

void roster_sort_problems(struct roster *roster)
{
	if (roster->n_problems > 1)
		qsort(roster->problems, roster->n_problems, sizeof(*roster->problems),
			by_line);
}

static int read_all(struct roster *roster, int fd)
{
	size_t room = 0;

	for (;;) {
		ssize_t n;

		if (roster->size + 1 >= room) {
			char *larger = realloc(roster->data, room ? 2 * room : 65536);

			if (!larger)
				return -ENOMEM;
			roster->data = larger;
			room = room ? 2 * room : 65536;
		}
		n = read(fd, roster->data + roster->size, room - roster->size - 1);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		roster->size += n > 0 ? (size_t)n : 0;
		if (roster->size > ROSTER_MAX)
			return -EFBIG;
	}
	roster->data[roster->size] = '\0';
	return 0;
}

static int read_file(struct roster *roster, const char *path)
{
	CLEANUP(closep) int fd = -1;

	if (strcmp(path, "-") == 0)
		return read_all(roster, STDIN_FILENO);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	return read_all(roster, fd);
}

/* Without the blanks around it: spreadsheets and people leave them. */
static char *trimmed(char *text)
{
	size_t n;

	text += strspn(text, " \t");
	n = strlen(text);
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		n--;
	text[n] = '\0';
	return text;
}

static int find_column(const char *name)
{
	for (size_t i = 0; i < sizeof(column_names) / sizeof(column_names[0]); i++)
		if (text_same_nocase(name, column_names[i].name))
			return (int)column_names[i].column;
	return -1;
}

/* Where each column stands; -1 for one that does not. */
static int read_header(struct roster *roster, const struct csv_record *record,
	int places[static N_COLUMNS])
{
	for (int i = 0; i < N_COLUMNS; i++)
		places[i] = -1;
	for (size_t i = 0; i < record->n_fields; i++) {
		char *name = trimmed(record->fields[i]);
		int column = find_column(name);

		if (column < 0)
			return condemn(roster, record->line, name,
				strchr(name, ';')
					? "there are semicolons between the columns; "
					  "save the file with commas"
					: "not known; the first line names the "
					  "columns: user,address,name");
		if (places[column] >= 0)
			return condemn(roster, record->line, name, "there twice");
		places[column] = (int)i;
	}
	if (places[COLUMN_USER] < 0 || places[COLUMN_ADDRESS] < 0)
		return condemn(roster, record->line, NULL,
			"the first line must name the columns user and address");
	return 0;
}

static const char *text_problem(const char *text, size_t max)
{
	if (strlen(text) > max)
		return "too long";
	if (!text_is_utf8(text))
		return "not UTF-8; save the file as UTF-8";
	if (text_has_control(text))
		return "a control character or a line break is in it";
	return NULL;
}

static int check_row(struct roster *roster, struct roster_row *row)
{
	const char *problem = text_problem(row->user, LIMIT_USER);
	int r = 0;

	if (!row->user[0])
		r = roster_refuse(roster, row, "user", NULL, "missing");
	else if (problem)
		r = roster_refuse(roster, row, "user", row->user, problem);
	problem = address_problem(row->address);
	if (r == 0 && !row->address[0])
		r = roster_refuse(roster, row, "address", NULL, "missing");
	else if (r == 0 && problem)
		r = roster_refuse(roster, row, "address", row->address, problem);
	problem = text_problem(row->name, LIMIT_NAME);
	if (r == 0 && problem)
		r = roster_refuse(roster, row, "name", row->name, problem);
	return r;
}

static int add_row(struct roster *roster, const struct csv_record *record,
	const int places[static N_COLUMNS], size_t n_header)
{
	int r = grow((void **)&roster->rows, roster->n_rows, sizeof(*roster->rows));
	const char *fields[N_COLUMNS];
	struct roster_row *row;

	if (r < 0)
		return r;
	for (int i = 0; i < N_COLUMNS; i++)
		fields[i] = places[i] < 0 || (size_t)places[i] >= record->n_fields
			? ""
			: trimmed(record->fields[places[i]]);
	row = &roster->rows[roster->n_rows++];
	*row = (struct roster_row){
		.line = record->line,
		.user = fields[COLUMN_USER],
		.address = fields[COLUMN_ADDRESS],
		.name = fields[COLUMN_NAME],
	};
	if (record->n_fields > n_header)
		return roster_refuse(roster, row, NULL, NULL,
			"there are more fields than columns; put a field with a comma "
			"in quotes");
	return check_row(roster, row);
}

static int read_rows(struct roster *roster)
{
	int places[N_COLUMNS] = { 0 };
	struct csv_record record;
	size_t n_header = 0;
	const char *problem;
	struct csv csv;
	int r;

	csv_init(&csv, roster->data, roster->size);
	while ((r = csv_next(&csv, &record, &problem)) != 0) {
		if (r < 0) {
			struct roster_problem bad = { record.line, NULL, NULL,
				problem };

			roster->n_malformed++;
			roster->unusable = roster->unusable || n_header == 0;
			r = add_problem(roster, &bad);
		} else if (n_header == 0) {
			n_header = record.n_fields;
			r = read_header(roster, &record, places);
		} else
			r = add_row(roster, &record, places, n_header);
		if (r < 0 || roster->unusable)
			return r;
	}
	return n_header ? 0 : condemn(roster, 1, NULL, "the file is empty");
}

static int by_user(const void *a, const void *b)
{
	const struct roster_row *x = *(struct roster_row *const *)a;
	const struct roster_row *y = *(struct roster_row *const *)b;
	int order = strcmp(x->user, y->user);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* The first line of a user counts; the later ones are problems. */
static int find_duplicates(struct roster *roster)
{
	CLEANUP(freep) struct roster_row **sorted = NULL;
	size_t n = roster->n_rows;

	sorted = calloc(n ? n : 1, sizeof(struct roster_row *));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &roster->rows[i];
	qsort(sorted, n, sizeof(struct roster_row *), by_user);
	for (size_t i = 1; i < n; i++) {
		bool same = strcmp(sorted[i]->user, sorted[i - 1]->user) == 0;
		int r;

		if (!same || !sorted[i]->user[0])
			continue;
		r = roster_refuse(roster, sorted[i], "user", sorted[i]->user,
			"on an earlier line too");
		if (r < 0)
			return r;
	}
	return 0;
}

int roster_read(struct roster *roster, const char *path)
{
	int r = read_file(roster, path);

	if (r < 0)
		return r;
	if (memchr(roster->data, '\0', roster->size))
		return condemn(roster, 1, NULL,
			"the file has NUL bytes, it may be UTF-16 or no text; save it as "
			"CSV in UTF-8");
	r = read_rows(roster);
	if (r == 0 && !roster->unusable)
		r = find_duplicates(roster);
	roster_sort_problems(roster);
	return r;
}
