/* SPDX-License-Identifier: MIT */
/* Whether sshd asks for the code, always, and leaves the time for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "otpd/ctl/doctor/judge.h"

#define CONFIG  "/etc/ssh/sshd_config"
#define METHODS "AuthenticationMethods keyboard-interactive:pam"
/* A mail is rarely later than this, however long its code lives. */
#define PATIENCE_S 300
#define MIN_TRIES  3

struct look {
	const struct facts *facts;
	struct findings *findings;
	const struct sshd_settings *settings; /* that are judged */
	size_t match;                         /* of which Match block; 0: none */
};

/* The line of the Match block that sets a name, or else the one outside. */
static struct where where_of(const struct look *look, const char *name)
{
	const struct sshd_files *files = &look->facts->sshd.files;
	const struct sshd_line *line = sshd_where(files, name, look->match);

	if (!line && look->match)
		return (struct where){ files->matches[look->match - 1].file,
			files->matches[look->match - 1].line };
	return line ? (struct where){ line->file, line->line }
		    : (struct where){ CONFIG, 0 };
}

/* Whether the block itself sets a name; outside of blocks everything is. */
static bool is_set_here(const struct look *look, const char *name)
{
	return !look->match || sshd_where(&look->facts->sshd.files, name, look->match);
}

static const char *about(const struct look *look)
{
	return look->match ? look->facts->sshd.files.matches[look->match - 1].criteria
			   : "";
}

static bool is_on(const struct look *look, const char *name)
{
	return sshd_is(look->settings, name, "yes");
}

/* How much a list of methods, "publickey,keyboard-interactive:pam", asks for. */
enum asks {
	ASKS_CODE,
	ASKS_KEY, /* and nothing else */
	ASKS_OTHER,
};

static enum asks what_asks(const char *list, size_t n)
{
	bool other = false, code = false;

	while (n > 0) {
		size_t m = 0;

		while (m < n && list[m] != ',')
			m++;
		if ((m == 20 && strncmp(list, "keyboard-interactive", m) == 0) ||
			(m == 24 && strncmp(list, "keyboard-interactive:pam", m) == 0))
			code = true;
		else if (m != 9 || strncmp(list, "publickey", m) != 0)
			other = true;
		m += m < n;
		list += m;
		n -= m;
	}
	return code ? ASKS_CODE : other ? ASKS_OTHER : ASKS_KEY;
}

/* The worst of all lists; "any" takes a key where keys are taken. */
static enum asks weakest(const struct look *look)
{
	const char *lists = sshd_get(look->settings, "authenticationmethods");
	enum asks worst = ASKS_CODE;

	if (!lists[0] || strcmp(lists, "any") == 0)
		return is_on(look, "pubkeyauthentication") ||
				is_on(look, "hostbasedauthentication") ||
				is_on(look, "gssapiauthentication")
			? ASKS_KEY
			: ASKS_CODE;
	while (*lists) {
		size_t n = strcspn(lists, " ");
		enum asks asks = what_asks(lists, n);

		if (asks > worst)
			worst = asks;
		lists += n;
		lists += strspn(lists, " ");
	}
	return worst;
}

static const char *advise_methods(const struct look *look)
{
	return is_on(look, "pubkeyauthentication") && judge_key_first(look->settings)
		? "AuthenticationMethods publickey,keyboard-interactive:pam"
		: METHODS;
}

/* The stack asks for nothing but the code: then a key must come first. */
static void judge_code_alone(const struct look *look, const struct service_facts *sshd)
{
	if (stack_has_factor(&sshd->stack, sshd->stack.n) ||
		!stack_needs_only_us(&sshd->stack) || judge_key_first(look->settings) ||
		!is_set_here(look, "authenticationmethods"))
		return;
	for (size_t i = 0; i < sshd->stack.n; i++)
		for (size_t j = 0; j < sshd->stack.entries[i].n_arguments; j++)
			if (pam_entry_is(&sshd->stack.entries[i], MODULE_NAME) &&
				strncmp(sshd->stack.entries[i].arguments[j],
					"password=", 9) == 0 &&
				strcmp(sshd->stack.entries[i].arguments[j],
					"password=none") != 0)
				return;
	findings_add(look->findings, FIND_SSHD_CODE_ALONE,
		where_of(look, "authenticationmethods"), about(look), "%s",
		"AuthenticationMethods publickey,keyboard-interactive:pam");
}

