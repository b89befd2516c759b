/* SPDX-License-Identifier: MIT */
/* The process never calls setlocale(), so strftime speaks English, as headers must. */
#include "otpd/mail/message/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

void when_clock(char out[WHEN_MAX], int64_t at_s)
{
	time_t at = (time_t)at_s;
	struct tm here, there;
	char local[40], utc[12];

	out[0] = '\0';
	if (!localtime_r(&at, &here) || !gmtime_r(&at, &there))
		return;
	strftime(utc, sizeof(utc), "%H:%M UTC", &there);
	if (here.tm_gmtoff == 0)
		snprintf(out, WHEN_MAX, "%s", utc);
	else if (strftime(local, sizeof(local), "%H:%M %Z", &here) > 0)
		snprintf(out, WHEN_MAX, "%s (%s)", local, utc);
}

void when_full(char out[WHEN_MAX], int64_t at_s)
{
	time_t at = (time_t)at_s;
	struct tm here;
	char clock[WHEN_MAX], day[24];

	out[0] = '\0';
	if (!localtime_r(&at, &here) ||
		strftime(day, sizeof(day), "%a %d %b %Y", &here) == 0)
		return;
	when_clock(clock, at_s);
	snprintf(out, WHEN_MAX, "%s, %.54s", day, clock);
}

void when_span(char out[WHEN_MAX], int64_t seconds)
{
	int64_t minutes = seconds / 60;

	if (minutes < 1)
		snprintf(out, WHEN_MAX, "%" PRId64 " seconds",
			seconds > 0 ? seconds : 0);
	else
		snprintf(out, WHEN_MAX, "%" PRId64 " minute%s", minutes,
			minutes == 1 ? "" : "s");
}

void when_header(char out[WHEN_MAX], int64_t at_s)
{
	time_t at = (time_t)at_s;
	struct tm here;

	if (!localtime_r(&at, &here) ||
		strftime(out, WHEN_MAX, "%a, %d %b %Y %H:%M:%S %z", &here) == 0)
		snprintf(out, WHEN_MAX, "Thu, 01 Jan 1970 00:00:00 +0000");
}
