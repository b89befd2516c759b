/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_MESSAGE_MESSAGE_H
#define OTPD_MAIL_MESSAGE_MESSAGE_H

#include <stddef.h>

#include "otpd/mail/message/letter.h"

struct templates;
struct tenant_config;

/*
 * A mail as it goes to a server, and its parts as a person reads them. One to a
 * telephone number has a text and a subject only: bytes and html are NULL.
 */
struct message {
	char *bytes;
	size_t size;
	char *subject;
	char *text;
	char *html;
	char from_name[LIMIT_NAME + 1]; /* the tenant's, or the language's */
};

/*
 * Composes the mail of a letter in the name of a tenant, in the letter's language or
 * else the tenant's. mail is its identifier, 32 hexadecimal digits. The same arguments
 * make the same bytes. 0 or -ENOMEM.
 */
int message_compose(struct message *message, const struct letter *letter,
	const struct tenant_config *tenant, const struct templates *templates,
	const char *mail);

/* Wipes and frees; harmless on a zeroed message. */
void message_fini(struct message *message);

#endif
