/* SPDX-License-Identifier: MIT */
/* One directory of templates: its layouts, and which languages it has words for. */
#ifndef OTPD_MAIL_MESSAGE_FOLDER_H
#define OTPD_MAIL_MESSAGE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "otpd/mail/config.h"
#include "otpd/mail/message/layout.h"

#define FOLDER_PATH (MAIL_PATH_MAX + SETTINGS_TITLE + 1)
#define FOLDER_FILE (FOLDER_PATH + LETTER_LANGUAGE + sizeof("/words."))

struct folder {
	char path[FOLDER_PATH];
	struct layout *layouts;
	size_t n_layouts;
	char (*languages)[LETTER_LANGUAGE + 1]; /* in the order of their names */
	size_t n_languages;
};

/*
 * Reads what a directory holds. Names that could be meant for a template but are none
 * are refused, others are left alone. -ENOENT, and error is empty, if there is no such
 * directory; -errno and why in error.
 */
int folder_read(struct folder *folder, const char *path, char *error, size_t size);
void folder_fini(struct folder *folder);

bool folder_has_words(const struct folder *folder, const char *language);
void folder_words_path(
	const struct folder *folder, const char *language, char out[FOLDER_FILE]);

/* The layout that suits best of this folder; NULL if it has none. */
const struct layout *folder_find(const struct folder *folder, enum letter_kind kind,
	const char *language, enum layout_form form);

#endif
