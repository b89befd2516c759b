/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_HASHER_H
#define OTPD_SERVER_HASHER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "otpd/core/password.h"
#include "otpd/util/list.h"

#define HASHER_AT_ONCE 2 /* each takes 19 MiB and a thread of the pool of four */
#define HASHER_WAITING \
	192 /* about two seconds; whoever comes then is told to come again */

/* Work on one password. Fill the first part; done runs on the loop's thread. */
struct hashing {
	const char *password;       /* borrowed until done */
	char stored[PASSWORD_HASH]; /* "": checked as long, and wrong */
	bool check;                 /* compare with stored; is_right says how it went */
	bool make; /* hash it into hash, if it was right or not to be checked */
	void *context;
	void (*done)(struct hashing *hashing);

	bool is_right;
	char hash[PASSWORD_HASH]; /* "" if there is none */
	int result;               /* 0 or -errno */
	struct hasher *hasher;
	struct list link;
	uv_work_t work;
};

/* At most HASHER_AT_ONCE run and HASHER_WAITING wait. */
struct hasher {
	uv_loop_t *loop;
	struct list waiting;
	size_t n_waiting;
	size_t n_running;
};

void hasher_open(struct hasher *hasher, uv_loop_t *loop);

/*
 * 0, and done will be called, whatever becomes of who asked; or OUTCOME_BUSY. With
 * check and make, the password is hashed anew only if the stored hash is an old one.
 */
int hasher_ask(struct hasher *hasher, struct hashing *hashing);

/* Whether nothing runs and nothing waits. */
bool hasher_is_idle(const struct hasher *hasher);

#endif
