/* SPDX-License-Identifier: MIT */
/*
 * The trial, and the switch. What sshd and sudo read is written only behind a trial
 * that succeeded (or that was ruled out in so many words), and sshd is asked once more,
 * and looked at, before it holds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/ctl/interrupt.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/setup/daemons.h"
#include "otpd/ctl/setup/live.h"
#include "otpd/ctl/setup/paths.h"
#include "otpd/ctl/setup/plan.h"
#include "otpd/ctl/setup/stages.h"
#include "otpd/ctl/setup/trial.h"
#include "otpd/host/sshd.h"
#include "otpd/util/cleanup.h"

#define LIVE_MS 10000

/* Writes the policies and has otpd take them. */
static int take_policies(struct setup *setup)
{
	size_t before = transaction_count(&setup->transaction);
	int r = plan_policies(setup);

	if (r != 0 || transaction_count(&setup->transaction) == before)
		return r;
	r = stage_write(setup);
	return r ? r : stage_take(setup, "otpd");
}

/* The files of the trial are gone behind it, however it ends. */
static int try_login(struct setup *setup)
{
	int r = plan_trial(setup), back;

	if (r == 0)
		r = stage_write(setup);
	if (r == 0)
		r = trial_run(setup);
	back = transaction_take_back(&setup->transaction, PATH_PAM SERVICE_TRIAL);
	if (r == 0 && back < 0)
		r = plan_failed(setup, PATH_PAM SERVICE_TRIAL, back);
	return r;
}

int stage_trial(struct setup *setup)
{
	int r = take_policies(setup);

	if (r != 0 || !setup->answers.sshd || setup->answers.trial_s == 0)
		return r;
	return try_login(setup);
}

/* Whether sshd takes from all its files together what was meant. 0, or the exit code.
 */
static int check_sshd(struct setup *setup)
{
	static const struct {
		const char *option;
		const char *value;
	} wanted[] = { { "usepam", "yes" }, { "kbdinteractiveauthentication", "yes" },
		{ "passwordauthentication", "no" } };
	CLEANUP(sshd_settings_fini) struct sshd_settings settings = { 0 };
	char why[SSHD_WHY] = "";
	int r = sshd_settings_read(NULL, NULL, why, &settings);

	if (r != 0) {
		output_error(setup->session->json, "Refused",
			"sshd refuses the new configuration: %s",
			r == -EINVAL ? why : strerror(-r));
		return OUTPUT_REFUSED;
	}
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (sshd_is(&settings, wanted[i].option, wanted[i].value))
			continue;
		output_error(setup->session->json, "Refused",
			"sshd takes \"%s %s\" and not \"%s\"; find the line that says so: "
			"grep -ri %s /etc/ssh",
			wanted[i].option, sshd_get(&settings, wanted[i].option),
			wanted[i].value, wanted[i].option);
		return OUTPUT_REFUSED;
	}
	return 0;
}

static int reload_sshd(struct setup *setup, bool answered)
{
	char why[DAEMONS_WHY] = "";
	int r = daemons_reload_sshd(why);

	if (r != 0) {
		output_error(setup->session->json, "Failed",
			"sshd has not taken its configuration: %s",
			r > 0 ? why : strerror(-r));
		return OUTPUT_OTHER;
	}
	if (!answered || live_sshd_answers(LIVE_MS))
		return 0;
	output_error(setup->session->json, "Failed",
		"sshd does not answer any more since it was told to read its files; see: "
		"journalctl -u ssh");
	return OUTPUT_OTHER;
}

int stage_switch(struct setup *setup)
{
	bool answered = setup->answers.sshd && live_sshd_answers(0);
	int r = plan_logins(setup);

	if (r == 0 && interrupt_came())
		r = OUTPUT_OTHER;
	if (r == 0)
		r = stage_write(setup);
	if (r == 0 && setup->answers.sshd)
		r = check_sshd(setup);
	if (r == 0)
		r = reload_sshd(setup, answered);
	return r;
}
