/* SPDX-License-Identifier: MIT */
/*
 * Which pairs of keys sign tokens and check them.
 *
 * All pairs come from the key behind the codes' hashes and a number, so that nothing
 * secret is in the store and a rotation is a larger number. The next one is published
 * before it signs, so that whoever keeps a copy of the JWKS has it in time. One that
 * signs no more stays as long as a token of it may live: until when, is written down at
 * the rotation, in the row of its number modulo TOKEN_KEYS_OLD. A rotation that would
 * need the row of a key whose tokens live is refused.
 *
 * What is in use MUST be read from the store in each transaction: then a rotation that
 * is taken back, or whose COMMIT fails, never was. In memory are the pairs only, which
 * depend on nothing but their numbers.
 */
#include "otpd/account/token_keys.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"

#define LIFE_MAX (7 * 24 * 3600) /* of any token under any configuration */

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* 0 if there is no such row. */
static int get_number(struct store *store, const char *name, int64_t *ret)
{
	int r = store_get_number(store, name, ret);

	if (r != -ENOENT)
		return r;
	*ret = 0;
	return 0;
}

static const char *row_of(char out[32], int64_t number)
{
	snprintf(out, 32, "token_key_old_%d", (int)(number % TOKEN_KEYS_OLD));
	return out;
}

/* Until when tokens of an old key may live. */
static int get_until(struct store *store, int64_t number, int64_t *ret)
{
	char row[32];

	return get_number(store, row_of(row, number), ret);
}

static int put_until(struct store *store, int64_t number, int64_t until_s)
{
	char row[32];

	return store_put_number(store, row_of(row, number), until_s);
}

static int get_current(struct store *store, int64_t *ret)
{
	int r = get_number(store, "token_key", ret);

	if (r == 0 && *ret < 1)
		*ret = 1;
	return r;
}

/* How many keys before this one may have tokens that live. */
static int count_old(struct store *store, int64_t number, int64_t now_s, int64_t *ret)
{
	int64_t until;
	int r = 0;

	*ret = 0;
	for (int64_t i = 1; r == 0 && i <= TOKEN_KEYS_OLD && i < number; i++) {
		r = get_until(store, number - i, &until);
		if (r == 0 && until > now_s)
			*ret = i;
	}
	return r;
}

static int derive(struct daemon *daemon, int64_t number, size_t n)
{
	struct token_keys *keys = &daemon->token_keys;

	if (!keys->keys)
		keys->keys = sodium_allocarray(TOKEN_KEYS_MAX, sizeof(*keys->keys));
	if (!keys->keys)
		return -ENOMEM;
	if (keys->number != number)
		keys->n = 0;
	keys->number = number;
	for (; keys->n < n; keys->n++)
		token_key_derive(&keys->keys[keys->n], daemon->key,
			number + 1 - (int64_t)keys->n);
	keys->n = n;
	return 0;
}

int token_keys_get(
	struct daemon *daemon, struct store *store, const struct token_keys **ret)
{
	int64_t number = 0, n_old = 0;
	int r = get_current(store, &number);

	if (r == 0)
		r = count_old(store, number, daemon->moment.now_s, &n_old);
	if (r == 0)
		r = derive(daemon, number, 2 + (size_t)n_old);
	*ret = &daemon->token_keys;
	return r;
}

/* How long a token that is made now may live at most. */
static int64_t life_s(const struct config *config)
{
	const struct tenant_section *tenants = config->tenants.items;
	int64_t life = larger(config->plain.access_s, LIMIT_RECEIPT_S);

	for (size_t i = 0; i < config->tenants.n; i++)
		life = larger(life,
			tenants[i].tokens == TENANT_TOKENS_SINGLE
				? tenants[i].single_s
				: tenants[i].access_s);
	return life;
}

/* Until when tokens that have been made so far may live. */
static int64_t live_until(struct daemon *daemon, int64_t made_before_s)
{
	return larger(
		daemon->moment.now_s + life_s(daemon->moment.config), made_before_s);
}

int token_keys_rotate(struct daemon *daemon, struct store *store, int64_t *ret_number,
	int64_t *ret_wait_s)
{
	int64_t now = daemon->moment.now_s, number = 0, oldest = 0, before = 0;
	int r = get_current(store, &number);

	*ret_number = number;
	*ret_wait_s = 0;
	if (r == 0 && number > TOKEN_KEYS_OLD)
		r = get_until(store, number - TOKEN_KEYS_OLD, &oldest);
	if (r == 0)
		r = get_number(store, "token_life_until", &before);
	if (r < 0)
		return r;
	if (oldest > now) {
		*ret_wait_s = oldest - now;
		return OUTCOME_THROTTLED;
	}
	r = put_until(store, number, live_until(daemon, before));
	if (r == 0)
		r = store_put_number(store, "token_key", number + 1);
	if (r == 0)
		r = store_put_number(store, "token_key_at", now);
	*ret_number = number + 1;
	return r;
}

/*
 * After a change of the configuration that shortens lives, tokens of the longer one are
 * about. It is found at the latest by the keeper's next round, and counts from then.
 */
static int keep_life(struct daemon *daemon, struct store *store)
{
	int64_t now = daemon->moment.now_s, before = 0, until = 0;
	int64_t life = life_s(daemon->moment.config);
	int r = get_number(store, "token_life", &before);

	if (r == 0)
		r = get_number(store, "token_life_until", &until);
	if (r == 0 && (before > life || until > now + LIFE_MAX))
		r = store_put_number(store, "token_life_until",
			larger(until > now + LIFE_MAX ? 0 : until, now + before));
	if (r == 0 && before != life)
		r = store_put_number(store, "token_life", life);
	return r;
}

/* A clock that was years ahead would keep old keys for years. */
static int keep_times(struct store *store, int64_t number, int64_t now_s)
{
	int64_t until = 0;
	int r = 0;

	for (int64_t i = 1; r == 0 && i <= TOKEN_KEYS_OLD && i < number; i++) {
		r = get_until(store, number - i, &until);
		if (r == 0 && until > now_s + LIFE_MAX)
			r = put_until(store, number - i, now_s + LIFE_MAX);
	}
	return r;
}

static int rotate_by_itself(
	struct daemon *daemon, struct store *store, struct record *ret)
{
	int64_t number, wait;
	int r = token_keys_rotate(daemon, store, &number, &wait);

	if (r != 0)
		return r < 0 ? r : 0; /* the next round tries again */
	record_about(ret, "", "", "", 0);
	snprintf(ret->detail, sizeof(ret->detail), "%lld", (long long)number);
	return record_store(ret, store, daemon->moment.now_s, "token_key_rotated",
		"another key signs tokens", LOG_NOTICE);
}

int token_keys_keep(struct daemon *daemon, struct store *store, struct record *ret)
{
	int64_t now = daemon->moment.now_s, number = 0, at = 0;
	int r = get_current(store, &number);

	if (r == 0)
		r = get_number(store, "token_key_at", &at);
	if (r == 0)
		r = keep_life(daemon, store);
	if (r == 0)
		r = keep_times(store, number, now);
	if (r == 0 && (at == 0 || at > now)) {
		r = store_put_number(store, "token_key", number);
		if (r == 0)
			r = store_put_number(store, "token_key_at", now);
		at = now;
	}
	if (r == 0 && now - at >= daemon->moment.config->token_key_s)
		r = rotate_by_itself(daemon, store, ret);
	return r;
}

void token_keys_free(struct token_keys *keys)
{
	sodium_free(keys->keys);
	*keys = (struct token_keys){ 0 };
}
