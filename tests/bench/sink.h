/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_SINK_H
#define TESTS_BENCH_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "tests/bench/child.h"
#include "tests/bench/loop.h"

#define SINK_LINKS 16
#define SINK_BYTES 131072 /* of one mail, and of what comes in at once */

struct sink;
struct ssl_st;

/* A mail that was accepted, as long as the callback runs. */
struct sink_mail {
	const char *to;
	const char *bytes; /* a string; without the dot that ends it */
	size_t size;
};

struct sink_link {
	struct source source; /* fd -1: free */
	struct sink *sink;
	struct ssl_st *ssl; /* NULL: plain */
	bool is_body;
	char to[256];
	char in[SINK_BYTES + 1];
	size_t filled;
	size_t scanned; /* no end of the body is before it */
	char out[2048];
	size_t out_size;
};

/*
 * An SMTP server that takes every mail and keeps none. It knows PIPELINING and, with a
 * certificate, TLS from the first byte; it looks at nothing but the recipient.
 */
struct sink {
	struct source source; /* listens */
	struct loop *loop;
	struct ssl_ctx_st *tls; /* NULL: plain */
	int port;
	void (*got)(void *context, const struct sink_mail *mail); /* may be NULL */
	void *context;
	struct sink_link links[SINK_LINKS];
};

/* In this loop. Zero it first; got and context are the caller's to set. */
void sink_open(struct sink *sink, struct loop *loop);
void sink_close(struct sink *sink);

/*
 * One with TLS, in a process of its own; directory is for its certificate, which is for
 * the address 127.0.0.1. End it with child_kill().
 */
void sink_start_tls(struct child *child, const char *directory, int *ret_port);

#endif
