/* SPDX-License-Identifier: MIT */
/*
 * otpctl accounts list, show and add: the accounts of web applications. An account is
 * named by its address, its user name or its identifier; which tenant's is meant, otpd
 * knows where there is one.
 */
#include "otpd/ctl/accounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/ctl/commands.h"
#include "otpd/ctl/doubt.h"
#include "otpd/ctl/language.h"
#include "otpd/ctl/listing.h"
#include "otpd/ctl/output.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define ADMIN "org.emailotp.Admin."

const struct session_words accounts_words[] = {
	{ OUTCOME_NO_USER, "there is no such account", "see: otpctl accounts list" },
	{ OUTCOME_EXISTS, "the tenant has an account of that address or user name",
		"see: otpctl accounts show" },
	{ OUTCOME_BAD_NAME,
		"otpd.conf does not name that tenant, or names several and you named none",
		"give --tenant with one that otpctl status shows" },
	{ OUTCOME_NOT_ALLOWED, "the owners of this tenant reset by themselves",
		"only where otpd.conf has reset = admin or recovery can it be allowed" },
	{ OUTCOME_DISABLED, "the account is disabled",
		"run first: otpctl accounts unlock ACCOUNT" },
	{ 0, NULL, NULL },
};

int accounts_check(const struct session *session, const struct arguments *arguments)
{
	bool empty = arguments->tenant && !arguments->tenant[0];

	for (int i = 0; i < arguments->n_words; i++)
		empty = empty || !arguments->words[i][0];
	if (!empty)
		return 0;
	output_error(session->json, "Usage",
		"an account or the tenant is empty; give its name, or leave it out");
	return OUTPUT_USAGE;
}

static bool is_true(const json_t *account, const char *key)
{
	return json_is_true(json_object_get(account, key));
}

static bool is_in_state(const json_t *account, const char *wanted)
{
	const char *state = json_string_value(json_object_get(account, "state"));

	return state && strcmp(state, wanted) == 0;
}

/* All that keeps its owner from signing in, in one cell. */
static const char *account_state(const json_t *account)
{
	static char text[64]; /* one row is shown at a time */

	snprintf(text, sizeof(text), "%s%s%s%s%s",
		is_in_state(account, "disabled") ? ", disabled" : "",
		is_in_state(account, "locked") ? ", locked" : "",
		is_in_state(account, "must_reset") ? ", must reset" : "",
		is_true(account, "verified") ? "" : ", unverified",
		is_true(account, "has_password") ? "" : ", no password");
	return text[0] ? text + 2 : "active";
}

static bool account_is_wanted(const json_t *account, uint64_t given)
{
	return !((given & ARGUMENT_UNVERIFIED) && is_true(account, "verified")) &&
		!((given & ARGUMENT_DISABLED) && !is_in_state(account, "disabled")) &&
		!((given & ARGUMENT_LOCKED) && !is_in_state(account, "locked"));
}

int accounts_list(struct session *session, const struct arguments *arguments)
{
	static const struct listing_column columns[] = {
		{ "ADDRESS", "address", LISTING_TEXT, NULL },
		{ "LOGIN", "login", LISTING_TEXT, NULL },
		{ "STATE", NULL, LISTING_TEXT, account_state },
		{ "SESSIONS", "sessions", LISTING_INT, NULL },
		{ "LAST SIGN-IN", "last_login_at", LISTING_TIME, NULL },
		{ "ACCOUNT", "account", LISTING_TEXT, NULL },
	};
	static const struct listing listing = {
		.method = ADMIN "ListAccounts",
		.key = "accounts",
		.cursor = "after",
		.columns = columns,
		.n_columns = sizeof(columns) / sizeof(columns[0]),
		.wants = account_is_wanted,
	};

	int r = accounts_check(session, arguments);

	if (r != 0)
		return r;
	session->words = accounts_words;
	return listing_run(session, &listing,
		json_pack("{s:s*}", "tenant", arguments->tenant), 0, arguments->given);
}

/* One object for the card: the account's members and the counters beside it. */
static json_t *flatten(json_t *answer)
{
	json_t *flat = json_copy(json_object_get(answer, "account"));
	json_t *counters = json_copy(answer);

	if (counters && json_is_object(flat)) {
		json_object_del(counters, "account");
		json_object_update(flat, counters);
	}
	json_decref(counters);
	return flat;
}

