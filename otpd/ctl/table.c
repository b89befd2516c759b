/* SPDX-License-Identifier: MIT */
/*
 * Aligned tables. Every cell is cleaned first: no controls, no broken UTF-8, nothing
 * that turns the writing direction. The width of a character comes from a short table
 * of ranges rather than from wcwidth(3), which knows nothing in the C locale that cron
 * and sudo leave us. Being wrong about a rare character costs one crooked line.
 */
#include "otpd/ctl/table.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/util/text.h"

#define GAP 2 /* blanks between columns */

static const struct {
	uint32_t first;
	uint32_t last;
	size_t width;
} ranges[] = {
	{ 0x00ad, 0x00ad, 0 },
	{ 0x0300, 0x036f, 0 },
	{ 0x0483, 0x0489, 0 },
	{ 0x0591, 0x05bd, 0 },
	{ 0x064b, 0x065f, 0 },
	{ 0x1100, 0x115f, 2 },
	{ 0x1ab0, 0x1aff, 0 },
	{ 0x1dc0, 0x1dff, 0 },
	{ 0x200b, 0x200f, 0 },
	{ 0x20d0, 0x20ff, 0 },
	{ 0x2e80, 0x303e, 2 },
	{ 0x3041, 0xa4cf, 2 },
	{ 0xa960, 0xa97c, 2 },
	{ 0xac00, 0xd7a3, 2 },
	{ 0xf900, 0xfaff, 2 },
	{ 0xfe00, 0xfe0f, 0 },
	{ 0xfe20, 0xfe2f, 0 },
	{ 0xfe30, 0xfe6f, 2 },
	{ 0xff00, 0xff60, 2 },
	{ 0xffe0, 0xffe6, 2 },
	{ 0x1f300, 0x1f64f, 2 },
	{ 0x1f680, 0x1f6ff, 2 },
	{ 0x1f900, 0x1faff, 2 },
	{ 0x20000, 0x3fffd, 2 },
};

static size_t character_width(uint32_t c)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return ranges[i].width;
	return 1;
}

static uint32_t decode(const char *text, size_t length)
{
	static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *s = (const unsigned char *)text;
	uint32_t c = s[0] & masks[length];

	for (size_t i = 1; i < length; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

size_t table_width(const char *text)
{
	size_t width = 0;

	while (*text) {
		size_t length = text_utf8_length(text);

		width += length ? character_width(decode(text, length)) : 1;
		text += length ? length : 1;
	}
	return width;
}

static bool turns_direction(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	return s[0] == 0xe2 &&
		((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) ||
			(s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

void table_straighten(char *text)
{
	char *to = text;

	while (*text) {
		bool turns = turns_direction(text);

		*to++ = turns ? '?' : *text;
		text += turns ? 3 : 1;
	}
	*to = '\0';
}

static char *clean_copy(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	if (!copy)
		return NULL;
	text_copy_clean(copy, size, text);
	table_straighten(copy);
	return copy;
}

void table_init(
	struct table *table, FILE *out, const char *const *titles, size_t n_columns)
{
	*table = (struct table){ .out = out, .titles = titles, .n_columns = n_columns };
	for (size_t i = 0; titles && i < n_columns; i++)
		table->widths[i] = table_width(titles[i]);
}

/* The last column is not padded: no line ends in blanks. */
static void write_cell(struct table *table, size_t column, const char *text)
{
	bool last = column + 1 == table->n_columns;
	size_t width = table_width(text);

	fputs(text, table->out);
	for (size_t i = width; !last && i < table->widths[column] + GAP; i++)
		/* A cell that is too wide still has one blank behind it. */
		fputc(' ', table->out);
	if (!last && width >= table->widths[column] + GAP)
		fputc(' ', table->out);
	if (last)
		fputc('\n', table->out);
}

static void lay_out(struct table *table)
{
	if (table->laid_out)
		return;
	table->laid_out = true;
	for (size_t i = 0; table->titles && i < table->n_columns; i++)
		write_cell(table, i, table->titles[i]);
	for (size_t i = 0; i < table->n_rows * table->n_columns; i++)
		write_cell(table, i % table->n_columns, table->cells[i]);
}

static int keep(struct table *table, const char *const *cells)
{
	size_t at = table->n_rows * table->n_columns;

	if (!table->cells)
		table->cells = calloc(
			TABLE_MEASURED * table->n_columns, sizeof(*table->cells));
	if (!table->cells)
		return -ENOMEM;
	table->n_rows++;
	for (size_t i = 0; i < table->n_columns; i++) {
		char *copy = clean_copy(cells[i]);
		size_t width;

		if (!copy)
			return -ENOMEM;
		table->cells[at + i] = copy;
		width = table_width(copy);
		if (width > table->widths[i])
			table->widths[i] = width;
	}
	return 0;
}

int table_add(struct table *table, const char *const *cells)
{
	if (table->n_rows < TABLE_MEASURED && !table->laid_out)
		return keep(table, cells);
	lay_out(table);
	for (size_t i = 0; i < table->n_columns; i++) {
		char *copy = clean_copy(cells[i]);

		if (!copy)
			return -ENOMEM;
		write_cell(table, i, copy);
		free(copy);
	}
	return 0;
}

void table_end(struct table *table)
{
	lay_out(table);
}

void table_fini(struct table *table)
{
	for (size_t i = 0; table->cells && i < table->n_rows * table->n_columns; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){ 0 };
}
