/* SPDX-License-Identifier: MIT */
/*
 * What libconfuse 3.3 must not see. It counts the line of a comment three times, so
 * that errors would name a wrong line; and it puts the environment into double-quoted
 * strings, which nobody expects of a file that says who gets in.
 */
#include "otpd/config/source.h"

#include <stdbool.h>
#include <string.h>

/* Blanks a comment, which begins at at, and returns its end. */
static char *blank_comment(char *at)
{
	bool block = at[0] == '/' && at[1] == '*';
	char *end = block ? strstr(at + 2, "*/") : strchr(at, '\n');

	/* An open block comment stays: libconfuse's end mark finds it. */
	if (block && !end)
		return at + strlen(at);
	if (!end)
		end = at + strlen(at);
	else if (block)
		end += 2;
	for (; at < end; at++)
		if (*at != '\n')
			*at = ' ';
	return end;
}

static bool is_comment(const char *at)
{
	return at[0] == '#' || (at[0] == '/' && (at[1] == '/' || at[1] == '*'));
}

static int line_of(const char *text, const char *at)
{
	int line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

int source_prepare(char *text)
{
	char quote = '\0';

	for (char *at = text; *at; at++) {
		if (quote && *at == '\\' && at[1]) {
			at++;
		} else if (quote == '"' && at[0] == '$' && at[1] == '{') {
			return line_of(text, at);
		} else if (quote) {
			quote = *at == quote ? '\0' : quote;
		} else if (*at == '"' || *at == '\'') {
			quote = *at;
		} else if (is_comment(at)) {
			at = blank_comment(at) - 1;
		}
	}
	return 0;
}
