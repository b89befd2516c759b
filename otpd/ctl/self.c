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
	if (json_is_true(json_object_get(answer, "locked")))
		return "locked after wrong codes; a recovery code unlocks";
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

static const char *recovery_state(const json_t *answer)
{
	static const char *const texts[] = {
		"none; to make ten: otpctl recovery-codes",
		"1 left; to make ten: otpctl recovery-codes",
		"2 left; to make ten: otpctl recovery-codes",
		"3 left",
		"4 left",
		"5 left",
		"6 left",
		"7 left",
		"8 left",
		"9 left",
		"10 left",
	};
	int64_t n = json_integer_value(json_object_get(answer, "recovery_codes"));

	return n >= 0 && n < (int64_t)(sizeof(texts) / sizeof(texts[0])) ? texts[n]
									 : "-";
}

int self_run(struct session *session, const struct arguments *arguments)
{
	static const struct listing_column columns[] = {
		{ "user", "user", LISTING_TEXT, NULL },
		{ "state", NULL, LISTING_TEXT, self_state },
		{ "address", "address", LISTING_TEXT, NULL },
		{ "recovery codes", NULL, LISTING_TEXT, recovery_state },
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
		/* Recovery codes and a second route come after the first. */
		r = listing_card(answer, columns, enrolled ? n : n - 3);
	return r == 0 ? OUTPUT_DONE : session_explain(session, r, answer, NULL);
}
