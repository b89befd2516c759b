/* SPDX-License-Identifier: MIT */
/*
 * RFC 6749: the form of a token request (4.4.2, 6, appendix B), the answer with a token
 * (5.1) and the one with an error (5.2).
 *
 * MUST NOT take a token that could end a line or a field of what it is put into: only
 * visible ASCII is one (appendix A.12). MUST NOT copy anything but error and
 * error_description out of an answer that is no token.
 */
#include "otpd/mail/transport/oauth_answer.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/parse.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define LIFE_MAX_S 86400 /* a longer one is not believed */

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

void oauth_form_add(struct buffer *form, const char *name, const char *value)
{
	static const char hex[] = "0123456789ABCDEF";

	if (form->size > 0)
		buffer_puts(form, "&");
	buffer_puts(form, name);
	buffer_puts(form, "=");
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;
		const char escaped[] = { '%', hex[c >> 4], hex[c & 15] };

		if (is_unreserved(*value))
			buffer_add(form, value, 1);
		else
			buffer_add(form, escaped, sizeof(escaped));
	}
}

static bool is_token(const char *text)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (text[n] <= ' ' || text[n] > '~')
			return false;
	return n > 0 && n <= OAUTH_TOKEN_MAX;
}

/* A copy of the token under this name; NULL if there is none, or no good one. */
static char *copy_token(const json_t *body, const char *name)
{
	const char *text = json_string_value(json_object_get(body, name));
	char *copy;

	if (!text || !is_token(text))
		return NULL;
	copy = secret_alloc(strlen(text) + 1);
	return copy ? memcpy(copy, text, strlen(text) + 1) : NULL;
}

/* Seconds as a number, or, as some servers have it, as digits in a string. */
static int64_t read_life(const json_t *body)
{
	const json_t *said = json_object_get(body, "expires_in");
	int64_t life_s = OAUTH_LIFE_S;

	if (json_is_integer(said))
		life_s = json_integer_value(said);
	else if (json_is_string(said) &&
		parse_int(json_string_value(said), &life_s) < 0)
		life_s = OAUTH_LIFE_S;
	if (life_s < 0)
		return 0;
	return life_s < LIFE_MAX_S ? life_s : LIFE_MAX_S;
}

static bool read_token(struct oauth_answer *answer, const json_t *body)
{
	const char *type = json_string_value(json_object_get(body, "token_type"));

	if (!type || !text_same_nocase(type, "bearer"))
		return false;
	answer->access_token = copy_token(body, "access_token");
	if (!answer->access_token)
		return false;
	answer->refresh_token = copy_token(body, "refresh_token");
	answer->life_s = read_life(body);
	return true;
}

/* Appends with whatever is not printable ASCII as a blank. */
static void add_clean(char *out, size_t size, const char *text)
{
	size_t n = strlen(out);

	for (; *text && n + 1 < size; text++)
		out[n++] = *text >= ' ' && *text <= '~' ? *text : ' ';
	out[n] = '\0';
}

/* Whether the server repeats what it was told. */
static bool has_secret(const char *text, const char *const *secrets)
{
	for (; *secrets; secrets++)
		if (**secrets && strstr(text, *secrets))
			return true;
	return false;
}

static void read_error(
	struct oauth_answer *answer, const json_t *body, const char *const *secrets)
{
	const char *error = json_string_value(json_object_get(body, "error"));
	const char *description =
		json_string_value(json_object_get(body, "error_description"));

	if (!error || has_secret(error, secrets))
		return;
	answer->is_bad_grant = strcmp(error, "invalid_grant") == 0;
	add_clean(answer->why, sizeof(answer->why), ": ");
	add_clean(answer->why, sizeof(answer->why), error);
	if (!description || has_secret(description, secrets))
		return;
	add_clean(answer->why, sizeof(answer->why), ": ");
	add_clean(answer->why, sizeof(answer->why), description);
}

void oauth_answer_read(struct oauth_answer *answer, long status, const char *body,
	size_t size, const char *const *secrets)
{
	CLEANUP(json_decrefp)
	json_t *json = json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL);

	*answer = (struct oauth_answer){ 0 };
	if (status == 200 && json_is_object(json) && read_token(answer, json))
		return;
	snprintf(answer->why, sizeof(answer->why), "token_url answered %ld%s", status,
		status == 200 ? ", but with no bearer token" : "");
	read_error(answer, json, secrets);
	/* 408 and 429 (RFC 6585 4), like 5xx, pass. */
	answer->is_refused = status < 500 && status != 408 && status != 429;
}

void oauth_refusal_text(char *out, size_t size, const char *reply)
{
	char text[OAUTH_WHY];
	size_t length = 0;

	snprintf(out, size, "the access token is refused");
	if (strlen(reply) < 5 ||
		sodium_base642bin((unsigned char *)text, sizeof(text) - 1, reply + 4,
			strlen(reply + 4), " ", &length, NULL,
			sodium_base64_VARIANT_ORIGINAL) < 0)
		return;
	text[length] = '\0';
	add_clean(out, size, ": ");
	add_clean(out, size, text);
}

void oauth_answer_fini(struct oauth_answer *answer)
{
	secret_free(answer->access_token);
	secret_free(answer->refresh_token);
	*answer = (struct oauth_answer){ 0 };
}
