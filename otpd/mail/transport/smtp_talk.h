/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_SMTP_TALK_H
#define OTPD_MAIL_TRANSPORT_SMTP_TALK_H

#include <stdbool.h>
#include <stddef.h>

/* Which command's reply is waited for. */
enum smtp_stage {
	SMTP_OPENING, /* libcurl's part, in the steps below */
	SMTP_MAIL,
	SMTP_RCPT,
	SMTP_DATA,
	SMTP_BODY,
	SMTP_DONE,
};

/* How far the opening has come: what the next line of the server answers. */
enum smtp_opening {
	SMTP_OPEN_GREETING,
	SMTP_OPEN_EHLO,
	SMTP_OPEN_STARTTLS,
	SMTP_OPEN_EHLO_TLS, /* the second EHLO, under TLS */
	SMTP_OPEN_AUTH,     /* or nothing, without an account */
};

#define SMTP_LINE 512 /* RFC 5321 4.5.3.1.5; the rest of a longer line is dropped */

/* One side of a conversation with a server; bytes in, decisions out, no I/O. */
struct smtp_talk {
	enum smtp_stage stage;
	enum smtp_opening opening;
	bool with_starttls; /* set by the owner: the opening has a STARTTLS */
	bool has_pipelining;
	bool has_size;
	bool is_logged_in; /* the server has said 235 to AUTH (RFC 4954 4) */
	bool has_heard;    /* the server has said something to this mail */
	bool is_out;       /* set by the owner: the whole mail has left, with its dot */
	bool is_broken;    /* the connection, before the reply was whole */
	bool in_reply;     /* a reply of several lines is coming in */
	char line[SMTP_LINE + 1]; /* the line that is coming in */
	size_t length;
	int code; /* of the last whole reply; 0: none yet, or nonsense */
	char reply[SMTP_LINE + 1]; /* its text, of all its lines as far as it fits */
	size_t reply_length;
};

/* Takes bytes. Returns how many, up to the end of a reply; *ret_whole: it is whole. */
size_t smtp_talk_hear(
	struct smtp_talk *talk, const char *bytes, size_t size, bool *ret_whole);

/* A line of the opening, as libcurl shows it: notes what the server can do. */
void smtp_talk_opening(struct smtp_talk *talk, const char *line, size_t size);

/* A mail begins: MAIL is about to be said. */
void smtp_talk_begin(struct smtp_talk *talk);

/* The connection is no more, whatever was waited for. */
void smtp_talk_break(struct smtp_talk *talk, const char *why);

/* What a whole reply asks for. */
enum smtp_step {
	SMTP_WAIT,     /* for the next reply of a pipeline */
	SMTP_SAY,      /* the command of the new stage (RCPT, DATA) */
	SMTP_SAY_BODY, /* the mail itself */
	SMTP_END,      /* it is over: smtp_verdict.h says how */
};
enum smtp_step smtp_talk_step(struct smtp_talk *talk);

/*
 * Whether a connection that had been kept was no longer good: the server has said
 * nothing to the mail, or that it closes (421), and cannot have taken it. The mail may
 * then go over a new one.
 */
bool smtp_talk_is_stale(const struct smtp_talk *talk);

#endif
