/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_POLICY_H
#define OTPD_CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "otpd/core/budget.h"
#include "otpd/proto/limits.h"
#include "otpd/util/strings.h"

#define POLICY_TITLE 64

/* What to do with an address that was never proven. */
enum policy_unverified {
	POLICY_UNVERIFIED_VERIFY, /* mail a code that proves it, then log in again */
	POLICY_UNVERIFIED_REFUSE, /* a decoy */
};

/* What to do with a user who is not enrolled. */
enum policy_unenrolled {
	POLICY_UNENROLLED_REFUSE, /* a decoy */
	POLICY_UNENROLLED_ENROL,  /* ask for an address, behind the password */
};

/* When a code goes to the user's second route. */
enum policy_second {
	POLICY_SECOND_NO,
	POLICY_SECOND_REFUSED, /* when the address was refused for good */
};

/* One "policy SERVICE { }" section; the members are the options of otpd.conf(5). */
struct policy {
	char title[POLICY_TITLE];
	struct string_list required_users;
	struct string_list required_groups;
	struct string_list exempt_users;
	struct string_list exempt_groups;
	struct string_list exempt_networks;
	int64_t grace_s;
	int64_t code_length;
	int64_t code_alphabet;
	int64_t life_s;
	int64_t tries;
	int64_t cool_down_s;
	int64_t sends_per_hour;
	int64_t sends_per_day;
	int64_t wrong_per_hour;
	int64_t wrong_per_day;
	int64_t wrong_per_month;
	bool conceal;
	int64_t unverified;
	int64_t unenrolled;
	int64_t second_route;
	char tenant[LIMIT_TENANT + 1];
	char language[LIMIT_LANGUAGE + 1];
};

/* The section of this service, else the one titled "default", else NULL. */
const struct policy *policy_find(
	const struct policy *policies, size_t n, const char *service);

/* Whether policy_exempts() will look at groups, so that they must be asked for. */
bool policy_needs_groups(const struct policy *policy);

/*
 * Why the user needs no code, as a word for the log ("user", "group", "network",
 * "not_required"); NULL if he does need one. known: whether NSS knows the name; the
 * name of a stranger is never exempt, where he comes from may be.
 */
const char *policy_exempts(const struct policy *policy, const char *user, bool known,
	const struct string_list *groups, const char *rhost);

/* The budgets of a policy as windows. */
void policy_send_windows(const struct policy *policy, struct budget_window ret[2]);
void policy_wrong_windows(const struct policy *policy, struct budget_window ret[3]);

#endif
