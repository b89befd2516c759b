/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_HTTP_CODES_H
#define OTPD_MAIL_TRANSPORT_HTTP_CODES_H

#include <stdbool.h>

#include "otpd/util/strings.h"

#define HTTP_CODES 16

/* Which HTTP status codes mean something: single ones and whole classes ("2xx"). */
struct http_codes {
	int from[HTTP_CODES]; /* 202, or 200 of "2xx" */
	bool is_class[HTTP_CODES];
	int n;
};

/* One more: "202" or "2xx", from 200 to 599. False if text is neither, or it is full.
 */
bool http_codes_add(struct http_codes *codes, const char *text);

/* Those of a list; false if one of them is none. */
bool http_codes_read(struct http_codes *codes, const struct string_list *list);

/* How closely status is named: 0 not at all, 1 by its class, 2 by itself. */
int http_codes_match(const struct http_codes *codes, int status);

#endif
