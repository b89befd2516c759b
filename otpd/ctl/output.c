/* SPDX-License-Identifier: MIT */
/*
 * How otpctl speaks: results on standard output, everything else on standard error, in
 * words or, with --json, as JSON. Text that came from the daemon or a file goes through
 * text_copy_clean() before it reaches a terminal, since a user's name may hold escape
 * sequences. jansson escapes controls itself.
 *
 * An array that is cut short by an error stays without its end: a program that did not
 * look at the exit code then notices in its JSON parser.
 */
#include "otpd/ctl/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define MESSAGE_MAX 1024

static void dump(const json_t *value, FILE *to)
{
	json_dumpf(value, to, JSON_COMPACT | JSON_ENCODE_ANY);
}

void output_error(bool json, const char *error, const char *format, ...)
{
	char raw[MESSAGE_MAX], message[MESSAGE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	text_copy_clean(message, sizeof(message), raw);
	/* Results so far come first where both go to one terminal or file. */
	fflush(stdout);
	if (!json) {
		fprintf(stderr, "otpctl: %s\n", message);
		return;
	}
	CLEANUP(json_decrefp)
	json_t *line = json_pack("{s:s, s:s}", "error", error, "message", message);
	dump(line, stderr);
	fputc('\n', stderr);
}

void output_warning(bool json, const char *format, ...)
{
	char raw[MESSAGE_MAX], message[MESSAGE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	text_copy_clean(message, sizeof(message), raw);
	fflush(stdout);
	if (!json) {
		fprintf(stderr, "otpctl: warning: %s\n", message);
		return;
	}
	CLEANUP(json_decrefp) json_t *line = json_pack("{s:s}", "warning", message);
	dump(line, stderr);
	fputc('\n', stderr);
}

void output_json(const json_t *value)
{
	dump(value, stdout);
	putchar('\n');
}

void output_array_begin(struct output_array *array)
{
	if (!array->begun)
		fputs("[", stdout);
	array->begun = true;
}

void output_array_add(struct output_array *array, const json_t *element)
{
	output_array_begin(array);
	fputs(array->filled ? ",\n" : "\n", stdout);
	array->filled = true;
	dump(element, stdout);
}

void output_array_end(struct output_array *array)
{
	output_array_begin(array);
	fputs(array->filled ? "\n]\n" : "]\n", stdout);
}

void output_time(char out[static OUTPUT_TIME], int64_t at)
{
	time_t seconds = (time_t)at;
	struct tm parts;
	size_t n;

	snprintf(out, OUTPUT_TIME, "-");
	if (at <= 0 || !localtime_r(&seconds, &parts))
		return;
	n = strftime(out, OUTPUT_TIME, "%Y-%m-%dT%H:%M:%S%z", &parts);
	if (n < 5) {
		snprintf(out, OUTPUT_TIME, "-");
		return;
	}
	/* strftime writes the offset as +0100; ISO 8601 beside a time has +01:00. */
	memmove(out + n - 1, out + n - 2, 3);
	out[n - 2] = ':';
}

void output_span(char out[static OUTPUT_SPAN], int64_t seconds)
{
	static const struct {
		int64_t above; /* from here on in these two units */
		int64_t size;
		const char *unit;
		int64_t part;
		const char *part_unit;
	} units[] = {
		{ 86400, 86400, "d", 3600, "h" },
		{ 3600, 3600, "h", 60, "min" },
		{ 120, 60, "min", 60, "" },
		{ INT64_MIN, 1, "s", 1, "" },
	};
	size_t i = 0;
	int64_t rest;

	while (seconds < units[i].above)
		i++;
	rest = seconds % units[i].size / units[i].part;
	if (rest > 0)
		snprintf(out, OUTPUT_SPAN, "%lld %s %lld %s",
			(long long)(seconds / units[i].size), units[i].unit,
			(long long)rest, units[i].part_unit);
	else
		snprintf(out, OUTPUT_SPAN, "%lld %s",
			(long long)(seconds / units[i].size), units[i].unit);
}

int output_finish(bool json, int exit_code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return exit_code;
	output_error(json, "Failed",
		"the result could not be written: %s; see whether the disk is full",
		strerror(errno));
	return exit_code == OUTPUT_DONE ? OUTPUT_OTHER : exit_code;
}
