/* SPDX-License-Identifier: MIT */
/* Times for people, in the zone of this machine and in their language; for headers. */
#ifndef OTPD_MAIL_MESSAGE_WHEN_H
#define OTPD_MAIL_MESSAGE_WHEN_H

#include <stddef.h>
#include <stdint.h>

#include "otpd/mail/message/words.h"
#include "otpd/util/buffer.h"

#define WHEN_HEADER 40

/* Each appends; nothing for a time that no calendar has. */

/* "14:07 CET (13:07 UTC)", or "13:07 UTC" where that is the zone. */
void when_clock(struct buffer *out, const struct words *words, int64_t at_s);

/* "Fri 20 Nov 2026, 14:07 CET (13:07 UTC)" */
void when_full(struct buffer *out, const struct words *words, int64_t at_s);

/* "10 minutes" */
void when_span(struct buffer *out, const struct words *words, int64_t seconds);

/* "Fri, 20 Nov 2026 14:07:00 +0100" (RFC 5322 3.3) */
void when_header(char out[WHEN_HEADER], int64_t at_s);

#endif
