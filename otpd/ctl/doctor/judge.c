/* SPDX-License-Identifier: MIT */
/* What several judges ask of the facts. */
#include "otpd/ctl/doctor/judge.h"

#include <string.h>

#include "otpd/ctl/doctor/gather.h"

bool judge_asks(const struct facts *facts, const char *service)
{
	const struct service_facts *one = facts_service(facts, service);

	return one && one->stack.path &&
		pamstack_find(&one->stack, PAM_TYPE_AUTH, MODULE_NAME, 0) <
		one->stack.n;
}

bool judge_is_used(const struct facts *facts)
{
	for (size_t i = 0; i < facts->n_services; i++)
		if (facts->services[i].uses_us)
			return true;
	return false;
}

const char *judge_policy(const struct facts *facts, const char *service)
{
	if (effective_has_section(&facts->otpd, "policy", service))
		return service;
	return effective_has_section(&facts->otpd, "policy", "default") ? "default"
									: NULL;
}

bool judge_exempts(const struct facts *facts, const char *service)
{
	static const char *const lists[] = { "required_users", "required_groups",
		"exempt_users", "exempt_groups", "exempt_networks" };
	const char *policy = judge_policy(facts, service);

	for (size_t i = 0; policy && i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strchr(effective_get(&facts->otpd, "policy", policy, lists[i], ""),
			    '"'))
			return true;
	return false;
}

bool judge_enrols(const struct facts *facts, const char *service)
{
	const char *policy = judge_policy(facts, service);

	return policy &&
		strcmp(effective_get(&facts->otpd, "policy", policy, "unenrolled", ""),
			"enrol") == 0;
}

/* Whether a list of methods has one, by its name or "name:...". */
static bool has_method(const char *list, size_t n, const char *method)
{
	size_t length = strlen(method);

	for (size_t i = 0; i < n; i++)
		if ((i == 0 || list[i - 1] == ',') && n - i >= length &&
			strncmp(list + i, method, length) == 0 &&
			(n - i == length || strchr(",:", list[i + length])))
			return true;
	return false;
}

bool judge_key_first(const struct sshd_settings *settings)
{
	const char *lists = sshd_get(settings, "authenticationmethods");

	if (strcmp(lists, "any") == 0 || !lists[0])
		return false;
	while (*lists) {
		size_t n = strcspn(lists, " ");

		if (has_method(lists, n, "keyboard-interactive") &&
			!has_method(lists, n, "publickey"))
			return false;
		lists += n;
		lists += strspn(lists, " ");
	}
	return true;
}
