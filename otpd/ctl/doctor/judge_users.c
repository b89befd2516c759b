/* SPDX-License-Identifier: MIT */
/* Policies and users: whether those who are asked for a code can get one. */
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/doctor/judge.h"
#include "otpd/util/text.h"

static const char *text(const json_t *row, const char *key)
{
	const char *value = json_string_value(json_object_get(row, key));

	return value ? value : "";
}

static bool is_everything(const char *network, void *context)
{
	(void)context;
	return strcmp(network, "0.0.0.0/0") == 0 || strcmp(network, "::/0") == 0;
}

/* A name that this host does not know; "policy.name=value" in the facts. */
struct required {
	const struct facts *facts;
	const char *policy, *list;
	bool any_known;
	bool any;
};

static bool look_required(const char *name, void *context)
{
	struct required *required = context;
	char text_of[300];
	const char *at;

	snprintf(text_of, sizeof(text_of), "%s.%s=%s\n", required->policy,
		required->list, name);
	at = strstr(required->facts->unknown_names, text_of);
	required->any = true;
	required->any_known |= !at;
	return false;
}

static void judge_policy_of(
	const struct facts *facts, const char *policy, struct findings *findings)
{
	struct required required = { .facts = facts, .policy = policy };
	static const char *const lists[] = { "required_users", "required_groups" };
	const struct effective *otpd = &facts->otpd;
	char about[120];

	snprintf(about, sizeof(about), "policy %.80s", policy);
	if (effective_each(effective_get(otpd, "policy", policy, "exempt_networks", ""),
		    is_everything, NULL))
		findings_add(findings, FIND_POLICY_NOBODY,
			effective_where(otpd, "policy", policy, "exempt_networks"),
			about, "%s", "exempt_networks = {}");
	for (size_t i = 0; i < 2; i++) {
		required.list = lists[i];
		(void)effective_each(
			effective_get(otpd, "policy", policy, lists[i], ""),
			look_required, &required);
	}
	if (required.any && !required.any_known)
		findings_add(findings, FIND_POLICY_NOBODY,
			effective_where(otpd, "policy", policy, required.list), about,
			"%s", "name a user or a group that exists (getent group)");
}

static void judge_policies(const struct facts *facts, struct findings *findings)
{
	for (size_t i = 0; i < facts->n_services; i++) {
		const char *service = facts->services[i].stack.service;
		const char *policy = judge_policy(facts, service);

		if (policy && judge_asks(facts, service))
			judge_policy_of(facts, policy, findings);
	}
}

/* "sshd.required_groups=staff". */
static void judge_names(const struct facts *facts, struct findings *findings)
{
	char copy[sizeof(facts->unknown_names)], *rest = copy, *line;

	memcpy(copy, facts->unknown_names, sizeof(copy));
	while ((line = strsep(&rest, "\n"))) {
		char *name = strchr(line, '.'), *value = strchr(line, '=');

		if (!name || !value || value < name)
			continue;
		*name++ = '\0';
		*value++ = '\0';
		findings_add(findings, FIND_POLICY_UNKNOWN_NAME,
			effective_where(&facts->otpd, "policy", line, name), value,
			"%s", "correct or remove the name");
	}
}

static bool is_local(const struct facts *facts, const char *address)
{
	const char *at = strrchr(address, '@');
	char domain[260], marked[270];

	if (!at || !text_copy_lower(domain, sizeof(domain), at + 1))
		return false;
	snprintf(marked, sizeof(marked), ":%s:", domain);
	return strstr(facts->local_names, marked) != NULL;
}

static void judge_each(const struct facts *facts, struct findings *findings)
{
	bool known = false, some = false;
	const json_t *user;
	size_t i;

	json_array_foreach(facts->users, i, user) {
		const json_t *codes = json_object_get(user, "recovery_codes");
		const char *name = text(user, "user");

		known |= json_is_integer(codes);
		some |= json_integer_value(codes) > 0;
		if (json_is_true(json_object_get(user, "undeliverable")))
			findings_add(findings, FIND_USERS_UNDELIVERABLE, NOWHERE, name,
				"otpctl users add %s ADDRESS --replace", name);
		if (is_local(facts, text(user, "address")))
			findings_add(findings, FIND_USERS_LOCAL_MAILBOX, NOWHERE, name,
				"otpctl users add %s ADDRESS-ELSEWHERE --replace",
				name);
	}
	if (known && !some)
		findings_add(findings, FIND_RECOVERY_NONE, NOWHERE, "", "%s",
			"otpctl users recovery-codes USER");
	if (!some && facts->root_locked && judge_asks(facts, "sudo"))
		findings_add(findings, FIND_ROOT_LOCKED, NOWHERE, "", "%s",
			"passwd root, or: otpctl users recovery-codes USER");
}

/* Then the first user is enrolled at the first login. */
static bool any_enrols(const struct facts *facts)
{
	for (size_t i = 0; i < facts->n_services; i++)
		if (judge_asks(facts, facts->services[i].stack.service) &&
			judge_enrols(facts, facts->services[i].stack.service))
			return true;
	return false;
}

void judge_users(const struct facts *facts, struct findings *findings)
{
	judge_policies(facts, findings);
	judge_names(facts, findings);
	if (facts->users && json_array_size(facts->users) == 0 && !any_enrols(facts))
		findings_add(findings, FIND_USERS_NONE, NOWHERE, "", "%s",
			"otpctl users add USER ADDRESS");
	else if (facts->users)
		judge_each(facts, findings);
	if (strcmp(effective_get(&facts->otpd, "", "", "administrators", "?"), "{}") ==
		0)
		findings_add(findings, FIND_ADMINISTRATORS_NONE,
			(struct where){ facts->otpd.path, 0 }, "", "%s",
			"administrators = { \"ADDRESS\" }");
}
