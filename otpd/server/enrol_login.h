/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_ENROL_LOGIN_H
#define OTPD_SERVER_ENROL_LOGIN_H

#include "otpd/server/attempt.h"
#include "otpd/server/begin.h"

/* The parameters of Auth.Enrol; who comes first, so that speaker.c finds it. */
struct enrol_login_in {
	struct begin_in who;
	char address[LIMIT_ADDRESS + 1];
};

/* Adds the domains that an address may have to the answer of Begin. */
void enrol_login_say_domains(struct call *call);

/* The check and the transaction of Auth.Enrol; begin.h has the rest. */
int enrol_login_check(struct call *call);
int enrol_login_apply(struct call *call, struct store *store);

/*
 * After a right code: enrols, unless things have changed meanwhile. 0; or
 * OUTCOME_NO_CHALLENGE, or OUTCOME_NOT_ALLOWED. passed_login() is the caller's.
 */
int enrol_login_confirm(
	struct daemon *daemon, struct store *store, struct attempt *attempt);

#endif
