/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_TRIAL_SSHD_H
#define OTPD_CTL_SETUP_TRIAL_SSHD_H

#include <sys/types.h>

#include "otpd/ctl/setup/setup.h"

#define TRIAL_HOST 128

/*
 * The configuration of the trial's sshd: what is planned, then the rest as it is. Has
 * sshd check it. host is an address that it listens on, or "" for all. 0, or the exit
 * code.
 */
int trial_sshd_configure(struct setup *setup, char host[static TRIAL_HOST]);

/* The descriptor, or -errno. */
int trial_sshd_listen(const char *host, int port);

/*
 * Starts an sshd for one connection, which is closed here. *ret_log is what it says.
 * The process leads a group and a session of its own. Its id, or -errno.
 */
pid_t trial_sshd_serve(int connection, int *ret_log);

#endif
