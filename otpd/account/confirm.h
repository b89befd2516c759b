/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_CONFIRM_H
#define OTPD_SERVER_CONFIRM_H

#include "otpd/account/account.h"
#include "otpd/server/attempt.h"
#include "otpd/server/recovery_try.h"

/* The parameters of Account.Confirm. */
struct confirm_in {
	char challenge[LIMIT_CHALLENGE + 1];
	char code[LIMIT_CODE + 1];
	char recovery[2 * LIMIT_RECOVERY + 1]; /* as it was typed */
	uint8_t id[CODE_ID];
};

/* What its phases hand to each other, and what waits for the COMMIT. */
struct confirm_work {
	struct attempt attempt;
	struct record record;           /* of what the code brought about */
	struct record session;          /* of the session that it opened */
	struct outgoing *letter;        /* to the owner */
	char cancelled[PRINCIPAL_SIZE]; /* whose other codes ended with it; or "" */

	struct recovery_try recovery;
};

/* OUTCOME_NO_CHALLENGE for what can be the name of none. */
int confirm_check(struct call *call);

/* The transaction of Account.Confirm. */
int confirm_apply(struct call *call, struct store *store);

void confirm_committed(struct call *call);
void confirm_release(struct call *call);

#endif
