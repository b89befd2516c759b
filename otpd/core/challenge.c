/* SPDX-License-Identifier: MIT */
/*
 * The life of a challenge. It is live until it is passed, burnt, cancelled or its time
 * is over, and never becomes live again. One that was passed may allow one thing more,
 * once. Expiry is no state: it is a comparison with
 * the time that the caller brings, so that a clock cannot be late in writing it down.
 */
#include "otpd/core/challenge.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "otpd/proto/outcome.h"

#define BIT(state) (1u << (state))

static const unsigned challenge_next[] = {
	[CHALLENGE_LIVE] =
		BIT(CHALLENGE_PASSED) | BIT(CHALLENGE_BURNT) | BIT(CHALLENGE_CANCELLED),
	[CHALLENGE_PASSED] = BIT(CHALLENGE_SPENT),
	[CHALLENGE_BURNT] = 0,
	[CHALLENGE_CANCELLED] = 0,
	[CHALLENGE_SPENT] = 0,
};

void challenge_set_state(struct challenge *challenge, enum challenge_state state)
{
	assert(challenge->state >= CHALLENGE_LIVE &&
		challenge->state <= CHALLENGE_SPENT);
	assert(challenge_next[challenge->state] & BIT(state));
	challenge->state = state;
}

void challenge_draw_id(uint8_t id[CODE_ID], uint8_t last[CODE_ID], int64_t now_s)
{
	uint32_t second = (uint32_t)now_s;
	uint32_t before = (uint32_t)last[0] << 24 | (uint32_t)last[1] << 16 |
		(uint32_t)last[2] << 8 | last[3];
	uint16_t n = (uint16_t)(last[4] << 8 | last[5]);

	/* Order is for speed only: should it wrap, the rest is still random. */
	n = second == before ? (uint16_t)(n + 1) : 0;
	randombytes_buf(id, CODE_ID);
	for (int i = 0; i < 4; i++)
		id[i] = (uint8_t)(second >> (24 - 8 * i));
	id[4] = (uint8_t)(n >> 8);
	id[5] = (uint8_t)n;
	memcpy(last, id, CODE_ID);
}

int challenge_check(const struct challenge *challenge, int64_t peer, int64_t now_s)
{
	if (challenge->peer != peer)
		return OUTCOME_NO_CHALLENGE;
	if (challenge->state == CHALLENGE_BURNT)
		return OUTCOME_BURNT;
	if (challenge->state != CHALLENGE_LIVE)
		return OUTCOME_NO_CHALLENGE;
	if (now_s >= challenge->expires_at)
		return OUTCOME_EXPIRED;
	return 0;
}

int64_t challenge_tries_left(const struct challenge *challenge)
{
	int64_t left = challenge->max_tries - challenge->tries;

	return left > 0 ? left : 0;
}

int challenge_try(struct challenge *challenge, bool right)
{
	challenge->tries++;
	if (right && !challenge->decoy) {
		challenge_set_state(challenge, CHALLENGE_PASSED);
		return 0;
	}
	if (challenge_tries_left(challenge) > 0)
		return OUTCOME_WRONG_CODE;
	challenge_set_state(challenge, CHALLENGE_BURNT);
	return OUTCOME_BURNT;
}
