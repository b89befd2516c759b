/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_BOUNCES_H
#define OTPD_MAIL_BOUNCES_H

#include <jansson.h>
#include <limits.h>
#include <uv.h>

#include "otpd/mail/report.h"

/* A report and the file that it came in, which is its identifier. */
struct bounce {
	char id[LIMIT_BOUNCE_ID + 1];
	struct report report;
};

/* What one look into the Maildir has found. */
struct bounce_look {
	uv_work_t work;
	void *context;
	void (*seen)(void *context, const struct bounce_look *look);
	char path[PATH_MAX];
	size_t n_done;
	struct bounce done[LIMIT_BOUNCES]; /* ids in; reports out if filed away now */
	size_t n;
	struct bounce found[LIMIT_BOUNCES]; /* the oldest names first */
	int error; /* -errno if the Maildir could not be read */
};

/*
 * Files away the reports whose ids stand in done (others are ignored), and reads up to
 * LIMIT_BOUNCES of those that are left, on the thread pool; then seen is called on the
 * loop's thread, exactly once. What is no report about a mail of ours is filed away
 * unread. -ENOMEM, or what libuv says, and then seen is not called.
 */
int bounces_look(uv_loop_t *loop, const char *maildir, const json_t *done,
	void (*seen)(void *context, const struct bounce_look *look), void *context);

#endif
