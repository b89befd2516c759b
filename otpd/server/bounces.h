/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_BOUNCES_H
#define OTPD_SERVER_BOUNCES_H

#include <stdbool.h>
#include <uv.h>

#include "otpd/server/batch.h"
#include "otpd/server/record.h"
#include "otpd/store/mails.h"

struct daemon;

/* A mail that came back after the relay had taken it. */
struct bounce {
	char id[LIMIT_BOUNCE_ID + 1];
	uint8_t mail[MAIL_NAME];
	char status[12]; /* of RFC 3463 */
	char detail[LIMIT_DETAIL + 1];
	bool is_new;          /* it was not known to have come back */
	struct record record; /* without an event if the address is not marked */
};

/* Fetches delivery reports from otpd-mail, and writes down what they say. */
struct bounces {
	struct daemon *daemon;
	uv_timer_t timer;
	struct job job;
	bool asking;
	bool writing;
	bool committed; /* what found holds is in the store: otpd-mail may forget it */
	size_t n;
	struct bounce found[LIMIT_BOUNCES];
};

void bounces_open(struct bounces *bounces, struct daemon *daemon);
void bounces_close(struct bounces *bounces);

/*
 * Asks now and not only at the next turn, which comes every 15 s. Nothing happens while
 * a question is out, while its answer is being written, or if otpd-mail is away.
 */
void bounces_ask(struct bounces *bounces);

#endif
