/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_PORT_H
#define TESTS_BENCH_PORT_H

#include <stdbool.h>

/* A socket that listens on a port of 127.0.0.1 that the kernel chooses. */
int port_listen(int *ret_port);

/* One that holds a port and does not listen: whoever connects to it is refused. */
int port_hold(int *ret_port);

/* A port that nobody has now. */
int port_find(void);

/* Whether somebody listens on it. */
bool port_answers(int port);

#endif
