/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_NEW_PASSWORD_H
#define OTPD_SERVER_NEW_PASSWORD_H

#include "otpd/account/account.h"
#include "otpd/account/hashed.h"
#include "otpd/server/begin.h"
#include "otpd/server/record.h"

/* The parameters of Account.SetPassword. Longer ones are told why not. */
struct new_password_in {
	struct begin_in from; /* its rhost only: for the mail and the log */
	char grant[LIMIT_TOKEN + 1];
	char password[2 * LIMIT_PASSWORD + 1];
};

struct new_password_work {
	struct hashed hashed;
	struct record record;
	struct outgoing *notice;
	char cancelled[PRINCIPAL_SIZE]; /* whose codes ended with it */
};

/* The first phase reads only. */
int new_password_check(struct call *call);
int new_password_apply(struct call *call, struct store *store);
void new_password_committed(struct call *call);
void new_password_release(struct call *call);

#endif
