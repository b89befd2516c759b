/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_RECOVER_H
#define OTPD_SERVER_RECOVER_H

#include "otpd/core/principal.h"
#include "otpd/server/named.h"
#include "otpd/server/recovery_try.h"

/* The parameters of Auth.Recover; named comes first, so that named_check() finds it. */
struct recover_in {
	struct named_in named;
	char code[2 * LIMIT_RECOVERY + 1]; /* as it was typed */
};

/* What its phases hand to each other, and what waits for the COMMIT. */
struct recover_work {
	struct attempt attempt; /* lock: when this try used up the budget */
	struct recovery_try try;
	char nobody[PRINCIPAL_SIZE];
};

/* The transactions of Auth.Recover. */
int recover_apply(struct call *call, struct store *store);
void recover_committed(struct call *call);
void recover_release(struct call *call);

#endif
