/* SPDX-License-Identifier: MIT */
/* otpd: the command line, and what holds for the whole process before anything is read.
 */
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "otpd/sandbox/sandbox.h"
#include "otpd/server/config.h"
#include "otpd/server/daemon.h"
#include "otpd/server/restoration.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"
#include "otpd/version.h"

static const char usage[] =
	"Usage: otpd [--config FILE] [--check] [--restore BACKUP]\n"
	"The daemon of pam_emailotp: keeps users, codes and their limits. See otpd(8).\n"
	"\n"
	"  -c, --config FILE  read this instead of " CONFIG_FILE "\n"
	"      --check        read the configuration, print what holds, and end\n"
	"      --restore BACKUP  put this in place of the store, and end; with --check,\n"
	"                     only look at it. Use: otpctl restore\n"
	"  -h, --help         print this and end\n"
	"  -V, --version      print the version and end\n";

static int check(const char *path)
{
	struct config *config = NULL;
	char error[512];

	if (config_load(path, &config, error, sizeof(error)) < 0) {
		fprintf(stderr, "otpd: %s\n", error);
		return 1;
	}
	settings_print(&config_schema, config, stdout);
	config_hints(config, stderr);
	config_free(config);
	return 0;
}

/* No core file, no debugger of the same uid, no group or others on what we make. */
static void harden(void)
{
	struct rlimit none = { 0, 0 }, files;

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
	umask(077);
	/* max_connections may be more than the 1,024 that processes begin with. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'C' },
		{ "restore", required_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char *config = CONFIG_FILE, *backup = NULL;
	bool only_check = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			config = optarg;
			break;
		case 'C':
			only_check = true;
			break;
		case 'R':
			backup = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			puts("otpd " OTPD_VERSION);
			return 0;
		default:
			fputs("Try 'otpd --help'.\n", stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "otpd: unexpected argument '%s'\n%s", argv[optind],
			usage);
		return 2;
	}
	if (sodium_init() < 0) {
		fputs("otpd: libsodium cannot start\n", stderr);
		return 1;
	}
	if (only_check && !backup)
		return check(config);
	harden();
	if (backup)
		return restoration_run(config, backup, only_check);
	log_init("otpd");
	secret_use_for_json();
	if (sandbox_begin() < 0)
		return 1;
	return daemon_run(config);
}
