/* SPDX-License-Identifier: MIT */
/*
 * Every call of a user costs a commit and perhaps a row. Without an allowance one of
 * them could fill the disk, or push what matters out of the audit.
 */
#include "otpd/core/allowance.h"

bool allowance_take(struct allowance *allowance, uint32_t uid, int64_t now_ms)
{
	struct allowance_bucket *bucket = &allowance->buckets[uid % ALLOWANCE_SLOTS];
	int64_t filled = (now_ms - bucket->at_ms) * ALLOWANCE_PER_S;

	bucket->spent_milli =
		filled < bucket->spent_milli ? bucket->spent_milli - filled : 0;
	bucket->at_ms = now_ms;
	if (bucket->spent_milli + 1000 > ALLOWANCE_BURST * 1000)
		return false;
	bucket->spent_milli += 1000;
	return true;
}
