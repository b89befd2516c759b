/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CONFIG_VALUE_H
#define OTPD_CONFIG_VALUE_H

#include "otpd/config/settings.h"

/* Whether text (the n-th of a list) is a value of this setting; why not goes to why. */
int value_check(const struct setting *setting, const char *text, size_t n, char *why,
	size_t why_size);

/* Parses text into the structure at at. -EINVAL if value_check would refuse it. */
int value_set(const struct setting *setting, void *at, const char *text);

/* Adds text to a list. */
int value_append(const struct setting *setting, void *at, const char *text);

/* Frees a list. */
void value_clear(const struct setting *setting, void *at);

/* A text in double quotes, so that it is read as it is. */
void value_print_text(const char *text, FILE *out);

/* "name = value" as it would stand in the file. */
void value_print(
	const struct setting *setting, const void *at, const char *indent, FILE *out);

#endif
