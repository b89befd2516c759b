/* SPDX-License-Identifier: MIT */
/* otpctl users: who is enrolled, and changing it by name. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/ctl/actions.h"
#include "otpd/ctl/commands.h"
#include "otpd/ctl/doubt.h"
#include "otpd/ctl/language.h"
#include "otpd/ctl/listing.h"
#include "otpd/ctl/output.h"
#include "otpd/util/cleanup.h"

#define ADMIN "org.emailotp.Admin."

static const char *user_state(const json_t *user)
{
	bool undeliverable = json_is_true(json_object_get(user, "undeliverable"));

	if (json_is_true(json_object_get(user, "disabled")))
		return undeliverable ? "disabled, undeliverable" : "disabled";
	if (json_is_true(json_object_get(user, "locked")))
		return undeliverable ? "locked, undeliverable" : "locked";
	if (json_integer_value(json_object_get(user, "verified_at")) > 0)
		return undeliverable ? "verified, undeliverable" : "verified";
	return undeliverable ? "unverified, undeliverable" : "unverified";
}

static const char *second_state(const json_t *user)
{
	const char *second = json_string_value(json_object_get(user, "second"));

	if (!second || !second[0])
		return "-";
	return json_integer_value(json_object_get(user, "second_verified_at")) > 0
		? "proven"
		: "not proven, not used";
}

static const struct listing_column user_columns[] = {
	{ "USER", "user", LISTING_TEXT, NULL },
	{ "STATE", NULL, LISTING_TEXT, user_state },
	{ "ADDRESS", "address", LISTING_TEXT, NULL },
	{ "LAST LOGIN", "last_login_at", LISTING_TIME, NULL },
	{ "CODES", "recovery_codes", LISTING_INT, NULL },
	{ "NAME", "name", LISTING_TEXT, NULL },
};

static bool user_is_wanted(const json_t *user, uint64_t given)
{
	bool verified = json_integer_value(json_object_get(user, "verified_at")) > 0;
	bool disabled = json_is_true(json_object_get(user, "disabled"));
	bool locked = json_is_true(json_object_get(user, "locked"));
	bool undeliverable = json_is_true(json_object_get(user, "undeliverable"));

	return !((given & ARGUMENT_UNVERIFIED) && verified) &&
		!((given & ARGUMENT_DISABLED) && !disabled) &&
		!((given & ARGUMENT_LOCKED) && !locked) &&
		!((given & ARGUMENT_UNDELIVERABLE) && !undeliverable);
}

int users_list(struct session *session, const struct arguments *arguments)
{
	static const struct listing listing = {
		.method = ADMIN "ListUsers",
		.key = "users",
		.cursor = "after",
		.columns = user_columns,
		.n_columns = sizeof(user_columns) / sizeof(user_columns[0]),
		.wants = user_is_wanted,
	};

	return listing_run(session, &listing, json_object(), 0, arguments->given);
}

static int show_as_card(const json_t *answer)
{
	static const struct listing_column who[] = {
		{ "user", "user", LISTING_TEXT, NULL },
		{ "name", "name", LISTING_TEXT, NULL },
		{ "address", "address", LISTING_TEXT, NULL },
		{ "state", NULL, LISTING_TEXT, user_state },
		{ "language", "language", LISTING_TEXT, NULL },
		{ "second route", "second", LISTING_TEXT, NULL },
		{ "second route is", NULL, LISTING_TEXT, second_state },
		{ "mails refused in a row", "refusals", LISTING_INT, NULL },
		{ "verified", "verified_at", LISTING_TIME, NULL },
		{ "enrolled", "created_at", LISTING_TIME, NULL },
		{ "last login", "last_login_at", LISTING_TIME, NULL },
		{ "wrong codes, last hour", "wrong_hour", LISTING_INT, NULL },
		{ "wrong codes, last day", "wrong_day", LISTING_INT, NULL },
		{ "wrong codes, last 30 days", "wrong_month", LISTING_INT, NULL },
		{ "mails, last hour", "sends_hour", LISTING_INT, NULL },
		{ "mails, last day", "sends_day", LISTING_INT, NULL },
		{ "live challenges", "live_challenges", LISTING_INT, NULL },
		{ "locked for", "locked_for", LISTING_SPAN, NULL },
		{ "recovery codes left", "recovery_codes", LISTING_INT, NULL },
		{ "recovery locked for", "recovery_locked_for", LISTING_SPAN, NULL },
	};
	CLEANUP(json_decrefp) json_t *flat = json_copy(json_object_get(answer, "user"));

	/* One object for the card: the user's members and the counters beside it. */
	if (!json_is_object(flat))
		return -EPROTO;
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		const char *key = who[i].key;
		json_t *counter = key ? json_object_get(answer, key) : NULL;

		if (json_is_integer(counter) && json_object_set(flat, key, counter) < 0)
			return -ENOMEM;
	}
	return listing_card(flat, who, sizeof(who) / sizeof(who[0]));
}

