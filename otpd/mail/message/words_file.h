/* SPDX-License-Identifier: MIT */
/* One file words.LANG: its texts, each of them checked. */
#ifndef OTPD_MAIL_MESSAGE_WORDS_FILE_H
#define OTPD_MAIL_MESSAGE_WORDS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "otpd/config/settings.h"
#include "otpd/mail/message/words.h"

#define WORDS_TEXT 1023

/* A file, as it stands. */
struct words_file {
	char word[WORDS][WORDS_TEXT + 1];
	struct settings_array kinds; /* of struct words_kind */
};

struct words_kind {
	char title[SETTINGS_TITLE];
	char phrase[PHRASES][WORDS_TEXT + 1];
};

/*
 * Reads a file. 0 and *ret for words_file_free(), or -errno and, with the line, why in
 * error.
 */
int words_file_load(
	const char *path, struct words_file **ret, char *error, size_t error_size);
void words_file_free(struct words_file *file);

/* Whether the file says this text, if only that it is empty. */
bool words_said(const char *text);

/* The kind that a section is for; false if there is none of this name. */
bool words_find_kind(const char *name, enum letter_kind *ret);

/* As they are called in the file. */
const char *word_name(enum word word);
const char *phrase_name(enum phrase phrase);

/* Whether it is a plain text, which goes nowhere through a template. */
bool word_is_text(enum word word);

/* What may stand in the template that it is. */
uint64_t word_variables(enum word word);
uint64_t phrase_variables(enum letter_kind kind, enum phrase phrase);

/* Copies the i-th of the names that blanks part; false if there is none that fits. */
bool words_take_name(const char *text, size_t i, char out[WORDS_LABEL]);

#endif
