/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_MAILBOX_H
#define TESTS_BENCH_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/loop.h"

#define MAILBOX_LINKS 16
#define MAILBOX_KEY   32

/* What a user reads in the mail; "": it is not in there. */
struct mailbox_letter {
	char to[64];
	char kind[24]; /* of its template */
	char user[64];
	char code[24];
	char reference[8];
};

struct mailbox;

struct mailbox_link {
	struct source source; /* fd -1: free */
	struct mailbox *mailbox;
	struct inbox inbox;
};

/*
 * In the place of otpd-mail: opens the boxes that otpd seals, hands their codes over,
 * and answers sent at once.
 */
struct mailbox {
	struct source source; /* listens */
	struct loop *loop;
	uint8_t key[MAILBOX_KEY];
	uint8_t secret[MAILBOX_KEY];
	uint8_t sender[MAILBOX_KEY]; /* of otpd's present run ... */
	uint8_t shared[MAILBOX_KEY]; /* ... and what belongs to it */
	bool asked;                  /* for the public key, and answered */
	int64_t n_mails;
	int64_t sealed_bytes;
	void (*got)(void *context, const struct mailbox_letter *letter);
	void *context;
	struct mailbox_link links[MAILBOX_LINKS];
};

void mailbox_open(struct mailbox *mailbox, struct loop *loop, const char *path);
void mailbox_close(struct mailbox *mailbox);

#endif
