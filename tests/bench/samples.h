/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_SAMPLES_H
#define TESTS_BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of the monotonic clock. */
int64_t now_ns(void);

/* Times that were measured, in microseconds. Zero it, add, ask, fini. */
struct samples {
	double *at;
	size_t n;
	size_t room;
};

void samples_add(struct samples *samples, double us);
void samples_fini(struct samples *samples);

/* The smallest value that this part (0 to 1) of all values does not exceed; sorts. */
double samples_quantile(struct samples *samples, double part);
double samples_median(struct samples *samples);
double samples_mean(const struct samples *samples);

/*
 * The two-sample test of Kolmogorov and Smirnov: how likely two samples of one
 * distribution differ as much as these or more (asymptotic); sorts both.
 */
double samples_ks_p(struct samples *a, struct samples *b);

#endif
