/* SPDX-License-Identifier: MIT */
/*
 * A set of marks in memory that is never full: a new one takes the place of the oldest
 * in its slot. It is no secret store: without the key, a mark says nothing of the
 * password; and it is not durable, since all that a restart can do is to count a repeat
 * once more.
 */
#include "otpd/core/repeats.h"

#include <sodium.h>
#include <string.h>

static void add(crypto_generichash_state *state, const char *text)
{
	crypto_generichash_update(state, (const uint8_t *)text, strlen(text) + 1);
}

void repeats_mark(uint8_t out[REPEATS_MARK], const struct code_key *key,
	const char *budget, int64_t password_at, const char *password)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, key->bytes, sizeof(key->bytes), REPEATS_MARK);
	add(&state, "otpd wrong password");
	add(&state, budget);
	crypto_generichash_update(
		&state, (const uint8_t *)&password_at, sizeof(password_at));
	add(&state, password);
	crypto_generichash_final(&state, out, REPEATS_MARK);
	sodium_memzero(&state, sizeof(state));
}

static size_t slot_of(const uint8_t mark[REPEATS_MARK])
{
	return ((size_t)mark[0] << 8 | mark[1]) % REPEATS_SLOTS;
}

bool repeats_has(const struct repeats *repeats, const uint8_t mark[REPEATS_MARK])
{
	for (size_t i = 0; i < REPEATS_WAYS; i++)
		if (memcmp(repeats->marks[slot_of(mark)][i], mark, REPEATS_MARK) == 0)
			return true;
	return false;
}

void repeats_add(struct repeats *repeats, const uint8_t mark[REPEATS_MARK])
{
	uint8_t *next = &repeats->next[slot_of(mark)];

	memcpy(repeats->marks[slot_of(mark)][*next], mark, REPEATS_MARK);
	*next = (uint8_t)((*next + 1) % REPEATS_WAYS);
}

void repeats_clear(struct repeats *repeats)
{
	sodium_memzero(repeats, sizeof(*repeats));
}
