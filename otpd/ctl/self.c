/* SPDX-License-Identifier: MIT */
/* otpctl self: what users may know of themselves, with addresses masked by otpd. */
#include <errno.h>
#include <stdio.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/listing.h"
#include "otpd/ctl/output.h"
#include "otpd/util/cleanup.h"

static const char *self_state(const json_t *answer)
{
	if (!json_is_true(json_object_get(answer, "enrolled")))
		return "not enrolled; run: otpctl enrol";
	if (json_is_true(json_object_get(answer, "disabled")))
		return "disabled; ask an administrator";
	if (json_is_true(json_object_get(answer, "undeliverable")))
		return "enrolled, but mails are refused; ask for another address";
	return json_is_true(json_object_get(answer, "verified"))
		? "enrolled"
		: "enrolled, address not proven; run: otpctl enrol";
}

static const char *second_state(const json_t *answer)
{
	const char *second = json_string_value(json_object_get(answer, "second"));

	if (!second || !second[0])
		return "none; to add one: otpctl enrol --second";
	return json_is_true(json_object_get(answer, "second_verified"))
		? "proven"
		: "not proven; run: otpctl enrol --second";
}

int self_run(struct session *session, const struct arguments *arguments)
{
	static const struct listing_column columns[] = {
		{ "user", "user", LISTING_TEXT, NULL },
		{ "state", NULL, LISTING_TEXT, self_state },
		{ "address", "address", LISTING_TEXT, NULL },
		{ "second route", "second", LISTING_TEXT, NULL },
		{ "second route is", NULL, LISTING_TEXT, second_state },
	};
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = session_call(
		session, "org.emailotp.Self.Status", json_object(), &answer);
	bool enrolled = json_is_true(json_object_get(answer, "enrolled"));
	size_t n = sizeof(columns) / sizeof(columns[0]);

	(void)arguments;
	if (r == 0 && session->json)
		output_json(answer);
	else if (r == 0)
		/* A second route comes after the first. */
		r = listing_card(answer, columns, enrolled ? n : n - 2);
	return r == 0 ? OUTPUT_DONE : session_explain(session, r, answer, NULL);
}
