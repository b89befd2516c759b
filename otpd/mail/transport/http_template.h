/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_HTTP_TEMPLATE_H
#define OTPD_MAIL_TRANSPORT_HTTP_TEMPLATE_H

#include <stddef.h>

#include "otpd/util/template.h"

#define HTTP_TEMPLATE_SECTIONS 8 /* different ones in a JSON template */

/* What a template is for. */
enum http_template {
	HTTP_HEADER,
	HTTP_JSON, /* a body of application/json */
	HTTP_FORM, /* a body of application/x-www-form-urlencoded */
};

/* How values are escaped there. */
enum template_escape http_template_escape(enum http_template kind);

/*
 * Whether a template means the same whatever its variables hold: that they exist, that
 * sections are closed, that each value of a JSON body stands inside a string (digits
 * may stand bare), each value of a form behind its "=", and that leaving out any
 * sections leaves well-formed JSON. 0, -ENOMEM, or -EINVAL with the line (from 1) and
 * what is wrong there.
 */
int http_template_check(const char *text, enum http_template kind, unsigned *ret_line,
	char *error, size_t error_size);

/*
 * Takes the line ends out of the template of a form, in place: they are there for its
 * author, and would be part of a value.
 */
void http_template_join(char *text);

#endif
