/* SPDX-License-Identifier: MIT */
/*
 * How many people sign up and sign in by the second: otpd as it is shipped beside what
 * web teams use now (express.js). 16 connections to each, in turns, and the same rows
 * on the same disk. A pair is a form with a password, the code from the mail, and
 * tokens. Nearly all of its time is the hash of the password, which is Argon2id here
 * and bcrypt at cost 10 there.
 */
#include <math.h>

#include "tests/bench/express.h"
#include "tests/bench/parts.h"
#include "tests/bench/results.h"
#include "tests/bench/say.h"
#include "tests/bench/shop.h"

#define CLIENTS  16
#define ACCOUNTS 10000 /* who sign in; as many may sign up */
#define ROUNDS   3
#define ROUND_S  2.0
#define BEFORE_S 0.6 /* until all connections are busy, each time */

enum kind {
	KIND_SIGN_UP,
	KIND_SIGN_IN,
	N_KINDS,
};

/* One side. */
struct web {
	struct load *load;
	const struct load_script *scripts[N_KINDS];
	int64_t next[N_KINDS]; /* of the numbers */
	double sums[N_KINDS];  /* of the rates */
};

static void run_round(struct web *web, enum kind kind)
{
	load_reconnect(web->load);
	web->load->script = web->scripts[kind];
	web->load->next_user = web->next[kind];
	web->sums[kind] += load_run_steady(web->load, BEFORE_S, ROUND_S);
	web->next[kind] = web->load->next_user;
}

static void report(const struct web *ours, const struct web *theirs)
{
	double up = ours->sums[KIND_SIGN_UP] / theirs->sums[KIND_SIGN_UP];
	double in = ours->sums[KIND_SIGN_IN] / theirs->sums[KIND_SIGN_IN];

	/* The geometric mean of the two ratios. */
	results_add("accounts_vs_express", sqrt(up * in), "ratio");
	results_add("signups_per_s", ours->sums[KIND_SIGN_UP] / ROUNDS, "1/s");
	results_add("signins_per_s", ours->sums[KIND_SIGN_IN] / ROUNDS, "1/s");
	results_add(
		"express_signups_per_s", theirs->sums[KIND_SIGN_UP] / ROUNDS, "1/s");
	results_add(
		"express_signins_per_s", theirs->sums[KIND_SIGN_IN] / ROUNDS, "1/s");
}

void web_measure(const struct options *options)
{
	static struct core core;       /* large, as the next; the parts run */
	static struct express express; /* one after the other */
	struct web sides[2] = {
		{ .scripts = { &shop_sign_up, &shop_sign_in }, .next = { ACCOUNTS } },
		{ .scripts = { &express_sign_up, &express_sign_in },
			.next = { ACCOUNTS } },
	};

	/* In one loop: while one side runs, the mails of the other are still taken. */
	shop_start(&core, options->build, "web", ACCOUNTS);
	express_start(&express, &core.loop, options->build, ACCOUNTS);
	sides[0].load = shop_load(&core, &shop_sign_up, CLIENTS, 2 * ACCOUNTS);
	sides[1].load = express_load(&express, &express_sign_up, CLIENTS, 2 * ACCOUNTS);
	say("express: %d rounds of sign-ups and sign-ins with each", ROUNDS);
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < 2 * N_KINDS; i++)
			run_round(&sides[(round + i) % 2], (enum kind)(i / 2));
	report(&sides[0], &sides[1]);
	load_free(sides[0].load);
	load_free(sides[1].load);
	express_stop(&express);
	core_stop(&core);
}
