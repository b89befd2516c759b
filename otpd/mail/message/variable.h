/* SPDX-License-Identifier: MIT */
/* The variables of templates: their names, and which may stand where. */
#ifndef OTPD_MAIL_MESSAGE_VARIABLE_H
#define OTPD_MAIL_MESSAGE_VARIABLE_H

#include <stdint.h>

#include "otpd/mail/message/letter.h"
#include "otpd/util/stencil.h"

enum variable {
	/* of the letter */
	VAR_BRAND, /* the organisation's name, or the host's */
	VAR_PERSON,
	VAR_USER,
	VAR_SERVICE,
	VAR_HOST,
	VAR_RHOST,
	VAR_TTY,
	VAR_COMMAND,
	VAR_ADDRESS,
	VAR_LEFT,
	VAR_REFERENCE,
	VAR_CODE,
	VAR_CLOCK,   /* when it was asked for */
	VAR_TIME,    /* the same, with the day */
	VAR_EXPIRES, /* when that ends */
	VAR_ENDS,    /* the same, with the day */
	VAR_MINUTES, /* how long until then: "10 minutes" */

	/* in the formats of times and spans */
	VAR_N,
	VAR_HOUR,
	VAR_MINUTE,
	VAR_ZONE,
	VAR_UTC,
	VAR_WEEKDAY,
	VAR_DAY,
	VAR_MONTH,
	VAR_YEAR,

	/* in layouts: what the words say */
	VAR_LANG,
	VAR_GREETING,
	VAR_PREHEADER,
	VAR_HEADING,
	VAR_INTRO,
	VAR_EXPIRY,
	VAR_PROMPT,
	VAR_ADVICE,
	VAR_FOOTER,
	VAR_SMS,
	VAR_LABEL_SERVICE,
	VAR_LABEL_USER,
	VAR_LABEL_HOST,
	VAR_LABEL_FROM,
	VAR_LABEL_TERMINAL,
	VAR_LABEL_COMMAND,
	VAR_LABEL_TIME,
	VAR_LABEL_REFERENCE,

	/* in layouts of HTML: made here, so they need no escape */
	VAR_CODE_HTML,
	VAR_CODE_SIZE,
	VAR_COLOUR,
	VAR_COLOUR_TEXT,
	VAR_ACCENT,
	VAR_ACCENT_DARK,
	VARIABLES,
};

#define VARIABLE_LABELS (VAR_LABEL_REFERENCE - VAR_LABEL_SERVICE + 1)
#define VARIABLE(x)     (UINT64_C(1) << VAR_##x)

/* The values that a template is filled in with: one for each variable, none NULL. */
struct values {
	const char *of[VARIABLES];
};

extern const struct stencil_name variable_names[VARIABLES + 1];

/* Sets of variables. */
extern const uint64_t variables_clock; /* of the format of a clock time */
extern const uint64_t variables_date;
extern const uint64_t variables_layout; /* of layouts of text */
extern const uint64_t variables_html;
extern const uint64_t variables_made; /* colours and sizes: harmless in a style */

/* Of the words of a kind; a code is for kinds that have one. */
uint64_t variables_words(enum letter_kind kind);

#endif
