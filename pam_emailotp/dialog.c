/* SPDX-License-Identifier: MIT */
/*
 * Asking for the code. otpd decides whether a code is right and how often one may try;
 * this file decides what is put to the user and what of his answers goes to otpd.
 *
 *  - An answer that cannot be a code MUST NOT be sent: it may be the password, and it
 *    would cost a try. It costs a prompt instead, so that the loop ends. Twenty letters
 *    of a recovery code go to Auth.Recover, whoever it is: whether there is such a code
 *    otpd says, and nobody can see from here who has any.
 *  - Where no code was mailed (delivery "none", or the user is locked) there is none
 * that could be right, so nothing but a recovery code is sent.
 *  - The prompt MUST have its echo on. sshd's "password" method answers every prompt
 *    without echo with the password.
 *  - A conversation that fails ends the call at once, and the challenge stays: the user
 *    whose connection broke comes back and goes on with the code that he has.
 *  - Every loop here is bounded, whatever the host answers: a host without a user can
 *    cause at most MAX_RESENDS mails.
 *  - What the code is for (a sign-in, a new password) stands in struct step; the loop
 *    is the same.
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
#include "pam_emailotp/box.h"
#include "pam_emailotp/call_account.h"
#include "pam_emailotp/call_auth.h"
#include "pam_emailotp/enrol.h"
#include "pam_emailotp/prompt.h"
#include "pam_emailotp/result.h"
#include "pam_emailotp/talk.h"

#define MAX_WAITS   3 /* for what is not possible yet */
#define MAX_RESENDS 3

struct dialog {
	struct request *request;
	const struct step *step;
	int64_t prompts_left;
	int resends_left;
	enum news news; /* since the last prompt */
	int last;       /* why the last prompt did not help, should none be left */
};

struct reply {
	char text[TALK_ANSWER + 1];
	char code[LIMIT_CODE + 1];
	char recovery[BOX_RECOVERY + 1];
};

static int begin_login(struct request *request, const char *password)
{
	(void)password;
	return call_begin(request);
}

const struct step step_login = { begin_login, call_resend, call_verify, call_recover };
const struct step step_account = { call_login, call_resend, call_verify, call_recover };

static void wipe_reply(struct reply *reply)
{
	explicit_bzero(reply, sizeof(*reply));
}

/* Whatever is typed before Enter. */
int dialog_pause(const struct request *request, const char *text)
{
	CLEANUP(wipe_reply) struct reply reply;
	int r = talk_ask(request->pamh, PAM_PROMPT_ECHO_ON, text, reply.text);

	return r == -EMSGSIZE ? 0 : r;
}

int dialog_repeat(struct request *request, step_begin *begin, const char *password)
{
	int r = begin(request, password);

	for (int i = 0; i < MAX_WAITS && (r == OUTCOME_THROTTLED || r == OUTCOME_BUSY);
		i++) {
		char text[TALK_TEXT];

		prompt_wait(text, r, request->answer.retry_after_s);
		r = dialog_pause(request, text);
		if (r == 0)
			r = begin(request, password);
	}
	return r;
}

static bool wants_resend(const char *text)
{
	return text_same_nocase(text, "r") || text_same_nocase(text, "resend");
}

/* One prompt is used up, and this is what came of it. */
static int spend(struct dialog *dialog, enum news news, int last)
{
	dialog->prompts_left--;
	dialog->news = news;
	dialog->last = last;
	return RESULT_CHALLENGE;
}

/* Whether a recovery code may come at the next prompt. Who enrols has none yet. */
static bool may_recover(const struct dialog *dialog)
{
	return dialog->step->recover &&
		dialog->request->answer.challenge.purpose != PURPOSE_ENROL;
}

static int resend(struct dialog *dialog)
{
	int r;

	if (dialog->resends_left == 0)
		return spend(dialog, NEWS_NO_MORE_RESENDS, RESULT_NOT_A_CODE);
	dialog->resends_left--;
	r = dialog->step->resend(dialog->request);
	/* Where there is no mail, a recovery code is for. */
	if (r == OUTCOME_UNAVAILABLE && may_recover(dialog))
		return spend(dialog, NEWS_RESEND_FAILED, OUTCOME_UNAVAILABLE);
	dialog->news = r == OUTCOME_THROTTLED ? NEWS_RESEND_LATER : NEWS_RESENT;
	return r == OUTCOME_THROTTLED ? RESULT_CHALLENGE : r;
}

static int verify(struct dialog *dialog, const char *code)
{
	int r = dialog->step->verify(dialog->request, code);

	if (r == OUTCOME_WRONG_CODE)
		return spend(dialog, NEWS_WRONG_CODE, OUTCOME_WRONG_CODE);
	return r;
}

