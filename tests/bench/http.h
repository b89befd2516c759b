/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_HTTP_H
#define TESTS_BENCH_HTTP_H

#include <stddef.h>

#include "tests/bench/loop.h"

/* A request to post that JSON, on a connection that is kept. */
void http_post(char *out, size_t size, const char *path, const char *json);

/* The body of the first whole answer, a string in the inbox, or NULL. Dies on a status
 * other than 200; http_drop takes the answer out. */
char *http_peek(struct inbox *inbox);
void http_drop(struct inbox *inbox);

#endif
