/* SPDX-License-Identifier: MIT */
/* org.emailotp.Mail: the .varlink file against the tables, both ways; default deny. */
#include "otpd/mail/methods.h"

#include "otpd/proto/limits.h"
#include "tests/unit/idl.h"

static void each_method(
	void (*f)(const struct interface *interface, const struct method *method))
{
	for (const struct method *const *t = mail_interface.methods; *t; t++)
		for (const struct method *m = *t; m->name; m++)
			f(&mail_interface, m);
}

START_TEST(the_file_is_the_tables)
{
	idl_compare(&mail_interface);
}
END_TEST

/* otpd needs nothing of mail.conf, where names of other accounts stand. */
static void is_for_root_and_otpd(
	const struct interface *interface, const struct method *method)
{
	unsigned who = strcmp(method->name, "Config") == 0 ? METHOD_ROOT
							   : METHOD_ROOT | METHOD_OTPD;

	(void)interface;
	ck_assert_msg((method->flags & METHOD_WHO) == who, "%s", method->name);
}

START_TEST(root_and_otpd_may_call_and_nobody_else)
{
	each_method(is_for_root_and_otpd);
}
END_TEST

START_TEST(fields_lie_in_their_structures_and_phases_fit_the_flags)
{
	each_method(idl_fits);
}
END_TEST

UNIT_MAIN("mail_methods", the_file_is_the_tables,
	root_and_otpd_may_call_and_nobody_else,
	fields_lie_in_their_structures_and_phases_fit_the_flags);
