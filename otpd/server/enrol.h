/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_ENROL_H
#define OTPD_SERVER_ENROL_H

#include "otpd/core/code.h"
#include "otpd/server/attempt.h"
#include "otpd/server/begin.h"

/* The service that enrolments belong to. */
#define ENROL_SERVICE "otpctl"

struct config;

/* Who brings which address, where, and what it is to become. All is borrowed. */
struct enrolment {
	const char *user;
	const char *address;
	int64_t purpose; /* CODE_ENROL, CODE_SECOND, CODE_ENROL_LOGIN, CODE_RECOVERY */
	const char *service; /* NULL: ENROL_SERVICE, and neither of the next two */
	const char *rhost;
	const char *tty;
};

/* Whether users may bring addresses of this domain; numbers, where any domain is. */
bool enrol_domain_is_allowed(const struct config *config, const char *address);

/*
 * Mails a code to the address, or goes on with the live challenge for it; one for
 * another address ends. Whether that may be was looked at. user is who is enrolled, or
 * NULL.
 */
int enrol_issue(struct call *call, struct store *store, struct begin_work *work,
	const struct enrolment *enrolment, const struct user *user);

/*
 * Begins to prove the address, or goes on with what was begun for it. The answer is
 * that of Self.Enrol; begin_committed() goes on with work.
 */
int enrol_begin(struct call *call, struct store *store, struct begin_work *work,
	const struct enrolment *enrolment);

/*
 * Mails a code to the caller's verified address, for Self.RecoveryCodes; or goes on
 * with one.
 */
int enrol_begin_recovery(struct call *call, struct store *store,
	struct begin_work *work, const char *user);

/* After a right code: the proven address becomes the user's, if it still may. */
int enrol_confirm(struct daemon *daemon, struct store *store, struct attempt *attempt);

#endif
