/* SPDX-License-Identifier: MIT */
/*
 * Enrolment at the first login, where otpd's policy says "unenrolled = enrol". The
 * first factor has been proven before, the mailbox is proven by the code (dialog.c),
 * and otpd takes the two together for a step-up.
 *
 *  - What cannot be an address MUST NOT be sent: it may be the password. Three
 * addresses are asked for, so a host without a user causes no endless loop; what may be
 * mailed to is for otpd to say, and to count.
 *  - The codes MUST be in a prompt: other messages are held back by sshd until the next
 *    prompt, and there is none. They are wiped here; what the host does with them it
 *    does with every prompt.
 *  - That no codes could be made is no reason to keep out who has proven all that was
 *    asked. He is told how to get them.
 *  - A conversation that ends while they are shown refuses the login, as everywhere
 *    else. The user is enrolled all the same, and nothing is lost but the login: the
 *    next one asks for a code as it does every day, and "otpctl recovery-codes" makes
 *    new ones and voids those that maybe nobody saw. To go on would be worse: with ^C
 * at this prompt sudo would run the command that somebody has just stopped.
 */
#include "pam_emailotp/enrol.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"
#include "pam_emailotp/call_auth.h"
#include "pam_emailotp/dialog.h"
#include "pam_emailotp/prompt.h"
#include "pam_emailotp/result.h"
#include "pam_emailotp/secret.h"

#define MAX_ADDRESSES 3

/* Cuts off blanks at both ends, in place. */
static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		length--;
	text[length] = '\0';
	return text;
}

/* Whether it is worth asking otpd, whose rules are stricter. */
static bool can_be_address(const char *text)
{
	const char *at = strchr(text, '@');

	return at && at > text && at[1] && strlen(text) <= LIMIT_ADDRESS &&
		!strchr(text, ' ') && text_is_utf8(text) && !text_has_control(text);
}

/* What can be mended by typing another one; false: nothing. */
static bool find_problem(
	const struct request *request, int result, char out[LIMIT_DETAIL + 64])
{
	switch (result) {
	case RESULT_NO_ADDRESS:
		snprintf(out, LIMIT_DETAIL + 64, "That is not an e-mail address.");
		return true;
	case OUTCOME_BAD_ADDRESS:
		snprintf(out, LIMIT_DETAIL + 64, "That address cannot be used: %s.",
			request->answer.reason);
		return true;
	case OUTCOME_NOT_ALLOWED:
		snprintf(out, LIMIT_DETAIL + 64, "That address is not allowed here.");
		return true;
	default:
		return false;
	}
}

/* Asks once, and has a code mailed to what was typed. */
static int try_address(struct request *request, const char *problem)
{
	/* It may be the password, which was typed at the wrong prompt. */
	CLEANUP(secret_wipe) struct secret typed;
	char text[TALK_TEXT];
	const char *address;
	int r;

	prompt_address(text, problem, request->answer.domains);
	r = talk_ask(request->pamh, PAM_PROMPT_ECHO_ON, text, typed.text);
	if (r == -EMSGSIZE)
		return RESULT_NO_ADDRESS;
	if (r != 0)
		return r;
	address = trim(typed.text);
	if (!can_be_address(address))
		return RESULT_NO_ADDRESS;
	return dialog_repeat(request, call_enrol, address);
}

int enrol_begin(struct request *request)
{
	char problem[LIMIT_DETAIL + 64] = "";

	for (int i = 0; i < MAX_ADDRESSES; i++) {
		int r = try_address(request, problem);

		if (!find_problem(request, r, problem))
			return r;
	}
	return RESULT_NO_ADDRESS;
}

static int show(const struct request *request, const struct codes *codes)
{
	CLEANUP(secret_wipe) struct secret text;

	_Static_assert(sizeof(text.text) >= TALK_TEXT, "room for a prompt");
	prompt_codes(text.text, codes);
	return dialog_pause(request, text.text);
}

int enrol_end(struct request *request)
{
	CLEANUP(answer_wipe_codes) struct codes codes;
	int r = call_recovery_codes(request, &codes);

	if (r == RESULT_CODES)
		r = show(request, &codes);
	else {
		request->answer.error[0] = '\0'; /* it is not what ends the login */
		r = dialog_pause(request, prompt_no_codes());
	}
	return r;
}
