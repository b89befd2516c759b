/* SPDX-License-Identifier: MIT */
/* otpd-mail: opens the mails that otpd seals, composes them, sends them. Arguments. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "otpd/mail/check.h"
#include "otpd/mail/config.h"
#include "otpd/mail/daemon.h"
#include "otpd/version.h"

static void usage(FILE *out)
{
	fprintf(out,
		"usage: otpd-mail [--config FILE] [--check]\n"
		"\n"
		"  -c, --config FILE  read FILE (default " MAIL_CONFIG ")\n"
		"      --check        say what FILE means and what is wrong with it\n"
		"      --version      print the version\n"
		"      --help         print this\n");
}

int main(int argc, char **argv)
{
	enum {
		OPT_CHECK = 256,
		OPT_VERSION,
		OPT_HELP
	};
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	const char *path = MAIL_CONFIG;
	int check = 0, c;

	while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		if (c == 'c') {
			path = optarg;
		} else if (c == OPT_CHECK) {
			check = 1;
		} else if (c == OPT_VERSION) {
			puts("otpd-mail " OTPD_VERSION);
			return EXIT_SUCCESS;
		} else {
			usage(c == OPT_HELP ? stdout : stderr);
			return c == OPT_HELP ? EXIT_SUCCESS : EXIT_FAILURE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "otpd-mail: unexpected argument %s\n", argv[optind]);
		usage(stderr);
		return EXIT_FAILURE;
	}
	return check ? check_config(path) : daemon_run(path);
}
