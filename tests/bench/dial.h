/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_DIAL_H
#define TESTS_BENCH_DIAL_H

#include <sys/types.h>

/* A connection to the socket at path, as otpd sees it: of that uid. Dies if it fails.
 */
int dial_unix(const char *path, uid_t uid);

/* A connection to that port of this host. */
int dial_tcp(int port);

#endif
