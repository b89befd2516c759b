/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_LOG_H
#define OTPD_UTIL_LOG_H

#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

#include "otpd/util/journal.h"

/* Whether standard error is the journal's is taken from JOURNAL_STREAM. */
void log_init(const char *program);

/* Where the journal listens, for tests. Not copied. */
void log_set_socket(const char *path);

/* Lines above this level (LOG_ERR ... LOG_DEBUG) are dropped. The start value is
 * LOG_INFO. */
void log_set_level(int level);
int log_level(void);

/* Writes one line to standard error. errno is kept. */
void log_msg(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, with fields beside the line where there is a journal: at most 13. */
void log_fields(int level, const struct journal_field *fields, size_t n,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Lines that nobody took since the start. */
int64_t log_count_lost(void);

/* The same with ": " and the text of r, a negative errno. Returns r. */
int log_errno(int level, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * For lines that a client can cause: true at most burst times in each interval_s; the
 * first one of the next interval says how many were dropped.
 */
struct log_limit {
	int64_t interval_s;
	unsigned burst;
	int64_t since_s;
	unsigned count;
	unsigned dropped;
};
int log_limit_pass(struct log_limit *limit);

#endif
