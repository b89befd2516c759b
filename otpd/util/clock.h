/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_CLOCK_H
#define OTPD_UTIL_CLOCK_H

#include <stdint.h>

/* Seconds since 1970 (UTC). Tests replace it at link time. */
int64_t clock_wall_s(void);

/* Milliseconds of a clock that never steps (CLOCK_BOOTTIME); and microseconds. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

#endif