static int64_t life_of(const struct facts *facts)
{
	const char *policy = judge_policy(facts, "sshd");

	return policy ? effective_seconds(&facts->otpd, "policy", policy, "life", 600)
		      : 600;
}

static void judge_time(const struct look *look)
{
	int64_t life = life_of(look->facts);
	long grace = strtol(sshd_get(look->settings, "logingracetime"), NULL, 10);
	long tries = strtol(sshd_get(look->settings, "maxauthtries"), NULL, 10);
	int64_t wanted = life < PATIENCE_S ? life : PATIENCE_S;

	if (grace > 0 && grace < wanted)
		findings_add(look->findings, FIND_SSHD_GRACE,
			where_of(look, "logingracetime"), "", "LoginGraceTime %lld",
			(long long)wanted);
	if (tries > 0 && tries < MIN_TRIES && is_on(look, "pubkeyauthentication"))
		findings_add(look->findings, FIND_SSHD_TRIES,
			where_of(look, "maxauthtries"), "", "%s", "MaxAuthTries 6");
}

static bool is_enrolled(const struct facts *facts, const char *name)
{
	const json_t *user;
	size_t i;

	json_array_foreach(facts->users, i, user) {
		const char *other = json_string_value(json_object_get(user, "user"));

		if (other && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

static void judge_root(const struct look *look)
{
	if (is_on(look, "permitrootlogin") && look->facts->users &&
		!is_enrolled(look->facts, "root") &&
		!judge_exempts(look->facts, "sshd"))
		findings_add(look->findings, FIND_SSHD_ROOT,
			where_of(look, "permitrootlogin"), "", "%s",
			"PermitRootLogin no, or: otpctl users add root ADDRESS");
}

static void judge_everybody(const struct look *look, const struct service_facts *sshd)
{
	enum asks asks = weakest(look);

	if (!is_on(look, "usepam"))
		findings_add(look->findings, FIND_SSHD_USEPAM_OFF,
			where_of(look, "usepam"), "", "%s", "UsePAM yes");
	if (!is_on(look, "kbdinteractiveauthentication"))
		findings_add(look->findings, FIND_SSHD_KBDINT_OFF,
			where_of(look, "kbdinteractiveauthentication"), "", "%s",
			"KbdInteractiveAuthentication yes");
	if (asks != ASKS_CODE)
		findings_add(look->findings,
			asks == ASKS_KEY ? FIND_SSHD_KEY_ALONE : FIND_SSHD_METHODS,
			where_of(look, "authenticationmethods"), "", "%s",
			advise_methods(look));
	if (is_on(look, "passwordauthentication"))
		findings_add(look->findings, FIND_SSHD_PASSWORD_ON,
			where_of(look, "passwordauthentication"), "", "%s",
			"PasswordAuthentication no");
	if (is_on(look, "permitemptypasswords"))
		findings_add(look->findings, FIND_SSHD_EMPTY_PASSWORDS,
			where_of(look, "permitemptypasswords"), "", "%s",
			"PermitEmptyPasswords no");
	judge_code_alone(look, sshd);
	judge_time(look);
	judge_root(look);
}

/* A block for single people or hosts, that asks for a key, was written with intent. */
static bool is_narrow(const char *criteria)
{
	return !strpbrk(criteria, "*?") && !strcasestr(criteria, "group") &&
		(strcasestr(criteria, "user") || strcasestr(criteria, "address"));
}

/* What a Match block takes away; what it does not set was judged already. */
static void judge_match(const struct look *look, const struct service_facts *sshd)
{
	enum asks asks = weakest(look);

	if (is_set_here(look, "kbdinteractiveauthentication") &&
		!is_on(look, "kbdinteractiveauthentication") && asks == ASKS_CODE)
		findings_add(look->findings, FIND_SSHD_MATCH_OFF,
			where_of(look, "kbdinteractiveauthentication"), about(look),
			"%s", "KbdInteractiveAuthentication yes");
	if (is_set_here(look, "authenticationmethods") && asks != ASKS_CODE &&
		!(asks == ASKS_KEY && is_narrow(about(look)) &&
			!sshd_is(look->settings, "authenticationmethods", "any")))
		findings_add(look->findings, FIND_SSHD_MATCH_OFF,
			where_of(look, "authenticationmethods"), about(look), "%s",
			METHODS);
	if (is_set_here(look, "passwordauthentication") &&
		is_on(look, "passwordauthentication"))
		findings_add(look->findings, FIND_SSHD_PASSWORD_ON,
			where_of(look, "passwordauthentication"), about(look), "%s",
			"PasswordAuthentication no");
	if (is_set_here(look, "permitemptypasswords") &&
		is_on(look, "permitemptypasswords"))
		findings_add(look->findings, FIND_SSHD_EMPTY_PASSWORDS,
			where_of(look, "permitemptypasswords"), about(look), "%s",
			"PermitEmptyPasswords no");
	judge_code_alone(look, sshd);
}

/* Lines that another one makes void: in a drop-in, or by the old name. */
static void judge_late_lines(const struct look *look)
{
	static const char *const names[] = { "usepam", "kbdinteractiveauthentication",
		"passwordauthentication", "authenticationmethods", "logingracetime",
		"permitrootlogin", "pubkeyauthentication" };
	const struct sshd_files *files = &look->facts->sshd.files;

	for (size_t i = 0; i < files->n; i++) {
		const struct sshd_line *line = &files->lines[i];
		const struct sshd_line *first = sshd_where(files, line->name, 0);
		char text[400];

		if (line->match || first == line ||
			strcasecmp(first->value, line->value) == 0)
			continue;
		snprintf(text, sizeof(text), "%s:%u counts", first->file, first->line);
		if (strcasecmp(first->typed, line->typed) != 0)
			findings_add(look->findings, FIND_SSHD_OLD_SPELLING,
				(struct where){ line->file, line->line }, text,
				"remove %s", first->typed);
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			if (strcmp(line->name, names[j]) == 0 &&
				strstr(line->file, "sshd_config.d/"))
				findings_add(look->findings, FIND_SSHD_OVERRIDDEN,
					(struct where){ line->file, line->line }, text,
					"remove line %u of %s", first->line,
					first->file);
	}
}

void judge_sshd(const struct facts *facts, struct findings *findings)
{
	struct look look = {
		.facts = facts, .findings = findings, .settings = &facts->sshd.settings
	};
	const struct service_facts *sshd = NULL;

	for (size_t i = 0; i < facts->n_services; i++)
		if (strcmp(facts->services[i].stack.service, "sshd") == 0)
			sshd = &facts->services[i];
	if (!sshd || !judge_asks(facts, "sshd") || !facts->sshd.exists)
		return;
	if (facts->sshd.error < 0 &&
		strstr(facts->sshd.why, "Disabled method \"keyboard-interactive")) {
		findings_add(findings, FIND_SSHD_KBDINT_OFF,
			where_of(&look, "kbdinteractiveauthentication"),
			"sshd does not start again", "%s",
			"KbdInteractiveAuthentication yes");
		judge_late_lines(&look);
		return;
	}
	if (facts->sshd.error < 0) {
		findings_add(findings, FIND_SSHD_CONFIG, (struct where){ CONFIG, 0 },
			facts->sshd.why, "%s", "see: sshd -t");
		return;
	}
	judge_everybody(&look, sshd);
	judge_late_lines(&look);
	for (size_t i = 0; i < facts->sshd.n_contexts; i++) {
		look.settings = &facts->sshd.contexts[i].settings;
		look.match = facts->sshd.contexts[i].match;
		judge_match(&look, sshd);
	}
}
