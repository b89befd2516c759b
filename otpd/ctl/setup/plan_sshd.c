/* SPDX-License-Identifier: MIT */
/*
 * The drop-in of sshd, and what in its other files would undo it: the first value of an
 * option holds, and a Match block stands above all.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/output.h"
#include "otpd/ctl/setup/paths.h"
#include "otpd/ctl/setup/plan.h"
#include "otpd/ctl/setup/sshd_walk.h"
#include "otpd/host/sshd.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/parse.h"
#include "otpd/util/text.h"

#define GRACE_S     300
#define BY_PASSWORD "keyboard-interactive:pam"
#define BY_KEY      "publickey,keyboard-interactive:pam"

static const char *methods_of(const struct setup *setup)
{
	return setup->answers.first == FIRST_KEY ? BY_KEY : BY_PASSWORD;
}

int plan_sshd_text(const struct setup *setup, struct edit_file *ret)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
		"# Written by otpctl setup; \"otpctl setup --undo\" takes it back.\n"
		"UsePAM yes\n"
		"KbdInteractiveAuthentication yes\n"
		"PasswordAuthentication no\n"
		"AuthenticationMethods %s\n"
		"LoginGraceTime %d\n",
		methods_of(setup), GRACE_S);

	return edit_file_set(ret, text, (size_t)n, 0644);
}

int plan_first_factor(struct setup *setup, enum first_factor *ret)
{
	const struct change *known =
		changes_find(&setup->transaction.done.changes, PATH_SSHD_DROP_IN);
	CLEANUP(edit_file_fini) struct edit_file now = { 0 };
	CLEANUP(sshd_settings_fini) struct sshd_settings settings = { 0 };
	char why[SSHD_WHY] = "";
	int r;

	/* What an earlier run has decided stays decided. */
	if (known && edit_read(PATH_SSHD_DROP_IN, &now) == 0 &&
		edit_same(&now, &known->after)) {
		*ret = strstr(now.text, BY_KEY) ? FIRST_KEY : FIRST_PASSWORD;
		return 0;
	}
	r = sshd_settings_read(NULL, NULL, why, &settings);
	if (r != 0) {
		output_error(setup->session->json, "Refused",
			r == -ENOENT
				? "there is no sshd on this host%s; leave sshd out of the "
				  "services"
				: "sshd refuses its configuration, and that comes first: %s",
			r == -ENOENT ? "" : (r == -EINVAL ? why : strerror(-r)));
		return OUTPUT_REFUSED;
	}
	*ret = sshd_is(&settings, "passwordauthentication", "no") &&
			sshd_is(&settings, "kbdinteractiveauthentication", "no")
		? FIRST_KEY
		: FIRST_PASSWORD;
	return 0;
}

/* What the walk looks for, and what it has found. */
struct search {
	const struct setup *setup;
	bool read;    /* the drop-in is read, for every login */
	bool refused; /* and something was said */
};

static bool grace_is_enough(const char *value)
{
	int64_t seconds;

	return parse_duration_s(value, &seconds) == 0 &&
		(seconds == 0 || seconds >= GRACE_S);
}

/* Whether a line before the drop-in says the same. True for all that is not about us.
 */
static bool agrees(const struct search *search, const struct sshd_walked *line)
{
	const struct {
		const char *keyword;
		const char *value;
	} wanted[] = {
		{ "usepam", "yes" },
		{ "kbdinteractiveauthentication", "yes" },
		{ "challengeresponseauthentication", "yes" },
		{ "passwordauthentication", "no" },
		{ "authenticationmethods", methods_of(search->setup) },
	};

	if (strcmp(line->keyword, "logingracetime") == 0)
		return grace_is_enough(line->value);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (strcmp(line->keyword, wanted[i].keyword) == 0)
			return text_same_nocase(line->value, wanted[i].value);
	return true;
}

static void refuse(
	struct search *search, const struct sshd_walked *line, const char *why)
{
	search->refused = true;
	output_error(search->setup->session->json, "Refused",
		"%s:%u: \"%s %s\" %s; put a # before it, then run setup again",
		line->file, line->line, line->keyword, line->value, why);
}

/* Whether PAM alone would let somebody in, by one of these lists of methods. */
static bool is_for_pam_alone(const char *methods)
{
	static const char *const others[] = { "publickey", "hostbased", "gssapi" };
	static const char ends[] = " \t\"";

	while (*(methods += strspn(methods, ends))) {
		size_t n = strcspn(methods, ends);
		bool found = false;

		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			found = found ||
				memmem(methods, n, others[i], strlen(others[i]));
		if (!found)
			return true;
		methods += n;
	}
	return false;
}

static void see_match(struct search *search, const struct sshd_walked *line)
{
	bool is_methods = strcmp(line->keyword, "authenticationmethods") == 0;

	if ((strcmp(line->keyword, "kbdinteractiveauthentication") == 0 ||
		    strcmp(line->keyword, "challengeresponseauthentication") == 0) &&
		text_same_nocase(line->value, "no"))
		refuse(search, line,
			"within Match leaves the logins that it matches no way in");
	else if (is_methods && search->setup->answers.first == FIRST_KEY &&
		is_for_pam_alone(line->value))
		refuse(search, line,
			"within Match asks for no key, and with a key first the PAM file of "
			"sshd asks for no password any more");
	else if (is_methods && !agrees(search, line))
		output_warning(search->setup->session->json,
			"%s:%u: \"%s %s\" within Match: the logins that it matches do as it "
			"says, and need no code where it does not name keyboard-interactive",
			line->file, line->line, line->keyword, line->value);
	else if (strcmp(line->keyword, "passwordauthentication") == 0 &&
		text_same_nocase(line->value, "no") &&
		search->setup->answers.first == FIRST_PASSWORD)
		output_warning(search->setup->session->json,
			"%s:%u: \"%s %s\" within Match: the logins that it matches need a "
			"key so far, and get in by password and code from now on; put "
			"\"AuthenticationMethods publickey\" there if they are to need one",
			line->file, line->line, line->keyword, line->value);
}

static void see(void *context, const struct sshd_walked *line)
{
	struct search *search = context;

	if (!line->keyword[0]) {
		search->read = search->read || !line->in_match;
		return;
	}
	if (line->in_match)
		see_match(search, line);
	else if (!search->read && !agrees(search, line))
		refuse(search, line,
			"comes before " PATH_SSHD_DROP_IN
			", and the first value holds");
}

static int check_files(const struct setup *setup)
{
	struct search search = { .setup = setup };
	int r = sshd_walk(see, &search);

	if (r < 0)
		return plan_failed(setup, PATH_SSHD_CONFIG, r);
	if (!search.read) {
		output_error(setup->session->json, "Refused",
			PATH_SSHD_CONFIG
			" does not read " PATH_SSHD_DROP_IN
			" for every login; put this line at its top, then run setup again: "
			"Include /etc/ssh/sshd_config.d/*.conf");
		return OUTPUT_REFUSED;
	}
	return search.refused ? OUTPUT_REFUSED : 0;
}

int plan_sshd(struct setup *setup)
{
	CLEANUP(edit_file_fini) struct edit_file file = { 0 };
	int r = setup->answers.sshd ? check_files(setup) : 0;

	if (r != 0)
		return r;
	r = setup->answers.sshd
		? plan_sshd_text(setup, &file)
		: transaction_base(&setup->transaction, PATH_SSHD_DROP_IN, &file);
	if (r == 0)
		r = transaction_plan(&setup->transaction, PATH_SSHD_DROP_IN, &file);
	return r < 0 ? plan_failed(setup, PATH_SSHD_DROP_IN, r) : 0;
}
