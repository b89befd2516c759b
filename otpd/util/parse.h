/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_PARSE_H
#define OTPD_UTIL_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Each takes the whole text or nothing: no blanks, no signs but a leading '-', no rest.
 * They return 0, or -EINVAL (not of this form) or -ERANGE (too large), and write only
 * on success.
 */

/* Decimal digits. */
int parse_int(const char *text, int64_t *ret);

/* Seconds, or a number with s, m, h or d: "90", "90s", "10m", "8h", "30d". */
int parse_duration_s(const char *text, int64_t *ret);

/* yes/no, true/false, on/off, 1/0, in any case. */
int parse_bool(const char *text, bool *ret);

/* An octal mode of three or four digits, as chmod(1) takes it. */
int parse_mode(const char *text, int64_t *ret);

#endif
