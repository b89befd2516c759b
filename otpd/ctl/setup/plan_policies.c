/* SPDX-License-Identifier: MIT */
/*
 * Who needs a code: /etc/otpd/otpd.conf.d/setup.conf. Policies that an administrator
 * has written stay as they are, and what setup would say of the same service is
 * refused.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/output.h"
#include "otpd/ctl/setup/daemons.h"
#include "otpd/ctl/setup/paths.h"
#include "otpd/ctl/setup/person.h"
#include "otpd/ctl/setup/plan.h"
#include "otpd/ctl/setup/sections.h"
#include "otpd/util/cleanup.h"

static const char *const lists[] = { "required_users", "required_groups",
	"exempt_users", "exempt_groups", "exempt_networks" };
#define N_REQUIRED 2
#define N_LISTS    (sizeof(lists) / sizeof(lists[0]))

static bool has_any(const char *inside, int size, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sections_has_list(inside, size, lists[i]))
			return true;
	return false;
}

/* What holds for a service by what others have written: its section, or the default. */
static const char *find_policy(const char *printed, const char *service, int *ret_size)
{
	char where[SECTIONS_WHERE];

	*ret_size = 0;
	return sections_inside(printed, "policy",
		sections_find(PATH_OTPD_CONFIG, "policy", service, where) ? service
									  : "default",
		ret_size);
}

bool plan_has_exempts(const struct setup *setup, const char *service)
{
	CLEANUP(freep) char *printed = NULL;
	char why[DAEMONS_WHY];
	const char *inside;
	int size;

	if (setup->answers.who == WHO_GROUP)
		return true;
	/* Where otpd cannot say it, the lenient line is as good: it asks otpd. */
	if (daemons_check("otpd", why, &printed) != 0)
		return true;
	inside = find_policy(printed, service, &size);
	return has_any(inside, size, N_LISTS);
}

bool plan_enrols(const char *service)
{
	CLEANUP(freep) char *printed = NULL;
	char why[DAEMONS_WHY];
	const char *inside;
	int size;

	if (daemons_check("otpd", why, &printed) != 0)
		return false;
	inside = find_policy(printed, service, &size);
	return sections_says(inside, size, "unenrolled", "enrol");
}

/* Refuses what is at odds with a section that there is. 0, or the exit code. */
static int check_service(
	const struct setup *setup, const char *printed, const char *service)
{
	const struct answers *answers = &setup->answers;
	char where[SECTIONS_WHERE] = PATH_OTPD_CONFIG;
	bool own = sections_find(PATH_OTPD_CONFIG, "policy", service, where);
	const char *inside;
	int size;

	if (answers->who == WHO_CONFIGURED)
		return 0;
	inside = find_policy(printed, service, &size);
	if (answers->who == WHO_GROUP ? !own : !has_any(inside, size, N_REQUIRED))
		return 0;
	output_error(setup->session->json, "Refused",
		"%s says already who needs a code for %s; take that section out, or leave "
		"it as it is with --users configured",
		where, service);
	return OUTPUT_REFUSED;
}

static void write_group(struct buffer *out, const char *service, const char *group)
{
	buffer_puts(out, "policy ");
	buffer_puts(out, service);
	buffer_puts(out, " {\n\trequired_groups = {\"");
	buffer_puts(out, group);
	buffer_puts(out, "\"}\n}\n");
}

/* Who hears of break-glass codes, where nobody is named. */
static void write_administrator(const struct setup *setup, struct buffer *out)
{
	char where[SECTIONS_WHERE];

	if (sections_find_option(PATH_OTPD_CONFIG, "administrators", where))
		return;
	buffer_puts(out, "administrators = {\"");
	buffer_puts(out, setup->answers.address);
	buffer_puts(out, "\"}\n");
}

/* The trial must be as sshd will be: a copy of its section, if it has one. */
static void write_trial(struct buffer *out, const char *printed)
{
	char where[SECTIONS_WHERE];
	const char *inside;
	int size;

	if (!sections_find(PATH_OTPD_CONFIG, "policy", "sshd", where))
		return;
	inside = sections_inside(printed, "policy", "sshd", &size);
	if (!inside)
		return;
	buffer_puts(out,
		"# As policy sshd; for the trial login of setup.\npolicy " SERVICE_TRIAL
		" {\n");
	buffer_add(out, inside, (size_t)size);
	buffer_puts(out, "}\n");
}

static void write_all(
	const struct setup *setup, const char *printed, struct buffer *out)
{
	const struct answers *answers = &setup->answers;

	if (answers->who != WHO_GROUP) {
		if (answers->sshd)
			write_trial(out, printed);
		return;
	}
	if (answers->sshd) {
		write_group(out, "sshd", answers->group);
		write_group(out, SERVICE_TRIAL, answers->group);
	}
	if (answers->sudo) {
		write_group(out, "sudo", answers->group);
		write_group(out, "sudo-i", answers->group);
	}
}

static int plan_text(struct setup *setup, const struct buffer *text)
{
	static const char head[] =
		"# Written by otpctl setup; \"otpctl setup --undo\" takes it back.\n";
	CLEANUP(buffer_fini) struct buffer whole = { 0 };
	CLEANUP(edit_file_fini) struct edit_file file = { 0 };
	int r;

	if (text->size == 0) {
		r = transaction_base(&setup->transaction, PATH_OTPD_DROP_IN, &file);
	} else {
		buffer_puts(&whole, head);
		buffer_puts(&whole, text->data);
		r = whole.failed ? -ENOMEM
				 : edit_file_set(&file, whole.data, whole.size, 0644);
	}
	if (r == 0)
		r = transaction_plan(&setup->transaction, PATH_OTPD_DROP_IN, &file);
	return r < 0 ? plan_failed(setup, PATH_OTPD_DROP_IN, r) : 0;
}

static int check_member(const struct setup *setup)
{
	const struct answers *answers = &setup->answers;

	if (answers->who != WHO_GROUP || person_is_in(answers->user, answers->group))
		return 0;
	output_error(setup->session->json, "Refused",
		"%s is not in the group %s, and so would need no code, and the trial would "
		"try nothing; run: adduser %s %s, or name another group or user",
		answers->user, answers->group, answers->user, answers->group);
	return OUTPUT_REFUSED;
}

int plan_policies(struct setup *setup)
{
	static const char *const services[] = { "sshd", "sudo", "sudo-i" };
	CLEANUP(buffer_fini) struct buffer text = { 0 };
	CLEANUP(freep) char *printed = NULL;
	char why[DAEMONS_WHY];
	int r = daemons_check("otpd", why, &printed);

	if (r != 0) {
		output_error(setup->session->json, "Refused",
			"the configuration of otpd is wrong, and that comes first: %s",
			r > 0 ? why : strerror(-r));
		return OUTPUT_REFUSED;
	}
	r = check_member(setup);
	for (size_t i = 0; r == 0 && i < sizeof(services) / sizeof(services[0]); i++)
		if (i == 0 ? setup->answers.sshd : setup->answers.sudo)
			r = check_service(setup, printed, services[i]);
	if (r != 0)
		return r;
	write_administrator(setup, &text);
	write_all(setup, printed, &text);
	return plan_text(setup, &text);
}
