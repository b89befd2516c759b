/* SPDX-License-Identifier: MIT */
/*
 * Whether a transport works: up; after a failure paused for 5, 10, 20, ... 300 s, or
 * for as long as the server asks; then one mail at a time goes to it, until one shows
 * that it works. Pure: the time is a parameter.
 *
 * A failure counts only if its try has begun after the last one that counted: a relay
 * that dies with a hundred mails on their way has failed once, not a hundred times.
 *
 * MUST NOT leave a transport that works again unused for longer than its pause: whoever
 * ends a probe gives its place free, whatever it has shown.
 */
#include "otpd/mail/health.h"

#define JITTER_STEPS 1024 /* 255 of them are just below a quarter */

enum health_state health_state(const struct health *health, int64_t now_ms)
{
	if (health->n_failures == 0)
		return HEALTH_UP;
	return now_ms < health->until_ms ? HEALTH_PAUSED : HEALTH_PROBING;
}

bool health_takes(const struct health *health, int64_t now_ms)
{
	enum health_state state = health_state(health, now_ms);

	return state == HEALTH_UP || (state == HEALTH_PROBING && health->n_probes == 0);
}

int64_t health_left_ms(const struct health *health, int64_t now_ms)
{
	return health_state(health, now_ms) == HEALTH_PAUSED ? health->until_ms - now_ms
							     : 0;
}

void health_begin(struct health *health, struct health_try *attempt, int64_t now_ms)
{
	attempt->began_ms = now_ms;
	attempt->is_probe = health->n_failures > 0;
	health->n_probes += attempt->is_probe;
}

/* The n-th pause in a row, n from 1. */
static int64_t pause_ms(unsigned n, unsigned jitter)
{
	int64_t pause = HEALTH_PAUSE_MIN_MS;

	while (n-- > 1 && pause < HEALTH_PAUSE_MAX_MS)
		pause *= 2;
	if (pause > HEALTH_PAUSE_MAX_MS)
		pause = HEALTH_PAUSE_MAX_MS;
	return pause + pause * (int64_t)(jitter & 255) / JITTER_STEPS;
}

static int64_t asked_ms(int64_t asked_s)
{
	if (asked_s <= 0)
		return 0;
	return asked_s < HEALTH_ASKED_MAX_MS / 1000 ? asked_s * 1000
						    : HEALTH_ASKED_MAX_MS;
}

static enum health_change fail(struct health *health, const struct health_try *attempt,
	int64_t asked_s, unsigned jitter, int64_t now_ms)
{
	bool was_up = health->n_failures == 0;
	int64_t pause = asked_ms(asked_s);

	if (was_up || attempt->began_ms > health->failed_ms) {
		int64_t own;

		if (health->n_failures < UINT32_MAX)
			health->n_failures++;
		health->failed_ms = now_ms;
		health->until_ms = now_ms;
		own = pause_ms(health->n_failures, jitter);
		if (pause < own)
			pause = own;
	}
	if (health->until_ms < now_ms + pause)
		health->until_ms = now_ms + pause;
	return was_up ? HEALTH_WENT_DOWN : HEALTH_SAME;
}

enum health_change health_end(struct health *health, const struct health_try *attempt,
	enum health_sign sign, int64_t asked_s, unsigned jitter, int64_t now_ms)
{
	bool was_up = health->n_failures == 0;

	health->n_probes -= attempt->is_probe;
	switch (sign) {
	case HEALTH_WORKS:
		health->n_failures = 0;
		return was_up ? HEALTH_SAME : HEALTH_CAME_UP;
	case HEALTH_FAILED:
		return fail(health, attempt, asked_s, jitter, now_ms);
	case HEALTH_SILENT:
		break;
	}
	return HEALTH_SAME;
}
