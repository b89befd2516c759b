/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_RELAY_H
#define OTPD_CTL_SETUP_RELAY_H

#include <stdint.h>

#include "otpd/util/buffer.h"

#define RELAY_TEXT 256

enum relay_type {
	RELAY_UNSAID,
	RELAY_CONFIGURED, /* as mail.conf says without us */
	RELAY_SMTP,
	RELAY_SENDMAIL,
	RELAY_MAILDIR,
	RELAY_CONSOLE,
};

enum relay_tls {
	RELAY_STARTTLS,
	RELAY_IMPLICIT,
	RELAY_PLAIN, /* no encryption; to this host only */
};

/* Where the mails go. */
struct relay {
	enum relay_type type;
	char host[RELAY_TEXT];
	int64_t port;
	enum relay_tls tls;
	char user[RELAY_TEXT]; /* "": none */
	char path[RELAY_TEXT]; /* of the Maildir */
};

/*
 * Reads it as it is written in --relay: smtp://HOST[:PORT] (STARTTLS, 587),
 * smtps://HOST[:PORT] (465), smtp+plain://HOST[:PORT] (25, this host only), sendmail,
 * maildir:/PATH, console, configured. NULL, or why it is none of them.
 */
const char *relay_read(struct relay *relay, const char *text);

/* The parts, as they are asked for: NULL, or what is wrong. */
const char *relay_check_host(const char *host);
const char *relay_check_user(const char *user);
const char *relay_check_path(const char *path);

/* The port that goes with the way of encryption. */
int64_t relay_default_port(enum relay_tls tls);

/* Appends the section of mail.conf; nothing for RELAY_CONFIGURED. */
void relay_write(const struct relay *relay, struct buffer *out);

#endif
