/* SPDX-License-Identifier: MIT */
/*
 * Lines of a terminal's width, without a locale: the width of characters and where they
 * may be parted come from small tables here. Text that is not UTF-8 is taken bytewise.
 */
#include "otpd/util/wrap.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "otpd/util/text.h"

struct range {
	uint32_t from;
	uint32_t to;
};

/* EastAsianWidth.txt: W and F, in blocks; the frequent ones first. */
static const struct range wide[] = {
	{ 0x3041, 0x33ff },
	{ 0x4e00, 0xa4cf },
	{ 0x2e80, 0x303e },
	{ 0x1100, 0x115f },
	{ 0x3400, 0x4dbf },
	{ 0xa960, 0xa97f },
	{ 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f },
	{ 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1f9ff },
	{ 0x20000, 0x3fffd },
};

/* Marks that stand on the character before them. */
static const struct range narrowest[] = {
	{ 0x0300, 0x036f },
	{ 0x1ab0, 0x1aff },
	{ 0x20d0, 0x20ff },
	{ 0x3099, 0x309a },
	{ 0xfe00, 0xfe0f },
};

/* No line begins with these (JIS X 4051), nor ends with those. */
static const wchar_t closing[] =
	L"\u3001\u3002\uff0c\uff0e\u30fb\uff1a\uff1b\uff1f\uff01\uff09\u300d\u300f\u3011"
	L"\u3015\u3009\u300b\u30fc\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087"
	L"\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7\u3005\u2026)]}.,:;!?%";
static const wchar_t opening[] = L"\uff08\u300c\u300e\u3010\u3014\u3008\u300a([{";

/* One character of a text. */
struct character {
	uint32_t point; /* of Unicode */
	size_t size;
	size_t columns;
};

static bool is_in(const struct range *ranges, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

static uint32_t code_point(const char *at, size_t size)
{
	const unsigned char *s = (const unsigned char *)at;
	uint32_t c;

	if (size < 2)
		return s[0];
	c = s[0] & (0xffu >> (size + 1));
	for (size_t i = 1; i < size; i++)
		c = c << 6 | (s[i] & 0x3fu);
	return c;
}

static struct character read_character(const char *at)
{
	struct character c = { (unsigned char)*at, 1, 1 };

	if (c.point < 0x80)
		return c;
	c.size = text_utf8_length(at);
	if (c.size == 0)
		c.size = 1;
	c.point = code_point(at, c.size);
	if (c.point < narrowest[0].from)
		return c;
	if (is_in(wide, sizeof(wide) / sizeof(wide[0]), c.point))
		c.columns = 2;
	else if (is_in(narrowest, sizeof(narrowest) / sizeof(narrowest[0]), c.point))
		c.columns = 0;
	return c;
}

size_t wrap_columns(const char *text)
{
	size_t columns = 0;

	while (*text) {
		struct character c = read_character(text);

		columns += c.columns;
		text += c.size;
	}
	return columns;
}

/* Whether a line may end behind before, where no blank stands. */
static bool may_part(const struct character *before, const struct character *after)
{
	if (before->columns < 2 && after->columns < 2)
		return false;
	if (before->point == ' ' || after->columns == 0)
		return false;
	return !wcschr(closing, (wchar_t)after->point) &&
		!wcschr(opening, (wchar_t)before->point);
}

/*
 * How many bytes of the line (length bytes) fit into width columns: up to a place where
 * it may be parted behind the indent, else to the first such place.
 */
static size_t fitting(const char *line, size_t length, size_t indent, size_t width)
{
	struct character before = { 0, 1, 0 };
	size_t columns = 0, best = 0;

	for (size_t i = 0; i < length;) {
		struct character c = read_character(line + i);
		bool blank = c.point == ' ';

		if (i > indent &&
			(blank ? before.point != ' ' : may_part(&before, &c))) {
			if (columns <= width)
				best = i;
			else
				return best > 0 ? best : i;
		}
		columns += c.columns;
		if (columns > width && best > 0 && !blank)
			return best;
		before = c;
		i += c.size;
	}
	return columns > width && best > 0 ? best : length; /* but for blanks */
}

static void wrap_line(struct buffer *out, const char *line, size_t length, size_t width)
{
	size_t indent = strspn(line, " ");
	size_t room = width;

	if (indent > length)
		indent = length;
	for (;;) {
		size_t n = length <= room
			? length /* bytes are never fewer than columns */
			: fitting(line, length, room == width ? indent : 0, room);

		buffer_add(out, line, n);
		buffer_puts(out, "\n");
		while (n < length && line[n] == ' ')
			n++;
		line += n;
		length -= n;
		if (length == 0)
			break;
		for (size_t i = 0; i < indent; i++)
			buffer_puts(out, " ");
		room = width - indent;
	}
}

void wrap_text(struct buffer *out, const char *text, size_t width)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		wrap_line(out, text, length, width);
		text += length;
		text += *text == '\n';
	}
}
