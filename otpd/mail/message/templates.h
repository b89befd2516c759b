/* SPDX-License-Identifier: MIT */
/*
 * All templates of a configuration, read and checked at once and kept: what the mails
 * say, in each language, in the name of each tenant.
 */
#ifndef OTPD_MAIL_MESSAGE_TEMPLATES_H
#define OTPD_MAIL_MESSAGE_TEMPLATES_H

#include <stdbool.h>
#include <stddef.h>

#include "otpd/mail/config.h"
#include "otpd/mail/message/colour.h"
#include "otpd/mail/message/folder.h"
#include "otpd/mail/message/words.h"

/* One language of one tenant. */
struct wording {
	const struct words *words;
	const struct layout *layouts[LETTER_KINDS][LAYOUT_FORMS];
};

/* One tenant; the first one is for mails without. */
struct edition {
	char title[SETTINGS_TITLE];
	struct palette palette;
	struct wording *wordings; /* in the order of their languages */
	size_t n_wordings;
	bool is_shared; /* wordings belong to the first edition */
};

struct templates {
	bool code_in_subject;
	struct edition *editions;
	size_t n_editions;
	struct folder *folders; /* shipped, the administrator's, then the tenants' */
	size_t n_folders;
	struct words **words;
	size_t n_words;
};

/*
 * Reads the directories that the configuration names: templates, template_overrides and
 * its subdirectories that have a tenant's name. 0 and *ret for templates_free(), or
 * -errno and what is wrong, with file and line, in error.
 */
int templates_load(const struct mail_config *config, struct templates **ret,
	char *error, size_t error_size);
void templates_free(struct templates *templates);

/* The edition of a tenant's title; the first one if there is none such. */
const struct edition *templates_edition(
	const struct templates *templates, const char *title);

/*
 * The wording of a language, or of its base ("pt" for "pt-BR"); NULL if there is
 * neither. Upper and lower case are the same.
 */
const struct wording *edition_wording(
	const struct edition *edition, const char *language);

#endif
