/* SPDX-License-Identifier: MIT */
/*
 * Stands in for libc's syslog and keeps the module's lines: libpam calls it through the
 * executable's symbols, hence -rdynamic. <syslog.h> is left out on purpose, as with
 * _FORTIFY_SOURCE it makes a macro of syslog.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/pam/host.h"

static void record(int priority, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void record(int priority, const char *format, va_list arguments)
{
	int saved = errno;

	if (host.n_logs < 64) {
		host.priorities[host.n_logs] = priority & 7;
		errno = saved;
		vsnprintf(host.logs[host.n_logs], sizeof(host.logs[0]), format,
			arguments);
		if (strstr(host.logs[host.n_logs], "pam_emailotp("))
			host.n_logs++;
	}
	errno = saved;
}

#define RECORD(priority, format)                     \
	do {                                         \
		va_list arguments;                   \
		va_start(arguments, format);         \
		record(priority, format, arguments); \
		va_end(arguments);                   \
	} while (0)

void syslog(int priority, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void vsyslog(int priority, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));
void __syslog_chk(int priority, int flag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

void syslog(int priority, const char *format, ...)
{
	RECORD(priority, format);
}

void vsyslog(int priority, const char *format, va_list arguments)
{
	record(priority, format, arguments);
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	(void)flag;
	RECORD(priority, format);
}

void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments)
{
	(void)flag;
	record(priority, format, arguments);
}
