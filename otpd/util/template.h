/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_TEMPLATE_H
#define OTPD_UTIL_TEMPLATE_H

#include <stdbool.h>

#include "otpd/util/buffer.h"

struct template_var {
	const char *name;
	const char *value;
	bool is_html; /* it is markup that we made; never for a value from outside */
};

enum template_escape {
	ESCAPE_NONE,
	ESCAPE_HTML,
	ESCAPE_JSON, /* inside the quotes of a string */
	ESCAPE_URL,  /* percent-encoded */
};

/*
 * Appends the template with {{name}} replaced by the variable's value, escaped, and
 * {{#name}}...{{/name}} left out where the value is empty. vars end with a NULL name.
 * Values are not looked into. -EINVAL if a variable is not known or a section not
 * closed.
 */
int template_render(struct buffer *out, const char *template,
	const struct template_var *vars, enum template_escape escape);

/* Appends a value as it may stand in text of this kind. */
void template_escape(
	struct buffer *out, const char *value, enum template_escape escape);

#endif
