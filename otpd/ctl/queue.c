/* SPDX-License-Identifier: MIT */
/* otpctl queue: the mails, the newest first, and what became of each. */
#include <string.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/listing.h"
#include "otpd/ctl/output.h"

static const char *route(const json_t *mail)
{
	return json_is_true(json_object_get(mail, "second")) ? "second" : "first";
}

/* Of a mail that has come to its end next_at is when it did, and there is no next try.
 */
static const char *next_try(const json_t *mail)
{
	static char at[OUTPUT_TIME]; /* one row is shown at a time */
	const char *state = json_string_value(json_object_get(mail, "state"));

	if (!state || strcmp(state, "queued") != 0)
		return "-";
	output_time(at, json_integer_value(json_object_get(mail, "next_at")));
	return at;
}

int queue_run(struct session *session, const struct arguments *arguments)
{
	static const struct listing_column columns[] = {
		{ "CREATED", "created_at", LISTING_TIME, NULL },
		{ "STATE", "state", LISTING_TEXT, NULL },
		{ "TRIES", "tries", LISTING_INT, NULL },
		{ "NEXT TRY", NULL, LISTING_TEXT, next_try },
		{ "USER", "user", LISTING_TEXT, NULL },
		{ "PURPOSE", "purpose", LISTING_TEXT, NULL },
		{ "TRANSPORT", "transport", LISTING_TEXT, NULL },
		{ "ROUTE", NULL, LISTING_TEXT, route },
		{ "MAIL", "mail", LISTING_TEXT, NULL },
		{ "DETAIL", "detail", LISTING_TEXT, NULL },
	};
	static const struct listing listing = {
		.method = "org.emailotp.Admin.Queue",
		.key = "mails",
		.cursor = "before",
		.columns = columns,
		.n_columns = sizeof(columns) / sizeof(columns[0]),
	};

	return listing_run(session, &listing,
		json_pack("{s:b}", "open", (arguments->given & ARGUMENT_OPEN) != 0),
		arguments->limit, 0);
}
