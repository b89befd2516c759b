/* SPDX-License-Identifier: MIT */
/*
 * Whether the time of an answer tells if an address has an account: Register of new and
 * of taken addresses, RequestReset of known and unknown logins. Each sample has an
 * address and a remote host of its own, so that no budget is in its way. Known and
 * unknown follow each other at random, from a fixed seed, so that what the machine does
 * besides, and what the call before has left to do, hits both alike; the next one waits
 * until the mail of the last has been handed over. Register comes without a password:
 * with one, the same transaction follows a hash that both have.
 *
 * The client waits in recv(2) and does nothing else while the clock runs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/dial.h"
#include "tests/bench/parts.h"
#include "tests/bench/results.h"
#include "tests/bench/samples.h"
#include "tests/bench/say.h"
#include "tests/bench/shop.h"

#define EACH    10000 /* samples of known, and of unknown */
#define WARM_UP 500   /* of both, not counted */
#define SEED    20260101
#define MAIL_NS (5 * INT64_C(1000000000))
#define REST_NS 300000                    /* between the mail and the next call */
#define IDLE_NS (3 * INT64_C(1000000000)) /* otpd ends connections after 5 s of it */

struct equal {
	struct core *core;
	int fd;
	int64_t called_ns; /* the last time */
	int64_t n_mails;
	uint64_t random;
	/* What is asked, about an address. */
	void (*ask)(char out[LOAD_TEXT], const char *address, const char *rhost);
	bool mails_nobody; /* whether there is a mail for the unknown, too */
	int64_t next[2];   /* numbers of the unknown and of the known */
	struct samples samples[2];
};

static void ask_register(char out[LOAD_TEXT], const char *address, const char *rhost)
{
	snprintf(out, LOAD_TEXT,
		"{\"method\":\"org.emailotp.Account.Register\",\"parameters\":{"
		"\"address\":\"%s\",\"rhost\":\"%s\"}}",
		address, rhost);
}

static void ask_reset(char out[LOAD_TEXT], const char *address, const char *rhost)
{
	snprintf(out, LOAD_TEXT,
		"{\"method\":\"org.emailotp.Account.RequestReset\",\"parameters\":{"
		"\"login\":\"%s\",\"rhost\":\"%s\"}}",
		address, rhost);
}

static void on_letter(void *context, const struct mailbox_letter *letter)
{
	struct equal *equal = context;

	(void)letter;
	equal->n_mails++;
}

/* splitmix64 */
static uint64_t draw(struct equal *equal)
{
	uint64_t x = equal->random += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* On a connection that otpd has not given up, should the machine have been stuck. */
static void stay_connected(struct equal *equal)
{
	int64_t now = now_ns();

	if (now > equal->called_ns + IDLE_NS) {
		if (equal->fd >= 0)
			close(equal->fd);
		equal->fd = dial_unix(equal->core->socket, shop_uid());
	}
	equal->called_ns = now;
}

/* Microseconds from the call to its answer, which must be a challenge. */
static double call(struct equal *equal, const char *text)
{
	static char answer[INBOX_SIZE];
	int64_t start = now_ns(), end;
	size_t filled = 0;

	send_frame(equal->fd, text);
	do {
		ssize_t n =
			recv(equal->fd, answer + filled, sizeof(answer) - filled, 0);

		if (n <= 0)
			die("otpd closed a connection");
		filled += (size_t)n;
	} while (answer[filled - 1] != '\0' && filled < sizeof(answer));
	end = now_ns();
	if (!strstr(answer, "\"challenge\":\"") || strstr(answer, "\"error\""))
		die("no challenge for %s: %s", text, answer);
	return (double)(end - start) / 1e3;
}

static void wait_mail(struct equal *equal, int64_t n)
{
	int64_t until = now_ns() + MAIL_NS;

	while (equal->n_mails < n) {
		if (now_ns() > until)
			die("no mail came");
		loop_turn(&equal->core->loop, 10000000);
	}
	loop_turn(&equal->core->loop, 0);
	nanosleep(&(struct timespec){ .tv_nsec = REST_NS }, NULL);
}

static void sample(struct equal *equal, bool known, bool counts)
{
	int64_t number = equal->next[known]++, n = equal->n_mails;
	char address[FILL_ADDRESS], rhost[FILL_NAME], text[LOAD_TEXT];
	double us;

	if (known)
		fill_address(address, number);
	else
		shop_new_address(address, number);
	fill_rhost(rhost, 2 * number + known);
	equal->ask(text, address, rhost);
	stay_connected(equal);
	us = call(equal, text);
	if (counts)
		samples_add(&equal->samples[known], us);
	wait_mail(equal, n + (known || equal->mails_nobody));
}

/* In an order that is drawn: of the rest, each as often as it is still due. */
static void run(struct equal *equal, int64_t each, bool counts)
{
	int64_t due[2] = { each, each };

	while (due[0] + due[1] > 0) {
		bool known =
			(int64_t)(draw(equal) % (uint64_t)(due[0] + due[1])) < due[1];

		due[known]--;
		sample(equal, known, counts);
	}
}

static void measure(struct equal *equal, const char *difference, const char *p)
{
	equal->next[0] = 0;
	equal->next[1] = 0;
	run(equal, WARM_UP, false);
	run(equal, EACH, true);
	results_add(difference,
		fabs(samples_mean(&equal->samples[1]) -
			samples_mean(&equal->samples[0])),
		"us");
	results_add(p, samples_ks_p(&equal->samples[0], &equal->samples[1]), "p");
	say("equal: %s: medians %.1f us of unknown, %.1f us of known", difference,
		samples_median(&equal->samples[0]), samples_median(&equal->samples[1]));
	samples_fini(&equal->samples[0]);
	samples_fini(&equal->samples[1]);
}

void equal_measure(const struct options *options)
{
	static struct core core; /* large; the parts run one after the other */
	struct equal equal = { .core = &core, .fd = -1, .random = SEED };

	shop_start(&core, options->build, "equal", WARM_UP + EACH);
	core.mailbox.got = on_letter;
	core.mailbox.context = &equal;
	say("equal: %d answers about known addresses, and as many about unknown", EACH);
	equal.ask = ask_register;
	equal.mails_nobody = true;
	measure(&equal, "register_taken_vs_new_us", "register_ks_p");
	equal.ask = ask_reset;
	equal.mails_nobody = false;
	measure(&equal, "reset_known_vs_unknown_us", "reset_ks_p");
	close(equal.fd);
	core_stop(&core);
}
