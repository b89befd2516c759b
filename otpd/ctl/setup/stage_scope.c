/* SPDX-License-Identifier: MIT */
/*
 * Who will need what, and who would be left without a way in: said before anything is
 * written. At least one user who was tested, has recovery codes and may use sudo MUST
 * be there, unless that is forced in so many words.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/ctl/output.h"
#include "otpd/ctl/setup/ask.h"
#include "otpd/ctl/setup/person.h"
#include "otpd/ctl/setup/plan.h"
#include "otpd/ctl/setup/questions.h"
#include "otpd/ctl/setup/stages.h"
#include "otpd/host/sshd.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define ADMIN     "org.emailotp.Admin."
#define FIRST_UID 1000 /* of people, on Debian (adduser.conf) */
#define LAST_UID  59999
#define PEOPLE    200 /* that are looked at */
#define NAMED     10
#define AS_ROOT   "user=root,host=localhost,addr=127.0.0.1"

int stage_person(struct setup *setup)
{
	int r = setup->asks ? questions_user(setup) : 0;

	if (r == 0)
		r = person_prove(setup);
	if (r == 0 && setup->asks)
		ask_say("4. Recovery codes.");
	if (r == 0)
		r = person_equip(setup);
	return r;
}

static int add_root(struct setup *setup)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = session_call(setup->session, ADMIN "AddUser",
		json_pack("{s:s, s:s, s:b}", "user", "root", "address",
			setup->answers.address, "verified", true),
		&answer);

	if (r == OUTCOME_EXISTS)
		return 0;
	if (r == 0)
		setup->user_changed = true;
	return r ? session_explain(setup->session, r, answer, "root") : 0;
}

/* Root may log in by ssh with a password today. 0, or the exit code. */
static int offer_root(struct setup *setup)
{
	int yes;

	ask_say("Root may log in by ssh on this host. Where root is not enrolled, root cannot "
		"any more; log in as %s then, and use sudo.",
		setup->answers.user);
	if (!setup->asks || !setup->answers.address[0])
		return 0;
	yes = ask_yes("Enrol root as well, with your address?", false);
	if (yes < 0)
		return OUTPUT_OTHER;
	return yes ? add_root(setup) : 0;
}

/* What becomes of logins of root by ssh. 0, or the exit code. */
static int tell_root(struct setup *setup)
{
	CLEANUP(sshd_settings_fini) struct sshd_settings settings = { 0 };
	const char *user = setup->answers.user, *value;
	char why[SSHD_WHY];

	if (!setup->answers.sshd ||
		sshd_settings_read(NULL, AS_ROOT, why, &settings) < 0)
		return 0;
	value = sshd_get(&settings, "permitrootlogin");
	if (strcmp(user, "root") == 0) {
		if (strcmp(value, "yes") == 0)
			return 0;
		output_error(setup->session->json, "Refused",
			"sshd does not let root in with a code (PermitRootLogin %s), so the "
			"trial cannot be made as root; give another user who may use sudo",
			value);
		return OUTPUT_REFUSED;
	}
	if (strcmp(value, "yes") == 0)
		return offer_root(setup);
	if (strcmp(value, "no") != 0)
		ask_say("Root will not get in by ssh any more, not with a key either: "
			"PermitRootLogin %s does not go together with a code. Log in as %s, "
			"and use sudo.",
			value, user);
	return 0;
}

static int check_way_back(struct setup *setup)
{
	const char *user = setup->answers.user;

	if (person_has_sudo(user) ||
		(setup->arguments->given & ARGUMENT_FORCE_NO_WAY_BACK))
		return 0;
	output_error(setup->session->json, "Refused",
		"%s may not become root by sudo, and then nobody who was tested can repair "
		"this host; run: adduser %s sudo, give another --user, or say "
		"--force-no-way-back",
		user, user);
	return OUTPUT_REFUSED;
}

static bool is_person(const struct passwd *entry)
{
	return entry->pw_uid >= FIRST_UID && entry->pw_uid <= LAST_UID &&
		!strstr(entry->pw_shell, "nologin") &&
		!strstr(entry->pw_shell, "/false");
}

static bool is_enrolled(struct setup *setup, const char *user)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;

	return session_call(setup->session, ADMIN "ShowUser",
		       json_pack("{s:s}", "user", user), &answer) != OUTCOME_NO_USER;
}

/* Names those of this host whom nobody has enrolled, and what awaits them. */
static void tell_others(struct setup *setup)
{
	const struct answers *answers = &setup->answers;
	char names[512] = "";
	const struct passwd *entry;
	size_t n = 0, at = 0;

	if (answers->who == WHO_CONFIGURED)
		return;
	setpwent();
	for (size_t i = 0; i < PEOPLE && (entry = getpwent()); i++) {
		char name[64];

		if (!is_person(entry) ||
			!text_copy(name, sizeof(name), entry->pw_name) ||
			(answers->who == WHO_GROUP &&
				!person_is_in(name, answers->group)) ||
			is_enrolled(setup, name))
			continue;
		if (n++ < NAMED)
			at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s",
				at ? ", " : "", name);
	}
	endpwent();
	if (n > 0 && plan_enrols(answers->sshd ? "sshd" : "sudo"))
		ask_say("Not enrolled yet, and asked for an address at their first login: "
			"%s%s.",
			names, n > NAMED ? " ..." : "");
	else if (n > 0)
		ask_say("Not enrolled yet, and so without a way in from then on: %s%s. Enrol "
			"them with otpctl users add, or otpctl users import, or let them "
			"do it at their first login: unenrolled = enrol, see otpd.conf(5).",
			names, n > NAMED ? " ..." : "");
}

int stage_scope(struct setup *setup)
{
	struct answers *answers = &setup->answers;
	enum first_factor found = FIRST_PASSWORD;
	int r = setup->asks ? questions_services(setup) : 0;

	if (r == 0 && answers->sshd && answers->first == FIRST_UNSAID)
		r = plan_first_factor(setup, &found);
	if (r == 0 && setup->asks && answers->sshd)
		r = questions_first_factor(setup, found);
	if (answers->first == FIRST_UNSAID)
		answers->first = found;
	if (r == 0 && setup->asks)
		r = questions_who(setup);
	return r;
}

static int plan_rest(struct setup *setup)
{
	int r = plan_policies(setup);

	return r ? r : plan_logins(setup);
}

int stage_diff(struct setup *setup)
{
	size_t before = transaction_count(&setup->transaction);
	int r = plan_rest(setup);

	if (r == 0 && transaction_count(&setup->transaction) > before &&
		!(setup->arguments->given & ARGUMENT_DRY_RUN)) {
		r = check_way_back(setup);
		if (r == 0)
			r = tell_root(setup);
		if (r == 0)
			tell_others(setup);
	}
	if (r != 0)
		return r;
	r = transaction_diff(&setup->transaction, &setup->diff);
	if (r < 0)
		return plan_failed(setup, "diff", r);
	if (transaction_count(&setup->transaction) > 0) {
		ask_say("These are the changes:");
		printf("\n%s", setup->diff);
		fflush(stdout);
	}
	return 0;
}
