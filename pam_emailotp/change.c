/* SPDX-License-Identifier: MIT */
/*
 * A new password for an account of otpd's: password=account in the password phase.
 * otpd says what is acceptable and sets it; here are the questions and their order.
 *
 *  - The new password MUST NOT be asked for before the code was right, so that nobody
 *    types it in vain, and MUST be typed twice where a user types it.
 *  - First the old password and a code, then the new one. With
 *    PAM_CHANGE_EXPIRED_AUTHTOK, which hosts set when the account phase said that the
 *    password must be reset, and which an application sets for who has forgotten it,
 *    the old one is not asked for: a code does, and a recovery code where the tenant
 *    wants one.
 *  - The first pass of PAM only looks whether otpd can be asked. Whether there is an
 *    account, and in which state, MUST NOT be seen there: nobody has proven anything
 *    yet, otpd answers a reset the same way for everybody, and so do we. What forbids
 *    a change is said in the second pass, behind the password.
 *  - PAM_OLDAUTHTOK and PAM_AUTHTOK are left for later modules when the password is
 * set.
 */
#include "pam_emailotp/change.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"
#include "pam_emailotp/call_account.h"
#include "pam_emailotp/dialog.h"
#include "pam_emailotp/prompt.h"
#include "pam_emailotp/result.h"
#include "pam_emailotp/secret.h"

#define MAX_TRIES 3 /* at a new password that is acceptable */

/* Asks for recovery codes until one is right; the code of the mail was. */
static int confirm_by_recovery(struct request *request, const char *code)
{
	int r = OUTCOME_RECOVERY_NEEDED;

	for (int i = 0; i < request->options.prompts && r == OUTCOME_RECOVERY_NEEDED;
		i++) {
		CLEANUP(secret_wipe) struct secret recovery;
		char text[TALK_TEXT];

		prompt_recovery(text, i > 0, request->answer.tries_left);
		r = talk_ask(request->pamh, PAM_PROMPT_ECHO_ON, text, recovery.text);
		if (r != 0 && r != -EMSGSIZE)
			return r;
		if (r == -EMSGSIZE || !*recovery.text || !text_is_utf8(recovery.text) ||
			strlen(recovery.text) > LIMIT_RECOVERY)
			r = OUTCOME_RECOVERY_NEEDED; /* none, and not sent */
		else
			r = call_confirm(request, code, recovery.text);
	}
	return r;
}

static int confirm(struct request *request, const char *code)
{
	int r = call_confirm(request, code, NULL);

	return r == OUTCOME_RECOVERY_NEEDED ? confirm_by_recovery(request, code) : r;
}

static int begin_reset(struct request *request, const char *password)
{
	(void)password;
	return call_request_reset(request);
}

static const struct step step_change = { call_change_password, call_resend_change,
	confirm, NULL };
static const struct step step_reset = { begin_reset, call_resend_change, confirm,
	NULL };

int change_check(struct request *request)
{
	int r = call_status(request);

	switch (r) {
	case RESULT_VERIFIED:
	case OUTCOME_NO_USER:
	case OUTCOME_NOT_VERIFIED:
	case OUTCOME_DISABLED:
	case OUTCOME_MUST_RESET:
	case OUTCOME_LOCKED:
		return RESULT_MAY_CHANGE;
	default:
		dialog_tell_end(request, r);
		return r;
	}
}

static int take_old(const struct request *request, struct secret *ret)
{
	int r = secret_earlier(request->pamh, PAM_OLDAUTHTOK, ret);

	if (r != 0)
		r = secret_ask(request->pamh, "Current password: ", ret);
	if (r == 0 && (!*ret->text || !text_is_utf8(ret->text)))
		r = RESULT_WRONG_PASSWORD;
	return r;
}

/* What gives the right to a new password: RESULT_GRANTED. */
static int prove(struct request *request)
{
	CLEANUP(secret_wipe) struct secret old;
	int r;

	if (request->flags & PAM_CHANGE_EXPIRED_AUTHTOK)
		return dialog_run(request, &step_reset, NULL);
	r = take_old(request, &old);
	if (r == 0)
		r = dialog_run(request, &step_change, old.text);
	if (r == RESULT_WRONG_PASSWORD || r == OUTCOME_WRONG_PASSWORD)
		dialog_tell_end(request, r);
	if (r == RESULT_GRANTED &&
		secret_leave(request->pamh, PAM_OLDAUTHTOK, &old) < 0)
		return -ENOMEM;
	return r;
}

/* Types it twice; problem is what is said before. 0: they are the same. */
static int ask_new(
	const struct request *request, const char *problem, struct secret *ret)
{
	CLEANUP(secret_wipe) struct secret again;
	char text[TALK_TEXT];
	int r;

	prompt_new_password(text, problem);
	r = secret_ask(request->pamh, text, ret);
	if (r == 0)
		r = secret_ask(request->pamh, "Retype new password: ", &again);
	if (r == 0 && strcmp(ret->text, again.text) != 0)
		return RESULT_PASSWORDS_DIFFER;
	return r;
}

static int set_password(struct request *request, const char *password)
{
	if (!text_is_utf8(password)) {
		text_copy(request->answer.reason, sizeof(request->answer.reason),
			"it is not UTF-8");
		return OUTCOME_BAD_PASSWORD;
	}
	return call_set_password(request, password);
}

/* Sets it, and leaves it for later modules. */
static int set_new(struct request *request, const struct secret *new)
{
	int r = dialog_repeat(request, set_password, new->text);

	if (r == RESULT_PASSWORD_SET &&
		secret_leave(request->pamh, PAM_AUTHTOK, new) < 0)
		return -ENOMEM;
	return r;
}

/* What can be mended by typing it anew, as a clause, or NULL. */
static const char *problem_of(const struct request *request, int result)
{
	switch (result) {
	case RESULT_WRONG_PASSWORD:
		return "it is too long";
	case RESULT_PASSWORDS_DIFFER:
		return "the passwords differ";
	case OUTCOME_BAD_PASSWORD:
		return request->answer.reason;
	default:
		return NULL;
	}
}

static int set_asked(struct request *request)
{
	const char *problem = "";
	int r = RESULT_PASSWORDS_DIFFER;

	for (int i = 0; i < MAX_TRIES && problem; i++) {
		CLEANUP(secret_wipe) struct secret new;

		r = ask_new(request, problem, &new);
		if (r == 0)
			r = set_new(request, &new);
		problem = problem_of(request, r);
	}
	return r == RESULT_WRONG_PASSWORD ? OUTCOME_BAD_PASSWORD : r;
}

/* The one that an earlier module has asked for, if an option says so. */
static int set_any(struct request *request)
{
	CLEANUP(secret_wipe) struct secret earlier;
	const struct options *options = &request->options;
	int r = RESULT_WRONG_PASSWORD;

	if (options->try_first_pass || options->use_first_pass)
		r = secret_earlier(request->pamh, PAM_AUTHTOK, &earlier);
	if (r == 0)
		return set_new(request, &earlier);
	return options->use_first_pass ? RESULT_NO_NEW_PASSWORD : set_asked(request);
}

int change_run(struct request *request)
{
	int r = prove(request);

	if (r != RESULT_GRANTED)
		return r;
	r = set_any(request);
	dialog_tell_end(request, r);
	return r;
}
