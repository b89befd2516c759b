/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_ENROL_H
#define OTPD_SERVER_ENROL_H

#include "otpd/core/code.h"
#include "otpd/server/attempt.h"
#include "otpd/server/begin.h"

/* The service that enrolments belong to. */
#define ENROL_SERVICE "otpctl"

/* Who brings which address, and what it is to become. All is borrowed. */
struct enrolment {
	const char *user;
	const char *address;
	int64_t purpose; /* CODE_ENROL or CODE_SECOND */
};

/*
 * Begins to prove the address, or goes on with what was begun for it. The answer is
 * that of Self.Enrol; begin_committed() goes on with work.
 */
int enrol_begin(struct call *call, struct store *store, struct begin_work *work,
	const struct enrolment *enrolment);

/* After a right code: the proven address becomes the user's, if it still may. */
int enrol_confirm(struct daemon *daemon, struct store *store, struct attempt *attempt);

#endif
