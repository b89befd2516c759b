/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_KEEPER_H
#define OTPD_SERVER_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "otpd/server/batch.h"
#include "otpd/server/record.h"

struct daemon;

/* Housekeeping: what has ended disappears, a little at a time. */
struct keeper {
	struct daemon *daemon;
	uv_timer_t timer;
	struct job job;
	bool busy;
	bool more;             /* the last bite was not all */
	struct record rotated; /* of the key that this round has changed */
};

int keeper_open(struct keeper *keeper, struct daemon *daemon);
void keeper_close(struct keeper *keeper);

/* For the start, on the loop's thread: a reboot ends what was live; loads the rates. */
int keeper_start(struct daemon *daemon);

/* The latest time that was seen, and what of it is in the store. */
struct keeper_clock {
	int64_t high_water_s;
	int64_t stored_s;
	bool went_back;
};

/* The first thing in each transaction: a clock that went back ends what is live. */
int keeper_guard_clock(struct daemon *daemon, struct store *store, bool write);

/* When the batch is back. Whether the clock went back, and everything live was ended.
 */
bool keeper_landed(struct daemon *daemon, bool committed);

#endif
