/* SPDX-License-Identifier: MIT */
/*
 * The way of mails is written first and tried for real: a test mail through otpd, the
 * running otpd-mail and the relay. One that fails is put back, and asked for again.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/interrupt.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/setup/ask.h"
#include "otpd/ctl/setup/daemons.h"
#include "otpd/ctl/setup/paths.h"
#include "otpd/ctl/setup/plan.h"
#include "otpd/ctl/setup/questions.h"
#include "otpd/ctl/setup/stages.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"

#define MAILER_MS 20000
#define PAUSE_MS  50

int stage_write(struct setup *setup)
{
	const char *path;
	int r = transaction_apply(&setup->transaction, &path);

	return r < 0 ? plan_failed(setup, path, r) : 0;
}

int stage_take(struct setup *setup, const char *daemon)
{
	bool is_mail = strcmp(daemon, "otpd-mail") == 0;
	char why[DAEMONS_WHY] = "";
	int r = daemons_check(daemon, why, NULL);

	/* It has connections of the daemon that might be restarted. */
	session_close(setup->session);
	if (r == 0)
		r = daemons_reload(daemon,
			is_mail ? setup->mail_socket : setup->session->socket, why);
	if (r == 0)
		return 0;
	output_error(setup->session->json, "Refused", "%s: %s", daemon,
		r > 0 ? why : strerror(-r));
	return OUTPUT_REFUSED;
}

/* Has a daemon read what is there; one that can do nothing with it is stopped, as it
 * was before setup came. 0; 1 and why; -errno. */
static int reload_or_stop(
	const struct setup *setup, const char *name, char why[static DAEMONS_WHY])
{
	bool is_mail = strcmp(name, "otpd-mail") == 0;

	if (daemons_check(name, why, NULL) != 0 && daemons_have_systemd())
		return daemons_stop(name, why);
	return daemons_reload(
		name, is_mail ? setup->mail_socket : setup->session->socket, why);
}

void stage_reload(struct setup *setup, unsigned touched)
{
	static const struct {
		unsigned area;
		const char *name;
	} daemons[] = { { TOUCHED_MAIL, "otpd-mail" }, { TOUCHED_OTPD, "otpd" },
		{ TOUCHED_SSHD, "sshd" } };

	session_close(setup->session);
	for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++) {
		char why[DAEMONS_WHY] = "";
		int r;

		if (!(touched & daemons[i].area))
			continue;
		r = daemons[i].area == TOUCHED_SSHD
			? daemons_reload_sshd(why)
			: reload_or_stop(setup, daemons[i].name, why);
		if (r != 0)
			output_warning(setup->session->json,
				"%s has not read its files anew: %s", daemons[i].name,
				r > 0 ? why : strerror(-r));
	}
}

int stage_put_back(struct setup *setup)
{
	unsigned touched;
	int r = transaction_roll_back(&setup->transaction, &touched);

	stage_reload(setup, touched);
	if (r == 0)
		return 0;
	output_error(setup->session->json, "Failed",
		"not everything could be put back (%s); run: otpctl setup --undo",
		strerror(-r));
	return OUTPUT_OTHER;
}

/*
 * otpd looks for an otpd-mail that was not there every five seconds at most, and takes
 * no mail before it has seen its key. 0, or the exit code.
 */
static int wait_for_mailer(struct setup *setup)
{
	int64_t deadline_ms = clock_mono_ms() + MAILER_MS;

	for (;;) {
		CLEANUP(json_decrefp) json_t *answer = NULL;
		const char *state;
		int r = session_call(setup->session, "org.emailotp.Admin.Status",
			json_object(), &answer);

		if (r != 0)
			return session_explain(setup->session, r, answer, NULL);
		state = json_string_value(json_object_get(answer, "mailer"));
		if ((state && strcmp(state, "up") == 0) || interrupt_came())
			return 0;
		/* Then the test says what is wrong. */
		if (clock_mono_ms() >= deadline_ms)
			return 0;
		poll(NULL, 0, PAUSE_MS);
	}
}

/* As otpctl send-test does. 0, or the exit code. */
static int send_test(struct setup *setup)
{
	struct session session = *setup->session;
	struct arguments arguments = *setup->arguments;
	char *words[] = { setup->answers.address, NULL };
	int r;

	session.json = false;
	session.client = (struct client)CLIENT_INIT;
	arguments.words = words;
	arguments.n_words = 1;
	arguments.language = arguments.tenant = NULL;
	ask_say("A test mail goes to %s, by way of otpd and otpd-mail:",
		setup->answers.address);
	r = sendtest_run(&session, &arguments);
	session_close(&session);
	return r;
}

/* Plans, writes and tries. 0, or the exit code. */
static int attempt(struct setup *setup)
{
	size_t before = transaction_count(&setup->transaction);
	int r = plan_mail(setup);

	if (r != 0 || transaction_count(&setup->transaction) == before)
		return r;
	r = stage_write(setup);
	if (r == 0)
		r = stage_take(setup, "otpd-mail");
	if (r == 0)
		r = wait_for_mailer(setup);
	if (r == 0)
		r = send_test(setup);
	if (r == 0)
		setup->sends_mail = true;
	return r;
}

/* What was answered is asked again. */
static void forget(struct answers *answers)
{
	answers->relay = (struct relay){ 0 };
	answers->from[0] = '\0';
	answers->address[0] = '\0';
	answers->has_password = false;
	answers_fini(answers);
}

int stage_mail(struct setup *setup)
{
	for (;;) {
		int r = setup->asks ? questions_relay(setup) : 0;

		if (r == 0 && setup->asks)
			r = questions_sender(setup);
		if (r != 0)
			return r;
		r = attempt(setup);
		if (r == 0 || !setup->asks || interrupt_came())
			return r;
		if (stage_put_back(setup) != 0)
			return OUTPUT_OTHER;
		ask_say("No mail went out, and nothing was changed. The reason stands above; "
			"these answers are asked for again.");
		forget(&setup->answers);
	}
}
