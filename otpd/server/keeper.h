/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_KEEPER_H
#define OTPD_SERVER_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "otpd/server/batch.h"

struct daemon;

/* Housekeeping: what has ended disappears, a little at a time. */
struct keeper {
	struct daemon *daemon;
	uv_timer_t timer;
	struct job job;
	bool busy;
};

int keeper_open(struct keeper *keeper, struct daemon *daemon);
void keeper_close(struct keeper *keeper);

/* For the start, on the loop's thread: a reboot ends what was live; loads the rates. */
int keeper_start(struct daemon *daemon);

/* The first thing in each transaction: a clock that went back ends what is live. */
int keeper_guard_clock(struct daemon *daemon, struct store *store, bool write);

#endif
