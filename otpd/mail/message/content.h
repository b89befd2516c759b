/* SPDX-License-Identifier: MIT */
/* What the variables of the templates are for one letter. */
#ifndef OTPD_MAIL_MESSAGE_CONTENT_H
#define OTPD_MAIL_MESSAGE_CONTENT_H

#include <stdbool.h>

#include "otpd/mail/config.h"
#include "otpd/mail/message/letter.h"
#include "otpd/mail/message/templates.h"
#include "otpd/mail/message/variable.h"
#include "otpd/util/buffer.h"

#define CONTENT_SHORT 44  /* a value in a short message, cut */
#define CONTENT_CODE  512 /* the code with its margins */
#define CONTENT_MADE  12  /* values of one sort that are made */

/* Values that were made one after the other; they move until the last one is made. */
struct content_made {
	struct buffer text;
	struct {
		enum variable variable;
		size_t at;
	} starts[CONTENT_MADE];
	size_t n;
};

struct content {
	struct values values; /* each is good until content_fini() */
	struct content_made times;
	struct content_made
		phrases; /* of templates that are filled in with the times */
	char code_html[CONTENT_CODE];
	char reference[LIMIT_REFERENCE + 1]; /* where the letter has none */
	char cut[4][CONTENT_SHORT + 1];
};

/*
 * Fills it in, in memory that is wiped. mail is the identifier. What goes to a
 * telephone has its names cut. -ENOMEM.
 */
int content_fill(struct content *content, const struct letter *letter,
	const struct tenant_config *tenant, const struct edition *edition,
	const struct wording *wording, const char *mail);

/* Labels as they stand in a column of text, or as they are. */
void content_set_labels(
	struct content *content, const struct words *words, bool padded);

void content_fini(struct content *content);

#endif
