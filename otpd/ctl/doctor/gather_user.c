/* SPDX-License-Identifier: MIT */
/* Everything about one user: on this host, for sshd, and with otpd. */
#include <errno.h>
#include <fnmatch.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/ctl/doctor/gather.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"

#define MAX_GROUPS 256
#define EVENTS     10
#define ADMIN      "org.emailotp.Admin."

static void look_at_groups(struct user_facts *user, const struct passwd *entry)
{
	gid_t ids[MAX_GROUPS];
	int n = MAX_GROUPS;
	size_t used = 1;

	user->groups[0] = ':';
	user->groups[1] = '\0';
	if (getgrouplist(user->name, entry->pw_gid, ids, &n) < 0)
		n = MAX_GROUPS;
	for (int i = 0; i < n; i++) {
		const struct group *group = getgrgid(ids[i]);
		size_t length = group ? strlen(group->gr_name) : 0;

		if (!group || used + length + 2 > sizeof(user->groups))
			continue;
		used += (size_t)snprintf(user->groups + used,
			sizeof(user->groups) - used, "%s:", group->gr_name);
	}
}

static void look_at_shadow(struct user_facts *user, int64_t now)
{
	const struct spwd *shadow = getspnam(user->name);

	if (!shadow)
		return;
	user->expired = shadow->sp_expire >= 0 && shadow->sp_expire <= now / 86400;
	user->no_password = shadow->sp_pwdp[0] == '!' || shadow->sp_pwdp[0] == '*';
}

static bool is_listed(const char *shell)
{
	const char *one;
	bool listed = false;

	setusershell();
	while (!listed && (one = getusershell()))
		listed = strcmp(one, shell) == 0;
	endusershell();
	return listed;
}

/* Whether a list of patterns of sshd's has the name of the user or of a group. */
static bool fits(const struct user_facts *user, const char *patterns, bool groups)
{
	char copy[1024], *rest = copy, *pattern;

	snprintf(copy, sizeof(copy), "%s", patterns);
	while ((pattern = strsep(&rest, " "))) {
		char names[sizeof(user->groups)], *name, *left = names;

		pattern[groups ? strlen(pattern) : strcspn(pattern, "@")] = '\0';
		snprintf(
			names, sizeof(names), "%s", groups ? user->groups : user->name);
		while (*pattern && (name = strsep(&left, ":")))
			if (name[0] && fnmatch(pattern, name, 0) == 0)
				return true;
	}
	return false;
}

/* sshd -T has a line for each pattern; all of one name count together. */
static void deny(struct facts *facts, const char *name, const char *title, bool groups,
	bool is_list_of_allowed)
{
	const struct sshd_settings *settings = &facts->user.sshd;
	const struct sshd_line *line = sshd_where(&facts->sshd.files, name, 0);
	bool any = false, fit = false;

	for (size_t i = 0; i < settings->n; i++)
		if (strcmp(settings->items[i].name, name) == 0) {
			any = true;
			fit |= fits(&facts->user, settings->items[i].value, groups);
		}
	if (facts->user.sshd_denied || !any || fit == is_list_of_allowed)
		return;
	facts->user.sshd_denied = true;
	snprintf(facts->user.denied_name, sizeof(facts->user.denied_name), "%s", title);
	if (line)
		facts->user.denied_by = (struct where){ line->file, line->line };
}

static void look_at_sshd(struct facts *facts)
{
	char context[SSHD_CONTEXT], why[SSHD_WHY];
	int n = snprintf(context, sizeof(context),
		"user=%s,host=client.invalid,addr=192.0.2.1", facts->user.name);

	if (n < 0 || (size_t)n >= sizeof(context) || !facts->sshd.exists ||
		strpbrk(facts->user.name, ",= "))
		return;
	if (sshd_settings_read(NULL, context, why, &facts->user.sshd) < 0)
		return;
	deny(facts, "denyusers", "DenyUsers", false, false);
	deny(facts, "allowusers", "AllowUsers", false, true);
	deny(facts, "denygroups", "DenyGroups", true, false);
	deny(facts, "allowgroups", "AllowGroups", true, true);
}

static void ask_otpd(struct facts *facts, struct session *session)
{
	struct user_facts *user = &facts->user;
	CLEANUP(json_decrefp) json_t *events = NULL;
	int r;

	if (!facts->status)
		return;
	r = session_call(session, ADMIN "ShowUser",
		json_pack("{s:s}", "user", user->name), &user->show);
	if (r != 0) {
		json_decref(user->show);
		user->show = NULL;
	}
	if (r < 0)
		return;
	r = session_call(session, ADMIN "Audit",
		json_pack("{s:s, s:i}", "user", user->name, "limit", EVENTS), &events);
	if (r == 0)
		user->events = json_incref(json_object_get(events, "events"));
}

int gather_user(struct facts *facts, struct session *session, const char *name)
{
	const struct passwd *entry = getpwnam(name);
	struct user_facts *user = &facts->user;

	user->name = name;
	user->exists = entry != NULL;
	if (entry) {
		user->uid = entry->pw_uid;
		snprintf(user->shell, sizeof(user->shell), "%s",
			entry->pw_shell[0] ? entry->pw_shell : "/bin/sh");
		look_at_groups(user, entry);
		look_at_shadow(user, facts->now);
		user->shell_listed = is_listed(user->shell);
	}
	look_at_sshd(facts);
	ask_otpd(facts, session);
	return 0;
}
