/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_MESSAGE_MESSAGE_H
#define OTPD_MAIL_MESSAGE_MESSAGE_H

#include <stddef.h>

#include "otpd/mail/message/letter.h"

struct tenant_config;

/* A mail as it goes to a server, and its parts as a person reads them. */
struct message {
	char *bytes;
	size_t size;
	char *subject;
	char *text;
	char *html;
};

/*
 * Composes the mail of a letter in the name of a tenant. mail is its identifier, 32
 * hexadecimal digits. The same arguments make the same bytes. 0, -ENOMEM, or -EINVAL if
 * the catalogue is wrong.
 */
int message_compose(struct message *message, const struct letter *letter,
	const struct tenant_config *tenant, const char *mail);

/* Wipes and frees; harmless on a zeroed message. */
void message_fini(struct message *message);

#endif
