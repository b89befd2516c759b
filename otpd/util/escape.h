/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_ESCAPE_H
#define OTPD_UTIL_ESCAPE_H

#include "otpd/util/buffer.h"

/* For text and for attributes in quotes. */
void escape_html(struct buffer *out, const char *text);

/*
 * Appends text as it stands inside the quotes of a JSON string (RFC 8259 7). Bytes that
 * are no UTF-8 become U+FFFD.
 */
void escape_json(struct buffer *out, const char *text);

/*
 * Appends text percent-encoded, all but the unreserved characters (RFC 3986 2.3): a
 * value of application/x-www-form-urlencoded, or of a query.
 */
void escape_url(struct buffer *out, const char *text);

#endif
