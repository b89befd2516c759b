/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_DAEMONS_H
#define OTPD_CTL_SETUP_DAEMONS_H

#include <stdbool.h>

#define DAEMONS_WHY 1024

/*
 * Has a daemon check the configuration as it stands: "otpd" or "otpd-mail". 0; 1: it is
 * wrong, and why says how, in the daemon's words; -errno. ret_config, if not NULL, is
 * what holds, option by option; the caller frees.
 */
int daemons_check(const char *name, char why[static DAEMONS_WHY], char **ret_config);

/*
 * Has it read the configuration anew, or starts it where systemd would. socket is where
 * it listens. One that keeps what it had is started anew, or if systemd does not run
 * it, a fault. 0; 1 and why; -errno.
 */
int daemons_reload(const char *name, const char *socket, char why[static DAEMONS_WHY]);

/* Stops one that systemd runs; its socket stays, and starts it again. */
int daemons_stop(const char *name, char why[static DAEMONS_WHY]);

/* As daemons_reload() for sshd, of which the host may have none running: then there is
 * nothing to do. */
int daemons_reload_sshd(char why[static DAEMONS_WHY]);

/* Whether systemd runs this host. */
bool daemons_have_systemd(void);

#endif
