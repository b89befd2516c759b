/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_HTTP_ANSWER_H
#define OTPD_MAIL_TRANSPORT_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "otpd/mail/transport/http_codes.h"
#include "otpd/mail/transport/transport.h"

#define HTTP_BODY_MAX     65536 /* of an answer; the rest of a longer one is not read */
#define HTTP_PAUSE_MAX_S  3600
#define HTTP_DETAIL       400
#define HTTP_REASON       64
#define HTTP_HEADER_VALUE 64

/* How far a request has come. */
enum http_end {
	HTTP_UNSENT,   /* it has not left this machine as a whole */
	HTTP_LOST,     /* it has, and nobody knows what became of it */
	HTTP_ANSWERED, /* with a final status, at least */
};

/* What came back. All texts may be hostile. */
struct http_answer {
	enum http_end end;
	const char *error; /* libcurl's words, unless all went well */
	int status;
	char reason[HTTP_REASON]; /* "Accepted", or "" */
	char retry_after[HTTP_HEADER_VALUE];
	char error_type[HTTP_HEADER_VALUE]; /* x-amzn-ErrorType */
	const char *body;                   /* ends with NUL; may hold others */
	size_t body_size;
	bool is_whole; /* the body came to its end within HTTP_BODY_MAX */
};

/* What the answers of a service mean; the texts belong to whoever made them. */
struct http_rules {
	struct http_codes accepted;
	struct http_codes refused;
	const char *accepted_field; /* "path=value", or NULL */
	const char *refused_field;  /* as in struct preset, or NULL */
	const char *refused_words;
	bool blames_recipient; /* a refusal is known to speak of the recipient */
};

struct http_verdict {
	enum send_result result;
	enum send_cause cause;
	int64_t pause_s;
	bool is_our_fault;        /* the administrator has to act */
	char detail[HTTP_DETAIL]; /* may repeat what is in the mail */
	char why[HTTP_DETAIL];    /* nothing of it is the server's: for logs and other
				   * mails
				   */
};

/* What it means for the mail. now_s is for dates in Retry-After. */
void http_answer_judge(const struct http_answer *answer, const struct http_rules *rules,
	int64_t now_s, struct http_verdict *ret);

/*
 * The seconds of a Retry-After (RFC 9110 10.2.3), from 1 to HTTP_PAUSE_MAX_S; 0 if the
 * text is none.
 */
int64_t http_answer_pause(const char *retry_after, int64_t now_s);

#endif
