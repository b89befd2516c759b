/* SPDX-License-Identifier: MIT */
/*
 * otpctl setup: from installed packages to logins that ask for a code, and back. It is
 * for who is afraid of PAM, and so: nothing holds before a login with it has succeeded,
 * and whatever ends a run before that, it is put back, by this run or by the next.
 */
#include "otpd/ctl/setup/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/interrupt.h"
#include "otpd/ctl/mailer.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/prompt.h"
#include "otpd/ctl/setup/ask.h"
#include "otpd/ctl/setup/paths.h"
#include "otpd/ctl/setup/person.h"
#include "otpd/ctl/setup/plan.h"
#include "otpd/ctl/setup/stages.h"
#include "otpd/util/cleanup.h"

static void setup_fini(struct setup *setup)
{
	transaction_close(&setup->transaction);
	answers_fini(&setup->answers);
	json_decref(setup->codes);
	free(setup->diff);
	closep(&setup->result);
}

static int open_state(struct setup *setup)
{
	int r = transaction_open(&setup->transaction);

	if (r == 0)
		return 0;
	if (r == -EBUSY)
		output_error(setup->session->json, "Busy",
			"another otpctl setup is running; let it end first");
	else
		output_error(setup->session->json, "Failed",
			PATH_STATE
			": %s; it must be a directory of root with mode 0700, and "
			"its manifests whole",
			strerror(-r));
	return OUTPUT_OTHER;
}

static json_t *list_files(const struct changes *changes)
{
	json_t *files = json_array();

	for (size_t i = 0; i < changes->n; i++)
		if (!edit_same(&changes->items[i].before, &changes->items[i].after))
			json_array_append_new(
				files, json_string(changes->items[i].path));
	return files;
}

/* For programs: whether anything is otherwise now, and what. */
static void report(const struct setup *setup, const char *result, bool changed)
{
	CLEANUP(json_decrefp)
	json_t *files = list_files(&setup->transaction.pending.changes);
	CLEANUP(json_decrefp)
	json_t *all = json_pack("{s:b, s:s, s:O, s:s*, s:O*}", "changed", changed,
		"result", result, "files", files, "diff", setup->diff, "recovery_codes",
		setup->codes);

	if (setup->result < 0)
		return;
	fflush(stdout);
	if (dup2(setup->result, STDOUT_FILENO) >= 0)
		output_json(all);
}

/* Puts back what a run before has begun and not ended. 0, or the exit code. */
static int mend(struct setup *setup)
{
	if (!transaction_was_cut_short(&setup->transaction))
		return 0;
	ask_say("An earlier run of setup did not come to its end. What it had changed is put "
		"back first.");
	return stage_put_back(setup);
}

static int undo(struct setup *setup)
{
	bool mended = transaction_was_cut_short(&setup->transaction);
	unsigned touched;
	int r = mend(setup);

	if (r != 0)
		return r;
	r = transaction_undo(&setup->transaction, &touched);
	stage_reload(setup, touched);
	if (r < 0)
		return OUTPUT_OTHER;
	if (r > 0 && !mended)
		puts("There is nothing of setup to take back.");
	else
		ask_say("What setup had changed is taken back. Users stay enrolled (otpctl "
			"users list); nothing asks for their codes by what setup wrote.");
	report(setup, r > 0 && !mended ? "nothing to undo" : "undone",
		r == 0 || mended);
	return OUTPUT_DONE;
}

/* Where nobody can be asked, every answer must be given. */
static int check_complete(struct setup *setup)
{
	struct person person = { 0 };
	const char *missing;
	int r = 0;

	if (setup->asks)
		return 0;
	if (setup->answers.user[0] && !setup->answers.address[0])
		r = person_look(setup, &person);
	if (r != 0)
		return r;
	if (person.proven)
		snprintf(setup->answers.address, sizeof(setup->answers.address), "%s",
			person.address);
	missing = answers_missing(&setup->answers, person.proven);
	if (!missing && !(setup->arguments->given & (ARGUMENT_YES | ARGUMENT_DRY_RUN)))
		missing = "--yes";
	if (!missing)
		return 0;
	output_error(setup->session->json, "Usage",
		"there is no terminal to ask at, and the answer of %s is missing; give it, or "
		"run otpctl setup at a terminal",
		missing);
	return OUTPUT_USAGE;
}

static int confirm(struct setup *setup)
{
	int yes;

	if (setup->arguments->given & ARGUMENT_YES)
		return 0;
	ask_say(setup->answers.sshd && setup->answers.trial_s != 0
			? "With yes, a trial login on a port of its own comes first. Only if "
			  "it succeeds do these files hold; all others stay as they are."
			: "With yes, these files are written, with a copy of each as it was.");
	yes = ask_yes("Go on?", false);
	if (yes == 0)
		output_error(setup->session->json, "Interrupted",
			"not confirmed, so everything is put back");
	return yes == 1 ? 0 : OUTPUT_OTHER;
}

