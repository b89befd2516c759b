/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_STRINGS_H
#define OTPD_UTIL_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A list of strings, as configuration has them. Who owns it is said where it stands. */
struct string_list {
	char **items;
	size_t n;
};

static inline bool string_list_has(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

#endif
