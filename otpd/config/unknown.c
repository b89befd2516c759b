/* SPDX-License-Identifier: MIT */
/* "Did you mean": a slip of the fingers, or "password" for "password_file". */
#include "otpd/config/unknown.h"

#include <stdio.h>
#include <string.h>

#include "otpd/util/suggest.h"

/* The first setting that begins with the word and an underscore. */
static const char *find_longer(const struct setting *settings, const char *word)
{
	size_t length = strlen(word);

	for (; settings->name; settings++)
		if (strncmp(settings->name, word, length) == 0 &&
			settings->name[length] == '_')
			return settings->name;
	return NULL;
}

static const char *find_meant(const struct setting *settings, const char *word)
{
	const char *longer = find_longer(settings, word);
	struct suggest suggest;

	if (longer)
		return longer;
	suggest_begin(&suggest, word);
	for (; settings->name; settings++)
		suggest_offer(&suggest, settings->name);
	return suggest_best(&suggest);
}

void unknown_hint(const struct setting *settings, const char *text, char *error,
	size_t error_size)
{
	size_t used = strlen(error);
	const char *meant;
	char word[64];

	if (sscanf(text, "no such option '%63[a-zA-Z0-9_-]'", word) != 1)
		return;
	meant = find_meant(settings, word);
	if (meant)
		snprintf(error + used, error_size - used, "; did you mean %s?", meant);
}
