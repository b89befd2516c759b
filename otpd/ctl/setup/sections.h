/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_SECTIONS_H
#define OTPD_CTL_SETUP_SECTIONS_H

#include <stdbool.h>

#define SECTIONS_WHERE 512

/*
 * Whether a configuration (otpd.conf or mail.conf) or one of its drop-ins, but for
 * setup's own, has a section "KIND TITLE {"; any title if that is NULL. where becomes
 * "file:line".
 */
bool sections_find(const char *config, const char *kind, const char *title,
	char where[static SECTIONS_WHERE]);

/* The same for an option outside of sections, "NAME = ". */
bool sections_find_option(
	const char *config, const char *name, char where[static SECTIONS_WHERE]);

/*
 * The inside of a section in what "otpd --check" prints, from its first option to
 * before the closing brace; NULL if there is none. *ret_size is its length.
 */
const char *sections_inside(
	const char *printed, const char *kind, const char *title, int *ret_size);

/* Whether an option inside such a text is a list that is not empty. */
bool sections_has_list(const char *inside, int size, const char *option);

/* Whether an option inside such a text is that word. */
bool sections_says(const char *inside, int size, const char *option, const char *word);

#endif
