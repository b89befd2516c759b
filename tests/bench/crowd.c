/* SPDX-License-Identifier: MIT */
/*
 * A thousand people who sign in at once, Argon2id included: what memory otpd takes for
 * it, and how long the last of them waits. Who is told that otpd is busy asks again
 * when it says.
 */
#include <sys/resource.h>

#include "tests/bench/parts.h"
#include "tests/bench/results.h"
#include "tests/bench/say.h"
#include "tests/bench/shop.h"

#define PEOPLE 1000
#define FILES  (PEOPLE + 100)

static void raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_max < FILES)
		die("this process may not have %d files open", FILES);
	if (files.rlim_cur < FILES)
		files.rlim_cur = FILES;
	setrlimit(RLIMIT_NOFILE, &files);
}

void crowd_measure(const struct options *options)
{
	static struct core core; /* large; the parts run one after the other */
	struct load_script script = shop_sign_in;
	struct load *load;
	double seconds;

	script.may_be_busy = true;
	raise_files();
	shop_start(&core, options->build, "crowd", PEOPLE);
	load = shop_load(&core, &script, PEOPLE, PEOPLE);
	say("crowd: %d sign-ins at once", PEOPLE);
	seconds = load_run_crowd(load);
	results_add(
		"rss_core_signins_mib", child_memory_mib(&core.child, "VmHWM:"), "MiB");
	results_add("signins_1000_s", seconds, "s");
	results_add("signins_1000_busy", (double)load->n_refused, "answers");
	load_free(load);
	core_stop(&core);
}
