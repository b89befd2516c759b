/* SPDX-License-Identifier: MIT */
/*
 * The prompt for a code: what happened since the last one, and then the question. A
 * recovery code is offered to everybody alike, since the offer would tell who has one.
 */
#include "pam_emailotp/phrase.h"
#include "pam_emailotp/prompt.h"

#define ASK               "Code, or r for a new one: "
#define ASK_WITH_RECOVERY "Code, r for a new one, or a recovery code: "
#define ASK_RECOVERY      "Recovery code, or Enter to give up: "
#define ASK_WITHOUT_MAIL  "r to have a code mailed, or a recovery code: "

static bool proves_address(const struct challenge *c)
{
	return c->purpose == PURPOSE_VERIFY_ADDRESS;
}

/* Where the code went, as the subject of a sentence is. */
static const char *sent_to(const struct challenge *c)
{
	if (c->purpose == PURPOSE_ENROL)
		return "sent to this address";
	return "e-mailed to you";
}

static void append_failed(char out[TALK_TEXT], const struct challenge *c)
{
	phrase_append(out,
		"The code (reference %s) could not be delivered; r sends another. ",
		c->reference);
	if (proves_address(c))
		phrase_append(out,
			"If that fails too, have an administrator correct the "
			"address. ");
	if (c->purpose == PURPOSE_ENROL)
		phrase_append(out, "If the address is wrong, log in again. ");
}

static void append_no_mail(char out[TALK_TEXT], int resend_in_s)
{
	char time[PHRASE_TIME];

	if (resend_in_s > 0)
		phrase_append(out, "No code can be mailed for %s. ",
			phrase_waiting(time, resend_in_s));
	else
		phrase_append(out, "No code can be mailed now. ");
}

static void append_begun(
	char out[TALK_TEXT], const struct challenge *c, const char *life)
{
	if (proves_address(c))
		phrase_append(out, "Your e-mail address is not verified. ");
	if (c->delivery == DELIVERY_NONE) {
		append_no_mail(out, c->resend_in_s);
		return;
	}
	if (c->delivery == DELIVERY_FAILED) {
		append_failed(out, c);
		return;
	}
	if (c->delivery == DELIVERY_DEFERRED) {
		phrase_append(out,
			"A code is on its way (reference %s, valid for %s), but the mail "
			"server is making it wait; it may take minutes. ",
			c->reference, life);
		return;
	}
	if (c->resumed && !proves_address(c))
		phrase_append(out,
			"The code that was %s before is still good "
			"(reference %s, for %s). ",
			sent_to(c), c->reference, life);
	else
		phrase_append(out, "A code was %s (reference %s, valid for %s). ",
			proves_address(c) ? "sent to it" : sent_to(c), c->reference,
			life);
}

static void append_delivery(char out[TALK_TEXT], const struct challenge *c)
{
	if (c->delivery == DELIVERY_FAILED)
		phrase_append(
			out, "The mail could not be delivered; r sends another. ");
	if (c->delivery == DELIVERY_DEFERRED)
		phrase_append(out,
			"The mail server is making the mail wait; it may take minutes. ");
}

static void append_wrong(char out[TALK_TEXT], const struct challenge *c)
{
	phrase_tries(out, c);
	append_delivery(out, c);
}

static void append_not_a_code(char out[TALK_TEXT], const struct challenge *c)
{
	if (c->delivery == DELIVERY_NONE) {
		phrase_append(out, "No code has been mailed yet. ");
		return;
	}
	phrase_append(out, "That is not a code (%d %s expected; reference %s). ",
		c->form.length, c->form.letters ? "letters and digits" : "digits",
		c->reference);
	append_delivery(out, c);
}

static void append_wrong_recovery(char out[TALK_TEXT], const struct challenge *c)
{
	phrase_append(out, "Wrong recovery code (%d %s left). ", c->tries_left,
		c->tries_left == 1 ? "try" : "tries");
}

