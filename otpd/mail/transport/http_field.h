/* SPDX-License-Identifier: MIT */
/*
 * Places in a JSON answer, as an administrator writes them: "Messages.0.Status" is the
 * member Status of the first element of the member Messages.
 */
#ifndef OTPD_MAIL_TRANSPORT_HTTP_FIELD_H
#define OTPD_MAIL_TRANSPORT_HTTP_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define HTTP_FIELD_TEXT 64

/* Whether text is "path=value", neither of them empty, without controls. */
bool http_field_is_valid(const char *text);

/*
 * The string, the number or the boolean at the path (length bytes) as text: "success",
 * "0", "true". False, and out is "", if there is none, or none so short.
 */
bool http_field_get(
	const json_t *json, const char *path, size_t length, char out[HTTP_FIELD_TEXT]);

/* Whether the JSON says what "path=value" says. */
bool http_field_holds(const json_t *json, const char *field);

#endif
