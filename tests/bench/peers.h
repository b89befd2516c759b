/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_PEERS_H
#define TESTS_BENCH_PEERS_H

#include <limits.h>
#include <stddef.h>

#include "tests/bench/child.h"
#include "tests/bench/place.h"

/* Where the programs of others are; dies, with what to install, if one is missing. */
struct peers {
	char nodemailer[PATH_MAX]; /* the directory of the module */
	char version[96];          /* "nodemailer 7.0.1 node 20.1.0", after a run */
	double limit_s;            /* how long its present run may take */
};

void peers_find(struct peers *peers, const char *build);

/* What nodemailer is to send, and where. */
struct peers_mails {
	const char *mail;  /* the file of one of otpd-mail's */
	const char *words; /* the file of what stands in it */
	int port;
	const char *ca; /* of a sink with TLS; NULL: without */
	size_t n;
	size_t warm_up;
};

/* Starts it; peers_nodemailer_end() waits and returns the seconds of the n mails. */
void peers_nodemailer_start(
	struct peers *peers, struct child *child, const struct peers_mails *mails);
double peers_nodemailer_end(struct peers *peers, struct child *child);

/* Postfix's smtp-source with 4 sessions that are kept; the seconds of its run. */
double peers_smtp_source(int port, size_t n, size_t bytes);

/* Postfix's smtp-sink, as the goals name it. Ends by child_kill(). */
void peers_smtp_sink_start(struct child *child, int *ret_port);

/* How many mails it says that it has taken. */
long long peers_smtp_sink_count(const struct child *child);

#endif
