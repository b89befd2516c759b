/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_LATENCY_H
#define OTPD_MAIL_LATENCY_H

#include <stdint.h>

#define LATENCY_MAX_MS  150000 /* what took longer counts as this */
#define LATENCY_BUCKETS 128

/*
 * How long mails took, in buckets whose width is an eighth of the power of two below
 * them: a percentile is wrong by at most 1/16. Zeroed: none.
 */
struct latency {
	uint32_t counts[LATENCY_BUCKETS];
	uint64_t n; /* their sum */
};

/* ms below 1 counts as 1. */
void latency_add(struct latency *latency, int64_t ms);

/* The time that percent of them did not exceed (nearest rank); 0: there are none. */
int64_t latency_percentile(const struct latency *latency, unsigned percent);

#endif
