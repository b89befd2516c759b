/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_SENDER_H
#define TESTS_BENCH_SENDER_H

#include "tests/bench/letters.h"
#include "tests/bench/loop.h"

/* More than the SMTP connections, so that none of those waits for its next mail. */
#define SENDER_LINKS 16

struct sender;

/* A connection to otpd-mail with one Send in flight, as otpd has them. */
struct sender_link {
	struct source source;
	struct sender *sender;
	struct inbox inbox;
};

/* In the place of otpd: hands letters to otpd-mail. Any answer but "sent" ends the
 * benchmark. */
struct sender {
	struct loop *loop;
	const struct letters *letters;
	size_t started;
	size_t done;
	struct sender_link links[SENDER_LINKS];
};

void sender_open(struct sender *sender, struct loop *loop, const char *socket);
void sender_close(struct sender *sender);

/* Sends all of them. Returns the seconds from the first call to the last answer. */
double sender_run(struct sender *sender, const struct letters *letters);

#endif
