/* SPDX-License-Identifier: MIT */
/*
 * otpctl users language and users second: what an administrator sets about how a user
 * is written to. Taking something away wants its own option, so that a variable that is
 * empty in a script takes nothing away.
 */
#include <stdio.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/doubt.h"
#include "otpd/ctl/language.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/route.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"

#define ADMIN "org.emailotp.Admin."

/* A value or --none, and not both. 0, or the exit code. */
static int check_value(const struct session *session, const struct arguments *arguments,
	const char *command, const char *noun, const char *operand)
{
	bool none = arguments->given & ARGUMENT_NONE;
	bool value = arguments->n_words > 1 && arguments->words[1][0];

	if (none != value && !(none && arguments->n_words > 1))
		return 0;
	if (none)
		output_error(
			session->json, "Usage", "give %s or --none, not both", noun);
	else
		output_error(session->json, "Usage",
			"give %s or --none: otpctl %s USER %s", noun, command, operand);
	return OUTPUT_USAGE;
}

static int say(const struct session *session, const char *user, const char *key,
	const char *value)
{
	CLEANUP(json_decrefp)
	json_t *done = json_pack(
		"{s:s, s:s, s:s}", "user", user, "result", "changed", key, value);

	if (!done)
		return session_explain(session, -ENOMEM, NULL, NULL);
	output_json(done);
	return OUTPUT_DONE;
}

int users_language(struct session *session, const struct arguments *arguments)
{
	const char *user = arguments->words[0];
	const char *language = arguments->n_words > 1 ? arguments->words[1] : "";
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = check_value(
		session, arguments, "users language", "a language", "LANGUAGE");

	if (r != 0)
		return r;
	if (!language_check(language, session->json))
		return OUTPUT_USAGE;
	r = session_call(session, ADMIN "SetLanguage",
		json_pack("{s:s, s:s}", "user", user, "language", language), &answer);
	if (r != 0)
		return session_explain(session, r, answer, user);
	doubt_warn_of_language(session, arguments, language);
	if (session->json)
		return say(session, user, "language", language);
	if (language[0])
		printf("%s: mails are in the language %s\n", user, language);
	else
		printf("%s: mails are in the language of the configuration\n", user);
	return OUTPUT_DONE;
}

/* The route as it goes over the wire, "" for none. 0, or the exit code. */
static int read_route(const struct session *session, const struct arguments *arguments,
	char route[static ROUTE_SIZE])
{
	const char *problem;
	int r = check_value(
		session, arguments, "users second", "a route", "ADDRESS|+NUMBER");

	route[0] = '\0';
	if (r != 0)
		return r;
	if (arguments->given & ARGUMENT_NONE && arguments->given & ARGUMENT_VERIFIED) {
		output_error(session->json, "Usage",
			"--verified is about a route, and --none takes it away; leave "
			"one out");
		return OUTPUT_USAGE;
	}
	if (arguments->given & ARGUMENT_NONE)
		return 0;
	problem = route_read(route, arguments->words[1]);
	if (!problem)
		return 0;
	output_error(session->json, "Usage",
		"\"%s\" is no address for mail and no telephone number: %s; correct it",
		arguments->words[1], problem);
	return OUTPUT_USAGE;
}

static void print_second(const char *user, const char *route, bool verified)
{
	if (!route[0])
		printf("%s: no second route\n", user);
	else if (verified)
		printf("%s: second route %s\n", user, route);
	else
		printf("%s: second route %s, not used until it is proven (%s runs: "
		       "otpctl enrol --second)\n",
			user, route, user);
}

int users_second(struct session *session, const struct arguments *arguments)
{
	bool verified = arguments->given & ARGUMENT_VERIFIED;
	const char *user = arguments->words[0];
	CLEANUP(json_decrefp) json_t *answer = NULL;
	char route[ROUTE_SIZE];
	int r = read_route(session, arguments, route);

	if (r != 0)
		return r;
	r = session_call(session, ADMIN "SetSecond",
		json_pack("{s:s, s:s, s:b}", "user", user, "address", route, "verified",
			verified),
		&answer);
	if (r == OUTCOME_BAD_ADDRESS)
		user = route;
	if (r != 0)
		return session_explain(session, r, answer, user);
	if (session->json)
		return say(session, user, "second", route);
	print_second(user, route, verified);
	return OUTPUT_DONE;
}
