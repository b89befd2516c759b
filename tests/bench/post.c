/* SPDX-License-Identifier: MIT */
/*
 * otpd-mail with its defaults: four connections to the relay, each line that it logs
 * written to a file, as the journal would get it. Only places are named, and who may
 * send.
 */
#include "tests/bench/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/bench/say.h"

#define START_S 20
#define STEP_MS 50

static void write_config(const char *path, const char *directory, const char *transport)
{
	char templates[PLACE_PATH], files[PLACE_PATH];

	place_path(templates, "%s/templates", directory);
	place_path(files, "%s", directory);
	place_write(path, 0600,
		"socket = \"%s/mail.sock\"\nkey_file = \"%s/mail.key\"\n"
		"otpd_user = \"root\"\nfrom = \"otpd@mail.example.org\"\n"
		"organisation = \"Example Corporation\"\n"
		"templates = \"%s\"\ntemplate_overrides = \"\"\n"
		"transport bench {\n%s}\n",
		files, files, templates, transport);
}

static void wait_ready(struct post *post)
{
	for (int i = 0; !child_said(&post->child, "is ready"); i++) {
		child_check(&post->child);
		if (i > START_S * 1000 / STEP_MS)
			die("otpd-mail is not ready after %d s", START_S);
		nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000 }, NULL);
	}
}

void post_start(struct post *post, const char *build, const char *directory,
	const char *transport)
{
	char config[PLACE_PATH], log[PLACE_PATH], program[PLACE_PATH];
	char templates[PLACE_PATH];

	snprintf(templates, sizeof(templates), "%s/templates", directory);
	place_templates(templates);
	place_path(post->socket, "%s/mail.sock", directory);
	place_path(config, "%s/mail.conf", directory);
	place_path(log, "%s/mail.log", directory);
	write_config(config, directory, transport);
	snprintf(program, sizeof(program), "%.90s/otpd-mail", build);
	child_start(&post->child, program, config, log);
	wait_ready(post);
}

void post_stop(struct post *post)
{
	child_stop(&post->child);
}

void post_smtp(char out[POST_TRANSPORT], int port)
{
	snprintf(out, POST_TRANSPORT,
		"\ttype = smtp\n\thost = \"127.0.0.1\"\n\tport = %d\n\ttls = none\n",
		port);
}

void post_smtps(char out[POST_TRANSPORT], int port, const char *directory)
{
	char ca[PLACE_PATH];

	place_path(ca, "%s/sink.crt", directory);
	snprintf(out, POST_TRANSPORT,
		"\ttype = smtp\n\thost = \"127.0.0.1\"\n\tport = %d\n"
		"\ttls = implicit\n\tca_file = \"%s\"\n",
		port, ca);
}
