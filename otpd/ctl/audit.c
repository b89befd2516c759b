/* SPDX-License-Identifier: MIT */
/* otpctl audit: what otpd decided, the newest first, for a person, a sheet or a
 * program.
 */
#include <errno.h>

#include "otpd/core/event.h"
#include "otpd/ctl/commands.h"
#include "otpd/ctl/listing.h"
#include "otpd/ctl/output.h"
#include "otpd/proto/limits.h"
#include "otpd/util/suggest.h"

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

/* To otpd 0 is as if it had been left out. */
static int add_time(json_t *parameters, const char *name, bool given, int64_t at)
{
	if (!given)
		return 0;
	return json_object_set_new(parameters, name, json_integer(at > 0 ? at : 1));
}

/* Those of other versions may be others, so nothing is refused. */
static void doubt_event(const struct session *session, const char *name)
{
	struct suggest suggest;

	if (!name || event_find(name) < events_count)
		return;
	suggest_begin(&suggest, name);
	for (size_t i = 0; i < events_count; i++)
		suggest_offer(&suggest, events[i].name);
	if (suggest_best(&suggest))
		output_warning(session->json,
			"there is no event \"%s\"; did you mean \"%s\"?", name,
			suggest_best(&suggest));
	else
		output_warning(session->json,
			"there is no event \"%s\"; otpd(8) lists them", name);
}

int audit_run(struct session *session, const struct arguments *arguments)
{
	uint64_t given = arguments->given;
	const struct listing listing = {
		.method = "org.emailotp.Admin.Audit",
		.key = "events",
		.cursor = "before",
		.columns = columns,
		.n_columns = sizeof(columns) / sizeof(columns[0]),
		.page = LIMIT_EVENTS,
		.csv = given & ARGUMENT_CSV,
		.progress = "reading",
	};
	json_t *parameters;

	if (session->json && listing.csv) {
		output_error(true, "Usage",
			"--csv and --json are two forms; give one of them");
		return OUTPUT_USAGE;
	}
	doubt_event(session, arguments->event);
	parameters = json_pack("{s:s*, s:s*, s:s*, s:s*}", "user", arguments->user,
		"event", arguments->event, "service", arguments->service, "rhost",
		arguments->from);
	if (parameters &&
		(add_time(parameters, "since", given & ARGUMENT_SINCE,
			 arguments->since_s) < 0 ||
			add_time(parameters, "until", given & ARGUMENT_UNTIL,
				arguments->until_s) < 0)) {
		json_decref(parameters);
		return session_explain(session, -ENOMEM, NULL, NULL);
	}
	return listing_run(session, &listing, parameters,
		given & ARGUMENT_ALL ? 0 : arguments->limit, 0);
}
