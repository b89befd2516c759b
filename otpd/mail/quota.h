/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_QUOTA_H
#define OTPD_MAIL_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many mails a transport may take: a bucket of per_minute mails that is full at
 * first and fills evenly, per_minute in a minute. Times are of a clock that never
 * steps.
 */
struct quota {
	int64_t per_minute; /* 0: any number */
	int64_t level;      /* in mails x QUOTA_MAIL */
	int64_t at_ms;      /* of level */
};

#define QUOTA_MAIL                                                        \
	60000 /* a millisecond brings per_minute of these parts of a mail \
	       */

void quota_init(struct quota *quota, int64_t per_minute, int64_t now_ms);

/* Whether there is room for one more. */
bool quota_has(const struct quota *quota, int64_t now_ms);

/* One more; harmless where there is no room. */
void quota_take(struct quota *quota, int64_t now_ms);

#endif
