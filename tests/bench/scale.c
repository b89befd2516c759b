/* SPDX-License-Identifier: MIT */
/*
 * Whether a login costs more when there are many users: the same sequence of pairs on a
 * small and on a large store, in turns.
 */
#include "tests/bench/load.h"
#include "tests/bench/parts.h"
#include "tests/bench/results.h"
#include "tests/bench/say.h"

#define SMALL   100
#define LARGE   1000000
#define ROUNDS  100
#define PAIRS   10 /* of each in a round; all of them fit the budgets of 100 users */
#define WARM_UP 4  /* rounds */

void scale_measure(const struct options *options)
{
	static struct core cores[2]; /* large; the parts run one after the other */
	struct samples samples[2] = { 0 };
	struct load *loads[2];
	double small, large;

	say("scale: making a store with %d users and as many events", LARGE);
	core_start(&cores[1], options->build, "large", LARGE, LARGE, NULL);
	core_start(&cores[0], options->build, "small", SMALL, SMALL, NULL);
	for (int i = 0; i < 2; i++)
		loads[i] = load_new(&cores[i], 1);
	say("scale: %d pairs on each", ROUNDS * PAIRS);
	for (int round = 0; round < WARM_UP + ROUNDS; round++)
		for (int i = 0; i < 2; i++) {
			int turn = (round + i) % 2; /* neither is always the first */

			load_run_pairs(loads[turn], PAIRS,
				round < WARM_UP ? NULL : &samples[turn]);
		}
	small = samples_median(&samples[0]);
	large = samples_median(&samples[1]);
	results_add("scale_1e6", large / small, "ratio");
	results_add("pair_us_of_100", small, "us");
	results_add("pair_us_of_1e6", large, "us");
	results_add(
		"rss_core_1e6_mib", child_memory_mib(&cores[1].child, "VmHWM:"), "MiB");
	for (int i = 0; i < 2; i++) {
		samples_fini(&samples[i]);
		load_free(loads[i]);
		core_stop(&cores[i]);
	}
}