int users_show(struct session *session, const struct arguments *arguments)
{
	const char *user = arguments->words[0];
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r;

	r = session_call(
		session, ADMIN "ShowUser", json_pack("{s:s}", "user", user), &answer);
	if (r == 0 && session->json)
		output_json(answer);
	else if (r == 0)
		r = show_as_card(answer);
	return r == 0 ? OUTPUT_DONE : session_explain(session, r, answer, user);
}

static void warn_of_unknown(const struct session *session, const char *user)
{
	if (getpwnam(user))
		return;
	output_warning(session->json,
		"this system does not know the user \"%s\" (getent passwd); no login asks "
		"for the code until it does",
		user);
}

static void say_added(const struct session *session, const struct arguments *arguments)
{
	const char *user = arguments->words[0];

	if (session->json) {
		CLEANUP(json_decrefp)
		json_t *done = json_pack("{s:s, s:s}", "user", user, "result", "added");
		output_json(done);
	} else {
		printf("%s is enrolled with %s", user, arguments->words[1]);
		puts(arguments->given & ARGUMENT_VERIFIED
				? ""
				: "; the address is proven at the first login");
	}
	warn_of_unknown(session, user);
	doubt_warn_of_language(session, arguments, arguments->language);
}

int users_add(struct session *session, const struct arguments *arguments)
{
	const char *user = arguments->words[0], *address = arguments->words[1];
	const char *problem = address_problem(address);
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r;

	if (problem) {
		output_error(session->json, "Usage",
			"\"%s\" is no address for mail: %s; correct it", address,
			problem);
		return OUTPUT_USAGE;
	}
	if (!language_check(arguments->language, session->json))
		return OUTPUT_USAGE;
	r = session_call(session, ADMIN "AddUser",
		json_pack("{s:s, s:s, s:s*, s:s*, s:b, s:b}", "user", user, "address",
			address, "name", arguments->name, "language",
			arguments->language, "verified",
			(arguments->given & ARGUMENT_VERIFIED) != 0, "replace",
			(arguments->given & ARGUMENT_REPLACE) != 0),
		&answer);
	if (r != 0)
		return session_explain(session, r, answer, user);
	say_added(session, arguments);
	return OUTPUT_DONE;
}

int users_verify(struct session *session, const struct arguments *arguments)
{
	static const struct action action = { ADMIN "VerifyUser", "user", "verified",
		NULL, NULL };

	return actions_run(session, arguments, &action);
}

int users_disable(struct session *session, const struct arguments *arguments)
{
	static const struct action action = { ADMIN "DisableUser", "user", "disabled",
		NULL, NULL };

	return actions_run(session, arguments, &action);
}

int users_unlock(struct session *session, const struct arguments *arguments)
{
	static const struct action action = { ADMIN "UnlockUser", "user", "unlocked",
		NULL, NULL };

	return actions_run(session, arguments, &action);
}

int users_remove(struct session *session, const struct arguments *arguments)
{
	static const struct action action = { ADMIN "RemoveUser", "user", "removed",
		NULL, NULL };
	static const struct confirmation confirmation = { "users remove",
		"forgets users for good", "nothing was removed" };
	char question[160];
	int exit_code;

	snprintf(question, sizeof(question),
		"Forget %d user%s, with address, counters and remembered logins? [y/N] ",
		arguments->n_words, arguments->n_words == 1 ? "" : "s");
	exit_code = actions_confirm(session, arguments, &confirmation, question);
	return exit_code ? exit_code : actions_run(session, arguments, &action);
}
