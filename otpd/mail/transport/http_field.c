/* SPDX-License-Identifier: MIT */
/* Some services answer 200 to everything, and say in JSON what they mean. */
#include "otpd/mail/transport/http_field.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/util/text.h"

#define NAME_BYTES 64

bool http_field_is_valid(const char *text)
{
	size_t length = strcspn(text, "=");

	if (length == 0 || !text[length] || !text[length + 1] || text_has_control(text))
		return false;
	if (text[length - 1] == '.' || text[length + 1] == '=')
		return false;
	for (size_t at = 0, n; at < length; at += n + 1) {
		n = strcspn(text + at, ".=");
		if (n == 0 || n > NAME_BYTES)
			return false;
	}
	return strlen(text + length + 1) < HTTP_FIELD_TEXT;
}

/* One step down: the member of this name, or the element of this number. */
static const json_t *step(const json_t *json, const char *name)
{
	if (json_is_object(json))
		return json_object_get(json, name);
	if (json_is_array(json) && name[strspn(name, "0123456789")] == '\0' &&
		strlen(name) <= 4)
		return json_array_get(json, (size_t)strtoul(name, NULL, 10));
	return NULL;
}

static const json_t *find(const json_t *json, const char *path, size_t length)
{
	while (json && length > 0) {
		const char *dot = memchr(path, '.', length);
		size_t n = dot ? (size_t)(dot - path) : length;
		char name[NAME_BYTES + 1];

		if (n > NAME_BYTES)
			return NULL;
		memcpy(name, path, n);
		name[n] = '\0';
		json = step(json, name);
		path += n + (dot != NULL);
		length -= n + (dot != NULL);
	}
	return json;
}

bool http_field_get(
	const json_t *json, const char *path, size_t length, char out[HTTP_FIELD_TEXT])
{
	const json_t *at = find(json, path, length);

	out[0] = '\0';
	if (json_is_string(at) &&
		strlen(json_string_value(at)) == json_string_length(at))
		return text_copy(out, HTTP_FIELD_TEXT, json_string_value(at));
	if (json_is_integer(at))
		return snprintf(out, HTTP_FIELD_TEXT, "%" PRIdMAX,
			       (intmax_t)json_integer_value(at)) > 0;
	if (json_is_boolean(at))
		return text_copy(
			out, HTTP_FIELD_TEXT, json_is_true(at) ? "true" : "false");
	return false;
}

bool http_field_holds(const json_t *json, const char *field)
{
	size_t length = strcspn(field, "=");
	char text[HTTP_FIELD_TEXT];

	return field[length] == '=' && http_field_get(json, field, length, text) &&
		strcmp(text, field + length + 1) == 0;
}
