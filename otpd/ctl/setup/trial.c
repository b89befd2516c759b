/* SPDX-License-Identifier: MIT */
/*
 * The trial login, followed on both sides: sshd says who came and who was let in, otpd
 * whether a code was right. Only both together are a success: a session of this user,
 * after a step-up of this user at this service. Nothing that runs is touched.
 */
#include "otpd/ctl/setup/trial.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "otpd/ctl/interrupt.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/setup/ask.h"
#include "otpd/ctl/setup/paths.h"
#include "otpd/ctl/setup/trial_log.h"
#include "otpd/ctl/setup/trial_sshd.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define GUESTS      8 /* connections at once */
#define LINE        512
#define LOOK_MS     250 /* between two looks at otpd's events while somebody is here */
#define IDLE_MS     1000
#define EVENTS      40 /* that are asked for at once */
#define END_MS      1000
#define END_STEP_MS 20

/* One connection to the trial's sshd. */
struct guest {
	pid_t pid; /* 0: there is none */
	int log;
	char line[LINE];
	size_t n;
};

struct trial {
	struct setup *setup;
	int listener;
	char host[TRIAL_HOST]; /* the address; "": all */
	struct guest guests[GUESTS];
	json_int_t seen; /* the last event that was shown */
	bool stepped_up;
	bool session;
	int64_t deadline_ms;
};

static void say(const char *who, const char *text, const char *more)
{
	char clean[LINE];

	text_copy_clean(clean, sizeof(clean), more ? more : "");
	printf("  %-5s %s%s%s\n", who, text, more ? " " : "", clean);
	fflush(stdout);
}

/* What stands behind a colon is for the row's own words to say. */
static void say_word(const char *who, const struct trial_word *word, const char *more)
{
	size_t n = word->text ? strlen(word->text) : 0;

	if (n > 0)
		say(who, word->text, word->text[n - 1] == ':' ? more : NULL);
}

static void end_guest(struct guest *guest)
{
	closep(&guest->log);
	(void)waitpid(guest->pid, NULL, WNOHANG);
	guest->pid = 0;
}

static void welcome(struct trial *trial)
{
	int connection = accept4(trial->listener, NULL, NULL, SOCK_CLOEXEC);
	struct guest *guest = NULL;

	if (connection < 0)
		return;
	for (size_t i = 0; !guest && i < GUESTS; i++)
		if (trial->guests[i].pid == 0)
			guest = &trial->guests[i];
	if (!guest) {
		close(connection);
		say("setup", "There are too many connections at once; one was refused.",
			NULL);
		return;
	}
	*guest = (struct guest){ .log = -1 };
	guest->pid = trial_sshd_serve(connection, &guest->log);
	if (guest->pid < 0) {
		say("setup", "sshd cannot be started:", strerror(-guest->pid));
		guest->pid = 0;
	}
}

static void take_event(struct trial *trial, const json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "event"));
	const char *service = json_string_value(json_object_get(event, "service"));
	const char *detail = json_string_value(json_object_get(event, "detail"));
	const struct trial_word *word = name ? trial_log_event(name) : NULL;

	if (!name || !service || strcmp(service, SERVICE_TRIAL) != 0)
		return;
	if (word)
		say_word("otpd", word, detail);
	if (trial_log_is_step_up(name))
		trial->stepped_up = true;
}

/* The user's events since the last look, the oldest first. 0, or the exit code. */
static int look(struct trial *trial, bool only_count)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	const json_t *events;
	int r = session_call(trial->setup->session, "org.emailotp.Admin.Audit",
		json_pack("{s:s, s:i}", "user", trial->setup->answers.user, "limit",
			EVENTS),
		&answer);

	if (r != 0)
		return session_explain(trial->setup->session, r, answer, NULL);
	events = json_object_get(answer, "events");
	for (size_t i = json_array_size(events); i-- > 0;) {
		const json_t *event = json_array_get(events, i);
		json_int_t id = json_integer_value(json_object_get(event, "id"));

		if (id <= trial->seen)
			continue;
		trial->seen = id;
		if (!only_count)
			take_event(trial, event);
	}
	return 0;
}

/*
 * otpd has committed a step-up before sshd hears of it, so one that belongs to a
 * session can be seen when the session is opened; a session without one means that the
 * new configuration lets in without a code.
 */
static int take_session(struct trial *trial)
{
	int r = look(trial, false);

	if (r != 0)
		return r;
	trial->session = trial->stepped_up;
	if (trial->session)
		return 0;
	output_error(trial->setup->session->json, "Refused",
		"the trial let %s in without a code; see above why, and which policy says so "
		"(otpd --check)",
		trial->setup->answers.user);
	return OUTPUT_REFUSED;
}

/* 0, or the exit code. */
static int take_line(struct trial *trial, const char *line)
{
	const struct trial_word *word = trial_log_line(line);

	if (word)
		say_word("sshd", word, line);
	return trial_log_is_session(line, trial->setup->answers.user)
		? take_session(trial)
		: 0;
}

