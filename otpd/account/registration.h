/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_REGISTRATION_H
#define OTPD_SERVER_REGISTRATION_H

#include "otpd/account/account.h"
#include "otpd/server/begin.h"
#include "otpd/store/registrations.h"

/*
 * Whom the code of a registration goes to; or, if the address has an account, whom the
 * word goes to that somebody has typed it. form is what was sent, and issue borrows
 * from here: it stays where it is.
 */
struct registration_issue {
	struct registration form;
	struct account owner;           /* if issue.taken */
	char principal[PRINCIPAL_SIZE]; /* of nobody, in both cases */
	struct issue issue;
};

/*
 * Begins a registration, or goes on with previous (NULL: none): the challenge of an
 * earlier call whose form this one replaces. tenant, client, address, login, password,
 * profile and language of out->form are filled. The answer is that of
 * Account.Register; begin_committed() goes on with work.
 */
int registration_begin(struct call *call, struct store *store, struct begin_work *work,
	const struct account_caller *caller, const char *rhost, const uint8_t *previous,
	struct registration_issue *out);

/*
 * For another code: fills out for the challenge, whose strings it borrows, with the
 * owner of the address as he is now. OUTCOME_NO_CHALLENGE if the form is gone.
 */
int registration_issue(struct daemon *daemon, struct store *store,
	const struct challenge *challenge, struct registration_issue *out);

/*
 * Whether a code whose time is over may be replaced by a new one all the same: the form
 * still waits. 1 or 0.
 */
int registration_waits(
	struct daemon *daemon, struct store *store, const struct challenge *challenge);

/* Whether no account of the tenant has this user name: 0, or OUTCOME_EXISTS. */
int registration_login_is_free(
	struct store *store, const char *tenant, const char *login);

#endif
