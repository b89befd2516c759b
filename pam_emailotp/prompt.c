/* SPDX-License-Identifier: MIT */
/*
 * Every word that a user reads. All that he must know stands in the prompt itself,
 * since sshd before 10.3 holds other messages back until the next prompt, and many
 * clients show nothing else. The reason for asking again comes first. No text holds
 * anything that a stranger wrote: only numbers, the reference, the administrator's
 * prompt=, and otpd's reason against a new password.
 */
#include "pam_emailotp/prompt.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "pam_emailotp/result.h"

#define ASK "Code, or r for a new one: "

static void append(char out[TALK_TEXT], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void append(char out[TALK_TEXT], const char *format, ...)
{
	size_t length = strlen(out);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(out + length, TALK_TEXT - length, format, arguments);
	va_end(arguments);
}

/* "43 s", "10 minutes", "2 hours": never more than there is, for life and waiting
 * alike. */
static const char *duration(char out[32], int seconds)
{
	if (seconds < 120)
		snprintf(out, 32, "%d s", seconds);
	else if (seconds < 7200)
		snprintf(out, 32, "%d minutes", seconds / 60);
	else
		snprintf(out, 32, "%d hours", seconds / 3600);
	return out;
}

/* For waiting, where a minute that has begun counts whole. */
static const char *waiting(char out[32], int seconds)
{
	if (seconds >= 7200)
		seconds += 3599;
	else if (seconds >= 120)
		seconds += 59;
	return duration(out, seconds);
}

static bool proves_address(const struct challenge *c)
{
	return c->purpose == PURPOSE_VERIFY_ADDRESS;
}

static void append_begun(
	char out[TALK_TEXT], const struct challenge *c, const char *life)
{
	if (proves_address(c))
		append(out, "Your e-mail address is not verified. ");
	if (c->delivery == DELIVERY_FAILED) {
		append(out,
			"The code (reference %s) could not be delivered; r sends another. ",
			c->reference);
		if (proves_address(c))
			append(out,
				"If that fails too, have an administrator correct the "
				"address. ");
		return;
	}
	if (c->delivery == DELIVERY_DEFERRED) {
		append(out,
			"A code is on its way (reference %s, valid for %s), but the mail "
			"server is making it wait; it may take minutes. ",
			c->reference, life);
		return;
	}
	if (proves_address(c))
		append(out, "A code was sent to it (reference %s, valid for %s). ",
			c->reference, life);
	else if (c->resumed)
		append(out,
			"The code that was e-mailed to you before is still good "
			"(reference %s, for %s). ",
			c->reference, life);
	else
		append(out, "A code was e-mailed to you (reference %s, valid for %s). ",
			c->reference, life);
}

static void append_delivery(char out[TALK_TEXT], const struct challenge *c)
{
	if (c->delivery == DELIVERY_FAILED)
		append(out, "The mail could not be delivered; r sends another. ");
	if (c->delivery == DELIVERY_DEFERRED)
		append(out,
			"The mail server is making the mail wait; it may take minutes. ");
}

static void append_tries(char out[TALK_TEXT], const struct challenge *c)
{
	if (c->tries_left == 0)
		append(out, "Wrong code (no try left; reference %s). ", c->reference);
	else
		append(out, "Wrong code (%d %s left; reference %s). ", c->tries_left,
			c->tries_left == 1 ? "try" : "tries", c->reference);
}

static void append_wrong(char out[TALK_TEXT], const struct challenge *c)
{
	append_tries(out, c);
	append_delivery(out, c);
}

static void append_not_a_code(char out[TALK_TEXT], const struct challenge *c)
{
	append(out, "That is not a code (%d %s expected; reference %s). ",
		c->form.length, c->form.letters ? "letters and digits" : "digits",
		c->reference);
	append_delivery(out, c);
}

void prompt_code(char out[TALK_TEXT], enum news news, const struct answer *answer,
	const char *ask)
{
	const struct challenge *c = &answer->challenge;
	char life[32];

	out[0] = '\0';
	duration(life, c->expires_in_s);
	switch (news) {
	case NEWS_BEGUN:
		append_begun(out, c, life);
		break;
	case NEWS_WRONG_CODE:
		append_wrong(out, c);
		break;
	case NEWS_NOT_A_CODE:
		append_not_a_code(out, c);
		break;
	case NEWS_RESENT:
		append(out,
			"A new code was e-mailed to you (reference %s, valid for %s); "
			"the old one is void. ",
			c->reference, life);
		append_delivery(out, c);
		break;
	case NEWS_RESEND_LATER:
		append(out,
			"No new code can be sent for %s; the last has reference %s. ",
			waiting(life, answer->retry_after_s), c->reference);
		break;
	case NEWS_NO_MORE_RESENDS:
		append(out,
			"No more codes are sent in this login; the last has reference %s. ",
			c->reference);
		break;
	}
	if (ask)
		append(out, "%s", ask);
	else if (proves_address(c) && news == NEWS_BEGUN &&
		c->delivery != DELIVERY_FAILED)
		append(out, "Enter it to verify the address, r for a new one: ");
	else
		append(out, ASK);
}

void prompt_wait(char out[TALK_TEXT], int outcome, int retry_after_s)
{
	char time[32];

	out[0] = '\0';
	waiting(time, retry_after_s);
	if (outcome == OUTCOME_BUSY)
		append(out,
			"Too many passwords are being checked. Wait %s, then press "
			"Enter: ",
			time);
	else
		append(out, "No new code can be sent for %s. Wait, then press Enter: ",
			time);
}

static void append_locked(char out[TALK_TEXT], const struct request *request)
{
	int retry_after_s = request->answer.retry_after_s;
	const char *what =
		request_is_of_account(request) ? "Sign-in" : "Sign-in by code";
	const char *why =
		request_is_of_account(request) ? "wrong tries" : "wrong codes";
	char time[32];

	if (retry_after_s == 0)
		append(out, "%s is locked until an administrator unlocks it.", what);
	else
		append(out, "%s is locked for %s, after too many %s.", what,
			waiting(time, retry_after_s), why);
}

void prompt_locked(char out[TALK_TEXT], const struct request *request)
{
	out[0] = '\0';
	append_locked(out, request);
	append(out, " Press Enter: ");
}

const char *prompt_undeliverable(void)
{
	return "Mails to your address keep being refused. Tell your administrator, or enrol "
	       "another address.";
}

void prompt_mailed(char out[TALK_TEXT], const struct challenge *c)
{
	char life[32];

	out[0] = '\0';
	append(out,
		"A code has been mailed; enter your password followed by the code "
		"(reference %s, valid for %s).",
		c->reference, duration(life, c->expires_in_s));
	if (c->delivery == DELIVERY_FAILED)
		append(out, " The mail could not be delivered.");
}

void prompt_wrong_code(char out[TALK_TEXT], const struct challenge *c)
{
	out[0] = '\0';
	append_tries(out, c);
	append(out, "Enter your password followed by the code.");
}

void prompt_new_password(char out[TALK_TEXT], const char *problem)
{
	out[0] = '\0';
	if (*problem)
		append(out, "The password is not acceptable: %s. ", problem);
	append(out, "New password: ");
}

void prompt_recovery(char out[TALK_TEXT], bool again, int tries_left)
{
	out[0] = '\0';
	if (again)
		append(out, "Wrong recovery code (%d %s left). ", tries_left,
			tries_left == 1 ? "try" : "tries");
	append(out, "One of your recovery codes: ");
}

/* What only accounts can meet. */
static const char *account_farewell(int result)
{
	switch (result) {
	case OUTCOME_BAD_NAME:
	case RESULT_WRONG_PASSWORD:
	case OUTCOME_WRONG_PASSWORD:
		return "The login or the password is wrong.";
	case OUTCOME_BUSY:
		return "Too many passwords are being checked. Try again in a few seconds.";
	case OUTCOME_NOT_VERIFIED:
		return "Your e-mail address is not verified. Verify it first.";
	case OUTCOME_DISABLED:
		return "This account is disabled. Ask an administrator.";
	case OUTCOME_MUST_RESET:
		return "Your password must be reset before you can log in.";
	case OUTCOME_NO_USER:
		return "There is no such account.";
	case OUTCOME_NOT_ALLOWED:
		return "Only an administrator can allow a new password.";
	case OUTCOME_BAD_PASSWORD:
		return "The new password is not acceptable. The password is unchanged.";
	case RESULT_PASSWORDS_DIFFER:
		return "The passwords differ. The password is unchanged.";
	case OUTCOME_BAD_TOKEN:
		return "The time for a new password is over. Begin again.";
	case OUTCOME_RECOVERY_NEEDED:
		return "A new password needs one of your recovery codes.";
	default:
		return NULL;
	}
}

static const char *farewell(int result)
{
	switch (result) {
	case RESULT_ADDRESS_VERIFIED:
		return "Your address is verified now. Log in again to receive a sign-in "
		       "code.";
	case OUTCOME_EXPIRED:
		return "The code has expired. Log in again to receive a new one.";
	case OUTCOME_BURNT:
		return "This code has used up its tries. Log in again to receive a new one.";
	case OUTCOME_LOCKED:
		return "Sign-in by code is locked after too many wrong codes.";
	case OUTCOME_NO_CHALLENGE:
		return "This code is no longer good. Log in again to receive a new one.";
	case OUTCOME_THROTTLED:
		return "No new code can be sent now. Try again later.";
	default:
		if (result_auth(result) == PAM_AUTHINFO_UNAVAIL)
			return "Sign-in by code is not available now.";
		return NULL;
	}
}

bool prompt_farewell(char out[TALK_TEXT], int result, const struct request *request)
{
	const char *text = NULL;

	out[0] = '\0';
	if (request_is_of_account(request))
		text = account_farewell(result);
	if (request_is_of_account(request) && result == OUTCOME_LOCKED)
		append_locked(out, request);
	else if (text || farewell(result))
		append(out, "%s", text ? text : farewell(result));
	return *out;
}
