/* SPDX-License-Identifier: MIT */
/*
 * Asking a person for the code that was mailed to him. The connection is given back
 * while he looks for the mail; the challenge does not hang on it. The code is wiped
 * from every buffer that it was in; what does not look like a code is not sent, so that
 * a slip costs no try.
 */
#include "otpd/ctl/proof.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

int proof_read(struct proof *proof, const json_t *answer)
{
	const char *challenge = json_string_value(json_object_get(answer, "challenge"));
	const char *reference = json_string_value(json_object_get(answer, "reference"));
	const char *alphabet = json_string_value(json_object_get(answer, "alphabet"));
	int64_t length = json_integer_value(json_object_get(answer, "length"));

	if (!challenge || !reference || !alphabet || length < 1 || length > LIMIT_CODE)
		return -EPROTO;
	if (!text_copy(proof->challenge, sizeof(proof->challenge), challenge))
		return -EPROTO;
	text_copy_clean(proof->reference, sizeof(proof->reference), reference);
	proof->letters = strcmp(alphabet, "letters") == 0;
	proof->length = length;
	return 0;
}

/* A new code. Being throttled is said and is no error. 0, or the exit code. */
static int resend(struct session *session, struct proof *proof)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	char span[OUTPUT_SPAN];
	int r;

	r = session_call(session, SELF "Resend",
		json_pack("{s:s}", "challenge", proof->challenge), &answer);
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
		r = proof_read(proof, answer);
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

static bool looks_like_code(const struct proof *proof, const char *code)
{
	const char *alphabet = proof->letters ? CODE_LETTERS : "0123456789";

	return strlen(code) == (size_t)proof->length &&
		strspn(code, alphabet) == strlen(code);
}

/* 0: right; an outcome that leaves more tries, positive; or the exit code negated. */
static int confirm(struct session *session, const struct proof *proof, const char *code)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	const json_t *left;
	int r;

	r = session_call(session, SELF "Confirm",
		json_pack("{s:s, s:s}", "challenge", proof->challenge, "code", code),
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

static int ask(const struct proof *proof, char *line, size_t size)
{
	char question[160];

	snprintf(question, sizeof(question),
		"Code from the %s with the reference %s (%lld %s; r: send it again): ",
		proof->carrier, proof->reference, (long long)proof->length,
		proof->letters ? "letters" : "digits");
	return prompt_line(question, line, size);
}

static void wipe_line(char (*line)[LINE])
{
	secret_wipe(*line, LINE);
}

/* One prompt. 0: it was right; 1: that was a code; 2: it was not; or minus the exit
 * code.
 */
static int one_prompt(struct session *session, struct proof *proof)
{
	CLEANUP(wipe_line) char line[LINE];
	int r;

	session_close(session);
	r = ask(proof, line, sizeof(line));
	if (r < 0 && r != -EMSGSIZE) {
		output_error(session->json, "Interrupted",
			"no code was typed; run %s, the code stays good until it "
			"expires",
			proof->again);
		return -OUTPUT_OTHER;
	}
	squeeze(line);
	if (strcmp(line, "R") == 0) {
		r = resend(session, proof);
		return r ? -r : 2;
	}
	if (!looks_like_code(proof, line)) {
		fprintf(stderr, "The code has %lld %s; nothing was sent.\n",
			(long long)proof->length,
			proof->letters ? "letters" : "digits");
		return 2;
	}
	r = confirm(session, proof, line);
	return r > 0 ? 1 : r;
}

int proof_ask(struct session *session, struct proof *proof)
{
	int tries = 0;

	for (int i = 0; i < PROMPTS && tries < TRIES; i++) {
		int r = one_prompt(session, proof);

		if (r <= 0)
			return -r;
		tries += r == 1;
	}
	output_error(session->json, "WrongCode",
		"this was not the code; look for the newest %s, then run %s",
		proof->carrier, proof->again);
	return OUTPUT_REFUSED;
}
