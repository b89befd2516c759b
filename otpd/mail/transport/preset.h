/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_PRESET_H
#define OTPD_MAIL_TRANSPORT_PRESET_H

#include "otpd/mail/config.h"

#define PRESET_HEADERS 4

/* How a service knows its customer, besides headers. */
enum preset_auth {
	PRESET_AUTH_BASIC, /* user and password_file, where they are set (RFC 7617) */
	PRESET_AUTH_API,   /* the user is "api", its password what api_key_file holds */
	PRESET_AUTH_SIGV4, /* AWS Signature Version 4 with user and password_file */
};

/*
 * What is known of a service. Each member is what stands in mail.conf under that name,
 * and what stands there goes before it. NULL: nothing.
 */
struct preset {
	const char *url; /* {{region}} and {{domain}} are replaced */
	const char *headers[PRESET_HEADERS];
	const char *content_type;
	const char *body;     /* what body_file would hold */
	const char *accepted; /* codes, blanks between them */
	const char *refused;
	const char *accepted_field;
	/*
	 * Where a service says with the same status that a mail is refused, and that
	 * the account is: the place of the answer's JSON, or "header" for its
	 * x-amzn-ErrorType, and the words there, blanks between them, that speak of
	 * the mail. Any other word is for the administrator.
	 */
	const char *refused_field;
	const char *refused_words;
	enum preset_auth auth;
};

/* The row of a preset; that of PRESET_NONE holds what goes without saying. */
const struct preset *preset_get(enum transport_preset preset);

#endif
