/* SPDX-License-Identifier: MIT */
#ifndef OTPD_VARLINK_WATCHDOG_H
#define OTPD_VARLINK_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* Signs of life for WatchdogSec=; nothing where nobody waits for them. */
struct watchdog {
	uv_timer_t timer;
	int64_t limit_ms; /* 0: nobody waits */
	/* Whether work makes progress; NULL: that the loop runs is enough. */
	bool (*is_well)(void *context);
	void *context;
};

/* is_well and context are set before. 0 or a code of libuv. */
int watchdog_open(struct watchdog *watchdog, uv_loop_t *loop);
void watchdog_close(struct watchdog *watchdog);

#endif
