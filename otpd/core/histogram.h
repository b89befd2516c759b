/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_HISTOGRAM_H
#define OTPD_CORE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BOUNDS 16

/* How many values lie at or below each bound and above the one before; the last count
 * is of those above all bounds. */
struct histogram {
	const int64_t *bounds; /* rising; not owned */
	size_t n;              /* of bounds, at most HISTOGRAM_BOUNDS */
	int64_t counts[HISTOGRAM_BOUNDS + 1];
	int64_t sum;
};

void histogram_add(struct histogram *histogram, int64_t value);

#endif
