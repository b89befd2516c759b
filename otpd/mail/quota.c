/* SPDX-License-Identifier: MIT */
/* The limit of a transport, as a bucket. Pure: the time is a parameter. */
#include "otpd/mail/quota.h"

static int64_t level_at(const struct quota *quota, int64_t now_ms)
{
	int64_t full = quota->per_minute * QUOTA_MAIL;
	int64_t passed_ms = now_ms - quota->at_ms;
	int64_t level = quota->level;

	if (passed_ms > QUOTA_MAIL)
		passed_ms = QUOTA_MAIL; /* a minute fills all of it */
	if (passed_ms > 0)
		level += passed_ms * quota->per_minute;
	return level < full ? level : full;
}

void quota_init(struct quota *quota, int64_t per_minute, int64_t now_ms)
{
	quota->per_minute = per_minute;
	quota->level = per_minute * QUOTA_MAIL;
	quota->at_ms = now_ms;
}

bool quota_has(const struct quota *quota, int64_t now_ms)
{
	return quota->per_minute == 0 || level_at(quota, now_ms) >= QUOTA_MAIL;
}

void quota_take(struct quota *quota, int64_t now_ms)
{
	if (!quota_has(quota, now_ms))
		return;
	quota->level = level_at(quota, now_ms) - QUOTA_MAIL;
	quota->at_ms = now_ms;
}
