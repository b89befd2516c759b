/* SPDX-License-Identifier: MIT */
/* Who needs a code. */
#include "otpd/core/policy.h"

#include "tests/unit/unit.h"

static char alice[] = "alice", bob[] = "bob", staff[] = "staff", robots[] = "robots",
	    net[] = "192.0.2.0/24", broken[] = "not a network";
static char *alice_list[] = { alice }, *bob_list[] = { bob }, *staff_list[] = { staff },
	    *robots_list[] = { robots }, *nets_list[] = { broken, net },
	    *both_list[] = { staff, robots };
#define LIST(array)                                     \
	{                                               \
		array, sizeof(array) / sizeof(array[0]) \
	}

static const struct string_list none = { NULL, 0 }, in_staff = LIST(staff_list),
				in_robots = LIST(robots_list),
				in_both = LIST(both_list);

START_TEST(a_service_has_its_own_section_or_the_default_or_none)
{
	struct policy policies[] = { { .title = "default" }, { .title = "sshd" },
		{ .title = "sudo" } };

	ck_assert_ptr_eq(policy_find(policies, 3, "sshd"), &policies[1]);
	ck_assert_ptr_eq(policy_find(policies, 3, "sudo"), &policies[2]);
	ck_assert_ptr_eq(policy_find(policies, 3, "login"), &policies[0]);
	ck_assert_ptr_eq(policy_find(policies, 3, ""), &policies[0]);
	ck_assert_ptr_eq(policy_find(policies, 3, "SSHD"), &policies[0]);
	ck_assert_ptr_null(policy_find(policies + 1, 2, "login"));
	ck_assert_ptr_null(policy_find(NULL, 0, "sshd"));
}
END_TEST

START_TEST(nobody_is_exempt_by_default)
{
	struct policy policy = { 0 };

	ck_assert_ptr_null(
		policy_exempts(&policy, "alice", true, &in_both, "192.0.2.1"));
	ck_assert_ptr_null(policy_exempts(&policy, "root", true, &none, ""));
	ck_assert(!policy_needs_groups(&policy));
}
END_TEST

START_TEST(users_and_groups_are_compared_byte_by_byte)
{
	struct policy policy = { .exempt_users = LIST(alice_list),
		.exempt_groups = LIST(robots_list) };

	ck_assert_str_eq(policy_exempts(&policy, "alice", true, &none, ""), "user");
	ck_assert_ptr_null(policy_exempts(&policy, "Alice", true, &none, ""));
	ck_assert_ptr_null(policy_exempts(&policy, "alice ", true, &none, ""));
	ck_assert_ptr_null(policy_exempts(&policy, "alic", true, &none, ""));
	ck_assert_str_eq(policy_exempts(&policy, "bob", true, &in_robots, ""), "group");
	ck_assert_str_eq(policy_exempts(&policy, "bob", true, &in_both, ""), "group");
	ck_assert_ptr_null(policy_exempts(&policy, "bob", true, &in_staff, ""));
	ck_assert(policy_needs_groups(&policy));
}
END_TEST

START_TEST(where_somebody_is_required_all_others_are_not)
{
	struct policy policy = { .required_users = LIST(alice_list),
		.required_groups = LIST(staff_list) };

	ck_assert_ptr_null(policy_exempts(&policy, "alice", true, &none, ""));
	ck_assert_ptr_null(policy_exempts(&policy, "bob", true, &in_staff, ""));
	ck_assert_str_eq(
		policy_exempts(&policy, "bob", true, &in_robots, ""), "not_required");
	ck_assert(policy_needs_groups(&policy));
	policy.required_groups = none;
	ck_assert(!policy_needs_groups(&policy));
	ck_assert_str_eq(
		policy_exempts(&policy, "bob", true, &in_staff, ""), "not_required");
}
END_TEST

START_TEST(exempt_beats_required)
{
	struct policy policy = { .required_users = LIST(bob_list),
		.exempt_users = LIST(bob_list) };

	ck_assert_str_eq(policy_exempts(&policy, "bob", true, &none, ""), "user");
}
END_TEST

START_TEST(a_stranger_is_exempt_by_his_network_only)
{
	struct policy policy = { .required_users = LIST(bob_list),
		.exempt_users = LIST(alice_list),
		.exempt_groups = LIST(robots_list),
		.exempt_networks = LIST(nets_list) };

	ck_assert_ptr_null(policy_exempts(&policy, "alice", false, &in_robots, ""));
	ck_assert_ptr_null(
		policy_exempts(&policy, "x", false, &in_robots, "198.51.100.1"));
	ck_assert_str_eq(
		policy_exempts(&policy, "x", false, &none, "192.0.2.200"), "network");
}
END_TEST

START_TEST(only_numeric_remote_hosts_lie_in_exempt_networks)
{
	struct policy policy = { .exempt_networks = LIST(nets_list) };

	ck_assert_str_eq(
		policy_exempts(&policy, "alice", true, &none, "192.0.2.1"), "network");
	ck_assert_ptr_null(policy_exempts(&policy, "alice", true, &none, ""));
	ck_assert_ptr_null(policy_exempts(
		&policy, "alice", true, &none, "192.0.2.1.evil.example"));
	ck_assert_ptr_null(
		policy_exempts(&policy, "alice", true, &none, "not a network"));
	ck_assert_ptr_null(policy_exempts(&policy, "alice", true, &none, "192.0.3.1"));
}
END_TEST

START_TEST(budgets_become_windows)
{
	struct policy policy = { .sends_per_hour = 5,
		.sends_per_day = 20,
		.wrong_per_hour = 10,
		.wrong_per_day = 21,
		.wrong_per_month = 60 };
	struct budget_window sends[2], wrong[3];

	policy_send_windows(&policy, sends);
	policy_wrong_windows(&policy, wrong);
	ck_assert_int_eq(sends[0].span_s, 3600);
	ck_assert_int_eq(sends[0].limit, 5);
	ck_assert_int_eq(sends[1].span_s, 86400);
	ck_assert_int_eq(sends[1].limit, 20);
	ck_assert_int_eq(wrong[0].span_s, 3600);
	ck_assert_int_eq(wrong[0].limit, 10);
	ck_assert_int_eq(wrong[1].span_s, 86400);
	ck_assert_int_eq(wrong[1].limit, 21);
	ck_assert_int_eq(wrong[2].span_s, 30 * 86400);
	ck_assert_int_eq(wrong[2].limit, 60);
}
END_TEST

START_TEST(groups_that_are_not_known_exempt_nobody)
{
	struct policy wants = { .required_groups = LIST(staff_list) };
	struct policy spares = { .exempt_groups = LIST(robots_list) };
	struct policy users = { .required_users = LIST(bob_list) };

	ck_assert_str_eq(
		policy_exempts(&wants, "alice", true, &none, ""), "not_required");
	ck_assert_ptr_null(policy_exempts(&wants, "alice", true, NULL, ""));
	ck_assert_ptr_null(policy_exempts(&spares, "alice", true, NULL, ""));
	ck_assert_str_eq(
		policy_exempts(&users, "alice", true, NULL, ""), "not_required");
}
END_TEST

UNIT_MAIN("policy", groups_that_are_not_known_exempt_nobody,
	a_service_has_its_own_section_or_the_default_or_none,
	nobody_is_exempt_by_default, users_and_groups_are_compared_byte_by_byte,
	where_somebody_is_required_all_others_are_not, exempt_beats_required,
	a_stranger_is_exempt_by_his_network_only,
	only_numeric_remote_hosts_lie_in_exempt_networks, budgets_become_windows);
