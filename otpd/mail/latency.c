/* SPDX-License-Identifier: MIT */
/*
 * A histogram of times, in whole numbers and of fixed size. Below 16 ms a bucket is one
 * millisecond. When a bucket is full all of them are halved: the old ones count less
 * then, and the shape stays.
 */
#include "otpd/mail/latency.h"

#include <assert.h>

#define PARTS      8u /* of a power of two */
#define PARTS_BITS 3u

/* Times below PARTS are their own bucket; the others: PARTS buckets an octave. */
static unsigned bucket_of(uint32_t ms)
{
	unsigned octave;

	if (ms < PARTS)
		return ms;
	octave = 31u - (unsigned)__builtin_clz(ms);
	return (octave - PARTS_BITS + 1) * PARTS +
		((ms >> (octave - PARTS_BITS)) - PARTS);
}

/* The middle of a bucket. */
static int64_t middle_of(unsigned bucket)
{
	unsigned shift;
	int64_t low;

	if (bucket < 2 * PARTS)
		return bucket;
	shift = bucket / PARTS - 1;
	low = (int64_t)(PARTS + bucket % PARTS) << shift;
	return low + ((int64_t)1 << shift) / 2;
}

static void halve(struct latency *latency)
{
	latency->n = 0;
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		latency->counts[i] /= 2;
		latency->n += latency->counts[i];
	}
}

void latency_add(struct latency *latency, int64_t ms)
{
	uint32_t clamped = ms < 1     ? 1
		: ms > LATENCY_MAX_MS ? LATENCY_MAX_MS
				      : (uint32_t)ms;
	unsigned bucket = bucket_of(clamped);

	assert(bucket < LATENCY_BUCKETS);
	if (latency->counts[bucket] == UINT32_MAX)
		halve(latency);
	latency->counts[bucket]++;
	latency->n++;
}

int64_t latency_percentile(const struct latency *latency, unsigned percent)
{
	/* Of n, without n x percent, which might not fit. */
	uint64_t rank =
		latency->n / 100 * percent + (latency->n % 100 * percent + 99) / 100;
	uint64_t seen = 0;

	if (latency->n == 0)
		return 0;
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		seen += latency->counts[i];
		if (seen >= rank && latency->counts[i] > 0)
			return middle_of(i);
	}
	return LATENCY_MAX_MS;
}
