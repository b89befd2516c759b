/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_PROGRESS_H
#define OTPD_CTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A bar on standard error; nothing at all where that is no terminal. */
struct progress {
	const char *what; /* not owned: "checking" */
	size_t total;
	int64_t drawn_ms;
	bool on;
};

void progress_begin(struct progress *progress, const char *what, size_t total, bool on);
void progress_show(struct progress *progress, size_t done);

/* Takes the bar away, so that the next line begins at the margin. */
void progress_end(struct progress *progress);

#endif
