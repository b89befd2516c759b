/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_RECOVERY_H
#define OTPD_STORE_RECOVERY_H

#include <stdint.h>

#include "otpd/core/recovery.h"
#include "otpd/store/accounts.h"

/* Recovery codes of a principal: the first letters in the clear, the rest as Argon2id.
 */
struct recovery {
	char selector[RECOVERY_SELECTOR + 1];
	char hash[ACCOUNT_HASH + 1];
};

/*
 * Forgets the earlier ones of the principal. -EEXIST if two have the same selector, and
 * then the transaction must be taken back.
 */
int recovery_replace(struct store *store, const char *principal,
	const struct recovery *codes, int64_t n);

/* -ENOENT if there is none, or if it was used. */
int recovery_get(struct store *store, const char *principal, const char *selector,
	struct recovery *ret);

/* It is used up. -ENOENT if it was: of two who bring it at once, only one goes on. */
int recovery_delete(struct store *store, const char *principal, const char *selector);
int recovery_delete_all(struct store *store, const char *principal);
int recovery_count(struct store *store, const char *principal, int64_t *ret);

#endif
