/* SPDX-License-Identifier: MIT */
/*
 * otpctl break-glass: one code that lets a user in once, for when neither mail nor
 * recovery codes are at hand. It works while otpd-mail does not; that nobody but the
 * caller hears of it is said, since that is what it MUST NOT be used for.
 */
#include <errno.h>
#include <stdio.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/output.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

static void say(const char *user, const char *code, int64_t expires_at, int64_t told)
{
	char until[OUTPUT_TIME];

	output_time(until, expires_at);
	printf("%s\n\nIt lets %s in once, until %s, at the prompt for the mailed code.\n"
	       "Give it to nobody but %s, by telephone and not by mail.\n",
		code, user, until, user);
	if (told > 0)
		printf("%lld administrator%s told of it by mail.\n", (long long)told,
			told == 1 ? " is" : "s are");
}

/* 0, or -EPROTO. */
static int show(const struct session *session, json_t *answer, const char *user)
{
	const char *code = json_string_value(json_object_get(answer, "code"));
	const json_t *expires_at = json_object_get(answer, "expires_at");
	const json_t *told = json_object_get(answer, "told");

	if (!code || text_has_control(code) || !json_is_integer(expires_at) ||
		!json_is_integer(told))
		return -EPROTO;
	if (session->json) {
		CLEANUP(json_decrefp)
		json_t *shown = json_pack("{s:s}", "user", user);

		if (shown && json_object_update(shown, answer) == 0)
			output_json(shown);
	} else {
		say(user, code, json_integer_value(expires_at),
			json_integer_value(told));
	}
	if (json_integer_value(told) == 0)
		output_warning(session->json,
			"nobody is told of it: otpd.conf names no administrators; write "
			"there: administrators = { \"you@example.org\" }");
	return 0;
}

int breakglass_run(struct session *session, const struct arguments *arguments)
{
	const char *user = arguments->words[0];
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = session_call(session, "org.emailotp.Admin.BreakGlass",
		json_pack("{s:s}", "user", user), &answer);

	if (r == 0)
		r = show(session, answer, user);
	return r == 0 ? OUTPUT_DONE : session_explain(session, r, answer, user);
}
