/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_LIMIT_H
#define TESTS_BENCH_LIMIT_H

#include <stdint.h>

#include "otpd/core/code.h"
#include "otpd/store/store.h"

/* Logins without a daemon: what the disk and SQLite allow. */
struct limit {
	uint8_t last_id[CODE_ID];
	struct store store;
	int64_t n_users;
	int64_t next_user;
	int64_t n_pairs;
	int64_t busy_ns;
	int64_t cpu_ns; /* of this thread */
};

void limit_open(struct limit *limit, const char *path, int64_t n_users);
void limit_close(struct limit *limit);

/* Goes on for so long. */
void limit_run(struct limit *limit, double seconds);

double limit_pairs_per_s(const struct limit *limit);
double limit_cpu_us(const struct limit *limit); /* of a pair */

#endif
