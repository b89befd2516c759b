/* SPDX-License-Identifier: MIT */
/*
 * Asking for the code. otpd decides whether a code is right and how often one may try;
 * this file decides what is put to the user and what of his answers goes to otpd.
 *
 *  - An answer that cannot be a code MUST NOT be sent: it may be the password, and it
 *    would cost a try. It costs a prompt instead, so that the loop ends.
 *  - The prompt MUST have its echo on. sshd's "password" method answers every prompt
 *    without echo with the password.
 *  - A conversation that fails ends the call at once, and the challenge stays: the user
 *    whose connection broke comes back and goes on with the code that he has.
 *  - Every loop here is bounded, whatever the host answers: a host without a user can
 *    cause at most MAX_RESENDS mails.
 *
 * No mail where nobody can answer: the module cannot ask a conversation whether it
 * works without showing a prompt, and the prompt cannot come before the mail. What
 * holds instead: "sudo -n" does not call pam_authenticate() at all
 * (plugins/sudoers/check.c of 1.9.13: check_user_interactive() ends before
 * verify_user()). Only with "Defaults noninteractive_auth" it does; then the password
 * prompt of the first factor, earlier in the stack or ours with password=system, fails
 * first, with "[default=die]" or "requisite" ending the stack there. A stack with
 * noninteractive_auth and without a first factor that prompts mails one code, which
 * later tries resume.
 */
#include "pam_emailotp/dialog.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"
#include "pam_emailotp/prompt.h"
#include "pam_emailotp/result.h"
#include "pam_emailotp/talk.h"

#define MAX_WAITS   3 /* for a first code to become possible */
#define MAX_RESENDS 3

struct dialog {
	pam_handle_t *pamh;
	const struct options *options;
	const struct who *who;
	struct answer *answer;
	int64_t prompts_left;
	int resends_left;
	enum news news; /* since the last prompt */
	int last;       /* why the last prompt did not help, should none be left */
};

struct reply {
	char text[TALK_ANSWER + 1];
	char code[LIMIT_CODE + 1];
};

static void wipe_reply(struct reply *reply)
{
	explicit_bzero(reply, sizeof(*reply));
}

/* Shows a text and waits for Enter, whatever is typed before it. */
static int pause_at(struct dialog *dialog, const char *text)
{
	CLEANUP(wipe_reply) struct reply reply;
	int r = talk_ask(dialog->pamh, PAM_PROMPT_ECHO_ON, text, reply.text);

	return r == -EMSGSIZE ? 0 : r;
}

static int begin_once(struct dialog *dialog)
{
	return call_begin(dialog->pamh, dialog->options, dialog->who, dialog->answer);
}

/* Begins, and waits with the user where otpd cannot send yet. */
static int begin(struct dialog *dialog)
{
	int r = begin_once(dialog);

	for (int i = 0; i < MAX_WAITS && r == OUTCOME_THROTTLED; i++) {
		char text[TALK_TEXT];

		prompt_wait(text, dialog->answer->retry_after_s);
		r = pause_at(dialog, text);
		if (r == 0)
			r = begin_once(dialog);
	}
	return r;
}

static bool wants_resend(const char *text)
{
	return text_same_nocase(text, "r") || text_same_nocase(text, "resend");
}

/* The character of a code as it is sent, or NUL. */
static char code_character(const struct challenge *challenge, char c)
{
	if (!challenge->letters)
		return c >= '0' && c <= '9' ? c : '\0';
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	return c != '\0' && strchr(CODE_LETTERS, c) ? c : '\0';
}

/* The code in what was typed, without its separators; false if there is none. */
static bool read_code(const struct challenge *challenge, struct reply *reply)
{
	int n = 0;

	for (const char *at = reply->text; *at; at++) {
		char c;

		if (*at == ' ' || *at == '-')
			continue;
		c = code_character(challenge, *at);
		if (c == '\0' || n == challenge->length)
			return false;
		reply->code[n++] = c;
	}
	reply->code[n] = '\0';
	return n == challenge->length;
}

