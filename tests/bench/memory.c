/* SPDX-License-Identifier: MIT */
/* Resident memory of the two daemons when nobody logs in. */
#include <stdio.h>
#include <time.h>

#include "tests/bench/core.h"
#include "tests/bench/parts.h"
#include "tests/bench/post.h"
#include "tests/bench/results.h"
#include "tests/bench/say.h"

#define USERS     10000
#define SETTLE_NS 500000000

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
	struct post post;
	char transport[POST_TRANSPORT], path[PLACE_PATH];

	place_dir("mail");
	place_path(path, "mail/dir");
	snprintf(transport, sizeof(transport), "\ttype = maildir\n\tpath = \"%s\"\n",
		path);
	post_start(&post, options->build, "mail", transport);
	settle();
	results_add("rss_mail_mib", child_memory_mib(&post.child, "VmRSS:"), "MiB");
	results_add("rss_mail_anonymous_mib", child_memory_mib(&post.child, "RssAnon:"),
		"MiB");
	post_stop(&post);
}

void memory_measure(const struct options *options)
{
	say("memory: idle daemons");
	measure_core(options);
	measure_mail(options);
}
