/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_PASSED_H
#define OTPD_SERVER_PASSED_H

#include "otpd/server/attempt.h"
#include "otpd/varlink/call.h"

/* When the user was let in last, and that it is remembered. */
int passed_step_up(
	struct daemon *daemon, struct store *store, const struct challenge *c);

/* What a right code of a login brings besides the answer. */
int passed_login(struct daemon *daemon, struct store *store, struct attempt *attempt);

/*
 * The address that the code proves is verified from now on; OUTCOME_NO_CHALLENGE if it
 * is not that of the user any more.
 */
int passed_address(struct daemon *daemon, struct store *store, struct attempt *attempt);

/*
 * Adds the receipt of a step-up to the answer: of an account, as its client has it; or
 * of a Unix user.
 */
int passed_receipt(struct call *call, struct store *store, const struct challenge *c);

#endif
