/* SPDX-License-Identifier: MIT */
/*
 * Claims of tokens as JSON. Whoever signs writes them in one way only, and whoever
 * reads them writes them again and compares: whatever a reader of JSON lets pass (a
 * claim twice, one that is unknown, a number with a fraction, a blank, an escape), the
 * comparison does not. A claim that is added later leaves older tokens good, since one
 * that is not set is left out.
 */
#include "otpd/core/token_claims.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/escape.h"
#include "otpd/util/text.h"

enum kind {
	TEXT,
	TIME,
	WORDS, /* an array of strings */
};

#define FIELD(field)                                                    \
	.name = #field, .offset = offsetof(struct token_claims, field), \
	.size = sizeof(((struct token_claims *)NULL)->field)

/* In the order in which they are written. */
static const struct claim {
	const char *name;
	enum kind kind;
	size_t offset, size;
	bool required;
} table[] = {
	{ FIELD(iss), .kind = TEXT, .required = true },
	{ FIELD(aud), .kind = TEXT, .required = true },
	{ FIELD(sub), .kind = TEXT, .required = true },
	{ FIELD(jti), .kind = TEXT, .required = true },
	{ FIELD(sid), .kind = TEXT },
	{ FIELD(tenant), .kind = TEXT },
	{ FIELD(service), .kind = TEXT },
	{ FIELD(amr), .kind = WORDS },
	{ FIELD(iat), .kind = TIME, .required = true },
	{ FIELD(exp), .kind = TIME, .required = true },
	{ FIELD(auth_time), .kind = TIME },
};
#define N_CLAIMS (sizeof(table) / sizeof(table[0]))

static const char *text_of(const struct token_claims *claims, const struct claim *claim)
{
	return (const char *)claims + claim->offset;
}

static int64_t time_of(const struct token_claims *claims, const struct claim *claim)
{
	int64_t time;

	memcpy(&time, (const char *)claims + claim->offset, sizeof(time));
	return time;
}

static bool is_set(const struct token_claims *claims, const struct claim *claim)
{
	if (claim->kind == TIME)
		return time_of(claims, claim) != 0;
	return *text_of(claims, claim) != '\0';
}

static bool is_good(const struct token_claims *claims, const struct claim *claim)
{
	if (!is_set(claims, claim))
		return !claim->required;
	if (claim->kind == TIME)
		return time_of(claims, claim) > 0;
	return text_is_utf8(text_of(claims, claim));
}

static void put_string(struct buffer *out, const char *text)
{
	buffer_puts(out, "\"");
	escape_json(out, text);
	buffer_puts(out, "\"");
}

static void put_time(struct buffer *out, int64_t time)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, time);
	buffer_puts(out, digits);
}

static void put_words(struct buffer *out, const char *words)
{
	char word[sizeof(((struct token_claims *)NULL)->amr)];
	const char *comma = "";

	buffer_puts(out, "[");
	while (*words) {
		size_t n = strcspn(words, " ");

		buffer_puts(out, comma);
		snprintf(word, sizeof(word), "%.*s", (int)n, words);
		put_string(out, word);
		words += n + strspn(words + n, " ");
		comma = ",";
	}
	buffer_puts(out, "]");
}

static void put_value(struct buffer *out, const struct token_claims *claims,
	const struct claim *claim)
{
	switch (claim->kind) {
	case TEXT:
		put_string(out, text_of(claims, claim));
		break;
	case WORDS:
		put_words(out, text_of(claims, claim));
		break;
	case TIME:
		put_time(out, time_of(claims, claim));
		break;
	}
}

int token_claims_write(struct buffer *out, const struct token_claims *claims)
{
	const char *before = "{\"";

	for (size_t i = 0; i < N_CLAIMS; i++) {
		if (!is_good(claims, &table[i]))
			return -EINVAL;
		if (!is_set(claims, &table[i]))
			continue;
		buffer_puts(out, before);
		buffer_puts(out, table[i].name);
		buffer_puts(out, "\":");
		put_value(out, claims, &table[i]);
		before = ",\"";
	}
	buffer_puts(out, "}");
	return out->failed ? -ENOMEM : 0;
}

/* The strings of the array with blanks between. */
static bool get_words(char *out, size_t size, const json_t *array)
{
	size_t n = 0;

	if (!json_is_array(array))
		return false;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *word = json_string_value(json_array_get(array, i));
		int length;

		if (!word)
			return false;
		length = snprintf(out + n, size - n, "%s%s", i > 0 ? " " : "", word);
		if (length < 0 || (size_t)length >= size - n)
			return false;
		n += (size_t)length;
	}
	return true;
}

static bool get_value(
	struct token_claims *ret, const struct claim *claim, const json_t *value)
{
	char *at = (char *)ret + claim->offset;
	int64_t time;

	switch (claim->kind) {
	case TEXT:
		return json_is_string(value) &&
			text_copy(at, claim->size, json_string_value(value));
	case WORDS:
		return get_words(at, claim->size, value);
	case TIME:
		time = json_integer_value(value);
		memcpy(at, &time, sizeof(time));
		return json_is_integer(value);
	}
	return false;
}

/* Those that are known; what else there is, the comparison sees. */
static bool get_all(struct token_claims *ret, const json_t *object)
{
	for (size_t i = 0; i < N_CLAIMS; i++) {
		const json_t *value = json_object_get(object, table[i].name);

		if (value && !get_value(ret, &table[i], value))
			return false;
	}
	return true;
}

int token_claims_read(struct token_claims *ret, const char *text)
{
	CLEANUP(json_decrefp)
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	CLEANUP(buffer_fini) struct buffer again = { 0 };
	int r;

	*ret = (struct token_claims){ 0 };
	if (!get_all(ret, object))
		return -EBADMSG;
	r = token_claims_write(&again, ret);
	if (r < 0)
		return r == -EINVAL ? -EBADMSG : r;
	return strcmp(again.data, text) == 0 ? 0 : -EBADMSG;
}
