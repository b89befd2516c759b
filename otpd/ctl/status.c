/* SPDX-License-Identifier: MIT */
/* otpctl status: one look at whether otpd and otpd-mail do their work. */
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/listing.h"
#include "otpd/ctl/output.h"
#include "otpd/util/cleanup.h"

/* What a state of the mailer means. */
static const char *mailer_state(const json_t *status)
{
	static const char *const texts[][2] = {
		{ "up", "up" },
		{ "down", "down; mails wait. Look at: systemctl status otpd-mail" },
		{ "no_key",
			"never reached, no code can be mailed; start it with: systemctl "
			"start otpd-mail" },
	};
	const char *mailer = json_string_value(json_object_get(status, "mailer"));

	for (size_t i = 0; mailer && i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(mailer, texts[i][0]) == 0)
			return texts[i][1];
	return mailer ? mailer : "-";
}

/* As many as have room; those who have more know them. */
static const char *tenants(const json_t *status)
{
	static char text[512];
	const json_t *tenant;
	size_t i, n = 0;

	text[0] = '\0';
	json_array_foreach(json_object_get(status, "tenants"), i, tenant) {
		const char *name = json_string_value(tenant);

		if (name && n + strlen(name) + 3 <= sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
				n ? ", " : "", name);
	}
	return n ? text : "-";
}

int status_run(struct session *session, const struct arguments *arguments)
{
	static const struct listing_column columns[] = {
		{ "otpd", "version", LISTING_TEXT, NULL },
		{ "started", "started_at", LISTING_TIME, NULL },
		{ "users", "users", LISTING_INT, NULL },
		{ "accounts", "accounts", LISTING_INT, NULL },
		{ "tenants of accounts", NULL, LISTING_TEXT, tenants },
		{ "registrations waiting", "pending_registrations", LISTING_INT, NULL },
		{ "sessions", "sessions", LISTING_INT, NULL },
		{ "live challenges", "live_challenges", LISTING_INT, NULL },
		{ "mails waiting", "queued_mails", LISTING_INT, NULL },
		{ "connections", "connections", LISTING_INT, NULL },
		{ "calls", "calls", LISTING_INT, NULL },
		{ "commits", "batches", LISTING_INT, NULL },
		{ "wrong codes, last hour", "wrong_last_hour", LISTING_INT, NULL },
		{ "mailer", NULL, LISTING_TEXT, mailer_state },
		{ "mailer's last error", "mailer_error", LISTING_TEXT, NULL },
	};
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r;

	(void)arguments;
	r = session_call(session, "org.emailotp.Admin.Status", json_object(), &answer);
	if (r == 0 && session->json)
		output_json(answer);
	else if (r == 0)
		r = listing_card(answer, columns, sizeof(columns) / sizeof(columns[0]));
	return r == 0 ? OUTPUT_DONE : session_explain(session, r, answer, NULL);
}
