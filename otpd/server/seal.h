/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_SEAL_H
#define OTPD_SERVER_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/store/mails.h"

/* What a mail says. Strings are borrowed; none may be NULL. */
struct letter {
	const char *to;
	const char *second; /* where it goes when to is refused; or "" */
	const char *tenant;
	const char *language; /* "": the tenant's */
	const char *kind; /* "login", "verify", ...; templates/README has them all */
	const char *name;
	const char *user;
	const char *service;
	const char *host;
	const char *rhost;
	const char *tty;
	const char *command;
	const char *address; /* of "address-changed": the new one, masked */
	const char *left;    /* of "recovery-used": how many codes are left */
	const char *code;
	const char *reference;
	const char *page; /* "yes": the code is typed into a web page; NULL: not */
	int64_t at;
	int64_t expires_at;
};

/* The sender's side of the boxes of one run, and the mailer's key. */
struct seal {
	bool ready; /* the mailer's key is known */
	uint8_t sender[MAIL_KEY];
	uint8_t secret[MAIL_KEY]; /* never stored */
	uint8_t mailer[MAIL_KEY];
	uint8_t shared[MAIL_KEY];
};

/* A new pair of keys for this run. */
void seal_init(struct seal *seal);

/* The mailer's public key. -EINVAL if it is not one (a point of small order). */
int seal_set_mailer(struct seal *seal, const uint8_t key[MAIL_KEY]);

/* Puts the letter, sealed, into the mail. -EMSGSIZE, -ENOMEM. */
int seal_letter(
	const struct seal *seal, const struct letter *letter, struct mail *mail);

#endif
