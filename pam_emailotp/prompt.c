/* SPDX-License-Identifier: MIT */
/*
 * Every word that a user reads. All that he must know stands in the prompt itself,
 * since sshd before 10.3 holds other messages back until the next prompt, and many
 * clients show nothing else. The reason for asking again comes first. No text holds
 * anything that a stranger wrote: only numbers, the reference, the administrator's
 * prompt=, and otpd's reason against a new password.
 */
#include "pam_emailotp/prompt.h"

#include <stdio.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "pam_emailotp/phrase.h"
#include "pam_emailotp/result.h"

void prompt_wait(char out[TALK_TEXT], int outcome, int retry_after_s)
{
	char time[PHRASE_TIME];

	out[0] = '\0';
	phrase_waiting(time, retry_after_s);
	if (outcome == OUTCOME_BUSY)
		phrase_append(out,
			"Too many passwords are being checked. Wait %s, then press "
			"Enter: ",
			time);
	else
		phrase_append(out,
			"No new code can be sent for %s. Wait, then press Enter: ",
			time);
}

void prompt_locked(char out[TALK_TEXT], const struct request *request)
{
	out[0] = '\0';
	phrase_locked(
		out, request_is_of_account(request), request->answer.retry_after_s);
	phrase_append(out, "Press Enter: ");
}

const char *prompt_undeliverable(void)
{
	return "Mails to your address keep being refused. Tell your administrator, or enrol "
	       "another address.";
}

void prompt_mailed(char out[TALK_TEXT], const struct challenge *c)
{
	char life[PHRASE_TIME];

	out[0] = '\0';
	phrase_append(out,
		"A code has been mailed; enter your password followed by the code "
		"(reference %s, valid for %s).",
		c->reference, phrase_duration(life, c->expires_in_s));
	if (c->delivery == DELIVERY_FAILED)
		phrase_append(out, " The mail could not be delivered.");
}

void prompt_wrong_code(char out[TALK_TEXT], const struct challenge *c)
{
	out[0] = '\0';
	phrase_tries(out, c);
	phrase_append(out, "Enter your password followed by the code.");
}

void prompt_new_password(char out[TALK_TEXT], const char *problem)
{
	out[0] = '\0';
	if (*problem)
		phrase_append(out, "The password is not acceptable: %s. ", problem);
	phrase_append(out, "New password: ");
}

void prompt_recovery(char out[TALK_TEXT], bool again, int tries_left)
{
	out[0] = '\0';
	if (again)
		phrase_append(out, "Wrong recovery code (%d %s left). ", tries_left,
			tries_left == 1 ? "try" : "tries");
	phrase_append(out, "One of your recovery codes: ");
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
	case RESULT_NO_ADDRESS:
		return "You are not enrolled. Log in again with an address that is allowed.";
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
		phrase_locked(out, true, request->answer.retry_after_s);
	else if (text || farewell(result))
		phrase_append(out, "%s", text ? text : farewell(result));
	return *out;
}
