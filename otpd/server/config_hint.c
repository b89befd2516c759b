/* SPDX-License-Identifier: MIT */
/* What an administrator may not have meant, though nothing forbids it. */
#include "otpd/server/config.h"

int config_hints(const struct config *config, FILE *out)
{
	const struct policy *policies = config->policies.items;
	int n = 0;

	if (config->self_enrol && !(config->socket_mode & 06))
		n += fprintf(out,
			     "hint: self_enrol: only members of the group %s reach the "
			     "socket; add users to it, or set socket_mode = 0666\n",
			     config->socket_group) > 0;
	for (size_t i = 0; i < config->policies.n; i++) {
		const struct policy *p = &policies[i];

		if (p->code_length < 8 && p->code_alphabet == 0 &&
			p->wrong_per_month > 60)
			n += fprintf(out,
				     "hint: policy %s: %d digits with more than 60 wrong tries a "
				     "month; use 8 digits\n",
				     p->title, (int)p->code_length) > 0;
		if (p->required_groups.n > 0)
			n += fprintf(out,
				     "hint: policy %s: required_groups asks nobody for a code "
				     "while the directory that holds the groups is down; "
				     "exempt_groups asks everybody then\n",
				     p->title) > 0;
		if (p->unenrolled == POLICY_UNENROLLED_ENROL &&
			config->enrol_domains.n == 0)
			n += fprintf(out,
				     "hint: policy %s: unenrolled = enrol lets whoever has a "
				     "password bring an address of any domain; set "
				     "enrol_domains\n",
				     p->title) > 0;
		if (p->cool_down_s < 30)
			n += fprintf(out,
				     "hint: policy %s: a cool_down below 30s lets a thief of a "
				     "password flood a mailbox\n",
				     p->title) > 0;
		if (p->grace_s > 86400)
			n += fprintf(out,
				     "hint: policy %s: a grace of more than a day asks for "
				     "hardly any code\n",
				     p->title) > 0;
	}
	return n;
}
