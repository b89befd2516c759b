/* SPDX-License-Identifier: MIT */
/*
 * Whether the prompt waits for the mail server: the time of Begin while that lives,
 * while its port is closed, and while it takes connections and never says a word. Three
 * chains in turns, some Begins at a time: a Begin waits a little for what the one
 * before it has left to the disk, and that shall be of its own kind.
 */
#include <unistd.h>

#include "tests/bench/chain.h"
#include "tests/bench/parts.h"
#include "tests/bench/port.h"
#include "tests/bench/results.h"
#include "tests/bench/samples.h"
#include "tests/bench/say.h"
#include "tests/bench/sink.h"

#define ROUNDS  31                     /* the first is not measured */
#define EACH    16                     /* Begins in a round */
#define WARM_UP 4                      /* and as many before them, not measured */
#define STEP_NS (7 * INT64_C(1000000)) /* between two Begins */
#define MOST_NS (20 * INT64_C(1000000000))

enum server {
	SERVER_LIVE,
	SERVER_DEAD,   /* its port is closed */
	SERVER_SILENT, /* it never greets */
	N_SERVERS,
};

static const char *const names[] = {
	[SERVER_LIVE] = "live",
	[SERVER_DEAD] = "dead",
	[SERVER_SILENT] = "silent",
};

/* One chain, and how long its Begins took, in us. */
struct prompt {
	struct chain chain;
	struct samples round;  /* those of this round */
	struct samples rounds; /* the median of each round */
	struct samples ratios; /* the same over that of the living server */
	bool is_timed;         /* now */
};

static void on_begun(void *context, int64_t user, const char *reference, int64_t ns)
{
	struct prompt *prompt = context;

	(void)user;
	(void)reference;
	if (prompt->is_timed)
		samples_add(&prompt->round, (double)ns / 1e3);
}

static void on_mail(void *context, const struct sink_mail *mail)
{
	int *n_mails = context;

	(void)mail;
	(*n_mails)++;
}

static void wait_until(struct loop *loop, int64_t at_ns)
{
	int64_t left;

	while ((left = at_ns - now_ns()) > 0)
		loop_turn(loop, left);
}

/* One Begin, and its answer. */
static void run_one(struct loop *loop, struct prompt *prompt)
{
	int64_t start = now_ns();

	if (chain_begin(&prompt->chain, start) < 0)
		die("no connection is free");
	while (prompt->chain.n_busy > 0) {
		loop_turn(loop, MOST_NS);
		if (now_ns() > start + MOST_NS)
			die("Begin has no answer after 20 s");
	}
}

static void run_some(struct loop *loop, struct prompt *prompt)
{
	int64_t next = now_ns();

	for (int i = 0; i < WARM_UP + EACH; i++) {
		wait_until(loop, next);
		next = now_ns() + STEP_NS;
		prompt->is_timed = i >= WARM_UP;
		run_one(loop, prompt);
	}
	wait_until(loop, next);
}

/* What the machine does besides changes from second to second, so rounds are compared.
 */
static void end_round(struct prompt prompts[N_SERVERS], bool counts)
{
	double live = samples_median(&prompts[SERVER_LIVE].round);

	for (int i = 0; i < N_SERVERS; i++) {
		double us = samples_median(&prompts[i].round);

		samples_fini(&prompts[i].round);
		if (!counts)
			continue;
		samples_add(&prompts[i].rounds, us);
		samples_add(&prompts[i].ratios, us / live);
	}
}

static void report(struct prompt prompts[N_SERVERS])
{
	results_add("prompt_dead_vs_live", samples_median(&prompts[SERVER_DEAD].ratios),
		"ratio");
	results_add("prompt_silent_vs_live",
		samples_median(&prompts[SERVER_SILENT].ratios), "ratio");
	results_add(
		"prompt_live_us", samples_median(&prompts[SERVER_LIVE].rounds), "us");
	results_add(
		"prompt_dead_us", samples_median(&prompts[SERVER_DEAD].rounds), "us");
	results_add("prompt_silent_us", samples_median(&prompts[SERVER_SILENT].rounds),
		"us");
}

void prompt_measure(const struct options *options)
{
	static struct prompt prompts[N_SERVERS]; /* large, as the next; the parts run */
	static struct sink sink;                 /* one after the other */
	int ports[N_SERVERS], dead, silent, n_mails = 0;
	struct loop loop;

	loop_open(&loop);
	sink.got = on_mail;
	sink.context = &n_mails;
	sink_open(&sink, &loop);
	ports[SERVER_LIVE] = sink.port;
	dead = port_hold(&ports[SERVER_DEAD]);
	silent = port_listen(&ports[SERVER_SILENT]);
	for (int i = 0; i < N_SERVERS; i++) {
		prompts[i].chain.begun = on_begun;
		prompts[i].chain.context = &prompts[i];
		chain_start(
			&prompts[i].chain, &loop, options->build, names[i], ports[i]);
	}
	say("prompt: %d Begins with each of %d servers", (ROUNDS - 1) * EACH,
		N_SERVERS);
	for (int i = 0; i < ROUNDS; i++) {
		for (int j = 0; j < N_SERVERS; j++)
			run_some(&loop, &prompts[(i + j) % N_SERVERS]);
		end_round(prompts, i > 0);
	}
	if (n_mails == 0)
		die("the living server has got no mail");
	report(prompts);
	for (int i = 0; i < N_SERVERS; i++) {
		chain_stop(&prompts[i].chain);
		samples_fini(&prompts[i].rounds);
		samples_fini(&prompts[i].ratios);
	}
	sink_close(&sink);
	close(dead);
	close(silent);
	loop_close(&loop);
}
