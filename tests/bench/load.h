/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/core.h"
#include "tests/bench/fill.h"
#include "tests/bench/samples.h"

struct load;

/* A connection that is kept, and the one login on it. */
struct load_client {
	struct source source;
	struct load *load;
	int64_t user; /* number; -1: idle */
	int64_t since_ns;
	char challenge[40];
	char reference[8];
	struct mailbox_letter letter;
	bool verifying;
	struct inbox inbox;
};

#define LOAD_CLIENTS 64

/*
 * Logins through the socket: Begin, wait for the mail, Verify. Users are drawn at
 * random. Any answer but the expected one ends the benchmark.
 */
struct load {
	struct core *core;
	struct load_client **by_user; /* who waits for a mail to that user */
	uint64_t random;
	int n_clients;
	int n_busy;
	int64_t n_pairs;
	struct samples *samples; /* of whole pairs; may be NULL */
	struct load_client clients[LOAD_CLIENTS];
};

/* On the heap: it is large. */
struct load *load_new(struct core *core, int n_clients);
void load_free(struct load *load);

/* As fast as it goes, every client for itself. Returns pairs per second. */
double load_run_closed(struct load *load, double seconds);

/* n pairs, one after the other on the first client. */
void load_run_pairs(struct load *load, int n, struct samples *samples);

/* So many pairs per second, whatever the answers take; times count from the plan's. */
void load_run_open(
	struct load *load, int per_s, double seconds, struct samples *samples);

#endif
