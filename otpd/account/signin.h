/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_SIGNIN_H
#define OTPD_SERVER_SIGNIN_H

#include "otpd/account/gate.h"
#include "otpd/server/begin.h"

/* The parameters of Account.Login; user of who is the login. */
struct signin_in {
	struct begin_in who;
	char password[LIMIT_PASSWORD + 1];
	bool token;
};

/* begin comes first, so that begin.c's functions find their part. */
struct signin_work {
	struct begin_work begin;
	struct gate gate;
};

/* Refuses what needs no store, and makes the rest clean. */
int signin_check(struct call *call);

/* The transactions of Account.Login, first the one that reads and then that one. */
int signin_apply(struct call *call, struct store *store);

void signin_committed(struct call *call);
void signin_release(struct call *call);

#endif
