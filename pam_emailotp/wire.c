/* SPDX-License-Identifier: MIT */
/*
 * The part of JSON that a Varlink answer to this module can consist of, and no more:
 * one object, in it "parameters" as a flat object, and "error". It runs inside sshd and
 * sudo on bytes from a socket, so
 *
 *  - it MUST NOT allocate: strings are unescaped in place, a reply is a table of
 * pointers into the message;
 *  - it MUST NOT accept what another parser could read differently: no duplicate keys,
 * no nested values, no fractions, no exponents, no NUL, no invalid UTF-8, no lone
 *    surrogates, nothing behind the closing brace;
 *  - it MUST NOT look past the NUL that ends the message. Every step checks the byte
 * that it stands on, and no rule accepts a NUL, so none goes beyond it.
 *
 * Parameters with names that nobody asks for are read and left alone: a newer otpd may
 * say more than an sshd that is still running expects. tests/fuzz/fuzz_wire.c holds all
 * of this against jansson.
 */
#include "pam_emailotp/wire.h"

#include <errno.h>
#include <string.h>

#include "otpd/util/text.h"

struct reader {
	char *at;
	unsigned seen; /* ENVELOPE_x that were there */
};

enum {
	ENVELOPE_ERROR = 1u << 0,
	ENVELOPE_PARAMETERS = 1u << 1,
	ENVELOPE_CONTINUES = 1u << 2,
};

typedef int member_reader(
	struct reader *reader, const char *key, struct wire_reply *reply);

static void skip_blanks(struct reader *reader)
{
	while (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n' ||
		*reader->at == '\r')
		reader->at++;
}

/* Takes the byte c, after blanks. */
static bool take(struct reader *reader, char c)
{
	skip_blanks(reader);
	if (*reader->at != c)
		return false;
	reader->at++;
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The four digits of a \u, with at behind the u. */
static int read_unit(struct reader *reader, uint32_t *ret)
{
	uint32_t unit = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_value(*reader->at);

		if (digit < 0)
			return -EBADMSG;
		unit = unit << 4 | (uint32_t)digit;
		reader->at++;
	}
	*ret = unit;
	return 0;
}

/* A \u escape, or the two of a character above U+FFFF. */
static int read_character(struct reader *reader, uint32_t *ret)
{
	uint32_t high, low;

	if (read_unit(reader, &high) < 0 || high == 0 ||
		(high >= 0xdc00 && high <= 0xdfff))
		return -EBADMSG;
	if (high < 0xd800 || high > 0xdfff) {
		*ret = high;
		return 0;
	}
	if (reader->at[0] != '\\' || reader->at[1] != 'u')
		return -EBADMSG;
	reader->at += 2;
	if (read_unit(reader, &low) < 0 || low < 0xdc00 || low > 0xdfff)
		return -EBADMSG;
	*ret = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return 0;
}

/* As UTF-8, which is never longer than the escape it stood for. */
static char *put_character(char *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (char)c;
		return out;
	}
	if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (c & 0x3f));
	return out;
}

static int read_escape(struct reader *reader, char **out)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	char name = reader->at[1];
	const char *found;
	uint32_t c;

	if (name == '\0')
		return -EBADMSG;
	reader->at += 2;
	if (name == 'u') {
		if (read_character(reader, &c) < 0)
			return -EBADMSG;
		*out = put_character(*out, c);
		return 0;
	}
	found = strchr(names, name);
	if (!found)
		return -EBADMSG;
	*(*out)++ = values[found - names];
	return 0;
}

static int read_plain(struct reader *reader, char **out)
{
	size_t length = text_utf8_length(reader->at);

	if (length == 0 || (unsigned char)*reader->at < 0x20)
		return -EBADMSG;
	memmove(*out, reader->at, length);
	*out += length;
	reader->at += length;
	return 0;
}

static int read_string(struct reader *reader, const char **ret)
{
	char *start, *out;

	if (!take(reader, '"'))
		return -EBADMSG;
	start = out = reader->at;
	while (*reader->at != '"') {
		int r = *reader->at == '\\' ? read_escape(reader, &out)
					    : read_plain(reader, &out);

		if (r < 0)
			return r;
	}
	reader->at++;
	*out = '\0'; /* on the closing quote at the latest */
	*ret = start;
	return 0;
}

/* An integer of JSON: no leading zero, no plus, and no fraction or exponent behind it.
 */
static int read_int(struct reader *reader, int64_t *ret)
{
	bool negative = *reader->at == '-';
	int64_t value = 0;
	const char *first;

	reader->at += negative;
	first = reader->at;
	for (; *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
		int digit = *reader->at - '0';

		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_sub_overflow(value, digit, &value))
			return -EBADMSG;
	}
	if (reader->at == first || (*first == '0' && reader->at - first > 1))
		return -EBADMSG;
	/* It was gathered below zero, where one more number fits than above. */
	if (!negative && __builtin_sub_overflow(0, value, &value))
		return -EBADMSG;
	*ret = value;
	return 0;
}

