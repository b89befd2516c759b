/* SPDX-License-Identifier: MIT */
/* otpd-mail: opens the mails that otpd seals, composes them, sends them. Arguments. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "otpd/mail/check.h"
#include "otpd/mail/config.h"
#include "otpd/mail/daemon.h"
#include "otpd/mail/message/preview.h"
#include "otpd/version.h"

static void usage(FILE *out)
{
	fprintf(out,
		"usage: otpd-mail [--config FILE] [--check | --preview DIR]\n"
		"\n"
		"  -c, --config FILE  read FILE (default " MAIL_CONFIG ")\n"
		"      --check        say what FILE means and what is wrong with it\n"
		"      --preview DIR  write every mail with made-up data into DIR, to\n"
		"                     look at: DIR/index.html; needs no key and no network\n"
		"      --version      print the version\n"
		"      --help         print this\n");
}

static int write_preview(const char *path, const char *directory)
{
	struct mail_config *config = NULL;
	char error[512];
	int r = config_load(path, &config, error, sizeof(error));

	if (r == 0)
		r = preview_write(config, directory, error, sizeof(error));
	if (r < 0)
		fprintf(stderr, "otpd-mail: %s\n", error);
	config_free(config);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	enum {
		OPT_CHECK = 256,
		OPT_PREVIEW,
		OPT_VERSION,
		OPT_HELP
	};
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "preview", required_argument, NULL, OPT_PREVIEW },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	const char *path = MAIL_CONFIG, *preview = NULL;
	int check = 0, c;

	while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		if (c == 'c') {
			path = optarg;
		} else if (c == OPT_CHECK) {
			check = 1;
		} else if (c == OPT_PREVIEW) {
			preview = optarg;
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
	if (preview)
		return write_preview(path, preview);
	return check ? check_config(path) : daemon_run(path);
}
