/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_MAILER_H
#define OTPD_SERVER_MAILER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "otpd/server/mailer_link.h"
#include "otpd/store/mails.h"

#define MAILER_LINKS 8 /* mails that the mailer works on at once */

struct outbox;
struct mailer;

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
	/* Of the call of mailer_ask() that is in flight; NULL: none is. */
	void (*answered)(void *context, json_t *out);
	void *asker;
};

int mailer_open(struct mailer *mailer);
void mailer_close(struct mailer *mailer);

/*
 * Calls another method of otpd-mail over a link that is idle; takes parameters.
 * answered gets what it answered, or NULL, exactly once. -EAGAIN, and answered is not
 * called: no link is idle, or another such call is in flight.
 */
int mailer_ask(struct mailer *mailer, const char *method, json_t *parameters,
	void (*answered)(void *context, json_t *out), void *context);

/* Hands over as many mails as there are links. */
void mailer_pump(struct mailer *mailer);

#endif
