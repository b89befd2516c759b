/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_MAILER_H
#define OTPD_CTL_MAILER_H

#include "otpd/ctl/arguments.h"
#include "otpd/ctl/session.h"

#define MAILER_PATH 256

/* The way to otpd-mail, for root. */
struct mailer {
	struct session session;
	char path[MAILER_PATH];
};

/*
 * otpd-mail's socket: that of --mail-socket, else mail.sock beside otpd's, which by
 * default is OTPD_MAIL_SOCKET. Timeout and language are those of like.
 */
void mailer_init(struct mailer *mailer, const struct session *like,
	const struct arguments *arguments);
void mailer_close(struct mailer *mailer);

/* session_call() of "org.emailotp.Mail." and method. */
int mailer_call(struct mailer *mailer, const char *method, json_t *parameters,
	json_t **ret_out);

/* What a result that is not 0 means, with the path, as a clause in text. */
void mailer_fault(const struct mailer *mailer, int r, char text[static SESSION_FAULT]);

#endif
