/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_PASSED_H
#define OTPD_SERVER_PASSED_H

#include "otpd/server/attempt.h"

/* What a right code of a login brings besides the answer. */
int passed_login(struct daemon *daemon, struct store *store, struct attempt *attempt);

/*
 * The address that the code proves is verified from now on; OUTCOME_NO_CHALLENGE if it
 * is not that of the user any more.
 */
int passed_address(struct daemon *daemon, struct store *store, struct attempt *attempt);

#endif
