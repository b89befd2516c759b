/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_MAILER_H
#define OTPD_SERVER_MAILER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "otpd/proto/frame.h"
#include "otpd/store/mails.h"

#define MAILER_LINKS 8 /* mails that the mailer works on at once */

struct outbox;
struct outgoing;
struct mailer;

enum link_state {
	LINK_DOWN,
	LINK_KEY, /* has asked for the public key */
	LINK_IDLE,
	LINK_BUSY, /* has a mail */
	LINK_CLOSING,
};

/* One connection to otpd-mail, with one call in flight. */
struct mailer_link {
	struct mailer *mailer;
	enum link_state state;
	int fd;
	uv_poll_t poll;
	int events; /* what poll waits for now */
	struct frame_buffer in;
	char *out; /* what the socket did not take yet */
	size_t out_at;
	size_t out_size;
	struct outgoing *mail;
	int64_t patience_ms; /* when the answer is given up */
};

struct mailer {
	uv_loop_t *loop;
	struct outbox *outbox;
	char path[108];
	uid_t uid; /* otpd-mail's */
	void *context;
	void (*got_key)(void *context, const uint8_t key[MAIL_KEY]);

	bool up; /* it has given its key on a connection that stands */
	bool complained;
	bool closing;
	char error[128];
	unsigned failures;
	uv_timer_t retry;
	uv_timer_t watch; /* looks for calls whose time is over */
	struct mailer_link links[MAILER_LINKS];
};

int mailer_open(struct mailer *mailer);
void mailer_close(struct mailer *mailer);

/* Hands over as many mails as there are links. */
void mailer_pump(struct mailer *mailer);

#endif
