/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_MAILER_LINK_H
#define OTPD_SERVER_MAILER_LINK_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "otpd/proto/frame.h"

struct mailer;
struct outgoing;

enum link_state {
	LINK_DOWN,
	LINK_IDLE,
	LINK_BUSY, /* waits for an answer */
	LINK_CLOSING,
};

/* One connection to otpd-mail, with one call in flight. */
struct mailer_link {
	struct mailer *mailer;
	/* The connection is gone, and with it the call that was in flight. */
	void (*failed)(struct mailer_link *link, const char *why);
	enum link_state state;
	int fd;
	uv_poll_t poll;
	int events; /* what poll waits for now */
	struct frame_buffer in;
	char *out; /* what the socket did not take yet */
	size_t out_at;
	size_t out_size;
	int64_t patience_ms; /* when the answer is given up */
	/* Of the call in flight; error is a Varlink error's name, or NULL. */
	void (*answered)(struct mailer_link *link, const char *error, json_t *out);
	struct outgoing *mail; /* what the call is about, for its answer */
};

/* Connects to a socket of root, of uid or of our own. 0, or -errno and it is down. */
int link_open(struct mailer_link *link, uv_loop_t *loop, const char *path, uid_t uid);

/*
 * Sends a call on an idle link; takes parameters (NULL: there was no memory). Either
 * answered or the link's failed is called, now or later.
 */
void link_call(struct mailer_link *link, const char *method, json_t *parameters,
	int64_t patience_ms,
	void (*answered)(struct mailer_link *link, const char *error, json_t *out));

/* Closes it, if it is open, and tells failed why. */
void link_fail(struct mailer_link *link, const char *why);

/* Fails it if an answer is overdue. */
void link_check(struct mailer_link *link, int64_t now_ms);

#endif