static int dry_run(struct setup *setup)
{
	int r = plan_mail(setup);

	if (r == 0)
		r = stage_scope(setup);
	if (r == 0)
		r = stage_diff(setup);
	if (r != 0)
		return r;
	if (transaction_count(&setup->transaction) == 0)
		puts("Nothing would be changed.");
	report(setup, "dry run", transaction_count(&setup->transaction) > 0);
	return OUTPUT_DONE;
}

/* Trial and switch, of what was shown and agreed to. */
static int carry_out(struct setup *setup)
{
	int r;

	transaction_forget(&setup->transaction);
	r = stage_trial(setup);
	if (r == 0)
		r = stage_switch(setup);
	return r;
}

static int commit(struct setup *setup)
{
	int r = interrupt_came() ? -EINTR : transaction_commit(&setup->transaction);

	if (r == -EINTR)
		return OUTPUT_OTHER;
	return r < 0 ? plan_failed(setup, PATH_MANIFEST, r) : 0;
}

static int run(struct setup *setup)
{
	size_t mails, all;
	int r = stage_mail(setup);

	if (r == 0)
		r = stage_person(setup);
	if (r == 0)
		r = stage_scope(setup);
	mails = transaction_count(&setup->transaction);
	if (r == 0)
		r = stage_diff(setup);
	all = transaction_count(&setup->transaction);
	if (r == 0 && all > 0)
		r = confirm(setup);
	if (r == 0 && all > mails)
		r = carry_out(setup);
	return r ? r : commit(setup);
}

static void say_done(const struct setup *setup, bool changed)
{
	if (!changed)
		puts("Everything is as these answers want it; nothing was changed.");
	else {
		ask_say("Done. The way back, at any time: sudo otpctl setup --undo");
		puts("Why somebody does not get in: sudo otpctl doctor --user NAME");
	}
	report(setup, changed ? "set up" : "unchanged", changed);
}

/* The whole of it, and the way back from wherever it ends. */
static int run_or_put_back(struct setup *setup)
{
	int r = run(setup), back;

	if (r == 0) {
		say_done(setup,
			transaction_count(&setup->transaction) > 0 ||
				setup->user_changed);
		return OUTPUT_DONE;
	}
	back = stage_put_back(setup);
	if (interrupt_came() && back == 0)
		output_error(setup->session->json, "Interrupted",
			"stopped, and everything is put back");
	return back ? back : r;
}

static int start(struct setup *setup)
{
	int r = open_state(setup);

	if (r == 0)
		r = mend(setup);
	if (r != 0)
		return r;
	return setup->arguments->given & ARGUMENT_DRY_RUN ? dry_run(setup)
							  : run_or_put_back(setup);
}

static int start_undo(struct setup *setup)
{
	int r = open_state(setup);

	return r ? r : undo(setup);
}

static int check_undo(const struct setup *setup)
{
	uint64_t with =
		ARGUMENT_UNDO | ARGUMENT_GLOBAL | ARGUMENT_MAIL_SOCKET | ARGUMENT_YES;

	if (!(setup->arguments->given & ~with))
		return 0;
	output_error(setup->session->json, "Usage",
		"--undo takes back what was set up, and goes with no other option of setup");
	return OUTPUT_USAGE;
}

/* All that can be said of a command line without changing anything. 0, or the exit
 * code. */
static int check(struct setup *setup)
{
	char why[ANSWERS_WHY];

	if (setup->arguments->given & ARGUMENT_UNDO)
		return check_undo(setup);
	if (answers_read(&setup->answers, setup->arguments, why) < 0) {
		output_error(setup->session->json, "Usage", "%s", why);
		return OUTPUT_USAGE;
	}
	if (setup->asks && setup->answers.trial_s < 0)
		setup->answers.trial_s = ANSWERS_TRIAL_S;
	return check_complete(setup);
}

/* With --json, standard output is for the one object at the end, and words go where
 * errors go. */
static int set_words_aside(const struct session *session)
{
	int kept;

	if (!session->json)
		return -1;
	fflush(stdout);
	kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (kept >= 0)
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	return kept;
}

int setup_run(struct session *session, const struct arguments *arguments)
{
	CLEANUP(setup_fini)
	struct setup setup = { .session = session,
		.arguments = arguments,
		.result = -1,
		.transaction.lock = -1 };
	struct mailer mailer;
	int r;

	mailer_init(&mailer, session, arguments);
	setup.mail_socket = mailer.path;
	setup.asks = prompt_possible() && !session->json &&
		!(arguments->given & ARGUMENT_DRY_RUN);
	r = check(&setup);
	if (r != 0)
		return r;
	if (geteuid() != 0) {
		output_error(session->json, "Denied",
			"setup changes files of root; run: sudo otpctl setup");
		return OUTPUT_REFUSED;
	}
	setup.result = set_words_aside(session);
	interrupt_hold();
	return arguments->given & ARGUMENT_UNDO ? start_undo(&setup) : start(&setup);
}
