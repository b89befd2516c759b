/* SPDX-License-Identifier: MIT */
/* The process never calls setlocale(), so strftime speaks English, as headers must. */
#include "otpd/mail/message/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "otpd/util/cleanup.h"

#define NUMBER 24

/* The values for the format of a time; they point into the others. */
struct parts {
	struct values values;
	char hour[NUMBER], minute[NUMBER], utc[NUMBER], zone[NUMBER];
	char day[NUMBER], year[NUMBER];
};

static void clear(struct values *values)
{
	for (int i = 0; i < VARIABLES; i++)
		values->of[i] = "";
}

static void two_digits(char out[NUMBER], int number)
{
	snprintf(out, NUMBER, "%02d", number);
}

static void put_clock(struct buffer *out, const struct words *words,
	const struct tm *here, const struct tm *there)
{
	struct parts parts;
	CLEANUP(buffer_fini) struct buffer utc = { 0 };
	enum word form = here->tm_gmtoff == 0 ? WORD_CLOCK : WORD_CLOCK_ZONE;

	clear(&parts.values);
	parts.values.of[VAR_HOUR] = parts.hour;
	parts.values.of[VAR_MINUTE] = parts.minute;
	parts.values.of[VAR_ZONE] = "UTC";
	two_digits(parts.hour, there->tm_hour);
	two_digits(parts.minute, there->tm_min);
	if (form == WORD_CLOCK_ZONE) {
		stencil_fill(
			words->word[WORD_CLOCK], &utc, parts.values.of, ESCAPE_NONE);
		two_digits(parts.hour, here->tm_hour);
		two_digits(parts.minute, here->tm_min);
		parts.values.of[VAR_ZONE] = here->tm_zone;
		parts.values.of[VAR_UTC] = utc.data ? utc.data : "";
	}
	stencil_fill(words->word[form], out, parts.values.of, ESCAPE_NONE);
	out->failed |= utc.failed;
}

void when_clock(struct buffer *out, const struct words *words, int64_t at_s)
{
	time_t at = (time_t)at_s;
	struct tm here, there;

	if (localtime_r(&at, &here) && gmtime_r(&at, &there))
		put_clock(out, words, &here, &there);
}

void when_full(struct buffer *out, const struct words *words, int64_t at_s)
{
	CLEANUP(buffer_fini) struct buffer clock = { 0 };
	time_t at = (time_t)at_s;
	struct parts parts;
	struct tm here;

	when_clock(&clock, words, at_s);
	out->failed |= clock.failed;
	if (!clock.data || !localtime_r(&at, &here))
		return;
	clear(&parts.values);
	snprintf(parts.day, sizeof(parts.day), "%d", here.tm_mday);
	snprintf(parts.year, sizeof(parts.year), "%" PRId64,
		(int64_t)here.tm_year + 1900);
	parts.values.of[VAR_CLOCK] = clock.data;
	parts.values.of[VAR_WEEKDAY] = words->weekdays[here.tm_wday];
	parts.values.of[VAR_DAY] = parts.day;
	parts.values.of[VAR_MONTH] = words->months[here.tm_mon];
	parts.values.of[VAR_YEAR] = parts.year;
	stencil_fill(words->word[WORD_DATE], out, parts.values.of, ESCAPE_NONE);
}

void when_span(struct buffer *out, const struct words *words, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		int64_t from; /* shorter spans are told in the next unit */
		enum word one;
		enum word many;
	} units[] = {
		{ 3600, 7200, WORD_HOUR, WORD_HOURS },
		{ 60, 60, WORD_MINUTE, WORD_MINUTES },
		{ 1, 0, WORD_SECOND, WORD_SECONDS },
	};
	struct values values;
	char number[NUMBER];
	size_t i = 0;

	seconds = seconds > 0 ? seconds : 0;
	while (seconds < units[i].from && seconds != units[i].seconds)
		i++;
	clear(&values);
	snprintf(number, sizeof(number), "%" PRId64, seconds / units[i].seconds);
	values.of[VAR_N] = number;
	stencil_fill(words->word[seconds / units[i].seconds == 1 ? units[i].one
								 : units[i].many],
		out, values.of, ESCAPE_NONE);
}

void when_header(char out[WHEN_HEADER], int64_t at_s)
{
	time_t at = (time_t)at_s;
	struct tm here;

	if (!localtime_r(&at, &here) ||
		strftime(out, WHEN_HEADER, "%a, %d %b %Y %H:%M:%S %z", &here) == 0)
		snprintf(out, WHEN_HEADER, "Thu, 01 Jan 1970 00:00:00 +0000");
}
