/* SPDX-License-Identifier: MIT */
/*
 * What a sign-in of an account costs besides its password: Login and Verify beside
 * Begin and Verify of Unix users, through PAM's own methods, in one otpd and in turns.
 * The otpd is one of its own, whose Argon2id takes 8 KiB and one pass: the whole way to
 * the thread that hashes and back is measured, and not the hash, which shall be slow.
 */
#include "tests/bench/parts.h"
#include "tests/bench/results.h"
#include "tests/bench/say.h"
#include "tests/bench/shop.h"

#define PEOPLE  10000 /* of each kind */
#define ROUNDS  100
#define PAIRS   10 /* of each kind in a round */
#define WARM_UP 4  /* rounds */

void accounts_measure(const struct options *options)
{
	static const struct load_script *const scripts[] = { &load_step_up,
		&shop_pam_login };
	static struct core core; /* large; the parts run one after the other */
	struct samples samples[2] = { 0 };
	struct load *load;
	double step_up, login;

	shop_start_cheap(&core, options->build, "accounts", PEOPLE);
	load = load_new(&core, 1);
	say("accounts: %d sign-ins, and as many step-ups", ROUNDS * PAIRS);
	for (int round = 0; round < WARM_UP + ROUNDS; round++)
		for (int i = 0; i < 2; i++) {
			int turn = (round + i) % 2; /* neither is always the first */

			load->script = scripts[turn];
			load_run_pairs(
				load, PAIRS, round < WARM_UP ? NULL : &samples[turn]);
		}
	step_up = samples_median(&samples[0]);
	login = samples_median(&samples[1]);
	results_add("account_login_vs_step_up", login / step_up, "ratio");
	results_add("account_login_us", login, "us");
	results_add("step_up_us", step_up, "us");
	for (int i = 0; i < 2; i++)
		samples_fini(&samples[i]);
	load_free(load);
	core_stop(&core);
}
