/* SPDX-License-Identifier: MIT */
/* Why one user does not get in. */
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/doctor/judge.h"
#include "otpd/ctl/output.h"

struct look {
	const struct facts *facts;
	struct findings *findings;
	const struct user_facts *user;
};

static int64_t number(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

static bool is_user(const char *name, void *context)
{
	const struct user_facts *user = context;

	return strcmp(name, user->name) == 0;
}

static bool is_group(const char *name, void *context)
{
	const struct user_facts *user = context;
	char marked[300];

	snprintf(marked, sizeof(marked), ":%s:", name);
	return strstr(user->groups, marked) != NULL;
}

const char *judge_exempted_by(const struct facts *facts, const char *policy)
{
	const struct effective *otpd = &facts->otpd;
	struct user_facts user = facts->user;
	const char *users = effective_get(otpd, "policy", policy, "required_users", "");
	const char *groups =
		effective_get(otpd, "policy", policy, "required_groups", "");

	if (effective_each(effective_get(otpd, "policy", policy, "exempt_users", ""),
		    is_user, &user))
		return "exempt_users";
	if (effective_each(effective_get(otpd, "policy", policy, "exempt_groups", ""),
		    is_group, &user))
		return "exempt_groups";
	if (!strchr(users, '"') && !strchr(groups, '"'))
		return NULL;
	if (effective_each(users, is_user, &user) ||
		effective_each(groups, is_group, &user))
		return NULL;
	return strchr(users, '"') ? "required_users" : "required_groups";
}

/* Whether any service asks this user for a code; of those who need one enrolled before.
 */
static bool needs_code(const struct look *look, bool enrolled_before)
{
	for (size_t i = 0; i < look->facts->n_services; i++) {
		const char *service = look->facts->services[i].stack.service;
		const char *policy = judge_policy(look->facts, service);

		if (judge_asks(look->facts, service) &&
			!(enrolled_before && judge_enrols(look->facts, service)) &&
			(!policy || !judge_exempted_by(look->facts, policy)))
			return true;
	}
	return false;
}

static void judge_exemptions(const struct look *look)
{
	for (size_t i = 0; i < look->facts->n_services; i++) {
		const char *service = look->facts->services[i].stack.service;
		const char *policy = judge_policy(look->facts, service), *by;
		char about[160];

		if (!policy || !judge_asks(look->facts, service) ||
			strncmp(service, "common-", 7) == 0)
			continue;
		by = judge_exempted_by(look->facts, policy);
		if (!by)
			continue;
		snprintf(about, sizeof(about), "service %.60s, by %s", service, by);
		findings_add(look->findings, FIND_USER_EXEMPT,
			effective_where(&look->facts->otpd, "policy", policy, by),
			about, "%s", "nothing, if that is what you want");
	}
}

static void judge_host_side(const struct look *look)
{
	const struct user_facts *user = look->user;
	const char *slash = strrchr(user->shell, '/');
	bool closed = slash &&
		(strcmp(slash + 1, "nologin") == 0 || strcmp(slash + 1, "false") == 0);

	if (user->expired)
		findings_add(look->findings, FIND_USER_EXPIRED,
			(struct where){ "/etc/shadow", 0 }, user->name,
			"chage -E -1 %s", user->name);
	if (closed)
		findings_add(look->findings, FIND_USER_SHELL,
			(struct where){ "/etc/passwd", 0 }, user->shell,
			"chsh -s /bin/bash %s", user->name);
	if (user->no_password)
		findings_add(look->findings, FIND_USER_PASSWORD,
			(struct where){ "/etc/shadow", 0 }, user->name, "passwd %s",
			user->name);
	if (user->sshd_denied)
		findings_add(look->findings, FIND_USER_DENIED, user->denied_by,
			user->denied_name, "change %s, then systemctl reload ssh",
			user->denied_name);
}

/* Until when somebody is locked is in the answer, as seconds from now. */
static void judge_budgets(const struct look *look)
{
	const json_t *show = look->user->show;
	int64_t locked = number(show, "locked_for");
	char about[120], at[OUTPUT_TIME];

	/* The budget of a month does not end by itself. */
	if (locked <= 0 &&
		json_is_true(json_object_get(json_object_get(show, "user"), "locked")))
		findings_add(look->findings, FIND_USER_LOCKED, NOWHERE,
			"until an administrator or a recovery code ends it",
			"otpctl users unlock %s", look->user->name);
	if (locked > 0) {
		output_time(at, look->facts->now + locked);
		snprintf(about, sizeof(about), "until %s, %lld wrong codes in 30 days",
			at, (long long)number(show, "wrong_month"));
		findings_add(look->findings, FIND_USER_LOCKED, NOWHERE, about,
			"otpctl users unlock %s", look->user->name);
	}
	for (size_t i = 0; i < look->facts->n_services; i++) {
		const char *service = look->facts->services[i].stack.service;
		const char *policy = judge_policy(look->facts, service);
		int64_t hour = 5, day = 20;

		if (!judge_asks(look->facts, service))
			continue;
		if (policy) {
			hour = effective_seconds(&look->facts->otpd, "policy", policy,
				"sends_per_hour", hour);
			day = effective_seconds(&look->facts->otpd, "policy", policy,
				"sends_per_day", day);
		}
		if (number(show, "sends_hour") < hour &&
			number(show, "sends_day") < day)
			continue;
		snprintf(about, sizeof(about), "%lld in the last hour, %lld in a day",
			(long long)number(show, "sends_hour"),
			(long long)number(show, "sends_day"));
		findings_add(look->findings, FIND_USER_NO_MAILS_LEFT, NOWHERE, about,
			"%s",
			"wait for an hour, or raise sends_per_hour in otpd.conf(5)");
	}
}

static bool must_be_verified(const struct facts *facts)
{
	for (size_t i = 0; i < facts->n_services; i++) {
		const char *policy =
			judge_policy(facts, facts->services[i].stack.service);

		if (policy && judge_asks(facts, facts->services[i].stack.service) &&
			strcmp(effective_get(&facts->otpd, "policy", policy,
				       "unverified", ""),
				"refuse") == 0)
			return true;
	}
	return false;
}

static void judge_enrolment(const struct look *look)
{
	const json_t *user = json_object_get(look->user->show, "user");
	const char *name = look->user->name;

	if (!user && !needs_code(look, true))
		return;
	if (!user) {
		findings_add(look->findings, FIND_USER_NOT_ENROLLED, NOWHERE, name,
			"otpctl users add %s ADDRESS", name);
		return;
	}
	if (json_is_true(json_object_get(user, "disabled")))
		findings_add(look->findings, FIND_USER_DISABLED, NOWHERE, name,
			"otpctl users unlock %s", name);
	if (json_is_true(json_object_get(user, "undeliverable")))
		findings_add(look->findings, FIND_USER_UNDELIVERABLE, NOWHERE, name,
			"otpctl users add %s ADDRESS --replace", name);
	if (number(user, "verified_at") <= 0 && must_be_verified(look->facts))
		findings_add(look->findings, FIND_USER_UNVERIFIED, NOWHERE, name,
			"otpctl users verify %s", name);
	judge_budgets(look);
}

void judge_user(const struct facts *facts, struct findings *findings)
{
	const struct look look = { facts, findings, &facts->user };

	if (!facts->user.exists) {
		findings_add(findings, FIND_USER_UNKNOWN, NOWHERE, facts->user.name,
			"getent passwd %s", facts->user.name);
		return;
	}
	judge_host_side(&look);
	judge_exemptions(&look);
	if (facts->status && needs_code(&look, false))
		judge_enrolment(&look);
}
