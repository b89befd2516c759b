/* SPDX-License-Identifier: MIT */
/* Units, the clock, root's password, and the names that configuration relies on. */
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include "otpd/ctl/doctor/gather.h"
#include "otpd/host/run.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define LIMIT_MS     10000
#define FIRST_PERSON 1000
#define LAST_PERSON  60000

static void output_fini(struct run_output *output)
{
	run_output_fini(output);
}

/* The value behind "Name=" in what systemctl show says. */
static void property(const char *text, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);

	out[0] = '\0';
	while (*text) {
		if (strncmp(text, name, n) == 0 && text[n] == '=') {
			snprintf(out, size, "%.*s", (int)strcspn(text + n + 1, "\n"),
				text + n + 1);
			return;
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

static void add_unit(struct facts *facts, const char *name)
{
	CLEANUP(output_fini) struct run_output output = { 0 };
	const char *const argv[] = { "systemctl", "show", "--property",
		"LoadState,ActiveState,UnitFileState", name, NULL };
	struct unit_facts *unit = &facts->units[facts->n_units];
	char load[32];

	if (run_program(argv, LIMIT_MS, &output) != 0) {
		facts_skip(facts, "the unit %s (systemctl show failed)", name);
		return;
	}
	facts->n_units++;
	snprintf(unit->name, sizeof(unit->name), "%s", name);
	property(output.out, "LoadState", load, sizeof(load));
	property(output.out, "ActiveState", unit->active, sizeof(unit->active));
	property(output.out, "UnitFileState", unit->enabled, sizeof(unit->enabled));
	unit->found = strcmp(load, "loaded") == 0;
}

static void look_at_clock(struct facts *facts)
{
	struct timex clock = { 0 };
	int state = adjtimex(&clock);

	if (state < 0)
		facts_skip(facts, "the clock: %s", strerror(errno));
	else
		facts->clock = state == TIME_ERROR || (clock.status & STA_UNSYNC)
			? CLOCK_ALONE
			: CLOCK_RIGHT;
}

int gather_host(struct facts *facts)
{
	static const char *const units[] = { "otpd.socket", "otpd.service",
		"otpd-mail.socket", "otpd-mail.service" };
	const struct spwd *root = getspnam("root");

	facts->now = clock_wall_s();
	facts->root_locked =
		root && (root->sp_pwdp[0] == '!' || root->sp_pwdp[0] == '*');
	facts->has_systemd = access("/run/systemd/system", F_OK) == 0;
	if (!facts->has_systemd)
		facts_skip(facts, "units (systemd does not run here)");
	for (size_t i = 0; facts->has_systemd && i < sizeof(units) / sizeof(units[0]);
		i++)
		add_unit(facts, units[i]);
	look_at_clock(facts);
	return 0;
}

/* Appends a word and what parts it from the next; what does not fit is left out. */
static void append(char *out, size_t size, const char *word, const char *end)
{
	size_t n = strlen(out);

	if (n + strlen(word) + strlen(end) < size)
		snprintf(out + n, size - n, "%s%s", word, end);
}

static bool is_person(const struct passwd *user)
{
	static const char *const nobody[] = { "nologin", "false", "sync" };
	const char *slash = strrchr(user->pw_shell, '/');

	if (user->pw_uid < FIRST_PERSON || user->pw_uid > LAST_PERSON)
		return false;
	for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++)
		if (slash && strcmp(slash + 1, nobody[i]) == 0)
			return false;
	return true;
}

/* A program that runs as the user, by a client section of otpd.conf. */
static bool is_client(const struct facts *facts, const char *user)
{
	for (size_t i = 0; i < facts->otpd.n; i++)
		if (strcmp(facts->otpd.items[i].section, "client") == 0 &&
			strcmp(facts->otpd.items[i].name, "user") == 0 &&
			strcmp(facts->otpd.items[i].value, user) == 0)
			return true;
	return strcmp(user, "otpd") == 0 || strcmp(user, "otpd-mail") == 0;
}

static void find_people(struct facts *facts)
{
	const struct group *group = getgrnam(
		effective_get(&facts->otpd, "", "", "socket_group", "otpd-clients"));

	for (size_t i = 0; group && group->gr_mem[i]; i++) {
		const struct passwd *user = getpwnam(group->gr_mem[i]);

		if (user && is_person(user) && !is_client(facts, user->pw_name))
			append(facts->people, sizeof(facts->people), user->pw_name,
				" ");
	}
	if (facts->people[0])
		facts->people[strlen(facts->people) - 1] = '\0';
}

struct naming {
	struct facts *facts;
	const struct effective_value *value;
	bool is_group;
};

static bool check_name(const char *name, void *context)
{
	const struct naming *naming = context;
	char text[256];

	if (naming->is_group ? !!getgrnam(name) : !!getpwnam(name))
		return false;
	snprintf(text, sizeof(text), "%s.%s=%s", naming->value->title,
		naming->value->name, name);
	append(naming->facts->unknown_names, sizeof(naming->facts->unknown_names), text,
		"\n");
	return false;
}

static void check_policies(struct facts *facts)
{
	static const char *const lists[] = { "required_users", "exempt_users",
		"required_groups", "exempt_groups" };

	for (size_t i = 0; i < facts->otpd.n; i++)
		for (size_t j = 0; j < 4; j++) {
			const struct effective_value *value = &facts->otpd.items[i];
			struct naming naming = { facts, value, j >= 2 };

			if (strcmp(value->section, "policy") == 0 &&
				strcmp(value->name, lists[j]) == 0)
				(void)effective_each(value->value, check_name, &naming);
		}
}

static void add_local(struct facts *facts, const char *name)
{
	char lower[256];

	if (name[0] && text_copy_lower(lower, sizeof(lower), name))
		append(facts->local_names, sizeof(facts->local_names), lower, ":");
}

/* The domains whose mail stays on this host, as far as files say it. */
static void find_local_names(struct facts *facts)
{
	CLEANUP(fclosep) FILE *file = fopen("/etc/mailname", "re");
	char name[256] = "";

	snprintf(facts->local_names, sizeof(facts->local_names), ":");
	add_local(facts, "localhost");
	add_local(facts, "localhost.localdomain");
	if (gethostname(name, sizeof(name) - 1) == 0)
		add_local(facts, name);
	if (file && fgets(name, sizeof(name), file)) {
		name[strcspn(name, " \t\r\n")] = '\0';
		add_local(facts, name);
	}
}

int gather_names(struct facts *facts)
{
	find_people(facts);
	check_policies(facts);
	find_local_names(facts);
	return 0;
}
