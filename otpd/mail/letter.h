/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_LETTER_H
#define OTPD_MAIL_LETTER_H

#include <stddef.h>
#include <stdint.h>

#include "otpd/proto/limits.h"

/* A variable as a person sees it: what is longer is cut with an ellipsis. */
#define LETTER_TEXT 128

enum letter_kind {
	LETTER_LOGIN,
	LETTER_VERIFY,
	LETTER_LOCKED,
	LETTER_TEST,
	LETTER_KINDS,
};

/* What otpd wants to be told to whom. Every text is clean: see letter_clean(). */
struct letter {
	enum letter_kind kind;
	char to[LIMIT_ADDRESS + 1];
	char name[LETTER_TEXT + 1];
	char user[LETTER_TEXT + 1];
	char service[LIMIT_SERVICE + 1];
	char host[LETTER_TEXT + 1];
	char rhost[LETTER_TEXT + 1];
	char tty[LIMIT_TTY + 1];
	char code[LIMIT_CODE + 1];
	char reference[LIMIT_REFERENCE + 1];
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

/* "login" */
const char *letter_kind_name(enum letter_kind kind);

#endif
