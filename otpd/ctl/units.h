/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_UNITS_H
#define OTPD_CTL_UNITS_H

#include <stdbool.h>

/* otpd's units where systemd runs them, as they were before they were stopped. */
struct units {
	bool managed; /* there is systemd, and it knows them */
	bool socket;  /* was active */
	bool service;
};

/*
 * Stops otpd.socket and otpd.service, in one go, so that no connection starts the
 * daemon meanwhile. 0 where there is nothing to stop; -EIO if they cannot be.
 */
int units_stop(struct units *ret);

/* Starts what was active. */
int units_start(const struct units *units);

/*
 * Runs a program without a shell and with the descriptor in as its standard input; what
 * it writes to standard output goes to out, at most size bytes with a NUL. Its exit
 * status; -errno if it could not be run.
 */
int units_run(const char *const argv[], int in, char *out, unsigned size);

#endif
