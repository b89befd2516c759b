/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_TEXT_H
#define OTPD_UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes of the well-formed UTF-8 character (RFC 3629) that text begins with, 1 to 4; 0
 * if it begins with none, or with the NUL.
 */
size_t text_utf8_length(const char *text);

/* Whether the whole text is well-formed UTF-8. */
bool text_is_utf8(const char *text);

/* Whether it has a byte below 0x20, 0x7f, or a control character U+0080 to U+009F. */
bool text_has_control(const char *text);

/*
 * Copies at most size - 1 bytes, never half a UTF-8 character, with whatever is a
 * control or not UTF-8 as '?'. Always ends with NUL.
 */
void text_copy_clean(char *out, size_t size, const char *text);

/* Whether a is b, ASCII letters in either case. */
bool text_same_nocase(const char *a, const char *b);

/* Copies if it fits with its NUL; false, and out is empty, if not. */
bool text_copy(char *out, size_t size, const char *text);

/* The same with ASCII letters in lower case. */
bool text_copy_lower(char *out, size_t size, const char *text);

/*
 * Copies text in double quotes, with control bytes, quotes, backslashes, characters
 * that part lines or turn their direction, and bytes of invalid UTF-8 as \xNN, cut with
 * "..." where it does not fit. NULL becomes "-". Returns out, so that it can stand in
 * an argument list.
 */
const char *text_quote(char *out, size_t size, const char *text);

#define TEXT_QUOTED 280

#endif
