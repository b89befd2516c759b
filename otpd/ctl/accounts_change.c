/* SPDX-License-Identifier: MIT */
/* otpctl accounts: what is done to accounts that there are. */
#include <errno.h>
#include <stdio.h>

#include "otpd/ctl/accounts.h"
#include "otpd/ctl/actions.h"
#include "otpd/ctl/commands.h"
#include "otpd/ctl/output.h"
#include "otpd/util/cleanup.h"

#define ADMIN "org.emailotp.Admin."

/* parameters is taken over. */
static int act(struct session *session, const struct arguments *arguments,
	struct action *action, json_t *parameters)
{
	CLEANUP(json_decrefp) json_t *owned = parameters;
	int r = accounts_check(session, arguments);

	if (r != 0)
		return r;
	session->words = accounts_words;
	/* What json_pack() does not make is no UTF-8. */
	if (!owned)
		return session_explain(session, -EILSEQ, NULL, NULL);
	action->parameter = "login";
	action->more = owned;
	return actions_run(session, arguments, action);
}

static json_t *tenant_of(const struct arguments *arguments)
{
	return json_pack("{s:s*}", "tenant", arguments->tenant);
}

int accounts_verify(struct session *session, const struct arguments *arguments)
{
	struct action action = { .method = ADMIN "VerifyAccount", .done = "verified" };

	return act(session, arguments, &action, tenant_of(arguments));
}

int accounts_disable(struct session *session, const struct arguments *arguments)
{
	struct action action = { .method = ADMIN "DisableAccount", .done = "disabled" };

	return act(session, arguments, &action, tenant_of(arguments));
}

int accounts_unlock(struct session *session, const struct arguments *arguments)
{
	struct action action = { .method = ADMIN "UnlockAccount", .done = "unlocked" };

	return act(session, arguments, &action, tenant_of(arguments));
}

int accounts_require_reset(struct session *session, const struct arguments *arguments)
{
	struct action action = { .method = ADMIN "RequireReset", .done = "must reset" };

	return act(session, arguments, &action, tenant_of(arguments));
}

static void say_until(const char *whom, const json_t *answer)
{
	char at[OUTPUT_TIME];

	output_time(at, json_integer_value(json_object_get(answer, "reset_until")));
	printf("%s: may reset the password until %s\n", whom, at);
}

int accounts_allow_reset(struct session *session, const struct arguments *arguments)
{
	struct action action = {
		.method = ADMIN "AllowReset", .done = "reset allowed", .say = say_until
	};

	return act(session, arguments, &action,
		json_pack("{s:s*, s:I}", "tenant", arguments->tenant, "seconds",
			(json_int_t)arguments->for_s));
}

static void say_ended(const char *whom, const json_t *answer)
{
	json_int_t n = json_integer_value(json_object_get(answer, "sessions"));

	printf("%s: %lld session%s ended\n", whom, (long long)n, n == 1 ? "" : "s");
}

int accounts_logout(struct session *session, const struct arguments *arguments)
{
	struct action action = {
		.method = ADMIN "EndSessions", .done = "logged out", .say = say_ended
	};

	return act(session, arguments, &action, tenant_of(arguments));
}

int accounts_remove(struct session *session, const struct arguments *arguments)
{
	static const struct confirmation confirmation = { "accounts remove",
		"forgets accounts for good", "nothing was removed" };
	struct action action = { .method = ADMIN "RemoveAccount", .done = "removed" };
	char question[160];
	int exit_code;

	snprintf(question, sizeof(question),
		"Forget %d account%s, with profile, sessions and recovery codes? [y/N] ",
		arguments->n_words, arguments->n_words == 1 ? "" : "s");
	exit_code = actions_confirm(session, arguments, &confirmation, question);
	return exit_code ? exit_code
			 : act(session, arguments, &action, tenant_of(arguments));
}
