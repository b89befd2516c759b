/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_RETRY_H
#define OTPD_CORE_RETRY_H

#include <stdint.h>

/*
 * When a mail that was put off after tries tries is tried again: 5, 15, 45, 90, 180,
 * 180 ... seconds from now, each lengthened by up to a quarter (jitter is 0 to 255). 0
 * if that would be after the deadline: the mail has failed.
 */
int64_t retry_at_s(int64_t tries, unsigned jitter, int64_t deadline_s, int64_t now_s);

/* The last moment to hand over a mail whose code dies at expires_s: a minute before. */
int64_t retry_deadline_s(int64_t created_s, int64_t expires_s);

#endif
