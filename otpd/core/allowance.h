/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_ALLOWANCE_H
#define OTPD_CORE_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

#define ALLOWANCE_BURST 30 /* calls at once */
#define ALLOWANCE_PER_S 5  /* calls a second in the long run */
#define ALLOWANCE_SLOTS 256

/*
 * How fast local users may call. Each uid has a bucket of calls that fills again with
 * time; uids that fall into the same slot share one.
 */
struct allowance {
	struct allowance_bucket {
		int64_t spent_milli; /* thousandths of a call */
		int64_t at_ms;
	} buckets[ALLOWANCE_SLOTS];
};

/* Whether this uid may call now; if so, the call is counted. */
bool allowance_take(struct allowance *allowance, uint32_t uid, int64_t now_ms);

#endif
