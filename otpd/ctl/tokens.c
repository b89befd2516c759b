/* SPDX-License-Identifier: MIT */
/* otpctl tokens: the keys that sign tokens, and ending what tokens came from. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/accounts.h"
#include "otpd/ctl/actions.h"
#include "otpd/ctl/commands.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/table.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"

static const char *text_of(const json_t *key, const char *name)
{
	const char *text = json_string_value(json_object_get(key, name));

	return text && text[0] ? text : "-";
}

static const struct session_words rotate_words[] = {
	{ OUTCOME_THROTTLED, "too many keys have tokens that are still good",
		"wait, then try again" },
	{ 0, NULL, NULL },
};

/* The order is the only thing that says which one signs. */
static const char *place_name(size_t i)
{
	return i == 0 ? "signs" : i == 1 ? "next" : "before";
}

static int show_keys(const json_t *keys)
{
	static const char *const titles[] = { "KEY", "STATE", "ALGORITHM", "PUBLIC" };
	CLEANUP(table_fini) struct table table = { 0 };
	const json_t *key;
	int r = 0;
	size_t i;

	if (!json_is_array(keys))
		return -EPROTO;
	table_init(&table, stdout, titles, sizeof(titles) / sizeof(titles[0]));
	json_array_foreach(keys, i, key) {
		const char *cells[] = { text_of(key, "kid"), place_name(i),
			text_of(key, "crv"), text_of(key, "x") };

		if (r == 0)
			r = table_add(&table, cells);
	}
	table_end(&table);
	return r;
}

int tokens_keys(struct session *session, const struct arguments *arguments)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r;

	(void)arguments;
	r = session_call(session, "org.emailotp.Account.Keys", json_object(), &answer);
	if (r == 0 && session->json)
		output_json(answer);
	else if (r == 0)
		r = show_keys(json_object_get(answer, "keys"));
	return r == 0 ? OUTPUT_DONE : session_explain(session, r, answer, NULL);
}

int tokens_rotate(struct session *session, const struct arguments *arguments)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r;

	(void)arguments;
	session->words = rotate_words;
	r = session_call(
		session, "org.emailotp.Admin.RotateTokenKey", json_object(), &answer);
	if (r != 0)
		return session_explain(session, r, answer, NULL);
	if (session->json)
		output_json(answer);
	else
		printf("tokens are signed with the key %s from now on\n",
			text_of(answer, "kid"));
	return OUTPUT_DONE;
}

/* 0: go on; else the exit code. */
static int confirm(const struct session *session, const struct arguments *arguments)
{
	static const struct confirmation confirmation = { "tokens revoke-all",
		"signs everybody out", "no session was ended" };
	char question[160];

	if (arguments->tenant)
		snprintf(question, sizeof(question),
			"End the sessions of all accounts of the tenant %.63s? [y/N] ",
			arguments->tenant);
	else
		snprintf(question, sizeof(question),
			"End the sessions of all accounts of all tenants? [y/N] ");
	return actions_confirm(session, arguments, &confirmation, question);
}

int tokens_revoke_all(struct session *session, const struct arguments *arguments)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = accounts_check(session, arguments);
	json_int_t n;

	if (r == 0)
		r = confirm(session, arguments);
	if (r != 0)
		return r;
	session->words = accounts_words;
	r = session_call(session, "org.emailotp.Admin.EndSessions",
		json_pack("{s:b, s:s*}", "all", 1, "tenant", arguments->tenant),
		&answer);
	if (r != 0)
		return session_explain(session, r, answer, arguments->tenant);
	n = json_integer_value(json_object_get(answer, "sessions"));
	if (session->json)
		output_json(answer);
	else
		printf("%lld session%s ended\n", (long long)n, n == 1 ? "" : "s");
	return OUTPUT_DONE;
}
