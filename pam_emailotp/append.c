/* SPDX-License-Identifier: MIT */
/*
 * Option append: one text, which is the password, or the password and the code. What it
 * is to be read as is asked of otpd first (Auth.Find): only while a code is alive, or
 * remembered, can there be one behind the password, and only one of that form.
 *
 * Find is a hint. Whether anybody gets in MUST hang on what Begin or Login and Verify
 * say after the password was found right; Find cannot let anybody in. Begin and Login
 * resume the living challenge and mail nothing. Is it another one than the one that was
 * found, then the code typed is of the dead one, and is not sent.
 *
 * Which readings are tried, and what they cost. A text "horse123456" can be the
 * password "horse" and a code, or a password that ends like a code.
 *
 *  - password=system: unix_chkpwd costs no try. First what stands before the code,
 *    without and with the separator; then the whole text.
 *  - password=account: each Login with a wrong password is counted, so one call of PAM
 *    makes one Login, whatever it is given, and counts one wrong try at most.
 *      - Nothing alive and nothing remembered, or no code at the end: the whole text.
 *      - A code at the end, and too few characters before it for a password
 *        (LIMIT_PASSWORD_MIN, which otpd holds every account to): the whole text. So
 *        "anna19840512" can be sent alone as often as a client likes, though it ends
 *        like a code of six digits.
 *      - Otherwise what stands before the code. "horsebattery123456" and its code
 *        together are right then, as the last code alone is cut off, and nothing is
 *        counted.
 *    Between the last two no order of checks can be right for everybody: whether
 *    "horsebattery123456" alone is a password of 18 characters or one of 12 and a code
 *    is not in the text, and a second Login would count a second try for everybody who
 *    mistypes. Such a password sent alone while a code is alive or remembered is a
 *    wrong one and counts one try. The try that has the code mailed is not concerned,
 *    since then nothing is alive. Only otpd, which has the hash, could check two
 *    readings at the price of one.
 *  - One separator in front of the code is always taken for one. Whose password ends
 *    in a blank, hyphen or comma, he types one more.
 */
#include "pam_emailotp/append.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"
#include "pam_emailotp/box.h"
#include "pam_emailotp/call_account.h"
#include "pam_emailotp/call_auth.h"
#include "pam_emailotp/dialog.h"
#include "pam_emailotp/password.h"
#include "pam_emailotp/prompt.h"
#include "pam_emailotp/result.h"
#include "pam_emailotp/secret.h"

#define MAX_READINGS 3

/* How the text can be read: so many of its bytes are the password. */
struct readings {
	size_t lengths[MAX_READINGS];
	int n;
};

/*
 * With an option for it, what an earlier module has left, and otherwise one answer.
 * Unlike elsewhere a wrong PAM_AUTHTOK is not asked again: that would be a second try.
 */
static int take(const struct request *request, struct secret *ret)
{
	const struct options *options = &request->options;
	int r = RESULT_WRONG_PASSWORD;

	if (options->try_first_pass || options->use_first_pass)
		r = secret_earlier(request->pamh, PAM_AUTHTOK, ret);
	if (r == RESULT_WRONG_PASSWORD && !options->use_first_pass)
		r = secret_ask(request->pamh, SECRET_PROMPT, ret);
	return r;
}

/* Whether the first bytes of an UTF-8 text are enough characters for an account. */
static bool can_be_of_account(const char *text, size_t length)
{
	int n = 0;

	for (size_t at = 0; at < length; at++)
		n += ((unsigned char)text[at] & 0xc0) != 0x80;
	return n >= LIMIT_PASSWORD_MIN;
}

static void add(struct readings *readings, size_t length)
{
	if (readings->n == 0 || readings->lengths[readings->n - 1] != length)
		readings->lengths[readings->n++] = length;
}

/* box: NULL if no code is at the end. */
static struct readings read_text(
	const struct request *request, const char *text, const struct box *box)
{
	struct readings readings = { .n = 0 };

	if (!request_is_of_account(request)) {
		if (box) {
			add(&readings, box->bare);
			add(&readings, box->front);
		}
		add(&readings, strlen(text));
		return readings;
	}
	if (box && can_be_of_account(text, box->bare))
		add(&readings, box->bare);
	else
		add(&readings, strlen(text));
	return readings;
}

