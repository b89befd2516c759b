/* SPDX-License-Identifier: MIT */
/*
 * The order of an SMTP conversation: which reply belongs to which command, and what is
 * said next. What a failure means is decided in smtp_verdict.c.
 *
 * With PIPELINING (RFC 2920) the three commands of the envelope go out together and
 * their replies come in turn. The first failure ends the conversation, and the caller
 * hangs up: a server that waits for a body all the same gets none, so no mail.
 *
 * MUST NOT need more memory for a longer reply: one line and one text are kept, cut.
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
	return line[3] == '\0' || line[3] == ' ' || line[3] == '-' ? code : 0;
}

static void add_text(struct smtp_talk *talk, const char *text)
{
	size_t length = strlen(text), room = SMTP_LINE - talk->reply_length;

	if (length > room)
		length = room;
	memcpy(talk->reply + talk->reply_length, text, length);
	talk->reply_length += length;
	talk->reply[talk->reply_length] = '\0';
}

/* The first line as it is, "550 5.1.1 no"; of the others what follows the code. */
static void add_line(struct smtp_talk *talk, bool is_last)
{
	const char *line = talk->line;

	talk->code = reply_code(line);
	if (!talk->in_reply) {
		talk->reply_length = 0;
		add_text(talk, line);
		if (!is_last)
			talk->reply[3] = ' ';
	} else {
		add_text(talk, " ");
		add_text(talk, line + (talk->code && line[3] ? 4 : 0));
	}
	talk->in_reply = !is_last;
}

/* Ends the line that is coming in. True: with it the reply is whole. */
static bool end_line(struct smtp_talk *talk)
{
	bool is_last;

	if (talk->length > 0 && talk->line[talk->length - 1] == '\r')
		talk->length--;
	talk->line[talk->length] = '\0';
	is_last = !(talk->length > 3 && talk->line[3] == '-');
	talk->length = 0;
	add_line(talk, is_last);
	return is_last;
}

static void add_byte(struct smtp_talk *talk, char byte)
{
	if (talk->length < SMTP_LINE)
		talk->line[talk->length++] = byte;
	if (talk->line[talk->length - 1] == '\0')
		talk->line[talk->length - 1] = ' ';
}

size_t smtp_talk_hear(
	struct smtp_talk *talk, const char *bytes, size_t size, bool *ret_whole)
{
	*ret_whole = false;
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != '\n') {
			add_byte(talk, bytes[i]);
		} else if (end_line(talk)) {
			*ret_whole = true;
			return i + 1;
		}
	}
	return size;
}

static void learn_extension(struct smtp_talk *talk, const char *keyword)
{
	if (text_same_nocase(keyword, "PIPELINING"))
		talk->has_pipelining = true;
	if (text_same_nocase(keyword, "SIZE") || strncmp(keyword, "SIZE ", 5) == 0)
		talk->has_size = true;
}

/* A whole reply of the opening takes it on. */
static void advance(struct smtp_talk *talk)
{
	switch (talk->opening) {
	case SMTP_OPEN_GREETING:
		if (talk->code == 220)
			talk->opening = SMTP_OPEN_EHLO;
		break;
	case SMTP_OPEN_EHLO:
		if (talk->code == 250)
			talk->opening = talk->with_starttls ? SMTP_OPEN_STARTTLS
							    : SMTP_OPEN_AUTH;
		break;
	case SMTP_OPEN_STARTTLS:
		if (talk->code == 220)
			talk->opening = SMTP_OPEN_EHLO_TLS;
		break;
	case SMTP_OPEN_EHLO_TLS:
		if (talk->code == 250)
			talk->opening = SMTP_OPEN_AUTH;
		break;
	case SMTP_OPEN_AUTH:
		talk->is_logged_in = talk->is_logged_in || talk->code == 235;
		break;
	}
}

void smtp_talk_opening(struct smtp_talk *talk, const char *line, size_t size)
{
	bool is_last;

	while (size > 0 && line[size - 1] == '\n')
		size--;
	for (size_t i = 0; i < size; i++)
		add_byte(talk, line[i]);
	is_last = end_line(talk);
	/* The last EHLO, which is under TLS, is the one that counts. */
	if (talk->code == 220)
		talk->has_pipelining = talk->has_size = false;
	if (talk->code == 250 && talk->line[3])
		learn_extension(talk, talk->line + 4);
	if (is_last)
		advance(talk);
}

void smtp_talk_begin(struct smtp_talk *talk)
{
	talk->stage = SMTP_MAIL;
	talk->has_heard = talk->is_out = talk->is_broken = talk->in_reply = false;
	talk->code = 0;
	talk->reply[0] = '\0';
	talk->reply_length = 0;
	talk->length = 0;
}

void smtp_talk_break(struct smtp_talk *talk, const char *why)
{
	talk->is_broken = true;
	talk->in_reply = false;
	talk->code = 0;
	talk->reply_length = 0;
	add_text(talk, why);
}

enum smtp_step smtp_talk_step(struct smtp_talk *talk)
{
	int wanted = talk->stage == SMTP_DATA ? 3 : 2;

	talk->has_heard = true;
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

bool smtp_talk_is_stale(const struct smtp_talk *talk)
{
	return !talk->has_heard || talk->code == 421;
}
