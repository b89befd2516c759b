/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_CHALLENGE_H
#define OTPD_CORE_CHALLENGE_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/core/code.h"
#include "otpd/proto/limits.h"

/* The numbers stand in the database. */
enum challenge_state {
	CHALLENGE_LIVE = 0,
	CHALLENGE_PASSED = 1,    /* its code was right, once */
	CHALLENGE_BURNT = 2,     /* its tries are used up */
	CHALLENGE_CANCELLED = 3, /* given up, or its user was removed or disabled */
	CHALLENGE_SPENT = 4,     /* passed, and what it allowed besides was done */
};

struct challenge {
	uint8_t id[CODE_ID];
	char user[LIMIT_USER + 1];
	char service[LIMIT_SERVICE + 1];
	char rhost[LIMIT_RHOST + 1];
	char tty[LIMIT_TTY + 1];
	int64_t peer; /* the uid that began it */
	int64_t purpose;
	bool decoy;   /* looks like one and can never be right */
	bool unknown; /* the system does not know the user: no recovery code helps */
	int64_t key_id;
	uint8_t hash[CODE_HASH];
	char reference[LIMIT_REFERENCE + 1];
	int64_t length;
	int64_t alphabet;
	int64_t state;
	int64_t tries;
	int64_t max_tries;
	int64_t created_at;
	int64_t expires_at;
	int64_t mail; /* the outbox row of the code that is valid now; 0: there is none,
		       * and no code yet */
	char address[LIMIT_ADDRESS + 1]; /* the address to prove; empty at logins */
};

/*
 * A new identifier: 48 bits that grow with time and 80 random ones. The first keep the
 * rows of one time in one place of the table; the second are what nobody guesses, and
 * whoever did would still have to be the uid that began it. last is the one before, all
 * zeros at first; it is left as the new one.
 */
void challenge_draw_id(uint8_t id[CODE_ID], uint8_t last[CODE_ID], int64_t now_s);

/*
 * Whether a code may be compared with it now: 0, OUTCOME_EXPIRED, OUTCOME_BURNT or
 * OUTCOME_NO_CHALLENGE.
 */
int challenge_check(const struct challenge *challenge, int64_t peer, int64_t now_s);

/*
 * What a try does to it: counts it, and makes it passed or burnt. Returns 0 (right),
 * OUTCOME_WRONG_CODE or OUTCOME_BURNT (wrong, and that was the last). Only for one that
 * challenge_check() has let through.
 */
int challenge_try(struct challenge *challenge, bool right);

int64_t challenge_tries_left(const struct challenge *challenge);

/* The only writer of state; asserts that the step is one of the table. */
void challenge_set_state(struct challenge *challenge, enum challenge_state state);

#endif
