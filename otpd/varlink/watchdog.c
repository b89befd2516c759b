/* SPDX-License-Identifier: MIT */
/*
 * Tells systemd that the daemon lives, three times within what it waits. The timer is
 * one of the loop that serves, so a loop that hangs says nothing; and nothing is said
 * while the daemon itself finds that its work does not get on. systemd then ends it and
 * starts another.
 */
#include "otpd/varlink/watchdog.h"

#include "otpd/varlink/systemd.h"

static void on_timer(uv_timer_t *timer)
{
	const struct watchdog *watchdog = timer->data;

	if (!watchdog->is_well || watchdog->is_well(watchdog->context))
		systemd_notify("WATCHDOG=1");
}

int watchdog_open(struct watchdog *watchdog, uv_loop_t *loop)
{
	int r = uv_timer_init(loop, &watchdog->timer);
	uint64_t pause_ms;

	watchdog->limit_ms = systemd_watchdog_ms();
	watchdog->timer.data = watchdog;
	if (r < 0 || watchdog->limit_ms == 0)
		return r;
	pause_ms = (uint64_t)watchdog->limit_ms / 3;
	return uv_timer_start(&watchdog->timer, on_timer, 0, pause_ms);
}

void watchdog_close(struct watchdog *watchdog)
{
	uv_close((uv_handle_t *)&watchdog->timer, NULL);
}
