/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_BEGIN_H
#define OTPD_SERVER_BEGIN_H

#include "otpd/core/challenge.h"
#include "otpd/server/nss.h"
#include "otpd/server/outbox.h"
#include "otpd/server/record.h"
#include "otpd/varlink/call.h"

/* The parameters of Auth.Begin. */
struct begin_in {
	char user[LIMIT_USER + 1];
	char service[LIMIT_SERVICE + 1];
	char rhost[LIMIT_RHOST + 1];
	char tty[LIMIT_TTY + 1];
	bool unknown;
	bool nullok;
	bool enrol;
	bool recovery;
};

/* What the phases of Begin and Resend hand to each other. */
struct begin_work {
	struct nss_query nss;
	struct challenge challenge;
	struct outgoing *mail;
	struct record record;
	int64_t dead_mail; /* the mail of the code that the new one replaced */
};

/* The transaction of Auth.Begin: exempt, remembered, resumed, issued or refused. */
int begin_apply(struct call *call, struct store *store);

/* Hands over the mail and writes the log line. */
void begin_committed(struct call *call);

/* Frees what begin_work still owns. */
void begin_release(struct call *call);

#endif
