/* SPDX-License-Identifier: MIT */
/* What came out, and the goals of DESIGN.md 11. */
#include "tests/bench/results.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/say.h"

#define MAX_RESULTS 96

struct goal {
	const char *name;
	bool at_least;
	double value;
};

static const struct goal goals[] = {
	{ "login_vs_pam_oath", false, 0.8 },
	{ "login_vs_google_authenticator", false, 0.7 },
	{ "login_over_floor_us", false, 500 },
	{ "pairs_per_s_c64", true, 5000 },
	{ "pairs_vs_limit", true, 0.5 },
	{ "p99_ms_at_200", false, 5 },
	{ "scale_1e6", false, 1.2 },
	{ "rss_core_mib", false, 8 },
	{ "rss_mail_mib", false, 16 },
	{ "rss_core_load_mib", false, 64 },
	{ "mails_vs_nodemailer", true, 3 },
	{ "mails_vs_smtp_source", true, 0.4 },
	{ "begin_to_sink_p50_ms", false, 20 },
	{ "prompt_dead_vs_live", false, 1.2 },
	{ "prompt_silent_vs_live", false, 1.2 },
	{ "account_login_vs_step_up", false, 1.3 },
	{ "rss_core_signins_mib", false, 96 },
	{ "register_taken_vs_new_us", false, 1000 },
	{ "register_ks_p", true, 0.01 },
	{ "reset_known_vs_unknown_us", false, 1000 },
	{ "reset_ks_p", true, 0.01 },
	{ "accounts_vs_express", true, 1 },
};

/* The only thing here that changes: filled by one thread, read at the end. */
static struct {
	const char *name;
	double value;
	const char *unit;
} results[MAX_RESULTS];
static size_t n_results;

static int digits_for(double value)
{
	return value < 10 ? 3 : value < 1000 ? 1 : 0;
}

void results_add(const char *name, double value, const char *unit)
{
	if (n_results == MAX_RESULTS)
		die("more than %d results", MAX_RESULTS);
	results[n_results].name = name;
	results[n_results].value = value;
	results[n_results++].unit = unit;
	printf("BENCH %s %.*f %s\n", name, digits_for(value), value, unit);
	fflush(stdout);
}

static void print_row(const struct goal *goal, double value, const char *unit)
{
	bool reached = goal->at_least ? value >= goal->value : value <= goal->value;

	printf("  %-30s %10.*f  %s %-8g %-7s %s\n", goal->name, digits_for(value),
		value, goal->at_least ? ">=" : "<=", goal->value, unit,
		reached ? "yes" : "NO");
}

void results_table(void)
{
	printf("\n  %-30s %10s  %-11s %-7s %s\n", "", "measured", "goal", "unit",
		"reached");
	for (size_t i = 0; i < sizeof(goals) / sizeof(goals[0]); i++)
		for (size_t j = 0; j < n_results; j++)
			if (strcmp(goals[i].name, results[j].name) == 0)
				print_row(&goals[i], results[j].value, results[j].unit);
}
