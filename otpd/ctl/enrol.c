/* SPDX-License-Identifier: MIT */
/*
 * otpctl enrol: users prove an address, or a second route (proof.c), and are offered
 * recovery codes. Whether they take them or not, and whether they can be made or not,
 * they are enrolled, and the exit code says so.
 */
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/prompt.h"
#include "otpd/ctl/proof.h"
#include "otpd/ctl/recovery.h"
#include "otpd/ctl/route.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"

#define SELF "org.emailotp.Self."

struct enrolment {
	bool second;
	char typed[ROUTE_SIZE]; /* the route as a person typed it */
	char route[ROUTE_SIZE];
	char again[80]; /* of the proof */
	struct proof proof;
};

static int begin(
	struct session *session, struct enrolment *enrolment, json_t **ret_answer)
{
	int r = session_call(session,
		enrolment->second ? SELF "EnrolSecond" : SELF "Enrol",
		json_pack("{s:s}", "address", enrolment->route), ret_answer);

	return r == 0 ? proof_read(&enrolment->proof, *ret_answer) : r;
}

/* What the code comes in. */
static const char *carrier(const struct enrolment *enrolment)
{
	return route_is_number(enrolment->route) ? "text message" : "mail";
}

static const char *command(const struct enrolment *enrolment)
{
	return enrolment->second ? "otpctl enrol --second" : "otpctl enrol";
}

/* Where the route comes from: the command line or a person. NULL, or what is wrong. */
static const char *read_route(struct enrolment *enrolment,
	const struct arguments *arguments, const char **ret_typed)
{
	const char *question = enrolment->second
		? "Your second mail address, or telephone number with country (+49...): "
		: "Your mail address: ";
	const char *problem;

	*ret_typed = NULL;
	if (arguments->n_words > 0)
		*ret_typed = arguments->words[0];
	else if (prompt_possible() &&
		prompt_line(question, enrolment->typed, ROUTE_SIZE) == 0)
		*ret_typed = enrolment->typed;
	if (!*ret_typed)
		return "missing";
	problem = route_read(enrolment->route, *ret_typed);
	if (!problem && !enrolment->second && route_is_number(enrolment->route))
		return "a telephone number can only be a second route (otpctl enrol "
		       "--second)";
	return problem;
}

/* 0, or the exit code. */
static int find_route(const struct session *session, struct enrolment *enrolment,
	const struct arguments *arguments)
{
	const char *typed, *problem = read_route(enrolment, arguments, &typed);

	if (!problem)
		return 0;
	if (!typed)
		output_error(session->json, "Usage",
			"there is no address; run: %s ADDRESS", command(enrolment));
	else
		output_error(session->json, "Usage",
			"\"%s\" is no address for mail%s: %s; correct it", typed,
			enrolment->second ? " and no telephone number" : "", problem);
	return OUTPUT_USAGE;
}

/* What a refusal means here; NULL: what it means everywhere. */
static const char *refusal_text(int outcome, bool second)
{
	static const struct {
		int outcome;
		bool second;
		const char *text;
	} texts[] = {
		{ OUTCOME_EXISTS, false,
			"you are enrolled already; see otpctl self, and ask an "
			"administrator to change the address" },
		{ OUTCOME_EXISTS, true,
			"this is your second route already, and it is proven; see otpctl "
			"self" },
		{ OUTCOME_DENIED, false,
			"otpd does not let this user enrol; ask an administrator to run: "
			"otpctl users add" },
		{ OUTCOME_DENIED, true,
			"otpd does not let this user set a second route; ask an "
			"administrator to run: otpctl users second" },
		{ OUTCOME_NO_USER, true,
			"you are not enrolled, and a second route comes after the first; "
			"run: otpctl enrol" },
		{ OUTCOME_NOT_ALLOWED, false,
			"you may not enrol with this address: self-enrolment is off, the "
			"domain is not among those allowed (self_enrol and enrol_domains "
			"in otpd.conf), or an administrator gave you another address "
			"(otpctl self); ask the administrator" },
		{ OUTCOME_NOT_ALLOWED, true,
			"you may not set this second route: your first address is not "
			"proven yet (otpctl enrol), or the policy is against it "
			"(second_route, self_enrol and enrol_domains in otpd.conf); ask "
			"the administrator" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].outcome == outcome && texts[i].second == second)
			return texts[i].text;
	return NULL;
}

static int explain_begin(const struct session *session, int r, const json_t *answer,
	const struct enrolment *enrolment)
{
	const char *text = refusal_text(r, enrolment->second);

	if (!text)
		return session_explain(session, r, answer, NULL);
	output_error(session->json, outcome_name(r), "%s", text);
	return OUTPUT_REFUSED;
}

/* For what is said at the prompts. */
static void describe(struct enrolment *enrolment)
{
	bool number = route_is_number(enrolment->route);

	snprintf(enrolment->again, sizeof(enrolment->again),
		"%s again with the same %s", command(enrolment),
		number ? "number" : "address");
	enrolment->proof.again = enrolment->again;
	enrolment->proof.carrier = carrier(enrolment);
}

static void say_begun(const struct enrolment *enrolment, const json_t *answer)
{
	char span[OUTPUT_SPAN];

	output_span(span, json_integer_value(json_object_get(answer, "expires_in")));
	fprintf(stderr,
		"A %s with a code is on its way to %s; it is good for %s.\n"
		"Type the code here. No %s after a minute: %s or type r.\n",
		carrier(enrolment), enrolment->route, span,
		route_is_number(enrolment->route) ? "message" : "mail",
		route_is_number(enrolment->route) ? "see whether there is reception,"
						  : "look into the spam folder,");
}

static void say_done(const struct session *session, const struct enrolment *enrolment)
{
	if (session->json && enrolment->second)
		puts("{\"result\":\"second\"}");
	else if (session->json)
		puts("{\"result\":\"enrolled\"}");
	else if (enrolment->second)
		printf("%s is your second route. Codes go there when your first address "
		       "refuses them.\n",
			enrolment->route);
	else
		printf("You are enrolled with %s. The next login mails its code there.\n",
			enrolment->route);
}

int enrol_run(struct session *session, const struct arguments *arguments)
{
	struct enrolment enrolment = { .second = arguments->given & ARGUMENT_SECOND };
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = find_route(session, &enrolment, arguments);

	if (r != 0)
		return r;
	describe(&enrolment);
	r = begin(session, &enrolment, &answer);
	if (r != 0)
		return explain_begin(session, r, answer, &enrolment);
	say_begun(&enrolment, answer);
	r = proof_ask(session, &enrolment.proof);
	if (r != 0)
		return r;
	say_done(session, &enrolment);
	if (!enrolment.second)
		recovery_offer(session, enrolment.proof.challenge);
	return OUTPUT_DONE;
}
