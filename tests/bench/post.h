/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_POST_H
#define TESTS_BENCH_POST_H

#include "tests/bench/child.h"

/* One otpd-mail, as it is shipped. */
struct post {
	char socket[PLACE_PATH];
	struct child child;
};

/*
 * Starts build/otpd-mail and waits until it takes mails. Its files are in directory,
 * which must exist; transport is the inside of a transport section.
 */
void post_start(struct post *post, const char *build, const char *directory,
	const char *transport);
void post_stop(struct post *post);

/* The inside of a section that sends to this port without TLS. */
#define POST_TRANSPORT 512
void post_smtp(char out[POST_TRANSPORT], int port);

/* The same with TLS; the certificate is that of sink_start_tls() in directory. */
void post_smtps(char out[POST_TRANSPORT], int port, const char *directory);

#endif