static int show_as_card(json_t *answer)
{
	static const struct listing_column what[] = {
		{ "account", "account", LISTING_TEXT, NULL },
		{ "tenant", "tenant", LISTING_TEXT, NULL },
		{ "address", "address", LISTING_TEXT, NULL },
		{ "login", "login", LISTING_TEXT, NULL },
		{ "state", NULL, LISTING_TEXT, account_state },
		{ "language", "language", LISTING_TEXT, NULL },
		{ "made", "created_at", LISTING_TIME, NULL },
		{ "last sign-in", "last_login_at", LISTING_TIME, NULL },
		{ "password set", "password_at", LISTING_TIME, NULL },
		{ "reset allowed until", "reset_until", LISTING_TIME, NULL },
		{ "sessions", "sessions", LISTING_INT, NULL },
		{ "recovery codes left", "recovery_codes", LISTING_INT, NULL },
		{ "wrong codes, last hour", "wrong_hour", LISTING_INT, NULL },
		{ "wrong codes, last day", "wrong_day", LISTING_INT, NULL },
		{ "wrong codes, last 30 days", "wrong_month", LISTING_INT, NULL },
		{ "locked for", "locked_for", LISTING_SPAN, NULL },
		{ "wrong passwords, last hour", "wrong_passwords_hour", LISTING_INT,
			NULL },
		{ "wrong passwords, last day", "wrong_passwords_day", LISTING_INT,
			NULL },
		{ "passwords locked for", "passwords_locked_for", LISTING_SPAN, NULL },
		{ "wrong codes of resets, 30 days", "wrong_resets_month", LISTING_INT,
			NULL },
		{ "resets locked for", "resets_locked_for", LISTING_SPAN, NULL },
		{ "mails to sign in, last hour", "sends_hour", LISTING_INT, NULL },
		{ "mails to sign in, last day", "sends_day", LISTING_INT, NULL },
		{ "live challenges", "live_challenges", LISTING_INT, NULL },
	};
	CLEANUP(json_decrefp) json_t *flat = flatten(answer);

	if (!json_is_object(flat))
		return -EPROTO;
	return listing_card(flat, what, sizeof(what) / sizeof(what[0]));
}

int accounts_show(struct session *session, const struct arguments *arguments)
{
	const char *login = arguments->words[0];
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = accounts_check(session, arguments);

	if (r != 0)
		return r;
	session->words = accounts_words;
	r = session_call(session, ADMIN "ShowAccount",
		json_pack("{s:s, s:s*}", "login", login, "tenant", arguments->tenant),
		&answer);
	if (r == 0 && session->json)
		output_json(answer);
	else if (r == 0)
		r = show_as_card(answer);
	return r == 0 ? OUTPUT_DONE : session_explain(session, r, answer, login);
}

static int say_added(const struct session *session, const char *address, json_t *answer)
{
	const char *tenant = json_string_value(json_object_get(answer, "tenant"));

	if (!tenant)
		return -EPROTO;
	if (!session->json) {
		char clean[LIMIT_TENANT + 1];

		text_copy_clean(clean, sizeof(clean), tenant);
		printf("%s has an account of %s; its owner sets a password by a reset\n",
			address, clean);
		return 0;
	}
	if (json_object_set_new(answer, "address", json_string(address)) < 0 ||
		json_object_set_new(answer, "result", json_string("added")) < 0)
		return -ENOMEM;
	output_json(answer);
	return 0;
}

int accounts_add(struct session *session, const struct arguments *arguments)
{
	const char *address = arguments->words[0];
	const char *problem = address_problem(address);
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r;

	if (problem) {
		output_error(session->json, "Usage",
			"\"%s\" is no address for mail: %s; correct it", address,
			problem);
		return OUTPUT_USAGE;
	}
	if (!language_check(arguments->language, session->json) ||
		accounts_check(session, arguments) != 0)
		return OUTPUT_USAGE;
	session->words = accounts_words;
	r = session_call(session, ADMIN "AddAccount",
		json_pack("{s:s, s:s*, s:s*, s:s*, s:b}", "address", address, "login",
			arguments->login, "tenant", arguments->tenant, "language",
			arguments->language, "verified",
			(arguments->given & ARGUMENT_VERIFIED) != 0),
		&answer);
	if (r == 0)
		r = say_added(session, address, answer);
	if (r != 0)
		return session_explain(session, r, answer, address);
	doubt_warn_of_language(session, arguments, arguments->language);
	return OUTPUT_DONE;
}
