/* SPDX-License-Identifier: MIT */
/* Progress and the end; standard output belongs to the results. */
#include "tests/bench/say.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Set once, before such a process does anything else. */
static bool is_forked;

void say_forked(void)
{
	is_forked = true;
}

void say(const char *format, ...)
{
	va_list args;

	fputs("bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void die(const char *format, ...)
{
	va_list args;

	fputs("bench: failed: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	finish(EXIT_FAILURE);
}

void finish(int code)
{
	/* Never unlocked: exit handlers must not run twice at a time. */
	static pthread_mutex_t ending = PTHREAD_MUTEX_INITIALIZER;

	if (is_forked)
		_exit(code);
	pthread_mutex_lock(&ending);
	exit(code);
}
