/* SPDX-License-Identifier: MIT */
/*
 * Times as people type them. A date that the calendar does not have is no time, and not
 * the one that mktime(3) would make of it.
 */
#include "otpd/ctl/moment.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "otpd/util/parse.h"

/* Exactly n digits, stepped over. */
static bool take_digits(const char **at, int n, int *ret)
{
	int value = 0;

	for (int i = 0; i < n; i++, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return false;
		value = 10 * value + (**at - '0');
	}
	*ret = value;
	return true;
}

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static bool take_date(const char **at, struct tm *tm)
{
	int year, month;

	if (!take_digits(at, 4, &year) || !take(at, '-') ||
		!take_digits(at, 2, &month) || !take(at, '-') ||
		!take_digits(at, 2, &tm->tm_mday))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	return true;
}

static bool take_time(const char **at, struct tm *tm)
{
	if (!take_digits(at, 2, &tm->tm_hour) || !take(at, ':') ||
		!take_digits(at, 2, &tm->tm_min))
		return false;
	return !take(at, ':') || take_digits(at, 2, &tm->tm_sec);
}

/* "Z", "+01:00" or "+0100": how far ahead of UTC it is. */
static bool take_offset(const char **at, int *ret_s)
{
	int hours, minutes, sign = **at == '-' ? -1 : 1;

	*ret_s = 0;
	if (take(at, 'Z'))
		return true;
	if (!take(at, '+') && !take(at, '-'))
		return false;
	if (!take_digits(at, 2, &hours))
		return false;
	(void)take(at, ':');
	if (!take_digits(at, 2, &minutes) || hours > 14 || minutes > 59)
		return false;
	*ret_s = sign * (3600 * hours + 60 * minutes);
	return true;
}

/* Whether the calendar has it: mktime(3) and timegm(3) would make another one of it. */
static bool is_day(const struct tm *tm, const struct tm *made)
{
	return tm->tm_year == made->tm_year && tm->tm_mon == made->tm_mon &&
		tm->tm_mday == made->tm_mday && tm->tm_hour <= 23 && tm->tm_min <= 59 &&
		tm->tm_sec <= 59;
}

static int parse_date(const char *text, int64_t *ret)
{
	struct tm tm = { .tm_isdst = -1 }, made;
	const char *at = text;
	int offset_s = 0;
	bool fixed = false;

	if (!take_date(&at, &tm))
		return -EINVAL;
	if (*at && ((!take(&at, 'T') && !take(&at, ' ')) || !take_time(&at, &tm)))
		return -EINVAL;
	if (*at) {
		fixed = take_offset(&at, &offset_s);
		if (!fixed || *at)
			return -EINVAL;
	}
	made = tm;
	*ret = fixed ? timegm(&made) - offset_s : mktime(&made);
	return is_day(&tm, &made) && *ret >= 0 ? 0 : -EINVAL;
}

/* The beginning of the day that is so many days before today. */
static int midnight(int64_t now_s, int days, int64_t *ret)
{
	time_t now = (time_t)now_s;
	struct tm tm;

	if (!localtime_r(&now, &tm))
		return -EINVAL;
	tm.tm_mday -= days;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	*ret = mktime(&tm);
	return *ret >= 0 ? 0 : -EINVAL;
}

int moment_parse(const char *text, int64_t now_s, int64_t *ret)
{
	int64_t ago_s, at;
	int r;

	if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0)
		r = midnight(now_s, text[0] == 'y', &at);
	else if (strcmp(text, "now") == 0)
		at = now_s, r = 0;
	else if (text[0] && isalpha((unsigned char)text[strlen(text) - 1]) &&
		parse_duration_s(text, &ago_s) == 0) {
		at = ago_s < now_s ? now_s - ago_s : 0;
		r = 0;
	} else
		r = parse_date(text, &at);
	if (r == 0)
		*ret = at;
	return r;
}
