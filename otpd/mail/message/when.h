/* SPDX-License-Identifier: MIT */
/* Times for people and for headers, in the zone of this machine, in English. */
#ifndef OTPD_MAIL_MESSAGE_WHEN_H
#define OTPD_MAIL_MESSAGE_WHEN_H

#include <stddef.h>
#include <stdint.h>

#define WHEN_MAX 80

/* "14:07 CET (13:07 UTC)", or "13:07 UTC" where that is the zone. */
void when_clock(char out[WHEN_MAX], int64_t at_s);

/* "Fri 20 Nov 2026, " and the clock. */
void when_full(char out[WHEN_MAX], int64_t at_s);

/* "10 minutes" */
void when_span(char out[WHEN_MAX], int64_t seconds);

/* "Fri, 20 Nov 2026 14:07:00 +0100" (RFC 5322 3.3) */
void when_header(char out[WHEN_MAX], int64_t at_s);

#endif
