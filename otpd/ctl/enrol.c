/* SPDX-License-Identifier: MIT */
/*
 * otpctl enrol and self: what users do for themselves. The connection is given back
 * while a person looks for the mail; the challenge does not hang on it. The code is
 * wiped from every buffer that it was in; what does not look like a code is not sent,
 * so that a slip costs no try.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/ctl/commands.h"
#include "otpd/ctl/listing.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/prompt.h"
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

static int begin(struct session *session, const char *address,
	struct enrolment *ret_enrolment, json_t **ret_answer)
{
	int r = session_call(session, SELF "Enrol",
		json_pack("{s:s}", "address", address), ret_answer);

	return r == 0 ? read_answer(ret_enrolment, *ret_answer) : r;
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
			"No further code can be mailed for %s; the last one is still "
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
		"Code from the mail with the reference %s (%lld %s; r: send it again): ",
		enrolment->reference, (long long)enrolment->length,
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
			"no code was typed; run otpctl enrol again with the same "
			"address, the code stays good until it expires");
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
		"this was not the code; look for the newest mail, then run otpctl enrol "
		"again with the same address");
	return OUTPUT_REFUSED;
}

/* Where the address comes from: the command line or a person. 0, or the exit code. */
static int find_address(const struct session *session,
	const struct arguments *arguments, char *address, size_t size)
{
	const char *problem;

	if (arguments->n_words > 0) {
		if (!text_copy(address, size, arguments->words[0]))
			address[0] = '\0';
	} else if (!prompt_possible() ||
		prompt_line("Your mail address: ", address, size)) {
		output_error(session->json, "Usage",
			"there is no address; run: otpctl enrol ADDRESS");
		return OUTPUT_USAGE;
	}
	problem = address_problem(address);
	if (!problem)
		return 0;
	output_error(session->json, "Usage",
		"\"%s\" is no address for mail: %s; correct it", address, problem);
	return OUTPUT_USAGE;
}

static int explain_begin(const struct session *session, int r, const json_t *answer)
{
	if (r == OUTCOME_EXISTS) {
		output_error(session->json, outcome_name(r),
			"you are enrolled already; see otpctl self, and ask an "
			"administrator to change the address");
		return OUTPUT_REFUSED;
	}
	if (r == OUTCOME_DENIED) {
		output_error(session->json, outcome_name(r),
			"otpd does not let this user enrol; ask an administrator to run: "
			"otpctl users add");
		return OUTPUT_REFUSED;
	}
	if (r == OUTCOME_NOT_ALLOWED) {
		output_error(session->json, outcome_name(r),
			"you may not enrol with this address: self-enrolment is off, the "
			"domain is not among those allowed (self_enrol and enrol_domains "
			"in otpd.conf), or an administrator gave you another address "
			"(otpctl self); ask the administrator");
		return OUTPUT_REFUSED;
	}
	return session_explain(session, r, answer, NULL);
}

int enrol_run(struct session *session, const struct arguments *arguments)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	char address[LIMIT_ADDRESS + 2];
	struct enrolment enrolment;
	char span[OUTPUT_SPAN];
	int r;

	r = find_address(session, arguments, address, sizeof(address));
	if (r != 0)
		return r;
	r = begin(session, address, &enrolment, &answer);
	if (r != 0)
		return explain_begin(session, r, answer);
	output_span(span, json_integer_value(json_object_get(answer, "expires_in")));
	fprintf(stderr,
		"A mail with a code is on its way to %s; it is good for %s.\n"
		"Type the code here. No mail after a minute: look into the spam folder, "
		"or type r.\n",
		address, span);
	r = ask_for_code(session, &enrolment);
	if (r != 0)
		return r;
	if (session->json)
		puts("{\"result\":\"enrolled\"}");
	else
		printf("You are enrolled with %s. The next login mails its code there.\n",
			address);
	return OUTPUT_DONE;
}

static const char *self_state(const json_t *answer)
{
	if (!json_is_true(json_object_get(answer, "enrolled")))
		return "not enrolled; run: otpctl enrol";
	if (json_is_true(json_object_get(answer, "disabled")))
		return "disabled; ask an administrator";
	return json_is_true(json_object_get(answer, "verified"))
		? "enrolled"
		: "enrolled, address not proven; run: otpctl enrol";
}

int enrol_self(struct session *session, const struct arguments *arguments)
{
	static const struct listing_column columns[] = {
		{ "user", "user", LISTING_TEXT, NULL },
		{ "state", NULL, LISTING_TEXT, self_state },
		{ "address", "address", LISTING_TEXT, NULL },
	};
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = session_call(session, SELF "Status", json_object(), &answer);

	(void)arguments;
	if (r == 0 && session->json)
		output_json(answer);
	else if (r == 0)
		r = listing_card(answer, columns, sizeof(columns) / sizeof(columns[0]));
	return r == 0 ? OUTPUT_DONE : session_explain(session, r, answer, NULL);
}
