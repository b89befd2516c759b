/* SPDX-License-Identifier: MIT */
/*
 * What a reply means; the table is in the header. Pure: a conversation in, a decision
 * out.
 *
 * MUST NOT say "sent" for anything but a 2xx to the final dot. MUST NOT blame the
 * recipient for what the server says about us: three such refusals mark an address.
 * MUST NOT blame the transport for what a server may say of one recipient and not of
 * the next: who chooses an address would decide about the mails of everybody.
 */
#include "otpd/mail/transport/smtp_verdict.h"

#include <stdio.h>

/* The y.z of "550 5.y.z text" (RFC 2034 4); -1 where there is none. */
struct status {
	int subject;
	int detail;
};

/* At most three digits. Returns what follows them, or NULL. */
static const char *read_number(const char *at, int *ret)
{
	int value = 0, n = 0;

	for (; n < 3 && *at >= '0' && *at <= '9'; n++)
		value = value * 10 + (*at++ - '0');
	*ret = value;
	return n > 0 ? at : NULL;
}

static struct status read_status(const struct smtp_talk *talk)
{
	const struct status none = { -1, -1 };
	const char *at = talk->reply + 4;
	struct status status;

	/* The class has to be that of the code. */
	if (talk->reply_length < 9 || at[0] != talk->reply[0] || at[1] != '.')
		return none;
	at = read_number(at + 2, &status.subject);
	if (!at || *at != '.')
		return none;
	at = read_number(at + 1, &status.detail);
	return at && (*at == ' ' || *at == '\0') ? status : none;
}

static bool is_between(int value, int low, int high)
{
	return value >= low && value <= high;
}

/* Codes of login and encryption, which are for nothing else. */
static bool is_auth_code(int code)
{
	return code == 432 || code == 530 || code == 534 || code == 535 || code == 538;
}

static bool is_about_auth(int code, struct status status)
{
	if (is_auth_code(code) || code == 454)
		return true;
	return status.subject == 7 &&
		(is_between(status.detail, 8, 14) || status.detail == 60);
}

/* Who we are, and whom we claim to send for. */
static bool is_about_sender(struct status status)
{
	if (status.subject == 1)
		return status.detail == 7 || status.detail == 8;
	return status.subject == 7 && is_between(status.detail, 23, 27);
}

static bool is_misunderstanding(int code)
{
	return code == 500 || is_between(code, 502, 504) || code == 555;
}

/* A policy of the relay's at RCPT, and not that the mailbox has a new owner. */
static bool is_policy(const struct smtp_talk *talk)
{
	struct status status = read_status(talk);

	if (talk->stage != SMTP_RCPT)
		return false;
	if (talk->code < 500)
		return talk->code == 454;
	return !is_auth_code(talk->code) && !is_misunderstanding(talk->code) &&
		(is_about_sender(status) ||
			(status.subject == 7 && status.detail != 17 &&
				status.detail != 18));
}

/* Whether a 4xx or 5xx is about the transport, and not about the recipient. */
static bool is_about_transport(const struct smtp_talk *talk)
{
	struct status status = read_status(talk);

	return talk->stage <= SMTP_MAIL || talk->code == 421 ||
		is_about_auth(talk->code, status) || is_about_sender(status) ||
		status.subject == 3 || is_misunderstanding(talk->code);
}

/* Behind RCPT the recipient was taken; only a status may take that back. */
static bool is_about_content(const struct smtp_talk *talk)
{
	struct status status = read_status(talk);

	return talk->stage > SMTP_RCPT && status.subject != 1 && status.subject != 2;
}

void smtp_verdict_codes(const struct smtp_talk *talk, char *out, size_t size)
{
	static const char *const commands[] = {
		[SMTP_OPENING] = "the opening",
		[SMTP_MAIL] = "MAIL",
		[SMTP_RCPT] = "RCPT",
		[SMTP_DATA] = "DATA",
		[SMTP_BODY] = "the body",
		[SMTP_DONE] = "the body",
	};
	struct status status = read_status(talk);
	char enhanced[32] = "";

	if (status.subject >= 0)
		snprintf(enhanced, sizeof(enhanced), " %d.%d.%d", talk->code / 100,
			status.subject, status.detail);
	snprintf(out, size, "the server said %d%s to %s", talk->code, enhanced,
		commands[talk->stage]);
}

struct smtp_verdict smtp_verdict(const struct smtp_talk *talk)
{
	struct smtp_verdict verdict = { SEND_DEFERRED, CAUSE_TRANSPORT, false, false };
	bool is_permanent = is_between(talk->code, 500, 599);

	if (talk->stage == SMTP_DONE) {
		verdict.result = SEND_SENT;
	} else if (!is_between(talk->code, 400, 599) || talk->is_broken) {
		verdict.is_in_doubt = talk->stage == SMTP_BODY && talk->is_out;
		if (verdict.is_in_doubt)
			verdict.cause = CAUSE_RECIPIENT;
	} else if (is_policy(talk)) {
		verdict.cause = CAUSE_POLICY;
		verdict.result = is_permanent ? SEND_REFUSED : SEND_DEFERRED;
	} else if (is_about_transport(talk)) {
		verdict.complain = is_permanent;
	} else {
		verdict.cause = is_permanent && is_about_content(talk)
			? CAUSE_MAIL
			: CAUSE_RECIPIENT;
		verdict.result = is_permanent ? SEND_REFUSED : SEND_DEFERRED;
	}
	return verdict;
}
