/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_BUDGET_H
#define OTPD_CORE_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#define BUDGET_HOUR  3600
#define BUDGET_DAY   86400
#define BUDGET_MONTH (30 * 86400)

/* At most limit events within any span_s. */
struct budget_window {
	int64_t span_s;
	int64_t limit;
};

/*
 * at are the times of the events so far, newest first. Returns how many seconds until
 * one more keeps every window, 0 if it does now. Events from the future (a clock set
 * back) count, and make the wait no longer than the span.
 */
int64_t budget_wait_s(const int64_t *at, size_t n, const struct budget_window *windows,
	size_t n_windows, int64_t now_s);

/* How many of the events lie within span_s. */
int64_t budget_count(const int64_t *at, size_t n, int64_t span_s, int64_t now_s);

/*
 * How long the next code must wait after the ones before: base_s after one that nobody
 * used, doubled for each further one (at most 16 times base_s), 0 if the last was used.
 * at are the sends, newest first; those later than used_at were not used.
 */
int64_t budget_cool_down_s(
	const int64_t *at, size_t n, int64_t used_at, int64_t base_s, int64_t now_s);

/* Events of the last hour, by minute; for ceilings of the whole host. */
struct budget_rate {
	int64_t minute; /* the newest one that has a count */
	int64_t counts[60];
};
void budget_rate_add(struct budget_rate *rate, int64_t now_s, int64_t n);
int64_t budget_rate_hour(const struct budget_rate *rate, int64_t now_s);

#endif
