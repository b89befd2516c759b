/* SPDX-License-Identifier: MIT */
/*
 * otpctl enrol: users prove an address, or a second route. The connection is given back
 * while a person looks for the mail; the challenge does not hang on it. The code is
 * wiped from every buffer that it was in; what does not look like a code is not sent,
 * so that a slip costs no try.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/prompt.h"
#include "otpd/ctl/route.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define SELF    "org.emailotp.Self."
#define LINE    64 /* bytes of what is typed at the prompt */
#define TRIES   3  /* codes that are sent */
#define PROMPTS 12 /* lines that are read: slips and resends count here only */

/* The enrolment that was begun, as the last answer described it. */
struct enrolment {
	bool second;
	char typed[ROUTE_SIZE]; /* the route as a person typed it */
	char route[ROUTE_SIZE];
	char challenge[LIMIT_CHALLENGE + 1];
	char reference[LIMIT_REFERENCE + 1];
	bool letters;
	int64_t length;
};

static int read_answer(struct enrolment *enrolment, const json_t *answer)
{
	const char *challenge = json_string_value(json_object_get(answer, "challenge"));
	const char *reference = json_string_value(json_object_get(answer, "reference"));
	const char *alphabet = json_string_value(json_object_get(answer, "alphabet"));
	int64_t length = json_integer_value(json_object_get(answer, "length"));

	if (!challenge || !reference || !alphabet || length < 1 || length > LIMIT_CODE)
		return -EPROTO;
	if (!text_copy(enrolment->challenge, sizeof(enrolment->challenge), challenge))
		return -EPROTO;
	text_copy_clean(enrolment->reference, sizeof(enrolment->reference), reference);
	enrolment->letters = strcmp(alphabet, "letters") == 0;
	enrolment->length = length;
	return 0;
}

static int begin(
	struct session *session, struct enrolment *enrolment, json_t **ret_answer)
{
	int r = session_call(session,
		enrolment->second ? SELF "EnrolSecond" : SELF "Enrol",
		json_pack("{s:s}", "address", enrolment->route), ret_answer);

	return r == 0 ? read_answer(enrolment, *ret_answer) : r;
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

/* A new code. Being throttled is said and is no error. 0, or the exit code. */
static int resend(struct session *session, struct enrolment *enrolment)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	char span[OUTPUT_SPAN];
	int r;

	r = session_call(session, SELF "Resend",
		json_pack("{s:s}", "challenge", enrolment->challenge), &answer);
	if (r == OUTCOME_THROTTLED) {
		output_span(span,
			json_integer_value(json_object_get(answer, "retry_after")));
		fprintf(stderr,
			"No further code can be sent for %s; the last one is still "
			"good.\n",
			span);
		return 0;
	}
	if (r == 0)
		r = read_answer(enrolment, answer);
	if (r != 0)
		return session_explain(session, r, answer, NULL);
	fputs("A new code is on its way; the old one is dead.\n", stderr);
	return 0;
}

/* Takes out separators, in place; letters in upper case. */
static void squeeze(char *code)
{
	char *to = code;

	for (; *code; code++)
		if (*code != ' ' && *code != '-')
			*to++ = *code >= 'a' && *code <= 'z' ? (char)(*code - 32)
							     : *code;
	*to = '\0';
}

static bool looks_like_code(const struct enrolment *enrolment, const char *code)
{
	const char *alphabet = enrolment->letters ? CODE_LETTERS : "0123456789";

	return strlen(code) == (size_t)enrolment->length &&
		strspn(code, alphabet) == strlen(code);
}

/* 0: right; an outcome that leaves more tries, positive; or the exit code negated. */
static int confirm(
	struct session *session, const struct enrolment *enrolment, const char *code)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	const json_t *left;
	int r;

	r = session_call(session, SELF "Confirm",
		json_pack(
			"{s:s, s:s}", "challenge", enrolment->challenge, "code", code),
		&answer);
	if (r == 0)
		return 0;
	left = json_object_get(answer, "tries_left");
	if (r != OUTCOME_WRONG_CODE ||
		(json_is_integer(left) && json_integer_value(left) <= 0))
		return -session_explain(session, r, answer, NULL);
	fputs("That is not the code", stderr);
	if (json_is_integer(left))
		fprintf(stderr, " (%lld tries left)",
			(long long)json_integer_value(left));
	fputs(".\n", stderr);
	return r;
}

static int ask(const struct enrolment *enrolment, char *line, size_t size)
{
	char question[160];

	snprintf(question, sizeof(question),
		"Code from the %s with the reference %s (%lld %s; r: send it again): ",
		carrier(enrolment), enrolment->reference, (long long)enrolment->length,
		enrolment->letters ? "letters" : "digits");
	return prompt_line(question, line, size);
}

static void wipe_line(char (*line)[LINE])
{
	secret_wipe(*line, LINE);
}

/* One prompt. 0: enrolled; 1: that was a code; 2: it was not; or minus the exit code.
 */
static int one_prompt(struct session *session, struct enrolment *enrolment)
{
	CLEANUP(wipe_line) char line[LINE];
	int r;

	session_close(session);
	r = ask(enrolment, line, sizeof(line));
	if (r < 0 && r != -EMSGSIZE) {
		output_error(session->json, "Interrupted",
			"no code was typed; run %s again with the same %s, the code "
			"stays good until it expires",
			command(enrolment),
			route_is_number(enrolment->route) ? "number" : "address");
		return -OUTPUT_OTHER;
	}
	squeeze(line);
	if (strcmp(line, "R") == 0) {
		r = resend(session, enrolment);
		return r ? -r : 2;
	}
	if (!looks_like_code(enrolment, line)) {
		fprintf(stderr, "The code has %lld %s; nothing was sent.\n",
			(long long)enrolment->length,
			enrolment->letters ? "letters" : "digits");
		return 2;
	}
	r = confirm(session, enrolment, line);
	return r > 0 ? 1 : r;
}

static int ask_for_code(struct session *session, struct enrolment *enrolment)
{
	int tries = 0;

	for (int i = 0; i < PROMPTS && tries < TRIES; i++) {
		int r = one_prompt(session, enrolment);

		if (r <= 0)
			return -r;
		tries += r == 1;
	}
	output_error(session->json, "WrongCode",
		"this was not the code; look for the newest %s, then run %s again with "
		"the same %s",
		carrier(enrolment), command(enrolment),
		route_is_number(enrolment->route) ? "number" : "address");
	return OUTPUT_REFUSED;
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
	r = begin(session, &enrolment, &answer);
	if (r != 0)
		return explain_begin(session, r, answer, &enrolment);
	say_begun(&enrolment, answer);
	r = ask_for_code(session, &enrolment);
	if (r == 0)
		say_done(session, &enrolment);
	return r;
}
