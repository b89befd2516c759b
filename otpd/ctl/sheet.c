/* SPDX-License-Identifier: MIT */
/*
 * CSV that is written, for spreadsheets. Those take a cell that begins with =, +, - or
 * @ for a formula, quoted or not, and a formula can send the sheet to a stranger; the
 * names and hosts in it are typed by strangers. So such a cell gets an apostrophe in
 * front, which spreadsheets do not show. Programs that want every byte take --json.
 */
#include "otpd/ctl/sheet.h"

#include <stdbool.h>
#include <string.h>

#include "otpd/util/text.h"

#define CELL 1024 /* longer than any member of an answer that is shown in a list */

/* The wide forms are taken for it where those are typed. */
static bool is_formula(const char *cell)
{
	static const char *const marks[] = { "=", "+", "-", "@", "\uff1d", "\uff0b",
		"\uff0d", "\uff20" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strncmp(cell, marks[i], strlen(marks[i])) == 0)
			return true;
	return false;
}

static void write_cell(FILE *out, const char *raw)
{
	char cell[CELL];
	bool quoted;

	text_copy_clean(cell, sizeof(cell), raw);
	quoted = strpbrk(cell, ",;\"' \t") != NULL;
	if (quoted)
		putc('"', out);
	if (is_formula(cell))
		putc('\'', out);
	for (const char *at = cell; *at; at++) {
		if (*at == '"')
			putc('"', out);
		putc(*at, out);
	}
	if (quoted)
		putc('"', out);
}

void sheet_row(FILE *out, const char *const *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			putc(',', out);
		if (cells[i][0] && strcmp(cells[i], "-") != 0)
			write_cell(out, cells[i]);
	}
	putc('\n', out);
}
