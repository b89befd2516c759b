/* SPDX-License-Identifier: MIT */
/*
 * The profile of an account: a JSON object of a web application, which otpd keeps and
 * does not look into.
 *
 * What is kept MUST be what an answer can hold: its size and its depth are bounded here
 * and nowhere else.
 */
#include "otpd/account/profile.h"

#include <stdbool.h>
#include <string.h>

/* How deep the brackets of well-formed JSON go. */
static size_t depth_of(const char *json)
{
	size_t depth = 0, deepest = 0;
	bool in_string = false;

	for (const char *at = json; *at; at++) {
		if (in_string && *at == '\\')
			at++; /* over what it escapes, which is never the end */
		else if (*at == '"')
			in_string = !in_string;
		else if (!in_string && strchr("{[", *at))
			depth++;
		else if (!in_string && strchr("}]", *at))
			depth--;
		if (depth > deepest)
			deepest = depth;
	}
	return deepest;
}

const char *profile_read(const json_t *object, char out[LIMIT_PROFILE + 1])
{
	size_t size;

	memcpy(out, "{}", sizeof("{}"));
	if (!object)
		return NULL;
	size = json_dumpb(object, out, LIMIT_PROFILE, JSON_COMPACT);
	if (size == 0 || size > LIMIT_PROFILE)
		return "it is longer than 4096 bytes";
	out[size] = '\0';
	return depth_of(out) > LIMIT_PROFILE_DEPTH ? "it is more than 8 levels deep"
						   : NULL;
}
