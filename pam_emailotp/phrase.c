/* SPDX-License-Identifier: MIT */
/*
 * Parts of sentences that more than one prompt has. What does not fit is cut, so that a
 * text MUST be short enough by what can stand in it (OPTIONS_PROMPT, LIMIT_DETAIL).
 */
#include "pam_emailotp/phrase.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void phrase_append(char out[TALK_TEXT], const char *format, ...)
{
	size_t length = strlen(out);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(out + length, TALK_TEXT - length, format, arguments);
	va_end(arguments);
}

const char *phrase_duration(char out[PHRASE_TIME], int seconds)
{
	if (seconds < 120)
		snprintf(out, PHRASE_TIME, "%d s", seconds);
	else if (seconds < 7200)
		snprintf(out, PHRASE_TIME, "%d minutes", seconds / 60);
	else
		snprintf(out, PHRASE_TIME, "%d hours", seconds / 3600);
	return out;
}

const char *phrase_waiting(char out[PHRASE_TIME], int seconds)
{
	if (seconds >= 7200)
		seconds += 3599;
	else if (seconds >= 120)
		seconds += 59;
	return phrase_duration(out, seconds);
}

void phrase_tries(char out[TALK_TEXT], const struct challenge *c)
{
	if (c->tries_left == 0)
		phrase_append(
			out, "Wrong code (no try left; reference %s). ", c->reference);
	else
		phrase_append(out, "Wrong code (%d %s left; reference %s). ",
			c->tries_left, c->tries_left == 1 ? "try" : "tries",
			c->reference);
}

void phrase_locked(char out[TALK_TEXT], bool is_of_account, int retry_after_s)
{
	const char *what = is_of_account ? "Sign-in" : "Sign-in by code";
	const char *why = is_of_account ? "wrong tries" : "wrong codes";
	char time[PHRASE_TIME];

	if (retry_after_s == 0)
		phrase_append(
			out, "%s is locked until an administrator unlocks it. ", what);
	else
		phrase_append(out, "%s is locked for %s, after too many %s. ", what,
			phrase_waiting(time, retry_after_s), why);
}
