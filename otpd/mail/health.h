/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_HEALTH_H
#define OTPD_MAIL_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#define HEALTH_PAUSE_MIN_MS 5000
#define HEALTH_PAUSE_MAX_MS 300000  /* before jitter, which adds at most a quarter */
#define HEALTH_ASKED_MAX_MS 3600000 /* of what a server may ask for */

enum health_state {
	HEALTH_UP,
	HEALTH_PAUSED,
	HEALTH_PROBING, /* the pause is over; one mail at a time may try */
};

/* Whether a transport works. Zeroed: up. Times are of a clock that never steps. */
struct health {
	unsigned n_failures; /* that counted, since it was up; 0: it is up */
	int64_t failed_ms;   /* when the last of them was noticed */
	int64_t until_ms;    /* the end of the pause */
	unsigned n_probes; /* tries on their way that have begun while it was not up */
};

/* One mail that is tried, from health_begin() to health_end(). */
struct health_try {
	int64_t began_ms;
	bool is_probe;
};

/* What a try has shown of its transport. */
enum health_sign {
	HEALTH_WORKS,
	HEALTH_FAILED,
	HEALTH_SILENT, /* nothing: it ended for reasons of its own */
};

enum health_change {
	HEALTH_SAME,
	HEALTH_WENT_DOWN,
	HEALTH_CAME_UP,
};

enum health_state health_state(const struct health *health, int64_t now_ms);

/* Whether a mail that could go elsewhere should come here. */
bool health_takes(const struct health *health, int64_t now_ms);

/* How long it is still paused; 0: it is not. */
int64_t health_left_ms(const struct health *health, int64_t now_ms);

/* A mail is tried, whether health_takes() or not. Exactly one health_end() follows. */
void health_begin(struct health *health, struct health_try *attempt, int64_t now_ms);

/*
 * It has ended. asked_s: the pause that the server has asked for; 0: none. jitter: any
 * number, of which the low byte counts.
 */
enum health_change health_end(struct health *health, const struct health_try *attempt,
	enum health_sign sign, int64_t asked_s, unsigned jitter, int64_t now_ms);

#endif
