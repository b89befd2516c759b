/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_TOKEN_KEYS_H
#define OTPD_SERVER_TOKEN_KEYS_H

#include "otpd/core/token.h"
#include "otpd/server/record.h"
#include "otpd/store/store.h"

struct daemon;

/* Keys that sign no more, and of whose tokens some may still live. */
#define TOKEN_KEYS_OLD 8
#define TOKEN_KEYS_MAX (TOKEN_KEYS_OLD + 2)

/* The pairs in use: keys[0] is the next one, keys[1] signs, then come the old ones. */
struct token_keys {
	struct token_key
		*keys; /* TOKEN_KEYS_MAX, in memory that is locked and guarded */
	size_t n;
	int64_t number; /* of keys[1] */
};

/*
 * The keys as this transaction has them. Used by the worker only, and good until the
 * next call. -ENOMEM, or of the store.
 */
int token_keys_get(
	struct daemon *daemon, struct store *store, const struct token_keys **ret);

/*
 * The next key signs from now on, once the transaction is committed. OUTCOME_THROTTLED,
 * with the seconds in *ret_wait_s, if that would orphan tokens that live: so many keys
 * cannot be old at once. *ret_number: the key that signs.
 */
int token_keys_rotate(struct daemon *daemon, struct store *store, int64_t *ret_number,
	int64_t *ret_wait_s);

/*
 * For the start and the keeper: the first key; the rotation of one that has signed for
 * token_key_life; and how long tokens may live that were made under a configuration
 * which is no longer in force. *ret is of a rotation, for the log after the COMMIT.
 */
int token_keys_keep(struct daemon *daemon, struct store *store, struct record *ret);

void token_keys_free(struct token_keys *keys);

#endif
