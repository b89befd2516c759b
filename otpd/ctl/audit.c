/* SPDX-License-Identifier: MIT */
/* otpctl audit: what otpd decided, the newest first. */
#include "otpd/ctl/commands.h"
#include "otpd/ctl/listing.h"

int audit_run(struct session *session, const struct arguments *arguments)
{
	static const struct listing_column columns[] = {
		{ "TIME", "at", LISTING_TIME, NULL },
		{ "EVENT", "event", LISTING_TEXT, NULL },
		{ "USER", "user", LISTING_TEXT, NULL },
		{ "SERVICE", "service", LISTING_TEXT, NULL },
		{ "FROM", "rhost", LISTING_TEXT, NULL },
		{ "UID", "uid", LISTING_INT, NULL },
		{ "REF", "reference", LISTING_TEXT, NULL },
		{ "DETAIL", "detail", LISTING_TEXT, NULL },
	};
	static const struct listing listing = {
		.method = "org.emailotp.Admin.Audit",
		.key = "events",
		.cursor = "before",
		.columns = columns,
		.n_columns = sizeof(columns) / sizeof(columns[0]),
	};

	return listing_run(session, &listing,
		json_pack("{s:s*}", "user", arguments->user), arguments->limit, 0);
}
