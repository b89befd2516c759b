/* SPDX-License-Identifier: MIT */
/*
 * Templates that are read once and filled in many times. {{name}} is replaced by a
 * value, {{#name}}...{{/name}} stands only where the value is not empty, {{! ...}} is a
 * comment. A line that holds nothing but a section's mark or a comment vanishes whole.
 */
#ifndef OTPD_UTIL_STENCIL_H
#define OTPD_UTIL_STENCIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "otpd/util/buffer.h"
#include "otpd/util/template.h"

#define STENCIL_NAMES 64 /* at most: a set of them is one uint64_t */

/* A variable; its place in an array that a NULL name ends is the place of its value. */
struct stencil_name {
	const char *name;
	bool is_markup; /* made by us for HTML; never escaped, never from outside */
};

struct stencil_fault {
	int line;
	char text[128];
};

struct stencil;

/*
 * Reads a template. allowed is the set of the names (bit i is names[i]) that may stand
 * in it. -EINVAL, and *fault says where and why; -ENOMEM.
 */
int stencil_new(const char *text, const struct stencil_name *names, uint64_t allowed,
	struct stencil **ret, struct stencil_fault *fault);
void stencil_free(struct stencil *stencil);

/* The set of the names that it shows; a section alone shows nothing. */
uint64_t stencil_shows(const struct stencil *stencil);

/* Appends it, filled in. Values are escaped, and never read as templates. */
void stencil_fill(const struct stencil *stencil, struct buffer *out,
	const char *const *values, enum template_escape escape);

#endif