/* Reads what a guest's sshd says, line by line. 0, or the exit code. */
static int hear(struct trial *trial, struct guest *guest)
{
	char chunk[LINE];
	ssize_t n = read(guest->log, chunk, sizeof(chunk));
	int r = 0;

	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0) {
		end_guest(guest);
		return 0;
	}
	for (ssize_t i = 0; r == 0 && i < n; i++) {
		if (chunk[i] != '\n') {
			if (guest->n + 1 < sizeof(guest->line) && chunk[i] != '\r')
				guest->line[guest->n++] = chunk[i];
			continue;
		}
		guest->line[guest->n] = '\0';
		guest->n = 0;
		r = take_line(trial, guest->line);
	}
	return r;
}

static size_t fill(const struct trial *trial, struct pollfd *polled)
{
	size_t guests = 0;

	polled[0] = (struct pollfd){ trial->listener, POLLIN, 0 };
	for (size_t i = 0; i < GUESTS; i++) {
		polled[i + 1] = (struct pollfd){
			trial->guests[i].pid ? trial->guests[i].log : -1, POLLIN, 0
		};
		guests += trial->guests[i].pid != 0;
	}
	return guests;
}

/* Follows until it is over. 0 success, or the exit code. */
static int follow(struct trial *trial)
{
	struct pollfd polled[GUESTS + 1];

	while (!trial->session) {
		size_t guests = fill(trial, polled);
		int r;

		if (interrupt_came())
			return OUTPUT_OTHER;
		if (clock_mono_ms() >= trial->deadline_ms)
			return OUTPUT_REFUSED;
		if (poll(polled, GUESTS + 1, guests ? LOOK_MS : IDLE_MS) < 0 &&
			errno != EINTR)
			return OUTPUT_OTHER;
		/* Before the lines, since what otpd has said leads to them. */
		r = guests ? look(trial, false) : 0;
		if (r != 0)
			return r;
		for (size_t i = 0; r == 0 && i < GUESTS; i++)
			if (polled[i + 1].revents)
				r = hear(trial, &trial->guests[i]);
		if (r != 0)
			return r;
		if (polled[0].revents)
			welcome(trial);
	}
	return 0;
}

/* Ends an sshd with all that it has started but the user's own processes. The part of
 * it that runs PAM does not end by itself. */
static void end_sshd(pid_t pid)
{
	(void)kill(-pid, SIGTERM);
	for (int ms = 0; ms < END_MS; ms += END_STEP_MS) {
		(void)waitpid(pid, NULL, WNOHANG);
		if (kill(-pid, 0) < 0)
			return;
		poll(NULL, 0, END_STEP_MS);
	}
	(void)kill(-pid, SIGKILL);
}

/* Whoever is still at the trial's sshd goes; after a success they stay. */
static void close_trial(struct trial *trial, bool good)
{
	closep(&trial->listener);
	for (size_t i = 0; i < GUESTS; i++) {
		struct guest *guest = &trial->guests[i];

		if (guest->pid <= 0)
			continue;
		if (!good)
			end_sshd(guest->pid);
		end_guest(guest);
	}
}

static void invite(const struct trial *trial)
{
	const struct answers *answers = &trial->setup->answers;
	bool key = answers->first == FIRST_KEY;
	char host[256], span[OUTPUT_SPAN];
	const char *here = trial->host[0] ? trial->host : "localhost";

	if (trial->host[0])
		snprintf(host, sizeof(host), "%s", trial->host);
	else if (gethostname(host, sizeof(host)) < 0)
		snprintf(host, sizeof(host), "localhost");
	host[sizeof(host) - 1] = '\0';
	output_span(span, answers->trial_s);
	ask_say("The trial login. Leave this terminal as it is, open another one, and log in "
		"as %s with %s and the code that comes by mail:",
		answers->user, key ? "your key" : "your password");
	printf("\n    ssh -p %lld %s@%s\n", (long long)answers->trial_port,
		answers->user, host);
	ask_say("If a firewall keeps that port closed, do it on this host itself, with "
		"%s as its name. All other logins go on as before. There are %s; ^C "
		"stops here and puts everything back.",
		here, span);
	putchar('\n');
	fflush(stdout);
}

static void explain(const struct trial *trial)
{
	bool json = trial->setup->session->json;

	if (interrupt_came())
		output_error(json, "Interrupted", "the trial was stopped");
	else if (clock_mono_ms() >= trial->deadline_ms)
		output_error(json, "TimedOut",
			"nobody has logged in with a code in time, so nothing is switched "
			"over");
}

int trial_run(struct setup *setup)
{
	struct trial trial = { .setup = setup, .listener = -1 };
	int r = trial_sshd_configure(setup, trial.host);

	if (r == 0)
		r = look(&trial, true);
	if (r != 0)
		return r;
	trial.listener = trial_sshd_listen(trial.host, (int)setup->answers.trial_port);
	if (trial.listener < 0) {
		output_error(setup->session->json, "Failed",
			"port %lld cannot be listened on (%s); choose another one with "
			"--trial-port",
			(long long)setup->answers.trial_port,
			strerror(-trial.listener));
		return OUTPUT_OTHER;
	}
	trial.deadline_ms = clock_mono_ms() + setup->answers.trial_s * 1000;
	invite(&trial);
	r = follow(&trial);
	close_trial(&trial, r == 0);
	if (r != 0)
		explain(&trial);
	else
		ask_say("%s has logged in with a code. The trial is over; you may log out "
			"there.",
			setup->answers.user);
	return r;
}
