/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_MOMENT_H
#define OTPD_CTL_MOMENT_H

#include <stdint.h>

/*
 * Seconds since 1970 of what a person calls a time: "2026-11-20", "2026-11-20T14:00" or
 * with a blank in place of the T, ":30" behind it, and then maybe "Z" or "+01:00";
 * without one of these the time is local. "today", "yesterday" (their beginning),
 * "now", and "2h": before now. 0, or -EINVAL.
 */
int moment_parse(const char *text, int64_t now_s, int64_t *ret);

#endif
