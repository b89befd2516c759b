/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_RECOVERY_H
#define OTPD_STORE_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/core/recovery.h"
#include "otpd/store/accounts.h"

/* Recovery codes of a principal: the first letters in the clear, the rest as Argon2id.
 */
struct recovery {
	char selector[RECOVERY_SELECTOR + 1];
	char hash[ACCOUNT_HASH + 1];
	int64_t expires_at; /* of a break-glass code; 0: a recovery code, which stays */
};

/*
 * Forgets the earlier ones of the principal; a break-glass code stays. -EEXIST if two
 * have the same selector, and then the transaction must be taken back.
 */
int recovery_replace(struct store *store, const char *principal,
	const struct recovery *codes, int64_t n);

/* A break-glass code, in place of an earlier one. -EEXIST as above. */
int recovery_put_glass(
	struct store *store, const char *principal, const struct recovery *code);
int recovery_delete_glass(struct store *store, const char *principal);

/* -ENOENT if there is none, or if it was used, or is over. */
int recovery_get(struct store *store, const char *principal, const char *selector,
	int64_t now_s, struct recovery *ret);

/*
 * It is used up. -ENOENT if it was, or if it is another one by now: of two who bring it
 * at once, only one goes on.
 */
int recovery_delete(
	struct store *store, const char *principal, const struct recovery *code);
int recovery_delete_all(struct store *store, const char *principal);

/* How many recovery codes are left; and whether there is any code, of either kind. */
int recovery_count(struct store *store, const char *principal, int64_t *ret);
int recovery_has(struct store *store, const char *principal, int64_t now_s, bool *ret);

/* Deletes break-glass codes that are over. */
int recovery_purge(struct store *store, int64_t now_s);

#endif
