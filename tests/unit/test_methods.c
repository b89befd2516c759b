/* SPDX-License-Identifier: MIT */
/*
 * The .varlink files against the method tables, both ways; default deny; and the
 * introspection that serves the files. org.emailotp.Mail is in test_mail_methods.c.
 */
#include "otpd/server/methods.h"

#include "otpd/proto/limits.h"
#include "tests/unit/idl.h"

START_TEST(the_files_are_the_tables)
{
	idl_compare(&introspection_interface);
	idl_compare(&auth_interface);
	idl_compare(&self_interface);
	idl_compare(&account_interface);
	idl_compare(&admin_interface);
	idl_compare(&account_interface);
}
END_TEST

/* Calls f for every method that a daemon offers. */
static void each_method(
	void (*f)(const struct interface *interface, const struct method *method))
{
	for (const struct interface *const *at = otpd_interfaces; *at; at++)
		for (const struct method *const *t = (*at)->methods; *t; t++)
			for (const struct method *m = *t; m->name; m++)
				f(*at, m);
}

/* Who may call the methods of accounts. A web application signs its customers in; PAM
 * in a process of root takes the step up to the code, and no further; and passwd
 * changes and resets. */
static const struct {
	const char *name;
	unsigned who;
} account_rules[] = {
	{ "Register", METHOD_SERVICE },
	{ "CompleteRegistration", METHOD_SERVICE },
	{ "Confirm", METHOD_ROOT | METHOD_SERVICE },
	{ "RequestReset", METHOD_ROOT | METHOD_SERVICE },
	{ "ChangePassword", METHOD_ROOT | METHOD_SERVICE },
	{ "SetPassword", METHOD_ROOT | METHOD_SERVICE },
	{ "ChangeAddress", METHOD_ROOT | METHOD_SERVICE },
	{ "Login", METHOD_ROOT | METHOD_SERVICE },
	{ "Verify", METHOD_SERVICE },
	{ "Status", METHOD_ROOT | METHOD_SERVICE },
	{ "Resend", METHOD_ROOT | METHOD_SERVICE },
	{ "Cancel", METHOD_ROOT | METHOD_SERVICE },
	{ "Exchange", METHOD_SERVICE },
	{ "Refresh", METHOD_SERVICE },
	{ "Revoke", METHOD_SERVICE },
	{ "RevokeAll", METHOD_SERVICE },
	{ "Introspect", METHOD_SERVICE },
	{ "Show", METHOD_SERVICE },
	{ "SetProfile", METHOD_SERVICE },
	{ "RecoveryCodes", METHOD_SERVICE },
	{ "Keys", METHOD_ANY },
};

static void has_account_rule(const struct method *method)
{
	size_t n = sizeof(account_rules) / sizeof(account_rules[0]);

	for (size_t i = 0; i < n; i++)
		if (strcmp(account_rules[i].name, method->name) == 0) {
			ck_assert_msg(
				(method->flags & METHOD_WHO) == account_rules[i].who,
				"%s", method->name);
			return;
		}
	ck_abort_msg("%s has no row in account_rules", method->name);
}

static void has_rule(const struct interface *interface, const struct method *method)
{
	ck_assert_msg(method->flags & METHOD_WHO,
		"%s.%s may be called by nobody: no rule", interface->name,
		method->name);
	if (interface == &admin_interface)
		ck_assert_msg((method->flags & METHOD_WHO) == METHOD_ROOT, "%s",
			method->name);
	if (interface == &self_interface)
		ck_assert_msg((method->flags & METHOD_WHO) == METHOD_SELF, "%s",
			method->name);
	if (interface == &account_interface)
		has_account_rule(method);
	else if (method->flags & METHOD_ANY)
		ck_assert_ptr_eq(interface, &introspection_interface);
}

START_TEST(every_method_says_who_may_call_it)
{
	each_method(has_rule);
}
END_TEST

START_TEST(fields_lie_in_their_structures_and_phases_fit_the_flags)
{
	each_method(idl_fits);
}
END_TEST

START_TEST(methods_are_found_by_their_whole_name_only)
{
	static const char *const none[] = { "", ".", "..", "Begin", "org.emailotp.Auth",
		"org.emailotp.Auth.", "org.emailotp.Auth.begin",
		"org.emailotp.Auth.Begin ", "org.emailotp.Auth.Begin.",
		"org.emailotp.Aut.Begin", "Auth.Begin", "org.emailotp.Auth.Auth.Begin",
		".org.emailotp.Auth.Begin", "org.emailotp.Auth.Status",
		"org.emailotp.Mail.Send" };
	static const struct service service = { .interfaces = otpd_interfaces };
	const struct interface *interface;

	ck_assert_ptr_nonnull(
		service_find(&service, "org.emailotp.Auth.Begin", &interface));
	ck_assert_ptr_eq(interface, &auth_interface);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(service_find(&service, none[i], &interface) == NULL, "%s",
			none[i]);
	ck_assert_ptr_null(
		service_find(&service, "org.emailotp.Auth.Nonsense", &interface));
	ck_assert_ptr_eq(interface, &auth_interface);
	ck_assert_ptr_null(service_find(&service, "org.nobody.Auth.Begin", &interface));
	ck_assert_ptr_null(interface);
}
END_TEST

UNIT_MAIN("methods", the_files_are_the_tables, every_method_says_who_may_call_it,
	fields_lie_in_their_structures_and_phases_fit_the_flags,
	methods_are_found_by_their_whole_name_only);
