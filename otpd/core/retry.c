/* SPDX-License-Identifier: MIT */
/*
 * The schedule of mails that a server has put off. RFC 5321 4.5.4.1 speaks of half an
 * hour, for mail that lives for days; a code lives for ten minutes, and greylisting
 * mostly for one to five.
 */
#include "otpd/core/retry.h"

#include <stddef.h>

#define TRAVEL_S 60 /* what a mail needs from the relay to a person's eyes */

int64_t retry_at_s(int64_t tries, unsigned jitter, int64_t deadline_s, int64_t now_s)
{
	static const int64_t waits[] = { 5, 15, 45, 90, 180 };
	int64_t last = (int64_t)(sizeof(waits) / sizeof(waits[0])) - 1;
	int64_t at = tries < 1 ? 0 : tries - 1;
	int64_t wait = waits[at > last ? last : at];

	wait += wait * (int64_t)(jitter & 255) / 1024;
	return now_s + wait < deadline_s ? now_s + wait : 0;
}

int64_t retry_deadline_s(int64_t created_s, int64_t expires_s)
{
	int64_t life = expires_s - created_s;

	/* A life of a minute or two leaves half of it. */
	return life > 2 * TRAVEL_S ? expires_s - TRAVEL_S : created_s + life / 2;
}
