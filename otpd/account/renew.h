/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_RENEW_H
#define OTPD_SERVER_RENEW_H

#include "otpd/server/begin.h"

/*
 * Another code for the challenge of work, which is one of an account's methods
 * (CODE_OF_ACCOUNT): what resend.h does for those of logins.
 */

/*
 * Whether it may have one: as challenge_check(), but that a registration whose form
 * still waits gets a new code for one whose time is over.
 */
int renew_check(struct call *call, struct store *store, struct begin_work *work);

/* The transaction. */
int renew_apply(struct call *call, struct store *store, struct begin_work *work);

/* How long one would have to wait. */
int renew_wait_s(struct call *call, struct store *store,
	const struct challenge *challenge, int64_t *ret);

#endif
