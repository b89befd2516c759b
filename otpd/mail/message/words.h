/* SPDX-License-Identifier: MIT */
/* What mails say in one language: the files words.LANG. */
#ifndef OTPD_MAIL_MESSAGE_WORDS_H
#define OTPD_MAIL_MESSAGE_WORDS_H

#include <stddef.h>

#include "otpd/mail/message/letter.h"
#include "otpd/mail/message/variable.h"
#include "otpd/util/stencil.h"

/* What all kinds of mail share. The labels come first, in the order of their variables.
 */
enum word {
	WORD_LABEL_SERVICE,
	WORD_LABEL_USER,
	WORD_LABEL_HOST,
	WORD_LABEL_FROM,
	WORD_LABEL_TERMINAL,
	WORD_LABEL_COMMAND,
	WORD_LABEL_TIME,
	WORD_LABEL_REFERENCE,
	WORD_SYSTEM,    /* stands for a host that is not known */
	WORD_FROM_NAME, /* stands before the sender's address */
	WORD_WEEKDAYS,
	WORD_MONTHS,
	WORD_CLOCK,
	WORD_CLOCK_ZONE, /* where the zone is not UTC */
	WORD_DATE,
	WORD_SECOND,
	WORD_SECONDS,
	WORD_MINUTE,
	WORD_MINUTES,
	WORD_HOUR,
	WORD_HOURS,
	WORD_GREETING,
	WORD_PROMPT,
	WORD_PAGE, /* the same, where the code is typed into a web page */
	WORD_FOOTER,
	WORD_FOOTER_REPLY, /* the same, where somebody reads replies */
	WORDS,
};

/* What each kind has of its own. */
enum phrase {
	PHRASE_SUBJECT,
	PHRASE_PREHEADER,
	PHRASE_HEADING,
	PHRASE_INTRO,
	PHRASE_EXPIRY,
	PHRASE_ADVICE,
	PHRASE_SMS,
	PHRASES,
};

#define WORDS_LABEL 64 /* bytes of a label, and of the name of a day or month */
#define WORDS_DAYS  7
#define WORDS_YEAR  12

struct words {
	char language[LETTER_LANGUAGE + 1];
	char label[VARIABLE_LABELS][WORDS_LABEL];
	char padded[VARIABLE_LABELS][2 * WORDS_LABEL]; /* in a column of text */
	char system[WORDS_LABEL];
	char from_name[WORDS_LABEL];
	char weekdays[WORDS_DAYS][WORDS_LABEL]; /* Sunday first */
	char months[WORDS_YEAR][WORDS_LABEL];
	struct stencil *word[WORDS]; /* NULL for plain texts */
	struct stencil *phrase[LETTER_KINDS][PHRASES];
};

/*
 * Reads the n files of a language; what a later one says takes the place of what an
 * earlier one does, and together they must say all. 0 and *ret for words_free(), or
 * -errno and, with file and line where a line is to blame, why in error.
 */
int words_load(const char *language, const char *const *paths, size_t n,
	struct words **ret, char *error, size_t error_size);
void words_free(struct words *words);

#endif
