/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_DIAL_H
#define OTPD_SERVER_DIAL_H

#include <sys/types.h>

/*
 * Connects, without blocking, to a socket that must be served by root, by uid or by
 * ourselves. Returns the descriptor, -EPERM if somebody else serves it, or -errno.
 */
int dial_checked(const char *path, uid_t uid);

#endif
