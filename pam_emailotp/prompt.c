/* SPDX-License-Identifier: MIT */
/*
 * Every word that a user reads. All that he must know stands in the prompt itself,
 * since sshd before 10.3 holds other messages back until the next prompt, and many
 * clients show nothing else. The reason for asking again comes first. No text holds
 * anything that a stranger wrote: only numbers, the reference, and the administrator's
 * prompt=.
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

static void append_begun(
	char out[TALK_TEXT], const struct challenge *c, const char *life)
{
	if (c->proves_address)
		append(out, "Your e-mail address is not verified. ");
	if (c->delivery == DELIVERY_FAILED) {
		append(out,
			"The code (reference %s) could not be delivered; r sends another. ",
			c->reference);
		if (c->proves_address)
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
	if (c->proves_address)
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

static void append_wrong(char out[TALK_TEXT], const struct challenge *c)
{
	if (c->tries_left == 0)
		append(out, "Wrong code (no try left; reference %s). ", c->reference);
	else
		append(out, "Wrong code (%d %s left; reference %s). ", c->tries_left,
			c->tries_left == 1 ? "try" : "tries", c->reference);
	append_delivery(out, c);
}

static void append_not_a_code(char out[TALK_TEXT], const struct challenge *c)
{
	append(out, "That is not a code (%d %s expected; reference %s). ", c->length,
		c->letters ? "letters and digits" : "digits", c->reference);
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
	else if (c->proves_address && news == NEWS_BEGUN &&
		c->delivery != DELIVERY_FAILED)
		append(out, "Enter it to verify the address, r for a new one: ");
	else
		append(out, ASK);
}

void prompt_wait(char out[TALK_TEXT], int retry_after_s)
{
	char time[32];

	out[0] = '\0';
	append(out, "No new code can be sent for %s. Wait, then press Enter: ",
		waiting(time, retry_after_s));
}

void prompt_locked(char out[TALK_TEXT], int retry_after_s)
{
	char time[32];

	out[0] = '\0';
	if (retry_after_s == 0)
		append(out,
			"Sign-in by code is locked until an administrator unlocks it. "
			"Press Enter: ");
	else
		append(out,
			"Sign-in by code is locked for %s, after too many wrong codes. "
			"Press Enter: ",
			waiting(time, retry_after_s));
}

const char *prompt_undeliverable(void)
{
	return "Mails to your address keep being refused. Tell your administrator, or enrol "
	       "another address.";
}

const char *prompt_farewell(int result)
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
