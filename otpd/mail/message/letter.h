/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_MESSAGE_LETTER_H
#define OTPD_MAIL_MESSAGE_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "otpd/proto/limits.h"

/* A variable as a person sees it: what is longer is cut with an ellipsis. */
#define LETTER_TEXT     128
#define LETTER_LANGUAGE 15 /* "pt-BR" (BCP 47) */
#define LETTER_LEFT     3

enum letter_kind {
	LETTER_LOGIN,
	LETTER_VERIFY,   /* proves the address of somebody who is enrolled or enrols */
	LETTER_REGISTER, /* proves it before there is an account */
	LETTER_REGISTERED, /* somebody tried to register what has an account already */
	LETTER_WELCOME,
	LETTER_RESET,
	LETTER_PASSWORD_CHANGED,
	LETTER_ADDRESS_CHANGED, /* to the old one */
	LETTER_LOCKED,
	LETTER_RECOVERY,       /* a code that allows new recovery codes */
	LETTER_RESET_LOCKED,   /* too many wrong codes of resets */
	LETTER_RECOVERY_CODES, /* new ones were made */
	LETTER_RECOVERY_USED,
	LETTER_BREAK_GLASS,      /* an administrator's one-time code was used */
	LETTER_BREAK_GLASS_MADE, /* to an administrator */
	LETTER_TEST,
	LETTER_KINDS,
};

/*
 * What otpd wants to be told to whom. Every text is clean: see letter_clean(). to and
 * second are addresses, or telephone numbers as E.164 writes them ("+4930123456").
 */
struct letter {
	enum letter_kind kind;
	char to[LIMIT_ADDRESS + 1];
	char second[LIMIT_ADDRESS + 1]; /* where it goes when to is refused; or "" */
	char tenant[LETTER_TEXT + 1];
	char language[LETTER_LANGUAGE + 1]; /* "" is the tenant's */
	char name[LETTER_TEXT + 1];
	char user[LETTER_TEXT + 1];
	char service[LIMIT_SERVICE + 1];
	char host[LETTER_TEXT + 1];
	char rhost[LETTER_TEXT + 1];
	char tty[LIMIT_TTY + 1];
	char command[LETTER_TEXT + 1]; /* what sudo was asked to run, where known */
	char address[LETTER_TEXT + 1]; /* of address-changed: the new one, masked */
	char left[LETTER_LEFT + 1];    /* of recovery-used: how many codes; digits */
	char code[LIMIT_CODE + 1];
	char reference[LIMIT_REFERENCE + 1];
	char page[4]; /* "yes": the code is typed into a web page; or "" */
	int64_t at_s;
	int64_t expires_at_s; /* 0: there is nothing that expires */
};

/*
 * Reads the JSON of a sealed mail. Unknown, missing, mistyped or senseless members are
 * -EINVAL, and nothing of them is told: the bytes are secret.
 */
int letter_parse(struct letter *letter, const char *json, size_t size);

/*
 * Copies at most size - 1 bytes of UTF-8 for showing: no controls, no line or paragraph
 * separators, nothing invisible that turns the direction of text, no blanks at the
 * ends; cut with "..." where it does not fit.
 */
void letter_clean(char *out, size_t size, const char *text);

/* "login", "password-changed": in the JSON, in logs, and in the names of templates. */
const char *letter_kind_name(enum letter_kind kind);

/* Whether mails of this kind carry a code. */
bool letter_kind_has_code(enum letter_kind kind);

#endif
