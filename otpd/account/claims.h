/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_CLAIMS_H
#define OTPD_SERVER_CLAIMS_H

#include <stdint.h>

#include "otpd/account/account.h"
#include "otpd/core/token.h"

struct daemon;

/* What every token of this moment says; the rest is for the caller to add. */
void claims_begin(struct token_claims *claims, const struct daemon *daemon,
	const char *audience, const char *amr);

/* Whose it is. */
void claims_account(struct token_claims *claims, const struct account *account);

/* Signs them, and adds the token to the answer under this name. */
int claims_add(struct call *call, struct store *store, const char *name,
	const char *typ, const struct token_claims *claims, uint8_t ret_hash[32]);

/*
 * Those of an access token that we signed for this client's audience and tenant:
 * OUTCOME_BAD_TOKEN, or -ETIME if its time is over, and then they hold all the same.
 */
int claims_read(struct daemon *daemon, struct store *store, const char *token,
	const struct account_caller *caller, struct token_claims *ret);

#endif
