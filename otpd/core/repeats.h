/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_REPEATS_H
#define OTPD_CORE_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/core/code.h"

#define REPEATS_MARK  16 /* bytes */
#define REPEATS_SLOTS 1024
#define REPEATS_WAYS  4

/*
 * The wrong passwords of late, as keyed hashes. A program that has a stale one repeats
 * it with each request; it guesses nothing new, and must not use up the tries of its
 * user. What is forgotten, for want of room, counts again.
 */
struct repeats {
	uint8_t marks[REPEATS_SLOTS][REPEATS_WAYS][REPEATS_MARK];
	uint8_t next[REPEATS_SLOTS];
};

/*
 * What one wrong password of one budget is known by. password_at is when the right one
 * was set: against another one, the same guess is a new guess.
 */
void repeats_mark(uint8_t out[REPEATS_MARK], const struct code_key *key,
	const char *budget, int64_t password_at, const char *password);

bool repeats_has(const struct repeats *repeats, const uint8_t mark[REPEATS_MARK]);

/* One more, once it has been counted. */
void repeats_add(struct repeats *repeats, const uint8_t mark[REPEATS_MARK]);

/* Forgets all. */
void repeats_clear(struct repeats *repeats);

#endif
