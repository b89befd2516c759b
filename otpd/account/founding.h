/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_FOUNDING_H
#define OTPD_SERVER_FOUNDING_H

#include "otpd/account/account.h"
#include "otpd/server/outbox.h"
#include "otpd/server/record.h"

/* What a new account needs besides its proven address; all is borrowed. */
struct founding {
	const char *address;
	const char *login;
	const char *password; /* hashed */
	const char *profile;
	const char *language;
};

/* What waits for the COMMIT. */
struct founded {
	struct record record;
	struct record session;
	struct outgoing *welcome;
};

/*
 * Makes the account, whose address and user name are free, deletes what waits for that
 * address, mails a welcome, and adds the tokens of its first session to the answer.
 */
int founding_open(struct call *call, struct store *store,
	const struct account_caller *caller, const struct founding *founding,
	const char *rhost, struct founded *ret);

/*
 * After the right code of a registration, which was kept: the account and its tokens,
 * or a grant. call->work is a struct confirm_work.
 */
int founding_confirm(
	struct call *call, struct store *store, const struct account_caller *caller);

/* Whether no account of the tenant has this address: 1 or 0. */
int founding_is_free(struct store *store, const char *tenant, const char *address);

#endif
