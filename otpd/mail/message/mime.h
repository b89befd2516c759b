/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_MESSAGE_MIME_H
#define OTPD_MAIL_MESSAGE_MIME_H

#include "otpd/util/buffer.h"

#define MIME_LINE 78 /* bytes without CR LF: RFC 5322 2.1.1 */

/* "Name: value", where value is ASCII, short and ours. */
void mime_header(struct buffer *out, const char *name, const char *value);

/* The same for an ASCII value of words that may have to be folded. */
void mime_header_words(struct buffer *out, const char *name, const char *value);

/* The same for any clean UTF-8: folded, and as RFC 2047 words where it has to be. */
void mime_header_text(struct buffer *out, const char *name, const char *text);

/*
 * "Name: display <address>". address must have passed address_problem(); one that does
 * not fit on a line becomes "undisclosed-recipients:;", the envelope has it anyway.
 */
void mime_header_mailbox(
	struct buffer *out, const char *name, const char *display, const char *address);

/*
 * A body in quoted-printable (RFC 2045 6.7): lines of text end with LF. No line of the
 * result begins with a dot, with "--" or with "From ".
 */
void mime_quoted_printable(struct buffer *out, const char *text);

/* The same in base64 (RFC 2045 6.8); its lines hold letters, digits, "+", "/", "=". */
void mime_base64(struct buffer *out, const char *text);

/* The body of a part in the shorter of the two, behind the header that says which. */
void mime_body(struct buffer *out, const char *text);

#endif
