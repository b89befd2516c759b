/* SPDX-License-Identifier: MIT */
/* The files of /etc/pam.d, and in which order they and sshd's drop-in are written. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/output.h"
#include "otpd/ctl/setup/pam_edit.h"
#include "otpd/ctl/setup/paths.h"
#include "otpd/ctl/setup/plan.h"
#include "otpd/util/cleanup.h"

#define MODULE "pam_emailotp.so"

static int refuse(const struct setup *setup, const char *path,
	enum pam_edit_problem problem, unsigned line, const struct pam_edit *edit)
{
	static const char *const words[] = {
		[PAM_EDIT_NO_PLACE] = "it has no line \"@include common-auth\"",
		[PAM_EDIT_TWO] = "it has more than one line that includes common-auth",
		[PAM_EDIT_BY_HAND] = "it has a line with " MODULE
				     " already, and another one is wanted here",
	};
	char at[32] = "";

	if (line > 0)
		snprintf(at, sizeof(at), ":%u", line);
	if (problem == PAM_EDIT_SUBSTACK) {
		output_error(setup->session->json, "Refused",
			"%s%s: a substack ends alone when the password is wrong, and a code "
			"would be mailed for it all the same; make that line: @include "
			"common-auth",
			path, at);
		return OUTPUT_REFUSED;
	}
	output_error(setup->session->json, "Refused",
		"%s%s: %s, so setup leaves it alone; %s: %s (see pam_emailotp(8)), then "
		"leave this service out",
		path, at, words[problem],
		problem == PAM_EDIT_BY_HAND
			? "make that line"
			: "put this behind the line that checks the password",
		pam_edit_line(edit));
	return OUTPUT_REFUSED;
}

/* The file of a service as it becomes. 0, or the exit code. */
static int make_file(const struct setup *setup, const char *service, const char *path,
	struct edit_file *ret)
{
	const struct pam_edit edit = {
		.key_first = strcmp(service, "sshd") == 0 &&
			setup->answers.first == FIRST_KEY,
		.exempts = plan_has_exempts(setup, service),
	};
	CLEANUP(edit_file_fini) struct edit_file base = { 0 };
	enum pam_edit_problem problem;
	unsigned line;
	int r = transaction_base(&setup->transaction, path, &base);

	if (r == 0 && !base.exists)
		r = -ENOENT;
	if (r == 0)
		r = pam_edit_insert(&edit, &base, ret, &problem, &line);
	if (r < 0)
		return plan_failed(setup, path, r);
	return problem == PAM_EDIT_FINE ? 0 : refuse(setup, path, problem, line, &edit);
}

static int plan_service(struct setup *setup, const char *service, bool wanted)
{
	CLEANUP(edit_file_fini) struct edit_file file = { 0 };
	char path[64];
	int r;

	snprintf(path, sizeof(path), PATH_PAM "%s", service);
	if (wanted) {
		r = make_file(setup, service, path, &file);
		if (r != 0)
			return r;
	} else {
		r = transaction_base(&setup->transaction, path, &file);
		if (r < 0)
			return plan_failed(setup, path, r);
	}
	r = transaction_plan(&setup->transaction, path, &file);
	return r < 0 ? plan_failed(setup, path, r) : 0;
}

/* Without the module every login that has its line fails. */
static int check_module(const struct setup *setup)
{
	static const char *const places[] = { "/usr/lib/*/security/" MODULE,
		"/lib/*/security/" MODULE, "/usr/lib/security/" MODULE,
		"/usr/lib64/security/" MODULE };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		glob_t found;
		bool is_there = glob(places[i], 0, NULL, &found) == 0;

		if (is_there)
			globfree(&found);
		if (is_there)
			return 0;
	}
	output_error(setup->session->json, "Refused",
		"the module " MODULE
		" is not installed, and logins would fail without it; "
		"install the package libpam-emailotp");
	return OUTPUT_REFUSED;
}

int plan_pam(struct setup *setup)
{
	const struct answers *answers = &setup->answers;
	int r = check_module(setup);

	if (r == 0)
		r = plan_service(setup, "sudo", answers->sudo);
	if (r == 0)
		r = plan_service(setup, "sudo-i", answers->sudo);
	if (r == 0)
		r = plan_service(setup, "sshd", answers->sshd);
	return r;
}

int plan_trial(struct setup *setup)
{
	CLEANUP(edit_file_fini) struct edit_file file = { 0 };
	int r = make_file(setup, "sshd", PATH_PAM "sshd", &file);

	if (r != 0)
		return r;
	file.uid = file.gid = 0;
	file.mode = 0644;
	r = transaction_plan(&setup->transaction, PATH_PAM SERVICE_TRIAL, &file);
	return r < 0 ? plan_failed(setup, PATH_PAM SERVICE_TRIAL, r) : 0;
}

/*
 * With a password first: the drop-in alone still lets in by password. With a key first:
 * the PAM line alone is not asked for a key. Each is the state after a power cut
 * between the two.
 */
int plan_logins(struct setup *setup)
{
	bool key_first = setup->answers.first == FIRST_KEY;
	int r = key_first ? plan_pam(setup) : plan_sshd(setup);

	if (r == 0)
		r = key_first ? plan_sshd(setup) : plan_pam(setup);
	return r;
}