static int recover(struct dialog *dialog, const char *code)
{
	bool locked = dialog->request->answer.challenge.locked;
	int r = dialog->step->recover(dialog->request, code);

	if (r == OUTCOME_WRONG_CODE)
		return spend(dialog, NEWS_WRONG_RECOVERY, OUTCOME_WRONG_CODE);
	/* Its budget is its own: the code of the mail may still be tried. */
	if (r == OUTCOME_LOCKED && !locked)
		return spend(dialog, NEWS_NO_RECOVERY, OUTCOME_WRONG_CODE);
	if (r == OUTCOME_BUSY)
		return spend(dialog, NEWS_BUSY, OUTCOME_BUSY);
	return r;
}

/* What was typed: the way that it goes hangs on its form. */
static int take(struct dialog *dialog, struct reply *reply)
{
	const struct challenge *challenge = &dialog->request->answer.challenge;

	if (may_recover(dialog) && box_read_recovery(reply->text, reply->recovery))
		return recover(dialog, reply->recovery);
	if (challenge->locked)
		return *reply->text ? spend(dialog, NEWS_NOT_A_CODE, OUTCOME_LOCKED)
				    : OUTCOME_LOCKED;
	if (wants_resend(reply->text))
		return resend(dialog);
	if (challenge->delivery != DELIVERY_NONE &&
		box_read_code(&challenge->form, reply->text, reply->code))
		return verify(dialog, reply->code);
	return spend(dialog, NEWS_NOT_A_CODE, RESULT_NOT_A_CODE);
}

/* One prompt: RESULT_CHALLENGE to go on asking, anything else is the end. */
static int ask_once(struct dialog *dialog)
{
	CLEANUP(wipe_reply) struct reply reply;
	const struct request *request = dialog->request;
	char text[TALK_TEXT];
	int r;

	prompt_code(text, dialog->news, request, may_recover(dialog));
	r = talk_ask(request->pamh, PAM_PROMPT_ECHO_ON, text, reply.text);
	if (r == -EMSGSIZE)
		return spend(dialog, NEWS_NOT_A_CODE, RESULT_NOT_A_CODE);
	return r == 0 ? take(dialog, &reply) : r;
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
static int show_lock(const struct request *request)
{
	char text[TALK_TEXT];
	int r;

	prompt_locked(text, request);
	r = dialog_pause(request, text);
	return r == 0 ? OUTCOME_LOCKED : r;
}

int dialog_settle(int result, const struct request *request)
{
	bool lets_in = result == RESULT_VERIFIED || result == RESULT_EXEMPT ||
		result == RESULT_NOT_ENROLLED;

	if (request->who.unknown &&
		(lets_in || result == OUTCOME_WRONG_CODE ||
			result == RESULT_NOT_A_CODE))
		return RESULT_UNKNOWN_USER;
	if (result == RESULT_NOT_ENROLLED && !request->options.nullok)
		return RESULT_NOT_ALLOWED_IN;
	return result;
}

void dialog_tell_end(const struct request *request, int result)
{
	char text[TALK_TEXT];

	if (prompt_farewell(text, result, request))
		talk_tell(request->pamh, request->flags, PAM_ERROR_MSG, text);
}

/*
 * Enrols first. Who has enrolled in another window in the meantime is asked for the
 * code of a login, as anybody.
 */
static int begin_enrolled(
	struct request *request, const struct step *step, const char *password)
{
	int r = enrol_begin(request);

	if (r != OUTCOME_EXISTS)
		return r;
	r = dialog_repeat(request, step->begin, password);
	return r == RESULT_ENROL ? -EBADMSG : r;
}

int dialog_run(struct request *request, const struct step *step, const char *password)
{
	struct dialog dialog = {
		.request = request,
		.step = step,
		.prompts_left = request->options.prompts,
		.resends_left = MAX_RESENDS,
		.news = NEWS_BEGUN,
		.last = RESULT_NOT_A_CODE,
	};
	int r = dialog_repeat(request, step->begin, password);

	if (r == RESULT_ENROL)
		r = begin_enrolled(request, step, password);
	if (r == OUTCOME_LOCKED)
		return show_lock(request);
	if (r == OUTCOME_WRONG_PASSWORD)
		return r;
	if (r == RESULT_CHALLENGE)
		r = ask(&dialog);
	if (r == RESULT_VERIFIED &&
		request->answer.challenge.purpose == PURPOSE_ENROL) {
		int shown = enrol_end(request);

		if (shown != 0)
			r = shown;
	}
	dialog_tell_end(request, r);
	r = dialog_settle(r, request);
	if (r == RESULT_VERIFIED && request->answer.undeliverable)
		talk_tell(request->pamh, request->flags, PAM_TEXT_INFO,
			prompt_undeliverable());
	return r;
}
