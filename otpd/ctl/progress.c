/* SPDX-License-Identifier: MIT */
/*
 * A progress bar for people who wait. It is drawn at most ten times a second, because a
 * slow terminal (a serial console, a distant ssh) must not slow the work down, and it
 * never goes into a file or a pipe.
 */
#include "otpd/ctl/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "otpd/util/clock.h"

#define BAR      30 /* characters */
#define EVERY_MS 100

void progress_begin(struct progress *progress, const char *what, size_t total, bool on)
{
	*progress = (struct progress){
		.what = what,
		.total = total,
		.on = on && total > 0 && isatty(STDERR_FILENO),
	};
}

void progress_show(struct progress *progress, size_t done)
{
	static const char full[] = "##############################";
	static const char empty[] = "..............................";
	int64_t now = clock_mono_ms();
	int filled;

	if (!progress->on)
		return;
	/* The first and the last are always drawn. */
	if (progress->drawn_ms && now - progress->drawn_ms < EVERY_MS &&
		done < progress->total)
		return;
	progress->drawn_ms = now;
	filled = (int)(done * BAR / progress->total);
	fprintf(stderr, "\r%s [%.*s%.*s] %zu/%zu", progress->what, filled, full,
		BAR - filled, empty, done, progress->total);
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	/* Back to the margin, and erase to the end of the line (ECMA-48 EL). */
	if (progress->on && progress->drawn_ms)
		fputs("\r\033[K", stderr);
	progress->on = false;
}
