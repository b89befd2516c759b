/* SPDX-License-Identifier: MIT */
/* The way of mails: /etc/otpd/mail.conf.d/setup.conf and the password of the relay. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/output.h"
#include "otpd/ctl/setup/paths.h"
#include "otpd/ctl/setup/plan.h"
#include "otpd/ctl/setup/sections.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"

#define MAILER_GROUP "otpd-mail"

int plan_failed(const struct setup *setup, const char *path, int r)
{
	const char *why = r == -ELOOP
		? "it is a symbolic link, and setup changes plain "
		  "files only"
		: r == -ENOTSUP ? "it is no regular file"
				: strerror(-r);

	output_error(setup->session->json, "Failed", "%s: %s", path, why);
	return OUTPUT_OTHER;
}

static int plan_file(struct setup *setup, const char *path, const struct buffer *text)
{
	CLEANUP(edit_file_fini) struct edit_file file = { 0 };
	int r = text->failed ? -ENOMEM : 0;

	if (r == 0 && text->size > 0)
		r = edit_file_set(&file, text->data, text->size, 0644);
	else if (r == 0)
		r = transaction_base(&setup->transaction, path, &file);
	if (r == 0)
		r = transaction_plan(&setup->transaction, path, &file);
	return r < 0 ? plan_failed(setup, path, r) : 0;
}

/* For otpd-mail's group to read, and nobody else. */
static int plan_password(struct setup *setup)
{
	const struct answers *answers = &setup->answers;
	const struct group *group = getgrnam(MAILER_GROUP);
	CLEANUP(edit_file_fini) struct edit_file file = { 0 };
	int r;

	if (!answers->has_password)
		r = transaction_base(&setup->transaction, PATH_PASSWORD, &file);
	else {
		char line[ANSWERS_PASSWORD + 1];
		SECRET_SCOPE(line);

		snprintf(line, sizeof(line), "%s\n", answers->password);
		r = edit_file_set(&file, line, strlen(line), group ? 0640 : 0600);
		file.gid = group ? group->gr_gid : 0;
	}
	if (r == 0)
		r = transaction_plan(&setup->transaction, PATH_PASSWORD, &file);
	return r < 0 ? plan_failed(setup, PATH_PASSWORD, r) : 0;
}

/* Of several transports each mail takes the first, so ours must be the first. */
static int check_transports(const struct setup *setup)
{
	char where[SECTIONS_WHERE];
	bool is_there = sections_find(PATH_MAIL_CONFIG, "transport", NULL, where);
	bool wanted = setup->answers.relay.type == RELAY_CONFIGURED;

	if (is_there == wanted)
		return 0;
	if (wanted)
		output_error(setup->session->json, "Usage",
			"no transport is configured in " PATH_MAIL_CONFIG
			"; name a relay, as smtp://smtp.your-domain");
	else
		output_error(setup->session->json, "Refused",
			"%s has a transport already, which would go before yours; put a # "
			"before each line of that section, or take it as it is with the "
			"relay \"configured\"",
			where);
	return wanted ? OUTPUT_USAGE : OUTPUT_REFUSED;
}

int plan_mail(struct setup *setup)
{
	CLEANUP(buffer_fini) struct buffer text = { 0 };
	const struct answers *answers = &setup->answers;
	int r = check_transports(setup);

	if (r == 0)
		r = plan_password(setup);
	if (r != 0)
		return r;
	if (answers->from[0] || answers->relay.type != RELAY_CONFIGURED) {
		buffer_puts(&text,
			"# Written by otpctl setup; \"otpctl setup --undo\" takes it back.\n"
			"from = \"");
		buffer_puts(&text, answers->from);
		buffer_puts(&text, "\"\n");
		relay_write(&answers->relay, &text);
	}
	return plan_file(setup, PATH_MAIL_DROP_IN, &text);
}
