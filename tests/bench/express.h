/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_EXPRESS_H
#define TESTS_BENCH_EXPRESS_H

#include <stdint.h>

#include "tests/bench/child.h"
#include "tests/bench/load.h"
#include "tests/bench/loop.h"

/* The application of express.js, and the mails that it hands over. */
struct express {
	struct source source; /* listens for its outbox, and is then that */
	struct loop *loop;
	struct inbox inbox;
	struct load *load; /* who gets the mails */
	struct child child;
	int port;
};

/*
 * Starts it with so many accounts of SHOP_PASSWORD, and waits until it can be asked.
 * Dies, with what to install, if it or a module of npm is missing.
 */
void express_start(struct express *express, struct loop *loop, const char *build,
	int64_t n_accounts);
void express_stop(struct express *express);

/* Connections to it, all with this script. */
struct load *express_load(struct express *express, const struct load_script *script,
	int n_clients, int64_t n_users);

/* As those of shop.h. */
extern const struct load_script express_sign_in;
extern const struct load_script express_sign_up;

#endif
