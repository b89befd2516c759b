/* SPDX-License-Identifier: MIT */
/*
 * password=account: the login and the password are those of an account of otpd's, which
 * checks both. No user of the system is meant, no process started and no signal
 * touched, so that a host with threads notices nothing.
 *
 * What cannot be a password (nothing, not UTF-8, longer than a host can answer) is
 * wrong without asking otpd. Everything else is one try against the budget of the
 * login; with try_first_pass a wrong PAM_AUTHTOK and a wrong answer are two.
 */
#include "pam_emailotp/account.h"

#include <errno.h>

#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"
#include "pam_emailotp/call_account.h"
#include "pam_emailotp/dialog.h"
#include "pam_emailotp/result.h"
#include "pam_emailotp/secret.h"

static bool is_wrong(int result)
{
	return result == RESULT_WRONG_PASSWORD || result == OUTCOME_WRONG_PASSWORD;
}

/* Signs in by this password, which was given by the user or by an earlier module. */
static int enter(struct request *request, const struct secret *secret)
{
	if (!*secret->text || !text_is_utf8(secret->text))
		return RESULT_WRONG_PASSWORD;
	return dialog_run(request, &step_account, secret->text);
}

static int enter_earlier(struct request *request)
{
	CLEANUP(secret_wipe) struct secret secret;
	int r = secret_earlier(request->pamh, PAM_AUTHTOK, &secret);

	return r == 0 ? enter(request, &secret) : r;
}

static int enter_asked(struct request *request)
{
	CLEANUP(secret_wipe) struct secret secret;
	int r = secret_ask(request->pamh, SECRET_PROMPT, &secret);

	if (r != 0)
		return r;
	r = enter(request, &secret);
	if (r == RESULT_VERIFIED &&
		secret_leave(request->pamh, PAM_AUTHTOK, &secret) < 0)
		return -ENOMEM;
	return r;
}

int account_sign_in(struct request *request)
{
	const struct options *options = &request->options;
	int r = RESULT_WRONG_PASSWORD;

	if (options->try_first_pass || options->use_first_pass)
		r = enter_earlier(request);
	if (is_wrong(r) && !options->use_first_pass)
		r = enter_asked(request);
	if (is_wrong(r))
		dialog_tell_end(request, r);
	return r;
}

int account_check(struct request *request)
{
	int r = call_status(request);

	dialog_tell_end(request, r);
	return r;
}
