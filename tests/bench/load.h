/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/core.h"
#include "tests/bench/fill.h"
#include "tests/bench/samples.h"

#define LOAD_TEXT 1024 /* bytes of what a client says at once */

/* What the clients of a load say, and how it goes over the wire. */
struct load_script {
	void (*begin)(char out[LOAD_TEXT], int64_t number);
	void (*verify)(char out[LOAD_TEXT], const char *challenge, const char *code);
	const char *done; /* what the last answer has in it */
	bool in_turn;     /* numbers one after the other, each once; else at random */
	bool may_be_busy; /* begin is then said again, when the answer says */
	void (*send)(int fd, const char *text);
	char *(*peek)(struct inbox *inbox);
	void (*drop)(struct inbox *inbox);
};

/* Auth.Begin and Auth.Verify of root, for Unix users. */
extern const struct load_script load_step_up;

/* Whom they talk to. */
struct load_server {
	struct loop *loop;
	int (*dial)(void *context); /* a connection; dies if there is none */
	void *context;
};

struct load;

/* A connection that is kept, and the one login on it. */
struct load_client {
	struct source source; /* fd -1: no connection */
	struct load *load;
	int64_t user; /* number; -1: idle */
	int64_t since_ns;
	int64_t again_ns; /* when it asks again after a Busy; 0: it need not */
	char challenge[40];
	char reference[8];
	struct mailbox_letter letter;
	bool verifying;
	struct inbox inbox;
};

/*
 * Logins, or whatever a script says: begin, wait for the mail, verify. Any answer but
 * the expected one ends the benchmark.
 */
struct load {
	struct load_server server;
	const struct load_script *script; /* may change while nothing runs */
	struct load_client **by_user;     /* who waits for a mail to that user */
	int64_t n_users;
	int64_t next_user; /* of a script that takes them in turn */
	uint64_t random;
	int n_clients;
	int n_busy;
	int64_t n_pairs;
	int64_t n_refused;       /* answers that said Busy */
	struct samples *samples; /* of whole pairs; may be NULL */
	struct load_client clients[];
};

/* Clients who are root, for the step-up of otpd's users. On the heap: it is large. */
struct load *load_new(struct core *core, int n_clients);

/*
 * Others, of n_users; whoever gets the mails gives them to load_take(). Servers end
 * connections on which nothing is said for some seconds: the client then has another
 * one when it begins again.
 */
struct load *load_new_with(const struct load_server *server,
	const struct load_script *script, int n_clients, int64_t n_users);
void load_take(void *load, const struct mailbox_letter *letter);

/* New connections for all: servers end those on which nothing is said for seconds. */
void load_reconnect(struct load *load);

void load_free(struct load *load);

/* As fast as it goes, every client for itself. Returns pairs per second. */
double load_run_closed(struct load *load, double seconds);

/*
 * The same for pairs that take long: all clients are busy when the count begins, as
 * they are when it ends.
 */
double load_run_steady(struct load *load, double before_s, double seconds);

/* n pairs, one after the other on the first client. */
void load_run_pairs(struct load *load, int n, struct samples *samples);

/* So many pairs per second, whatever the answers take; times count from the plan's. */
void load_run_open(
	struct load *load, int per_s, double seconds, struct samples *samples);

/* One pair of every client, all begun at once. Returns the seconds until the last. */
double load_run_crowd(struct load *load);

#endif