static bool take_word(struct reader *reader, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

static int read_value(struct reader *reader, struct wire_member *member)
{
	skip_blanks(reader);
	if (*reader->at == '"') {
		member->type = WIRE_STRING;
		return read_string(reader, &member->text);
	}
	if (take_word(reader, "null")) {
		member->type = WIRE_NULL;
		return 0;
	}
	member->type = WIRE_BOOL;
	member->number = take_word(reader, "true");
	if (member->number || take_word(reader, "false"))
		return 0;
	member->type = WIRE_INT;
	return read_int(reader, &member->number);
}

/* An object, each of whose members is read by read_member, with at behind the colon. */
static int read_object(
	struct reader *reader, member_reader *read_member, struct wire_reply *reply)
{
	if (!take(reader, '{'))
		return -EBADMSG;
	if (take(reader, '}'))
		return 0;
	do {
		const char *key;

		if (read_string(reader, &key) < 0 || !take(reader, ':'))
			return -EBADMSG;
		if (read_member(reader, key, reply) < 0)
			return -EBADMSG;
	} while (take(reader, ','));
	return take(reader, '}') ? 0 : -EBADMSG;
}

static const struct wire_member *find(const struct wire_reply *reply, const char *key)
{
	for (size_t i = 0; i < reply->n_members; i++)
		if (strcmp(reply->members[i].key, key) == 0)
			return &reply->members[i];
	return NULL;
}

static int read_parameter(
	struct reader *reader, const char *key, struct wire_reply *reply)
{
	struct wire_member *member;

	if (reply->n_members == WIRE_MEMBERS || find(reply, key))
		return -EBADMSG;
	member = &reply->members[reply->n_members];
	*member = (struct wire_member){ .key = key };
	if (read_value(reader, member) < 0)
		return -EBADMSG;
	reply->n_members++;
	return 0;
}

/* False if it was there before. */
static bool first_time(struct reader *reader, unsigned what)
{
	bool first = !(reader->seen & what);

	reader->seen |= what;
	return first;
}

static int read_envelope(
	struct reader *reader, const char *key, struct wire_reply *reply)
{
	if (strcmp(key, "parameters") == 0 && first_time(reader, ENVELOPE_PARAMETERS))
		return read_object(reader, read_parameter, reply);
	if (strcmp(key, "error") == 0 && first_time(reader, ENVELOPE_ERROR))
		return read_string(reader, &reply->error);
	if (strcmp(key, "continues") == 0 && first_time(reader, ENVELOPE_CONTINUES)) {
		/* We never ask for more than one answer. */
		skip_blanks(reader);
		return take_word(reader, "false") ? 0 : -EBADMSG;
	}
	return -EBADMSG;
}

int wire_read(char *message, size_t length, struct wire_reply *ret)
{
	struct reader reader = { .at = message };

	ret->error = NULL;
	ret->n_members = 0;
	if (read_object(&reader, read_envelope, ret) < 0)
		return -EBADMSG;
	skip_blanks(&reader);
	if (reader.at != message + length)
		return -EBADMSG;
	return ret->error && !*ret->error ? -EBADMSG : 0;
}

int wire_get_string(
	const struct wire_reply *reply, const char *key, size_t max, const char **ret)
{
	const struct wire_member *member = find(reply, key);

	if (!member || member->type != WIRE_STRING || strlen(member->text) > max)
		return -EBADMSG;
	*ret = member->text;
	return 0;
}

int wire_get_int(
	const struct wire_reply *reply, const char *key, int64_t max, int64_t *ret)
{
	const struct wire_member *member = find(reply, key);

	if (!member || member->type != WIRE_INT)
		return -EBADMSG;
	if (member->number < 0 || member->number > max)
		return -EBADMSG;
	*ret = member->number;
	return 0;
}

int wire_get_bool(const struct wire_reply *reply, const char *key, bool *ret)
{
	const struct wire_member *member = find(reply, key);

	if (!member || member->type != WIRE_BOOL)
		return -EBADMSG;
	*ret = member->number;
	return 0;
}

bool wire_is_there(const struct wire_reply *reply, const char *key)
{
	const struct wire_member *member = find(reply, key);

	return member && member->type != WIRE_NULL;
}

int wire_get_bool_if(const struct wire_reply *reply, const char *key, bool *ret)
{
	*ret = false;
	return wire_is_there(reply, key) ? wire_get_bool(reply, key, ret) : 0;
}