static bool is_wrong(int result)
{
	return result == RESULT_WRONG_PASSWORD || result == OUTCOME_WRONG_PASSWORD;
}

/* Whether this is the password, and if so, what otpd says to it. */
static int enter(struct request *request, const char *password)
{
	int r;

	if (!*password)
		return RESULT_WRONG_PASSWORD;
	if (request_is_of_account(request))
		return text_is_utf8(password) ? call_login(request, password)
					      : RESULT_WRONG_PASSWORD;
	r = password_try(request, password);
	return r == RESULT_PASSWORD_RIGHT ? call_begin(request) : r;
}

/* Tries the readings; the one that was right is what is left of the secret. */
static int enter_any(
	struct request *request, const struct readings *readings, struct secret *secret)
{
	size_t whole = strlen(secret->text);
	int r = RESULT_WRONG_PASSWORD;

	for (int i = 0; i < readings->n && is_wrong(r); i++) {
		size_t length = readings->lengths[i];
		char cut = secret->text[length];

		secret->text[length] = '\0';
		r = enter(request, secret->text);
		if (is_wrong(r) && length < whole)
			secret->text[length] = cut;
	}
	return r;
}

/* A code is due: it was typed, or it is to come with the next try. */
static int try_code(
	struct request *request, const struct found *found, const struct box *box)
{
	if (!box || strcmp(found->id, request->answer.challenge.id) != 0)
		return RESULT_CODE_MAILED;
	return call_verify(request, box->code);
}

/* What a sign-in would meet. That it is locked is told only to who has the password. */
static int find(struct request *request, struct found *ret)
{
	int r = call_find(request, ret);

	return r == OUTCOME_LOCKED ? RESULT_NOT_FOUND : r;
}

/*
 * Find has failed. An administrator may have written authinfo_unavail=ignore; that
 * gives up the code, and not the password, so a wrong one stays wrong without otpd.
 */
static int fail_behind_password(
	const struct request *request, const struct secret *secret, int result)
{
	int r;

	if (request_is_of_account(request))
		return result;
	r = password_try(request, secret->text);
	return r == RESULT_PASSWORD_RIGHT ? result : r;
}

static int sign_in(struct request *request, struct secret *secret)
{
	CLEANUP(box_wipe) struct box box = { .front = 0 };
	size_t whole = strlen(secret->text);
	struct readings readings;
	struct found found;
	bool is_cut;
	int r = find(request, &found);

	if (r != RESULT_FOUND && r != RESULT_NOT_FOUND)
		return fail_behind_password(request, secret, r);
	is_cut = r == RESULT_FOUND && box_split(&found.form, secret->text, &box);
	readings = read_text(request, secret->text, is_cut ? &box : NULL);
	r = enter_any(request, &readings, secret);
	if (r == RESULT_CHALLENGE)
		r = try_code(
			request, &found, strlen(secret->text) < whole ? &box : NULL);
	if (r == RESULT_VERIFIED &&
		secret_leave(request->pamh, PAM_AUTHTOK, secret) < 0)
		return -ENOMEM;
	return r;
}

/* There is no prompt that could say it. */
static void tell(const struct request *request, int result)
{
	const struct challenge *challenge = &request->answer.challenge;
	char text[TALK_TEXT];

	if (result == RESULT_CODE_MAILED)
		prompt_mailed(text, challenge);
	else if (result == OUTCOME_WRONG_CODE)
		prompt_wrong_code(text, challenge);
	else if (!prompt_farewell(text, result, request))
		return;
	talk_tell(request->pamh, request->flags, PAM_ERROR_MSG, text);
}

int append_run(struct request *request)
{
	CLEANUP(secret_wipe) struct secret secret;
	int r = take(request, &secret);

	if (r == 0)
		r = sign_in(request, &secret);
	tell(request, r);
	r = dialog_settle(r, request);
	if (r == RESULT_VERIFIED && request->answer.undeliverable)
		talk_tell(request->pamh, request->flags, PAM_TEXT_INFO,
			prompt_undeliverable());
	return r;
}
