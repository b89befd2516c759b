/* SPDX-License-Identifier: MIT */
#ifndef OTPD_VARLINK_SYSTEMD_H
#define OTPD_VARLINK_SYSTEMD_H

#include <stdint.h>

/* The listening socket that systemd handed over; -ENOENT if none, -EINVAL if several.
 */
int systemd_socket(void);

/* sd_notify(3): "READY=1", "RELOADING=1", "STOPPING=1". Nothing without systemd. */
void systemd_notify(const char *state);

/* How long the watchdog waits for a sign of life; 0 if nobody does. */
int64_t systemd_watchdog_ms(void);

#endif
