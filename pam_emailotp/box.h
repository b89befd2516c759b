/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_BOX_H
#define PAM_EMAILOTP_BOX_H

#include <stdbool.h>
#include <stddef.h>

#include "otpd/proto/limits.h"
#include "pam_emailotp/answer.h"

/* What was typed into one box, cut into a password and the code behind it. */
struct box {
	size_t front; /* bytes before the code */
	size_t bare;  /* the same without one blank, hyphen or comma between the two */
	char code[LIMIT_CODE + 1]; /* as it is sent, without separators */
};

void box_wipe(struct box *box);

/* The code that the whole text is, without its separators; false if it is none. */
bool box_read_code(const struct form *form, const char *text, char out[LIMIT_CODE + 1]);

/* Letters of a recovery code, in Crockford's base 32. */
#define BOX_RECOVERY 20

/*
 * The recovery code that the whole text is, in capitals and without blanks and hyphens;
 * false if it cannot be one.
 */
bool box_read_recovery(const char *text, char out[BOX_RECOVERY + 1]);

/* Cuts off the code at the end; false if there is none, or nothing before it. */
bool box_split(const struct form *form, const char *text, struct box *ret);

#endif
