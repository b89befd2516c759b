/* SPDX-License-Identifier: MIT */
/*
 * How many logins otpd takes: 64 connections in a closed loop, beside the limit of disk
 * and SQLite in the same seconds; and how long a login waits when there are 200 a
 * second.
 */
#include "tests/bench/limit.h"
#include "tests/bench/load.h"
#include "tests/bench/parts.h"
#include "tests/bench/results.h"
#include "tests/bench/say.h"

#define USERS     10000
#define CLIENTS   64
#define ROUND_S   1.0 /* of otpd */
#define BESIDE_S  0.5 /* of the limit, after each */
#define STEADY    200
#define STEADY_S  10.0
#define WARM_UP_S 0.5

static void warm_up(struct load *load, struct limit *limit)
{
	say("pairs: %d clients, %d users", CLIENTS, USERS);
	load_run_closed(load, WARM_UP_S);
	limit_run(limit, WARM_UP_S / 2);
	limit->n_pairs = 0;
	limit->busy_ns = 0;
	limit->cpu_ns = 0;
}

static void report(const struct core *core, const struct limit *limit,
	double pairs_per_s, double core_cpu_us)
{
	double per_limit = limit_pairs_per_s(limit);

	results_add("pairs_per_s_c64", pairs_per_s, "1/s");
	results_add("limit_pairs_per_s", per_limit, "1/s");
	results_add("pairs_vs_limit", pairs_per_s / per_limit, "ratio");
	results_add("core_cpu_us_per_pair", core_cpu_us, "us");
	results_add("limit_cpu_us_per_pair", limit_cpu_us(limit), "us");
	results_add("calls_per_batch",
		(double)core_count(core, "calls") / (double)core_count(core, "batches"),
		"calls");
	results_add("sealed_bytes",
		(double)core->mailbox.sealed_bytes / (double)core->mailbox.n_mails,
		"bytes");
	results_add(
		"rss_core_load_mib", child_memory_mib(&core->child, "VmHWM:"), "MiB");
}

void pairs_measure(const struct options *options)
{
	static struct core core; /* large; the parts run one after the other */
	struct limit limit;
	struct load *load;
	char path[PLACE_PATH];
	double sum = 0, cpu;
	int64_t before;
	int rounds = 0;

	core_start(&core, options->build, "pairs", USERS, 0, NULL);
	place_path(path, "limit.db");
	limit_open(&limit, path, USERS);
	load = load_new(&core, CLIENTS);
	warm_up(load, &limit);
	cpu = child_cpu_s(&core.child);
	before = load->n_pairs;
	for (; rounds * ROUND_S < options->seconds; rounds++) {
		sum += load_run_closed(load, ROUND_S);
		limit_run(&limit, BESIDE_S);
	}
	cpu = child_cpu_s(&core.child) - cpu;
	report(&core, &limit, sum / rounds,
		cpu * 1e6 / (double)(load->n_pairs - before));
	load_free(load);
	limit_close(&limit);
	core_stop(&core);
}

void latency_measure(const struct options *options)
{
	static struct core core; /* large; the parts run one after the other */
	struct samples samples = { 0 };
	struct load *load;

	core_start(&core, options->build, "latency", USERS, 0, NULL);
	load = load_new(&core, CLIENTS);
	say("latency: %d pairs a second for %g s", STEADY, STEADY_S);
	load_run_closed(load, WARM_UP_S);
	load_run_open(load, STEADY, STEADY_S, &samples);
	results_add("p99_ms_at_200", samples_quantile(&samples, 0.99) / 1e3, "ms");
	results_add("p50_ms_at_200", samples_median(&samples) / 1e3, "ms");
	samples_fini(&samples);
	load_free(load);
	core_stop(&core);
}
