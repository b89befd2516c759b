/* SPDX-License-Identifier: MIT */
/*
 * The grammar of user names of accounts. Whether one is free is the store's business.
 * ASCII only, and by hand: what is a letter MUST NOT depend on a locale.
 */
#include "otpd/core/login.h"

#include <stdbool.h>
#include <string.h>

#include "otpd/proto/limits.h"

#define LOGIN_MIN 3

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9');
}

const char *login_problem(const char *text)
{
	size_t n = strlen(text);

	if (n < LOGIN_MIN)
		return "it has fewer than 3 characters";
	if (n > LIMIT_LOGIN)
		return "it has more than 64 characters";
	if (!is_alphanumeric(text[0]))
		return "it does not begin with a letter or a digit";
	for (size_t i = 0; i < n; i++)
		if (!is_alphanumeric(text[i]) && !strchr("._-", text[i]))
			return "it has other characters than letters, digits, dots, "
			       "underscores and hyphens";
	return NULL;
}

void login_lower(char *text)
{
	for (char *at = text; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
}
