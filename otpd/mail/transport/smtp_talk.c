/* SPDX-License-Identifier: MIT */
/*
 * What an SMTP server's words mean. Only a 5xx to MAIL, RCPT, DATA or the body is about
 * the mail, and ends it. All else may be different in a minute (greylist, overload,
 * network) or after the administrator has acted (credentials, certificates), and the
 * mail is worth another try until its code dies.
 *
 * With PIPELINING (RFC 2920) the three commands of the envelope go out together and
 * their replies come in turn. The first failure ends the conversation, and the caller
 * hangs up: a server that waits for a body all the same gets none, so no mail.
 */
#include "otpd/mail/transport/smtp_talk.h"

#include <string.h>

#include "otpd/util/text.h"

static int reply_code(const char *line)
{
	int code = 0;

	for (size_t i = 0; i < 3; i++) {
		if (line[i] < '0' || line[i] > '9')
			return 0;
		code = code * 10 + (line[i] - '0');
	}
	return code;
}

size_t smtp_talk_hear(
	struct smtp_talk *talk, const char *bytes, size_t size, bool *ret_whole)
{
	*ret_whole = false;
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != '\n') {
			if (talk->length < SMTP_LINE)
				talk->line[talk->length++] = bytes[i] ? bytes[i] : ' ';
			continue;
		}
		talk->line[talk->length] = '\0';
		talk->length = 0;
		if (strlen(talk->line) > 3 && talk->line[3] == '-')
			continue;
		*ret_whole = true;
		return i + 1;
	}
	return size;
}

void smtp_talk_opening(struct smtp_talk *talk, const char *line, size_t size)
{
	size_t length = size < SMTP_LINE ? size : SMTP_LINE;

	memcpy(talk->reply, line, length);
	talk->reply[length] = '\0';
	talk->reply[strcspn(talk->reply, "\r\n")] = '\0';
	talk->code = reply_code(talk->reply);
	/* The last EHLO, which is under TLS, is the one that counts. */
	if (talk->code == 220)
		talk->has_pipelining = talk->has_size = false;
	if (talk->code == 250 && text_same_nocase(talk->reply + 4, "PIPELINING"))
		talk->has_pipelining = true;
	if (talk->code == 250 && strncmp(talk->reply + 4, "SIZE", 4) == 0)
		talk->has_size = true;
}

void smtp_talk_begin(struct smtp_talk *talk)
{
	talk->stage = SMTP_MAIL;
	talk->has_heard = false;
	talk->code = 0;
	talk->reply[0] = '\0';
	talk->length = 0;
}

enum smtp_step smtp_talk_step(struct smtp_talk *talk)
{
	int wanted = talk->stage == SMTP_DATA ? 3 : 2;

	talk->has_heard = true;
	talk->code = reply_code(talk->line);
	memcpy(talk->reply, talk->line, sizeof(talk->reply));
	if (talk->code / 100 != wanted)
		return SMTP_END;
	switch (talk->stage) {
	case SMTP_MAIL:
		talk->stage = SMTP_RCPT;
		return talk->has_pipelining ? SMTP_WAIT : SMTP_SAY;
	case SMTP_RCPT:
		talk->stage = SMTP_DATA;
		return talk->has_pipelining ? SMTP_WAIT : SMTP_SAY;
	case SMTP_DATA:
		talk->stage = SMTP_BODY;
		return SMTP_SAY_BODY;
	case SMTP_BODY:
		talk->stage = SMTP_DONE;
		return SMTP_END;
	case SMTP_OPENING:
	case SMTP_DONE:
		break;
	}
	return SMTP_END;
}

/* RFC 4954 6 and RFC 3207: authentication or encryption is wanted or has failed. */
static bool is_about_auth(const struct smtp_talk *talk)
{
	return talk->code == 530 || talk->code == 534 || talk->code == 535 ||
		talk->code == 538;
}

static bool is_permanent(const struct smtp_talk *talk)
{
	return talk->code >= 500 && talk->code <= 599;
}

enum send_result smtp_talk_result(const struct smtp_talk *talk)
{
	if (talk->stage == SMTP_DONE)
		return SEND_SENT;
	if (talk->stage >= SMTP_MAIL && is_permanent(talk) && !is_about_auth(talk))
		return SEND_REFUSED;
	return SEND_DEFERRED;
}

bool smtp_talk_is_our_fault(const struct smtp_talk *talk)
{
	return is_about_auth(talk) ||
		(talk->stage == SMTP_OPENING && is_permanent(talk));
}

bool smtp_talk_is_stale(const struct smtp_talk *talk)
{
	return !talk->has_heard || (talk->stage == SMTP_MAIL && talk->code == 421);
}
