/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_SMTP_TALK_H
#define OTPD_MAIL_TRANSPORT_SMTP_TALK_H

#include <stdbool.h>
#include <stddef.h>

#include "otpd/mail/transport/transport.h"

/* Which command's reply is waited for. */
enum smtp_stage {
	SMTP_OPENING, /* greeting, EHLO, STARTTLS, AUTH: libcurl's part */
	SMTP_MAIL,
	SMTP_RCPT,
	SMTP_DATA,
	SMTP_BODY,
	SMTP_DONE,
};

#define SMTP_LINE 512 /* RFC 5321 4.5.3.1.5; the rest of a longer line is dropped */

/* One side of a conversation with a server; bytes in, decisions out, no I/O. */
struct smtp_talk {
	enum smtp_stage stage;
	bool has_pipelining;
	bool has_size;
	bool has_heard;           /* the server has said something to this mail */
	char line[SMTP_LINE + 1]; /* the line that is coming in */
	size_t length;
	int code; /* of the last whole reply; 0: none yet, or nonsense */
	char reply[SMTP_LINE + 1]; /* its last line */
};

/* Takes bytes. Returns how many, up to the end of a reply; *ret_whole: it is whole. */
size_t smtp_talk_hear(
	struct smtp_talk *talk, const char *bytes, size_t size, bool *ret_whole);

/* A line of the opening, as libcurl shows it: notes what the server can do. */
void smtp_talk_opening(struct smtp_talk *talk, const char *line, size_t size);

/* A mail begins: MAIL is about to be said. */
void smtp_talk_begin(struct smtp_talk *talk);

/* What a whole reply asks for. */
enum smtp_step {
	SMTP_WAIT,     /* for the next reply of a pipeline */
	SMTP_SAY,      /* the command of the new stage (RCPT, DATA) */
	SMTP_SAY_BODY, /* the mail itself */
	SMTP_END,      /* it is over: smtp_talk_result() */
};
enum smtp_step smtp_talk_step(struct smtp_talk *talk);

/* What became of the mail. Before SMTP_END: the connection broke. */
enum send_result smtp_talk_result(const struct smtp_talk *talk);

/* Whether the cause is our configuration, and the administrator has to act. */
bool smtp_talk_is_our_fault(const struct smtp_talk *talk);

/*
 * Whether a connection that had been kept was no longer good: the server has said
 * nothing to the mail, or that it closes. The mail may then go over a new one.
 */
bool smtp_talk_is_stale(const struct smtp_talk *talk);

#endif