static void append_busy(char out[TALK_TEXT], const struct answer *answer)
{
	char time[PHRASE_TIME];

	phrase_append(out, "otpd is busy; try the recovery code again in %s. ",
		phrase_waiting(time, answer->retry_after_s));
}

/* The end of a sentence, with the code that is still good, if there is one. */
static void append_last(char out[TALK_TEXT], const struct challenge *c)
{
	if (c->delivery == DELIVERY_NONE)
		phrase_append(out, ". ");
	else
		phrase_append(out, "; the last has reference %s. ", c->reference);
}

static void append_news(
	char out[TALK_TEXT], enum news news, const struct answer *answer)
{
	const struct challenge *c = &answer->challenge;
	char time[PHRASE_TIME];

	switch (news) {
	case NEWS_BEGUN:
		append_begun(out, c, phrase_duration(time, c->expires_in_s));
		break;
	case NEWS_WRONG_CODE:
		append_wrong(out, c);
		break;
	case NEWS_NOT_A_CODE:
		append_not_a_code(out, c);
		break;
	case NEWS_RESENT:
		if (c->delivery == DELIVERY_NONE) {
			append_no_mail(out, c->resend_in_s);
			break;
		}
		phrase_append(out,
			"A new code was %s (reference %s, valid for %s); "
			"the old one is void. ",
			sent_to(c), c->reference,
			phrase_duration(time, c->expires_in_s));
		append_delivery(out, c);
		break;
	case NEWS_RESEND_LATER:
		phrase_append(out, "No new code can be sent for %s",
			phrase_waiting(time, answer->retry_after_s));
		append_last(out, c);
		break;
	case NEWS_RESEND_FAILED:
		phrase_append(out, "No code can be mailed now");
		append_last(out, c);
		break;
	case NEWS_NO_MORE_RESENDS:
		phrase_append(out, "No more codes are sent in this login");
		append_last(out, c);
		break;
	case NEWS_WRONG_RECOVERY:
		append_wrong_recovery(out, c);
		break;
	case NEWS_NO_RECOVERY:
		phrase_append(out,
			"Recovery codes are locked for %s, after too many wrong ones",
			phrase_waiting(time, answer->retry_after_s));
		append_last(out, c);
		break;
	case NEWS_BUSY:
		append_busy(out, answer);
		break;
	}
}

/* What is asked for, where the code has just been sent and where it has not. */
static const char *question(const struct challenge *c, enum news news, bool recovery)
{
	bool is_sent = news == NEWS_BEGUN && c->delivery != DELIVERY_FAILED;

	if (is_sent && c->purpose == PURPOSE_ENROL)
		return "Enter it to enrol, r for a new one: ";
	if (is_sent && proves_address(c))
		return recovery
			? "Enter it to verify the address, r for a new one, or a "
			  "recovery code: "
			: "Enter it to verify the address, r for a new one: ";
	return recovery ? ASK_WITH_RECOVERY : ASK;
}

/* No code was mailed: only a recovery code is of use. */
static void append_way_out(
	char out[TALK_TEXT], enum news news, const struct request *request)
{
	const struct challenge *c = &request->answer.challenge;

	if (news == NEWS_WRONG_RECOVERY)
		append_wrong_recovery(out, c);
	else if (news == NEWS_BUSY)
		append_busy(out, &request->answer);
	else if (news == NEWS_NOT_A_CODE)
		phrase_append(
			out, "That is not a recovery code (20 letters and digits). ");
	else
		phrase_locked(out, request_is_of_account(request), c->locked_for_s);
	phrase_append(out, ASK_RECOVERY);
}

void prompt_code(char out[TALK_TEXT], enum news news, const struct request *request,
	bool recovery)
{
	const struct challenge *c = &request->answer.challenge;
	const char *ask = request->options.prompt;

	out[0] = '\0';
	if (c->locked) {
		append_way_out(out, news, request);
		return;
	}
	append_news(out, news, &request->answer);
	if (c->delivery == DELIVERY_NONE)
		phrase_append(out, ASK_WITHOUT_MAIL);
	else
		phrase_append(out, "%s", ask ? ask : question(c, news, recovery));
}
