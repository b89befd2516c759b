/* SPDX-License-Identifier: MIT */
/* Resident memory of the two daemons when nobody logs in. */
#include <stdio.h>
#include <time.h>

#include "tests/bench/core.h"
#include "tests/bench/parts.h"
#include "tests/bench/results.h"
#include "tests/bench/say.h"

#define USERS     10000
#define SETTLE_NS 500000000
#define START_S   20

static void settle(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = SETTLE_NS }, NULL);
}

static void measure_core(const struct options *options)
{
	static struct core core; /* large; the parts run one after the other */

	core_start(&core, options->build, "idle", USERS, 0, NULL);
	settle();
	results_add("rss_core_mib", child_memory_mib(&core.child, "VmRSS:"), "MiB");
	results_add("rss_core_anonymous_mib", child_memory_mib(&core.child, "RssAnon:"),
		"MiB");
	core_stop(&core);
}

static void measure_mail(const struct options *options)
{
	struct child child;
	char dir[PLACE_PATH], config[PLACE_PATH], log[PLACE_PATH], program[PLACE_PATH];

	place_path(dir, "%s", "mail");
	place_path(config, "mail.conf");
	place_path(log, "mail.log");
	place_write(config, 0600,
		"socket = \"%s.sock\"\nkey_file = \"%s.key\"\notpd_user = \"root\"\n"
		"from = \"otpd@example.org\"\n"
		"transport drop {\n\ttype = maildir\n\tpath = \"%s\"\n}\n",
		dir, dir, dir);
	snprintf(program, sizeof(program), "%.90s/otpd-mail", options->build);
	child_start(&child, program, config, log);
	for (int i = 0; !child_said(&child, "is ready"); i++) {
		child_check(&child);
		if (i > START_S * 2)
			die("otpd-mail is not ready after %d s", START_S);
		settle();
	}
	settle();
	results_add("rss_mail_mib", child_memory_mib(&child, "VmRSS:"), "MiB");
	results_add(
		"rss_mail_anonymous_mib", child_memory_mib(&child, "RssAnon:"), "MiB");
	child_stop(&child);
}

void memory_measure(const struct options *options)
{
	say("memory: idle daemons");
	measure_core(options);
	measure_mail(options);
}
