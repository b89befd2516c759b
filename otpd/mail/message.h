/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_MESSAGE_H
#define OTPD_MAIL_MESSAGE_H

#include <stddef.h>

#include "otpd/mail/letter.h"

/* Who mails are from; borrowed from the configuration. */
struct sender {
	const char *address;
	const char *name;
	const char *organisation;
};

/* A mail as it goes to the server, and its text part as a person reads it. */
struct message {
	char *bytes;
	size_t size;
	char *text;
};

/*
 * Composes the mail of a letter. mail is its identifier, 32 hexadecimal digits. The
 * same arguments make the same bytes. 0, -ENOMEM, or -EINVAL if the catalogue is wrong.
 */
int message_compose(struct message *message, const struct letter *letter,
	const struct sender *sender, const char *mail);

/* Wipes and frees; harmless on a zeroed message. */
void message_fini(struct message *message);

#endif