/* One prompt is used up, and this is what came of it. */
static int spend(struct dialog *dialog, enum news news, int last)
{
	dialog->prompts_left--;
	dialog->news = news;
	dialog->last = last;
	return RESULT_CHALLENGE;
}

static int resend(struct dialog *dialog)
{
	int r;

	if (dialog->resends_left == 0)
		return spend(dialog, NEWS_NO_MORE_RESENDS, RESULT_NOT_A_CODE);
	dialog->resends_left--;
	r = call_resend(dialog->pamh, dialog->options, dialog->answer);
	dialog->news = r == OUTCOME_THROTTLED ? NEWS_RESEND_LATER : NEWS_RESENT;
	return r == OUTCOME_THROTTLED ? RESULT_CHALLENGE : r;
}

static int verify(struct dialog *dialog, const char *code)
{
	int r = call_verify(dialog->pamh, dialog->options, code, dialog->answer);

	if (r == OUTCOME_WRONG_CODE)
		return spend(dialog, NEWS_WRONG_CODE, OUTCOME_WRONG_CODE);
	return r;
}

/* One prompt: RESULT_CHALLENGE to go on asking, anything else is the end. */
static int ask_once(struct dialog *dialog)
{
	CLEANUP(wipe_reply) struct reply reply;
	char text[TALK_TEXT];
	int r;

	prompt_code(text, dialog->news, dialog->answer, dialog->options->prompt);
	r = talk_ask(dialog->pamh, PAM_PROMPT_ECHO_ON, text, reply.text);
	if (r < 0 && r != -EMSGSIZE)
		return r;
	if (r > 0)
		return r;
	if (r == 0 && wants_resend(reply.text))
		return resend(dialog);
	if (r == 0 && read_code(&dialog->answer->challenge, &reply))
		return verify(dialog, reply.code);
	return spend(dialog, NEWS_NOT_A_CODE, RESULT_NOT_A_CODE);
}

static int ask(struct dialog *dialog)
{
	while (dialog->prompts_left > 0) {
		int r = ask_once(dialog);

		if (r != RESULT_CHALLENGE)
			return r;
	}
	return dialog->last;
}

/* A user who cannot begin at all is told why, and for how long. */
static int show_lock(struct dialog *dialog)
{
	char text[TALK_TEXT];
	int r;

	prompt_locked(text, dialog->answer->retry_after_s);
	r = pause_at(dialog, text);
	return r == 0 ? OUTCOME_LOCKED : r;
}

int dialog_settle(int result, const struct options *options, const struct who *who)
{
	bool lets_in = result == RESULT_VERIFIED || result == RESULT_EXEMPT ||
		result == RESULT_NOT_ENROLLED;

	if (who->unknown &&
		(lets_in || result == OUTCOME_WRONG_CODE ||
			result == RESULT_NOT_A_CODE))
		return RESULT_UNKNOWN_USER;
	if (result == RESULT_NOT_ENROLLED && !options->nullok)
		return RESULT_NOT_ALLOWED_IN;
	return result;
}

int dialog_run(pam_handle_t *pamh, int flags, const struct options *options,
	const struct who *who, struct answer *answer)
{
	struct dialog dialog = {
		.pamh = pamh,
		.options = options,
		.who = who,
		.answer = answer,
		.prompts_left = options->prompts,
		.resends_left = MAX_RESENDS,
		.news = NEWS_BEGUN,
		.last = RESULT_NOT_A_CODE,
	};
	int r = begin(&dialog);

	if (r == OUTCOME_LOCKED)
		return show_lock(&dialog);
	if (r == RESULT_CHALLENGE)
		r = ask(&dialog);
	if (prompt_farewell(r))
		talk_tell(pamh, flags, PAM_ERROR_MSG, prompt_farewell(r));
	r = dialog_settle(r, options, who);
	if (r == RESULT_VERIFIED && answer->undeliverable)
		talk_tell(pamh, flags, PAM_TEXT_INFO, prompt_undeliverable());
	return r;
}
