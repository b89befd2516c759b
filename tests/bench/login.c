/* SPDX-License-Identifier: MIT */
/*
 * Whole logins through libpam: pam_start_confdir, pam_authenticate with the prompt
 * answered, pam_end, as a service does it; module loading is part of it for everybody.
 * Four stacks in turns, so that a drift of the machine hits all:
 *
 *   emailotp              build/pam_emailotp.so, otpd with its store, both commits
 * durable oath                  Debian's pam_oath.so; a usersfile with one HOTP user,
 * its best case google_authenticator  Debian's pam_google_authenticator.so; an HOTP
 * secret, no rate limit permit                pam_permit.so, the floor: what libpam
 * costs
 *
 * Each peer gets a fresh code that is right, known beforehand. Ours arrives by mail:
 * the wait for it is part of the login's time and reported by itself as well. All files
 * lie in one directory on one disk. A login that fails ends the benchmark.
 */
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/core.h"
#include "tests/bench/fill.h"
#include "tests/bench/hotp.h"
#include "tests/bench/parts.h"
#include "tests/bench/results.h"
#include "tests/bench/samples.h"
#include "tests/bench/say.h"

#define WARM_UP   20 /* rounds */
#define MAX_USERS 64
#define MAIL_NS   (5 * INT64_C(1000000000))

enum stack {
	STACK_EMAILOTP,
	STACK_OATH,
	STACK_GOOGLE,
	STACK_PERMIT,
	N_STACKS,
};

static const char *const services[] = {
	[STACK_EMAILOTP] = "emailotp",
	[STACK_OATH] = "oath",
	[STACK_GOOGLE] = "google_authenticator",
	[STACK_PERMIT] = "permit",
};

struct bench_login {
	struct core *core;
	char confdir[PLACE_PATH];
	char *users[MAX_USERS + 1]; /* names that NSS knows, NULL behind the last */
	int n_users;
	struct mailbox_letter letter;
	struct samples total[N_STACKS];
	struct samples wait; /* for the mail */

	/* Of the login that runs. */
	enum stack stack;
	uint64_t counter;
	int n_prompts;
	double wait_us;
};

/* The module asks NSS for the name, so the users are those that this machine has. */
static void find_users(struct bench_login *login)
{
	const struct passwd *entry;

	setpwent();
	while (login->n_users < MAX_USERS && (entry = getpwent()))
		login->users[login->n_users++] = strdup(entry->pw_name);
	endpwent();
	login->users[login->n_users] = NULL;
	if (login->n_users == 0)
		die("this machine has no users");
}

static void take_letter(void *context, const struct mailbox_letter *letter)
{
	struct bench_login *login = context;

	login->letter = *letter;
}

/* The code that the mail brings for the challenge of this prompt. */
static const char *code_by_mail(struct bench_login *login, const char *prompt)
{
	int64_t start = now_ns();

	while (!login->letter.code[0]) {
		if (now_ns() > start + MAIL_NS)
			die("no mail came");
		loop_turn(&login->core->loop, 1000000000);
	}
	if (!strstr(prompt, login->letter.reference))
		die("the mail is for %s, the prompt is: %s", login->letter.reference,
			prompt);
	login->wait_us += (double)(now_ns() - start) / 1e3;
	return login->letter.code;
}

static int converse(int n, const struct pam_message **messages,
	struct pam_response **ret_responses, void *context)
{
	struct bench_login *login = context;
	const char *prompt = messages[0]->msg;
	char code[7];

	if (n != 1 ||
		(messages[0]->msg_style != PAM_PROMPT_ECHO_ON &&
			messages[0]->msg_style != PAM_PROMPT_ECHO_OFF))
		die("%s says: %s", services[login->stack], prompt);
	*ret_responses = calloc(1, sizeof(**ret_responses));
	if (!*ret_responses)
		return PAM_BUF_ERR;
	login->n_prompts++;
	hotp_code(code, login->counter);
	(*ret_responses)->resp = strdup(
		login->stack == STACK_EMAILOTP ? code_by_mail(login, prompt) : code);
	return PAM_SUCCESS;
}

static void must(struct bench_login *login, pam_handle_t *pamh, int r, const char *what)
{
	if (r == PAM_SUCCESS)
		return;
	say("see %s", login->core->child.log);
	die("%s: %s: %s", services[login->stack], what, pam_strerror(pamh, r));
}

