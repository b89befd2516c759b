/* SPDX-License-Identifier: MIT */
/*
 * The mailers of others. They are part of what is printed, so one that is missing ends
 * the benchmark and is never left out.
 *
 * nodemailer is that of npm in build/peers, where tests/bench/peers puts it, or else
 * Debian's.
 */
#include "tests/bench/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/port.h"
#include "tests/bench/samples.h"
#include "tests/bench/say.h"

#define NODEMAILER_DEBIAN "/usr/share/nodejs/nodemailer"
#define SCRIPT            "tests/bench/nodemailer.js"
#define SMTP_SINK         "/usr/sbin/smtp-sink"
#define SMTP_SOURCE       "/usr/sbin/smtp-source"
#define SLOWEST           100 /* mails a second; who is slower is stuck */
#define PORT_TRIES        5

static void must_have(const char *path, const char *package)
{
	if (access(path, R_OK) != 0)
		die("%s is missing; install %s, or run ./dev bench", path, package);
}

void peers_find(struct peers *peers, const char *build)
{
	must_have(SMTP_SINK, "postfix");
	must_have(SMTP_SOURCE, "postfix");
	must_have(SCRIPT, "the whole tree, and run in its top directory");
	snprintf(peers->nodemailer, sizeof(peers->nodemailer),
		"%.90s/peers/node_modules/nodemailer", build);
	if (access(peers->nodemailer, R_OK) != 0) {
		must_have(NODEMAILER_DEBIAN, "nodejs and node-nodemailer");
		snprintf(peers->nodemailer, sizeof(peers->nodemailer), "%s",
			NODEMAILER_DEBIAN);
	}
}

static const char *number(char out[24], long long value)
{
	snprintf(out, 24, "%lld", value);
	return out;
}

static double longest_s(size_t n_mails)
{
	return 60 + (double)n_mails / SLOWEST;
}

/* A log of its own for each run, so that its end is what this run has said. */
static void next_log(char out[PLACE_PATH])
{
	static int n;

	place_path(out, "peer-%d.log", n++);
}

void peers_nodemailer_start(
	struct peers *peers, struct child *child, const struct peers_mails *mails)
{
	char log[PLACE_PATH], port[24], n[24], warm_up[24];

	peers->limit_s = longest_s(mails->n + mails->warm_up);
	next_log(log);
	child_spawn(child,
		(const char *const[]){ "node", SCRIPT, peers->nodemailer, mails->mail,
			mails->words, number(port, mails->port),
			mails->ca ? mails->ca : "-", number(n, (long long)mails->n),
			number(warm_up, (long long)mails->warm_up), NULL },
		log);
}

double peers_nodemailer_end(struct peers *peers, struct child *child)
{
	char tail[CHILD_TAIL];
	char *line, *ns;

	child_wait(child, peers->limit_s);
	child_tail(child, tail);
	line = strstr(tail, "nodemailer ");
	ns = line ? strstr(line, " ns ") : NULL;
	if (!ns || strtod(ns + 4, NULL) <= 0)
		die("nodemailer has said: %s", tail);
	*ns = '\0';
	snprintf(peers->version, sizeof(peers->version), "%s", line);
	return strtod(ns + 4, NULL) / 1e9;
}

double peers_smtp_source(int port, size_t n, size_t bytes)
{
	char log[PLACE_PATH], at[40], count[24], size[24];
	struct child child;
	int64_t start;

	next_log(log);
	snprintf(at, sizeof(at), "127.0.0.1:%d", port);
	start = now_ns();
	child_spawn(&child,
		(const char *const[]){ SMTP_SOURCE, "-d", "-s", "4", "-l",
			number(size, (long long)bytes), "-m",
			number(count, (long long)n), "-f", "otpd@mail.example.org",
			"-t", "ada@example.org", at, NULL },
		log);
	child_wait(&child, longest_s(n));
	return (double)(now_ns() - start) / 1e9;
}

/* Whether it listens; false if it has ended, since somebody else has taken the port. */
static bool comes_up(const struct child *child, int port)
{
	for (int i = 0; i < 1000 && child_runs(child); i++) {
		if (port_answers(port))
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return false;
}

void peers_smtp_sink_start(struct child *child, int *ret_port)
{
	char log[PLACE_PATH], at[40];

	for (int i = 0; i < PORT_TRIES; i++) {
		next_log(log);
		*ret_port = port_find();
		snprintf(at, sizeof(at), "127.0.0.1:%d", *ret_port);
		child_spawn(child,
			(const char *const[]){
				SMTP_SINK, "-u", "nobody", "-c", at, "200", NULL },
			log);
		if (comes_up(child, *ret_port))
			return;
		child_kill(child);
	}
	die("smtp-sink does not start; see %s", log);
}

/* "sess=4 quit=0 mesg=20000\r", again and again. */
long long peers_smtp_sink_count(const struct child *child)
{
	char tail[CHILD_TAIL];
	const char *last = NULL;

	child_tail(child, tail);
	for (const char *at = tail; (at = strstr(at, "mesg=")); at++)
		last = at;
	return last ? strtoll(last + strlen("mesg="), NULL, 10) : 0;
}
