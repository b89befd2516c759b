/* SPDX-License-Identifier: MIT */
/*
 * Values of strangers inside a syntax that is ours.
 *
 * MUST NOT let a byte through that could end the place where the value stands: the
 * quote of a JSON string, the & and = of a form.
 */
#include "otpd/util/escape.h"

#include <string.h>

#include "otpd/util/text.h"

static const char hex[] = "0123456789ABCDEF";

static void put_unicode(struct buffer *out, unsigned char c)
{
	const char escaped[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	buffer_add(out, escaped, sizeof(escaped));
}

void escape_json(struct buffer *out, const char *text)
{
	while (*text) {
		size_t length = text_utf8_length(text);
		unsigned char c = (unsigned char)*text;

		if (length == 0) {
			buffer_puts(out, "\\ufffd");
			length = 1;
		} else if (c == '\n') {
			buffer_puts(out, "\\n"); /* the one that mails are full of */
		} else if (c < 0x20 || c == 0x7f) {
			put_unicode(out, c);
		} else {
			if (c == '"' || c == '\\')
				buffer_puts(out, "\\");
			buffer_add(out, text, length);
		}
		text += length;
	}
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

void escape_url(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		const char escaped[] = { '%', hex[c >> 4], hex[c & 15] };

		if (is_unreserved(*text))
			buffer_add(out, text, 1);
		else
			buffer_add(out, escaped, sizeof(escaped));
	}
}

static const char *html_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return "&#39;";
	}
}

void escape_html(struct buffer *out, const char *text)
{
	while (*text) {
		size_t plain = strcspn(text, "&<>\"'");

		buffer_add(out, text, plain);
		text += plain;
		if (*text)
			buffer_puts(out, html_entity(*text++));
	}
}
