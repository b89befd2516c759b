/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_DELIVERY_H
#define OTPD_MAIL_DELIVERY_H

#include <stdint.h>

#include "otpd/mail/mailer.h"

struct call;

/* A call of Send, as it came. */
struct sealed_mail {
	const char *mail;
	const char *sender;
	const char *nonce;
	const char *sealed;
	int64_t deadline_s;
};

/* Sends it, and ends call with the result, now or later. */
void delivery_start(
	struct mailer *mailer, const struct sealed_mail *sealed, struct call *call);

/*
 * Answers every call that is still open with deferred. The mails themselves cannot be
 * taken back: the process must end now.
 */
void delivery_give_up(struct mailer *mailer);

#endif
