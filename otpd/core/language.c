/* SPDX-License-Identifier: MIT */
/*
 * Language tags, by their form. They become parts of file names in otpd-mail, so this
 * MUST NOT let through anything but letters, digits and hyphens between them.
 */
#include "otpd/core/language.h"

#include <stddef.h>
#include <string.h>

#include "otpd/proto/limits.h"

#define SUBTAG_MAX 8

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The first part is letters only, two or three of them. */
static bool is_first(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_letter(text[i]))
			return false;
	return length == 2 || length == 3;
}

static bool is_further(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_letter(text[i]) && !is_digit(text[i]))
			return false;
	return length >= 1 && length <= SUBTAG_MAX;
}

bool language_is_good(const char *text)
{
	size_t length = strcspn(text, "-");

	if (!*text)
		return true;
	if (strlen(text) > LIMIT_LANGUAGE || !is_first(text, length))
		return false;
	while (text[length]) {
		text += length + 1;
		length = strcspn(text, "-");
		if (!is_further(text, length))
			return false;
	}
	return true;
}
