/* SPDX-License-Identifier: MIT */
/*
 * Recovery codes: for oneself behind a mailed code, and for a user by root. They are
 * shown once, on standard output and nowhere else; otpd keeps hashes of them.
 */
#include "otpd/ctl/recovery.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/prompt.h"
#include "otpd/ctl/proof.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define SELF  "org.emailotp.Self."
#define ADMIN "org.emailotp.Admin."

/* The codes of Self come in one string, blanks between them. A new array, or NULL. */
static json_t *split(const char *text)
{
	json_t *codes = json_array();

	while (codes && *text) {
		size_t length = strcspn(text, " ");

		if (json_array_append_new(codes, json_stringn(text, length)) < 0) {
			json_decref(codes);
			return NULL;
		}
		text += length + strspn(text + length, " ");
	}
	return codes;
}

static bool are_codes(const json_t *codes)
{
	const json_t *code;
	size_t i;

	json_array_foreach(codes, i, code)
		if (!json_is_string(code) || text_has_control(json_string_value(code)))
			return false;
	return json_array_size(codes) > 0;
}

static void print_codes(const json_t *codes, const char *user)
{
	const json_t *code;
	size_t i;

	printf("Recovery codes%s%s. Each lets in once, at the prompt for the mailed "
	       "code:\n\n",
		user ? " of " : "", user ? user : "");
	json_array_foreach(codes, i, code)
		printf("  %s\n", json_string_value(code));
	puts("\nWrite them down or print them, and keep them where no mail and no computer\n"
	     "is needed to get at them. They are not shown again. Earlier ones are void.");
}

/* user: whose codes they are, or NULL for one's own. 0 or -errno. */
static int show(const struct session *session, const json_t *answer, const char *user)
{
	const json_t *field = json_object_get(answer, "codes");
	CLEANUP(json_decrefp)
	json_t *codes = json_is_string(field) ? split(json_string_value(field))
					      : json_deep_copy(field);

	if (!are_codes(codes))
		return -EPROTO;
	if (session->json) {
		CLEANUP(json_decrefp)
		json_t *shown = json_pack("{s:s*, s:O}", "user", user, "codes", codes);

		output_json(shown);
	} else {
		print_codes(codes, user);
	}
	return 0;
}

/* New codes for the challenge that was passed; 0, or as session_call(). */
static int make(struct session *session, const char *challenge, json_t **ret_answer)
{
	int r = session_call(session, SELF "RecoveryCodes",
		json_pack("{s:s}", "challenge", challenge), ret_answer);

	return r == 0 ? show(session, *ret_answer, NULL) : r;
}

static bool are_wanted(void)
{
	char answer[16];

	return prompt_line("Make ten recovery codes now, for when no mail reaches you? "
			   "[Y/n] ",
		       answer, sizeof(answer)) == 0 &&
		(!*answer || text_same_nocase(answer, "y") ||
			text_same_nocase(answer, "yes"));
}

void recovery_offer(struct session *session, const char *challenge)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r;

	if (session->json)
		return;
	session_close(session);
	if (!prompt_possible() || !are_wanted()) {
		puts("Recovery codes, for when no mail reaches you: otpctl "
		     "recovery-codes");
		return;
	}
	r = make(session, challenge, &answer);
	if (r == 0)
		return;
	session_explain(session, r, answer, NULL);
	output_warning(session->json,
		"you are enrolled, but there are no recovery codes; make them with: "
		"otpctl recovery-codes");
}

static int explain_begin(const struct session *session, int r, const json_t *answer)
{
	const char *text = r == OUTCOME_NO_USER
		? "you are not enrolled, and recovery codes come after that; run: "
		  "otpctl enrol"
		: r == OUTCOME_NOT_ALLOWED
		? "your address is not proven yet (otpctl enrol), or an administrator has "
		  "disabled you (otpctl self); recovery codes are for who can log in"
		: NULL;

	if (!text)
		return session_explain(session, r, answer, NULL);
	output_error(session->json, outcome_name(r), "%s", text);
	return OUTPUT_REFUSED;
}

/* Mails a code that allows new ones: 0, or the exit code. */
static int begin(struct session *session, struct proof *proof)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	char span[OUTPUT_SPAN];
	int r = session_call(session, SELF "BeginRecovery", json_object(), &answer);

	if (r == 0)
		r = proof_read(proof, answer);
	if (r != 0)
		return explain_begin(session, r, answer);
	output_span(span, json_integer_value(json_object_get(answer, "expires_in")));
	fprintf(stderr,
		"A mail with a code is on its way to your address; it is good for %s.\n"
		"Type the code here. No mail after a minute: look into the spam folder, "
		"or type r.\n",
		span);
	return 0;
}

int recovery_run(struct session *session, const struct arguments *arguments)
{
	struct proof proof = { .carrier = "mail",
		.again = "otpctl recovery-codes again" };
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = begin(session, &proof);

	(void)arguments;
	if (r == 0)
		r = proof_ask(session, &proof);
	if (r != 0)
		return r;
	r = make(session, proof.challenge, &answer);
	return r == 0 ? OUTPUT_DONE : session_explain(session, r, answer, NULL);
}

int users_recovery(struct session *session, const struct arguments *arguments)
{
	const char *user = arguments->words[0];
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = session_call(session, ADMIN "RecoveryCodes",
		json_pack("{s:s}", "user", user), &answer);

	if (r == 0)
		r = show(session, answer, user);
	return r == 0 ? OUTPUT_DONE : session_explain(session, r, answer, user);
}
