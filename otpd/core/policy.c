/* SPDX-License-Identifier: MIT */
/*
 * Who needs a code. Exempt beats required; nobody is exempt by default. Names are those
 * that NSS returned, compared byte by byte.
 */
#include "otpd/core/policy.h"

#include <string.h>

#include "otpd/core/network.h"

const struct policy *policy_find(
	const struct policy *policies, size_t n, const char *service)
{
	const struct policy *fallback = NULL;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(policies[i].title, service) == 0)
			return &policies[i];
		if (strcmp(policies[i].title, "default") == 0)
			fallback = &policies[i];
	}
	return fallback;
}

bool policy_needs_groups(const struct policy *policy)
{
	return policy->required_groups.n > 0 || policy->exempt_groups.n > 0;
}

static bool any_in(const struct string_list *names, const struct string_list *list)
{
	for (size_t i = 0; i < names->n; i++)
		if (string_list_has(list, names->items[i]))
			return true;
	return false;
}

static bool in_networks(const struct string_list *networks, const char *rhost)
{
	for (size_t i = 0; i < networks->n; i++) {
		struct network network;

		if (network_parse(networks->items[i], &network) == 0 &&
			network_has(&network, rhost))
			return true;
	}
	return false;
}

const char *policy_exempts(const struct policy *policy, const char *user, bool known,
	const struct string_list *groups, const char *rhost)
{
	bool somebody = policy->required_users.n > 0 || policy->required_groups.n > 0;

	if (in_networks(&policy->exempt_networks, rhost))
		return "network";
	if (!known)
		return NULL;
	if (string_list_has(&policy->exempt_users, user))
		return "user";
	/* Who is in no group that we know of may still be in one that needs a code. */
	if (!groups && policy_needs_groups(policy))
		return NULL;
	if (groups && any_in(groups, &policy->exempt_groups))
		return "group";
	if (somebody && !string_list_has(&policy->required_users, user) &&
		!(groups && any_in(groups, &policy->required_groups)))
		return "not_required";
	return NULL;
}

void policy_send_windows(const struct policy *policy, struct budget_window ret[2])
{
	ret[0] = (struct budget_window){ BUDGET_HOUR, policy->sends_per_hour };
	ret[1] = (struct budget_window){ BUDGET_DAY, policy->sends_per_day };
}

void policy_wrong_windows(const struct policy *policy, struct budget_window ret[3])
{
	ret[0] = (struct budget_window){ BUDGET_HOUR, policy->wrong_per_hour };
	ret[1] = (struct budget_window){ BUDGET_DAY, policy->wrong_per_day };
	ret[2] = (struct budget_window){ BUDGET_MONTH, policy->wrong_per_month };
}
