/* SPDX-License-Identifier: MIT */
/*
 * Writing one call, {"method":"...","parameters":{...}} and a NUL, into a buffer of the
 * caller, who wipes it: a call may hold the code that somebody typed. Keys and method
 * are literals of this module and stand as they are; values are escaped. A value that
 * is not UTF-8 fails the call, for it would not be JSON; the caller has cleaned it
 * before.
 */
#include <errno.h>
#include <string.h>

#include "otpd/util/text.h"
#include "pam_emailotp/wire.h"

static void put(struct wire_writer *writer, const char *text, size_t length)
{
	if (length > writer->size - writer->length) {
		writer->failed = true;
		return;
	}
	memcpy(writer->buffer + writer->length, text, length);
	writer->length += length;
}

static void put_text(struct wire_writer *writer, const char *text)
{
	put(writer, text, strlen(text));
}

static void put_escaped(struct wire_writer *writer, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char escape[] = "\\u0000";

	escape[4] = digits[c >> 4];
	escape[5] = digits[c & 15];
	put_text(writer, escape);
}

static void put_quoted(struct wire_writer *writer, const char *text)
{
	put_text(writer, "\"");
	while (*text) {
		size_t length = text_utf8_length(text);
		unsigned char c = (unsigned char)*text;

		if (length == 0) {
			writer->failed = true;
			return;
		}
		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
			put_escaped(writer, c);
		else
			put(writer, text, length);
		text += length;
	}
	put_text(writer, "\"");
}

static void put_key(struct wire_writer *writer, const char *key)
{
	put_text(writer, writer->first ? "\"" : ",\"");
	put_text(writer, key);
	put_text(writer, "\":");
	writer->first = false;
}

void wire_begin(
	struct wire_writer *writer, char *buffer, size_t size, const char *method)
{
	*writer = (struct wire_writer){ .buffer = buffer, .size = size, .first = true };
	put_text(writer, "{\"method\":\"");
	put_text(writer, method);
	put_text(writer, "\",\"parameters\":{");
}

void wire_put_string(struct wire_writer *writer, const char *key, const char *value)
{
	if (!value)
		return;
	put_key(writer, key);
	put_quoted(writer, value);
}

void wire_put_bool(struct wire_writer *writer, const char *key, bool value)
{
	if (!value)
		return;
	put_key(writer, key);
	put_text(writer, "true");
}

int wire_end(struct wire_writer *writer, size_t *ret_length)
{
	put(writer, "}}", sizeof("}}"));
	if (writer->failed)
		return -EMSGSIZE;
	*ret_length = writer->length;
	return 0;
}
