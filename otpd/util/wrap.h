/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_WRAP_H
#define OTPD_UTIL_WRAP_H

#include <stddef.h>

#include "otpd/util/buffer.h"

/*
 * Appends text with lines that are longer than width columns broken: at blanks, and
 * between characters of scripts that have none (Unicode UAX 14, the part that Japanese
 * needs: no line begins with a closing mark or ends with an opening one). What follows
 * is indented as the line was. A word that is longer than the line stands out.
 */
void wrap_text(struct buffer *out, const char *text, size_t width);

/* Columns of a text on a terminal: 2 for wide characters (Unicode UAX 11). */
size_t wrap_columns(const char *text);

#endif
