/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_CHAIN_H
#define TESTS_BENCH_CHAIN_H

#include <stdint.h>

#include "tests/bench/core.h"
#include "tests/bench/post.h"

#define CHAIN_USERS 10000
#define CHAIN_LINKS 8

struct chain;

/* A connection to otpd, and the Begin on it. */
struct chain_link {
	struct source source;
	struct chain *chain;
	int64_t user; /* number; -1: idle */
	int64_t since_ns;
	struct inbox inbox;
};

/* otpd and otpd-mail, both real, and clients of otpd, which begin and read no mail. */
struct chain {
	struct core core;
	struct post post;
	struct loop *loop; /* of the clients; not owned */
	int64_t next;
	int n_busy;
	void (*begun)(void *context, int64_t user, const char *reference, int64_t ns);
	void *context;
	struct chain_link links[CHAIN_LINKS];
};

/*
 * Starts both in a directory of that name; mails go to this port of 127.0.0.1. begun is
 * called with each answer and how long it took, and may be NULL.
 */
void chain_start(struct chain *chain, struct loop *loop, const char *build,
	const char *name, int port);
void chain_stop(struct chain *chain);

/*
 * Begins for the next user, who has not begun before. Times count from since_ns.
 * Returns the number of the user; -1 if all connections are waiting.
 */
int64_t chain_begin(struct chain *chain, int64_t since_ns);

#endif
