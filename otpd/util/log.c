/* SPDX-License-Identifier: MIT */
/*
 * Lines for the administrator, on standard error: under systemd with the prefix from
 * which the journal takes the level, elsewhere with the program's name. One call, one
 * line, one write(2), so that lines of two threads never mix.
 *
 * The level and the prefix are the only state of this tree at file scope that changes;
 * both are set before the first thread starts or by a signal handler's loop callback.
 */
#include "otpd/util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define LOG_LINE 1024

static const char *log_program = "otpd";
static bool log_journal;
static _Atomic int log_max = LOG_INFO;

void log_init(const char *program)
{
	log_program = program;
	log_journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_set_level(int level)
{
	log_max = level;
}

int log_level(void)
{
	return log_max;
}

static void log_write(int level, const char *text, const char *error)
{
	char line[LOG_LINE];
	int n;

	if (log_journal)
		n = snprintf(line, sizeof(line), "<%d>%s", level, text);
	else
		n = snprintf(line, sizeof(line), "%s: %s", log_program, text);
	if (n > 0 && (size_t)n < sizeof(line) && error)
		n += snprintf(line + n, sizeof(line) - (size_t)n, ": %s", error);
	if (n < 0)
		return;
	if ((size_t)n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n] = '\n';
	/* A full or closed standard error must not stop a login. */
	(void)!write(STDERR_FILENO, line, (size_t)n + 1);
}

void log_msg(int level, const char *format, ...)
{
	char text[LOG_LINE];
	int saved = errno;
	va_list args;

	if (level > log_max)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_write(level, text, NULL);
	errno = saved;
}

int log_errno(int level, int r, const char *format, ...)
{
	char text[LOG_LINE], error[128];
	int saved = errno;
	va_list args;

	if (level > log_max)
		return r;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_write(level, text, strerror_r(-r, error, sizeof(error)));
	errno = saved;
	return r;
}

int log_limit_pass(struct log_limit *limit)
{
	int64_t now = clock_mono_ms() / 1000;

	if (now - limit->since_s >= limit->interval_s) {
		if (limit->dropped > 0)
			log_msg(LOG_WARNING, "%u lines like the next were dropped",
				limit->dropped);
		limit->since_s = now;
		limit->count = 0;
		limit->dropped = 0;
	}
	if (limit->count >= limit->burst) {
		limit->dropped++;
		return 0;
	}
	limit->count++;
	return 1;
}
