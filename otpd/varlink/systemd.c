/* SPDX-License-Identifier: MIT */
/* What changes when systemd started us. Without libsystemd: nothing does. */
#include "otpd/varlink/systemd.h"

#include <errno.h>
#include <stddef.h>

#ifdef HAVE_SYSTEMD
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

int systemd_socket(void)
{
	int n = sd_listen_fds(1);

	if (n < 0)
		return n;
	if (n == 0)
		return -ENOENT;
	if (n > 1 ||
		sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, 1, NULL, 0) <= 0)
		return -EINVAL;
	return SD_LISTEN_FDS_START;
}

void systemd_notify(const char *state)
{
	(void)sd_notify(0, state);
}

int64_t systemd_watchdog_ms(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? (int64_t)(usec / 1000) : 0;
}
#else
int systemd_socket(void)
{
	return -ENOENT;
}

void systemd_notify(const char *state)
{
	(void)state;
}

int64_t systemd_watchdog_ms(void)
{
	return 0;
}
#endif