/* One login, timed. What is asserted and prepared lies outside of the time. */
static double log_in(struct bench_login *login, enum stack stack, const char *user,
	const char *rhost)
{
	struct pam_conv conv = { converse, login };
	pam_handle_t *pamh = NULL;
	int64_t start;
	int r;

	login->stack = stack;
	login->n_prompts = 0;
	login->wait_us = 0;
	login->letter.code[0] = '\0';
	start = now_ns();
	r = pam_start_confdir(services[stack], user, &conv, login->confdir, &pamh);
	must(login, pamh, r, "pam_start_confdir");
	must(login, pamh, pam_set_item(pamh, PAM_RHOST, rhost), "pam_set_item");
	must(login, pamh, pam_set_item(pamh, PAM_TTY, "ssh"), "pam_set_item");
	must(login, pamh, pam_authenticate(pamh, 0), "pam_authenticate");
	must(login, pamh, pam_end(pamh, PAM_SUCCESS), "pam_end");
	start = now_ns() - start;
	if (login->n_prompts != (stack == STACK_PERMIT ? 0 : 1))
		die("%s asked %d times", services[stack], login->n_prompts);
	return (double)start / 1e3;
}

static void run_round(struct bench_login *login, int round, bool timed)
{
	char rhost[FILL_NAME];

	fill_rhost(rhost, round);
	for (int i = 0; i < N_STACKS; i++) {
		enum stack stack = (enum stack)i;
		bool ours = stack == STACK_EMAILOTP;
		const char *user = ours ? login->users[round % login->n_users] : "root";
		double us;

		/* Both peers' files begin with the counter 1. */
		login->counter = (uint64_t)round + 1;
		us = log_in(login, stack, user, rhost);
		if (!timed)
			continue;
		samples_add(&login->total[stack], us);
		if (ours)
			samples_add(&login->wait, login->wait_us);
	}
}

static void configure(struct bench_login *login, const struct options *options)
{
	char path[PLACE_PATH], oath[PLACE_PATH], google[PLACE_PATH];

	place_path(oath, "peer-oath/users");
	place_path(google, "peer-google/secret");
	place_write(oath, 0600, "HOTP root - %s 1\n", HOTP_SECRET_HEX);
	place_write(google, 0600, "%s\n\" HOTP_COUNTER 1\n", HOTP_SECRET_BASE32);
	place_path(path, "pam.d/%s", services[STACK_EMAILOTP]);
	place_write(path, 0644, "auth required %s/pam_emailotp.so socket=%s\n",
		options->build, login->core->socket);
	place_path(path, "pam.d/%s", services[STACK_OATH]);
	place_write(path, 0644,
		"auth required pam_oath.so usersfile=%s digits=6 window=5\n", oath);
	place_path(path, "pam.d/%s", services[STACK_GOOGLE]);
	place_write(path, 0644,
		"auth required pam_google_authenticator.so user=root secret=%s\n",
		google);
	place_path(path, "pam.d/%s", services[STACK_PERMIT]);
	place_write(path, 0644, "auth required pam_permit.so\n");
	place_path(path, "pam.d/other");
	place_write(path, 0644, "auth required pam_deny.so\n");
}

static void report(struct bench_login *login)
{
	double us[N_STACKS];

	for (int i = 0; i < N_STACKS; i++)
		us[i] = samples_median(&login->total[i]);
	results_add("login_vs_pam_oath", us[STACK_EMAILOTP] / us[STACK_OATH], "ratio");
	results_add("login_vs_google_authenticator",
		us[STACK_EMAILOTP] / us[STACK_GOOGLE], "ratio");
	results_add("login_over_floor_us", us[STACK_EMAILOTP] - us[STACK_PERMIT], "us");
	results_add("login_us", us[STACK_EMAILOTP], "us");
	results_add("login_mail_wait_us", samples_median(&login->wait), "us");
	results_add("pam_oath_us", us[STACK_OATH], "us");
	results_add("google_authenticator_us", us[STACK_GOOGLE], "us");
	results_add("floor_us", us[STACK_PERMIT], "us");
}

void login_measure(const struct options *options)
{
	static struct core core;         /* large; the parts run one after the other */
	static struct bench_login login; /* the same */

	hotp_check();
	find_users(&login);
	login.core = &core;
	place_dir("pam.d");
	place_dir("peer-oath");
	place_dir("peer-google");
	place_path(login.confdir, "pam.d");
	core_start(&core, options->build, "login", 0, 0, login.users);
	core.mailbox.got = take_letter;
	core.mailbox.context = &login;
	configure(&login, options);
	say("login: %d of each of %d stacks", options->logins, N_STACKS);
	for (int round = 0; round < WARM_UP + options->logins; round++)
		run_round(&login, round, round >= WARM_UP);
	report(&login);
	core_stop(&core);
	for (int i = 0; i < N_STACKS; i++)
		samples_fini(&login.total[i]);
	samples_fini(&login.wait);
	for (int i = 0; i < login.n_users; i++)
		free(login.users[i]);
}
