/* SPDX-License-Identifier: MIT */
/* Commands that do one thing to each of several users or accounts. */
#include "otpd/ctl/actions.h"

#include <stdio.h>
#include <string.h>

#include "otpd/ctl/output.h"
#include "otpd/ctl/prompt.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"

/* For programs: whom, what became of it, and what the daemon has answered. */
static void say_to_program(struct output_array *array, const struct action *action,
	const char *whom, int r, json_t *answer)
{
	CLEANUP(json_decrefp)
	json_t *row = json_pack("{s:s, s:s}", action->parameter, whom,
		r == 0 ? "result" : "error", r == 0 ? action->done : outcome_name(r));

	if (r == 0 && row && json_is_object(answer))
		json_object_update_missing(row, answer);
	output_array_add(array, row);
}

/* To one of them. Returns the exit code. */
static int act(struct session *session, const struct action *action,
	struct output_array *array, const char *whom)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	json_t *parameters = json_pack("{s:s}", action->parameter, whom);
	int r;

	if (parameters && action->more)
		json_object_update_missing(parameters, action->more);
	r = session_call(session, action->method, parameters, &answer);
	if (session->json && r >= 0)
		say_to_program(array, action, whom, r, answer);
	else if (r == 0 && action->say)
		action->say(whom, answer);
	else if (r == 0)
		printf("%s: %s\n", whom, action->done);
	return r == 0 ? OUTPUT_DONE : session_explain(session, r, answer, whom);
}

int actions_run(struct session *session, const struct arguments *arguments,
	const struct action *action)
{
	struct output_array array = { 0 };
	int first = OUTPUT_DONE;

	for (int i = 0; i < arguments->n_words; i++) {
		int exit_code = act(session, action, &array, arguments->words[i]);

		if (first == OUTPUT_DONE)
			first = exit_code;
		if (exit_code != OUTPUT_DONE && exit_code != OUTPUT_REFUSED)
			return exit_code;
	}
	if (session->json)
		output_array_end(&array);
	return first;
}

int actions_confirm(const struct session *session, const struct arguments *arguments,
	const struct confirmation *confirmation, const char *question)
{
	char answer[16];

	if (arguments->given & ARGUMENT_YES)
		return 0;
	if (!prompt_possible() || session->json) {
		output_error(session->json, "Usage",
			"%s %s; give --yes to do it without being asked",
			confirmation->command, confirmation->does);
		return OUTPUT_USAGE;
	}
	if (prompt_line(question, answer, sizeof(answer)) == 0 &&
		(strcmp(answer, "y") == 0 || strcmp(answer, "yes") == 0))
		return 0;
	output_error(session->json, "Interrupted",
		"%s; answer y to go on, or give --yes", confirmation->undone);
	return OUTPUT_OTHER;
}
