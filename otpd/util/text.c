/* SPDX-License-Identifier: MIT */
/* Bytes that strangers send: what is UTF-8, what is a control, what fits. No locale. */
#include "otpd/util/text.h"

#include <stdint.h>
#include <string.h>

static bool tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t text_utf8_length(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return tail(s[1]) ? 2 : 0;
	if (s[0] >= 0xe0 && s[0] <= 0xef) {
		if (!tail(s[1]) || !tail(s[2]))
			return 0;
		/* Not the overlong forms, not the surrogates. */
		if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))
			return 0;
		return 3;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		if (!tail(s[1]) || !tail(s[2]) || !tail(s[3]))
			return 0;
		if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
			return 0;
		return 4;
	}
	return 0;
}

static bool is_control(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	return s[0] < 0x20 || s[0] == 0x7f ||
		(s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0);
}

bool text_is_utf8(const char *text)
{
	while (*text) {
		size_t len = text_utf8_length(text);

		if (len == 0)
			return false;
		text += len;
	}
	return true;
}

bool text_has_control(const char *text)
{
	for (; *text; text++)
		if (is_control(text))
			return true;
	return false;
}

void text_copy_clean(char *out, size_t size, const char *text)
{
	size_t n = 0;

	while (*text) {
		size_t len = text_utf8_length(text);
		bool plain = len > 0 && !is_control(text);

		if (n + (plain ? len : 1) >= size)
			break;
		if (plain)
			memcpy(out + n, text, len);
		else
			out[n] = '?';
		n += plain ? len : 1;
		text += len > 0 ? len : 1;
	}
	out[n] = '\0';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool text_same_nocase(const char *a, const char *b)
{
	for (; lower(*a) == lower(*b); a++, b++)
		if (*a == '\0')
			return true;
	return false;
}

bool text_copy(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	out[0] = '\0';
	if (len >= size)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

bool text_copy_lower(char *out, size_t size, const char *text)
{
	bool fits = text_copy(out, size, text);

	for (char *p = out; *p; p++)
		*p = lower(*p);
	return fits;
}

/* Marks and overrides of direction, separators of lines and paragraphs, and isolates
 * (U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069): none of them is seen, and each
 * makes some reader see another line. */
static bool is_deceiving(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] != 0xe2)
		return false;
	return (s[1] == 0x80 &&
		       (s[2] == 0x8e || s[2] == 0x8f ||
			       (s[2] >= 0xa8 && s[2] <= 0xae))) ||
		(s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
}

const char *text_quote(char *out, size_t size, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	if (!text) {
		text_copy(out, size, "-");
		return out;
	}
	out[n++] = '"';
	while (*text) {
		size_t len = text_utf8_length(text);
		unsigned char c = (unsigned char)*text;
		bool plain = len > 0 && !is_control(text) && !is_deceiving(text) &&
			c != '"' && c != '\\';

		if (n + 10 >
			size) { /* the longest step, "...", the quote and the NUL */
			memcpy(out + n, "...", 3);
			n += 3;
			break;
		}
		if (plain) {
			memcpy(out + n, text, len);
			n += len;
			text += len;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
		text++;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}
