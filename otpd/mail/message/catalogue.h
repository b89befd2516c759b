/* SPDX-License-Identifier: MIT */
/* The words of the mails: one entry for each kind, and the layouts that all share. */
#ifndef OTPD_MAIL_MESSAGE_CATALOGUE_H
#define OTPD_MAIL_MESSAGE_CATALOGUE_H

#include "otpd/mail/message/letter.h"

/* Templates (template.h) of one kind of mail. The variables stand in message.c. */
struct catalogue_entry {
	const char *subject;
	const char
		*preheader; /* what a list of mails shows beside the subject; no code */
	const char *heading;
	const char *intro;
	const char *expiry; /* for letters that have an expires_at */
	const char *advice; /* two sentences */
};

extern const struct catalogue_entry catalogue[LETTER_KINDS];
extern const char catalogue_text[];
extern const char catalogue_html[];

#endif
