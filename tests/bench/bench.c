/* SPDX-License-Identifier: MIT */
/*
 * "make bench": the numbers of DESIGN.md 11, measured beside the peers and beside the
 * limit, in one process, in one directory on one disk.
 *
 * This process plays every PAM service, every client and the mailer in one thread with
 * one epoll, since otpd has to share the cores with it. Whatever does not go as it
 * should ends the run: a number is printed only if everything behind it has succeeded.
 */
#include <getopt.h>
#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/bench/child.h"
#include "tests/bench/parts.h"
#include "tests/bench/place.h"
#include "tests/bench/results.h"
#include "tests/bench/say.h"

struct part {
	const char *name;
	void (*measure)(const struct options *options);
	const char *help;
};

static const struct part parts[] = {
	{ "login", login_measure,
		"whole PAM logins beside pam_oath and google_authenticator" },
	{ "pairs", pairs_measure, "Begin + Verify with 64 clients, beside the limit" },
	{ "latency", latency_measure, "p99 at 200 pairs a second" },
	{ "scale", scale_measure, "a million users beside a hundred" },
	{ "memory", memory_measure, "resident memory of the idle daemons" },
	{ "mails", mails_measure, "mails a second beside nodemailer and smtp-source" },
	{ "arrival", arrival_measure, "from Begin to the mail's acceptance" },
	{ "prompt", prompt_measure, "Begin while the mail server is dead" },
	{ "accounts", accounts_measure,
		"sign-in of an account without its hash, beside a step-up" },
	{ "crowd", crowd_measure, "a thousand sign-ins at once, Argon2id included" },
	{ "equal", equal_measure,
		"whether the time tells if an address has an account" },
	{ "express", web_measure, "sign-ups and sign-ins beside Express and bcrypt" },
};

#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

static void usage(FILE *out)
{
	fputs("Usage: bench [OPTION]...\n"
	      "Measures otpd and pam_emailotp.so; results on standard output, progress on\n"
	      "standard error. Needs root, libpam-oath, libpam-google-authenticator,\n"
	      "nodejs, node-nodemailer (or that of npm), postfix, and express, bcrypt\n"
	      "and better-sqlite3 of npm (tests/bench/peers fetches them).\n"
	      "\n"
	      "      --build DIR   where otpd, bench-otpd, otpd-mail and pam_emailotp.so are\n"
	      "                    (build)\n"
	      "      --dir DIR     on which disk; a directory is made in it and removed\n"
	      "                    ($TMPDIR, build or /var/tmp, the first that is no tmpfs)\n"
	      "      --only PART   only this part; may be given more than once\n"
	      "      --seconds N   how long the pairs run (5)\n"
	      "      --logins N    logins of each stack (300; at most 1000)\n"
	      "      --mails N     mails of each mailer in a round (30000)\n"
	      "  -h, --help        print this and end\n"
	      "\nParts:\n",
		out);
	for (size_t i = 0; i < N_PARTS; i++)
		fprintf(out, "  %-8s  %s\n", parts[i].name, parts[i].help);
}

static unsigned find_part(const char *name)
{
	for (unsigned i = 0; i < N_PARTS; i++)
		if (strcmp(parts[i].name, name) == 0)
			return 1u << i;
	die("there is no part \"%s\"; see --help", name);
}

static double read_number(const char *text, double min, double max)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end || !(number >= min && number <= max))
		die("\"%s\" is not a number from %g to %g", text, min, max);
	return number;
}

/* Which parts, as bits; fills the rest. */
static unsigned read_options(
	int argc, char **argv, struct options *options, const char **ret_dir)
{
	enum {
		OPT_BUILD = 256,
		OPT_DIR,
		OPT_ONLY,
		OPT_SECONDS,
		OPT_LOGINS,
		OPT_MAILS
	};
	static const struct option names[] = {
		{ "build", required_argument, NULL, OPT_BUILD },
		{ "dir", required_argument, NULL, OPT_DIR },
		{ "only", required_argument, NULL, OPT_ONLY },
		{ "seconds", required_argument, NULL, OPT_SECONDS },
		{ "logins", required_argument, NULL, OPT_LOGINS },
		{ "mails", required_argument, NULL, OPT_MAILS },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	unsigned wanted = 0;
	int c;

	while ((c = getopt_long(argc, argv, "h", names, NULL)) != -1) {
		if (c == OPT_BUILD) {
			options->build = optarg;
		} else if (c == OPT_DIR) {
			*ret_dir = optarg;
		} else if (c == OPT_ONLY) {
			wanted |= find_part(optarg);
		} else if (c == OPT_SECONDS) {
			options->seconds = read_number(optarg, 1, 60);
		} else if (c == OPT_LOGINS) {
			options->logins = (int)read_number(optarg, 1, 1000);
		} else if (c == OPT_MAILS) {
			options->mails = (int)read_number(optarg, 100, 1000000);
		} else {
			usage(c == 'h' ? stdout : stderr);
			exit(c == 'h' ? EXIT_SUCCESS : 2);
		}
	}
	if (optind < argc)
		die("unexpected argument %s", argv[optind]);
	return wanted ? wanted : (1u << N_PARTS) - 1;
}

int main(int argc, char **argv)
{
	struct options options = {
		.build = "build", .seconds = 5, .logins = 300, .mails = 30000
	};
	const char *dir = NULL;
	char build[PATH_MAX];
	unsigned wanted = read_options(argc, argv, &options, &dir);

	if (!realpath(options.build, build) || strlen(build) > 90)
		die("--build %s: there is no such directory, or its path is too long",
			options.build);
	options.build = build;
	if (geteuid() != 0)
		die("must run as root: otpd lets only root begin for anybody");
	if (sodium_init() < 0)
		die("libsodium cannot start");
	/* The plan of the open loop is exact to the microsecond, not to the default 50.
	 */
	prctl(PR_SET_TIMERSLACK, 1);
	place_open(dir);
	child_guard();
	for (unsigned i = 0; i < N_PARTS; i++)
		if (wanted & 1u << i)
			parts[i].measure(&options);
	results_table();
	finish(EXIT_SUCCESS);
}
