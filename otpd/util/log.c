/* SPDX-License-Identifier: MIT */
/*
 * Lines for the administrator, on standard error: under systemd with the prefix from
 * which the journal takes the level, elsewhere with the program's name. One call, one
 * line, one write, so that lines of two threads never mix. A line with fields goes to
 * the journal's own socket where standard error is the journal's; if that takes
 * nothing, it goes where the others go.
 *
 * MUST NOT stop a login: a journal that takes nothing is waited for PATIENCE_MS, then
 * for TIRED_MS not at all, and lines that nobody took are counted.
 *
 * What is below is the only state of this tree at file scope that changes, beside the
 * tally; it is set before the first thread starts, or atomic.
 */
#include "otpd/util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define LOG_LINE    1280 /* a decision with the longest names fits */
#define PATIENCE_MS 20
#define TIRED_MS    1000
#define FIELDS      16

static const char *log_program = "otpd";
static bool log_is_stream; /* standard error is the journal's */
static int log_fd = -1;    /* for entries with fields */
static const char *log_socket = JOURNAL_SOCKET;
static _Atomic int log_max = LOG_INFO;
static _Atomic unsigned log_lost; /* lines that wait to be told of */
static _Atomic int64_t log_n_lost;
static _Atomic int64_t log_tired_ms; /* until when nothing is waited for */
static _Atomic bool log_torn;        /* the last line has no end yet */

void log_init(const char *program)
{
	const struct timeval patience = { .tv_usec = PATIENCE_MS * 1000 };

	log_program = program;
	log_is_stream = journal_is_stream(STDERR_FILENO, getenv("JOURNAL_STREAM"));
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
	log_tired_ms = 0;
	if (!log_is_stream)
		return;
	(void)setsockopt(
		STDERR_FILENO, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	log_fd = journal_open(PATIENCE_MS);
}

void log_set_socket(const char *path)
{
	log_socket = path;
}

void log_set_level(int level)
{
	log_max = level;
}

int log_level(void)
{
	return log_max;
}

int64_t log_count_lost(void)
{
	return log_n_lost;
}

static bool patient(void)
{
	return clock_mono_ms() >= log_tired_ms;
}

static void tire(void)
{
	log_tired_ms = clock_mono_ms() + TIRED_MS;
}

/* A part of a line may be there; the next one then begins with the end of it. */
static bool put(const char *line, size_t size)
{
	int flags = MSG_NOSIGNAL | (patient() ? 0 : MSG_DONTWAIT);
	ssize_t n;

	if (!log_is_stream) {
		(void)!write(STDERR_FILENO, line, size);
		return true;
	}
	if (log_torn && send(STDERR_FILENO, "\n", 1, flags) != 1)
		return false;
	log_torn = false;
	n = send(STDERR_FILENO, line, size, flags);
	if (n == (ssize_t)size)
		return true;
	log_torn = n > 0;
	tire();
	return false;
}

static bool write_line(int level, const char *text)
{
	char line[LOG_LINE];
	int n;

	if (log_is_stream)
		n = snprintf(line, sizeof(line), "<%d>%s", level, text);
	else
		n = snprintf(line, sizeof(line), "%s: %s", log_program, text);
	if (n < 0)
		return false;
	if ((size_t)n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n] = '\n';
	return put(line, (size_t)n + 1);
}

static bool send_entry(
	int level, const char *text, const struct journal_field *fields, size_t n)
{
	const char priority[] = { (char)('0' + level), '\0' };
	struct journal_field all[FIELDS] = {
		{ "MESSAGE", text },
		{ "PRIORITY", priority },
		{ "SYSLOG_IDENTIFIER", log_program },
	};
	int r;

	if (log_fd < 0 || n == 0 || n > FIELDS - 3)
		return false;
	memcpy(all + 3, fields, n * sizeof(*fields));
	r = journal_send(log_fd, log_socket, all, n + 3, patient());
	if (r == -EAGAIN)
		tire();
	return r == 0;
}

static bool deliver(
	int level, const char *text, const struct journal_field *fields, size_t n)
{
	return send_entry(level, text, fields, n) || write_line(level, text);
}

static void log_write(
	int level, const char *text, const struct journal_field *fields, size_t n)
{
	char note[64];
	unsigned lost;

	if (!deliver(level, text, fields, n)) {
		log_lost++;
		log_n_lost++;
		return;
	}
	lost = atomic_exchange(&log_lost, 0);
	if (lost == 0)
		return;
	snprintf(note, sizeof(note), "%u lines were lost, nobody took them", lost);
	if (!write_line(LOG_WARNING, note))
		log_lost += lost;
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
	log_write(level, text, NULL, 0);
	errno = saved;
}

void log_fields(int level, const struct journal_field *fields, size_t n,
	const char *format, ...)
{
	char text[LOG_LINE];
	int saved = errno;
	va_list args;

	if (level > log_max)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_write(level, text, fields, n);
	errno = saved;
}

int log_errno(int level, int r, const char *format, ...)
{
	char text[LOG_LINE], error[128];
	int saved = errno;
	size_t length;
	va_list args;

	if (level > log_max)
		return r;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	length = strlen(text);
	snprintf(text + length, sizeof(text) - length, ": %s",
		strerror_r(-r, error, sizeof(error)));
	log_write(level, text, NULL, 0);
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
