/* SPDX-License-Identifier: MIT */
/* What is said to a token endpoint (RFC 6749), and what it says. Pure; no I/O. */
#ifndef OTPD_MAIL_TRANSPORT_OAUTH_ANSWER_H
#define OTPD_MAIL_TRANSPORT_OAUTH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "otpd/util/buffer.h"

#define OAUTH_ANSWER_MAX 65536 /* bytes of a body */
#define OAUTH_TOKEN_MAX  16384 /* those of Microsoft have some 2,000 */
#define OAUTH_LIFE_S     300   /* where the server does not say how long */
#define OAUTH_WHY        300

/*
 * Appends "name=value" of a form, with an & if it is not the first; whatever is not
 * unreserved (RFC 3986 2.3) is percent-encoded.
 */
void oauth_form_add(struct buffer *form, const char *name, const char *value);

struct oauth_answer {
	char *access_token;  /* of secret_alloc(), or NULL */
	char *refresh_token; /* a new one in place of the old, or NULL */
	int64_t life_s;
	bool is_refused; /* what is configured is refused: an administrator must act */
	bool is_bad_grant;   /* the refresh token is no longer good */
	char why[OAUTH_WHY]; /* what is wrong, in printable ASCII; "": nothing */
};

/*
 * Reads an answer of this HTTP status. Without a token, why says what is wrong, in the
 * server's words if none of the secrets (ended by NULL) stands in them. For
 * oauth_answer_fini().
 */
void oauth_answer_read(struct oauth_answer *answer, long status, const char *body,
	size_t size, const char *const *secrets);
/*
 * What a mail server says to a token it does not take: "334 ", and JSON in base64
 * (https://developers.google.com/gmail/imap/xoauth2-protocol), as text.
 */
void oauth_refusal_text(char *out, size_t size, const char *reply);

void oauth_answer_fini(struct oauth_answer *answer);

#endif
