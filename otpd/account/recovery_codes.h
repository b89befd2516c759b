/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_RECOVERY_CODES_H
#define OTPD_SERVER_RECOVERY_CODES_H

#include "otpd/server/begin.h"
#include "otpd/server/outbox.h"
#include "otpd/server/record.h"
#include "otpd/server/recovery_set.h"
#include "otpd/varlink/call.h"

#define RECOVERY_SIGNED_IN_S 900 /* how long after a sign-in codes are made */

struct recovery_in {
	char token[LIMIT_TOKEN + 1]; /* an access token */
	struct begin_in from;        /* its rhost only: for the mail and the log */
};

/* The state of a call that makes the codes of an account. */
struct recovery_work {
	struct recovery_set set;
	struct record record;
	struct outgoing *notice; /* the mail that says so */
};

/* The phases of Account.RecoveryCodes. */
int recovery_codes_check(struct call *call);
int recovery_codes_apply(struct call *call, struct store *store);
void recovery_codes_committed(struct call *call);
void recovery_codes_release(struct call *call);

#endif
