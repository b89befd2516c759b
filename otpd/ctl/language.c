/* SPDX-License-Identifier: MIT */
/*
 * Languages as they are typed. Only the form is looked at, since people type "german"
 * and "de_DE"; which languages there are, the templates of otpd-mail decide.
 */
#include "otpd/ctl/language.h"

#include <stddef.h>
#include <string.h>

#include "otpd/ctl/output.h"

#define TAG_MAX    15 /* bytes */
#define SUBTAG_MAX 8  /* RFC 5646 2.1 */

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char both[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static bool is_tag(const char *text)
{
	size_t n = strcspn(text, "-");

	if (strlen(text) > TAG_MAX || n < 2 || n > 3 || strspn(text, letters) != n)
		return false;
	while (text[n]) {
		text += n + 1;
		n = strcspn(text, "-");
		if (n < 1 || n > SUBTAG_MAX || strspn(text, both) != n)
			return false;
	}
	return true;
}

bool language_check(const char *text, bool json)
{
	if (!text || !text[0] || is_tag(text))
		return true;
	output_error(json, "Usage",
		"\"%s\" is no language; give two letters as de, maybe with a region as "
		"pt-BR",
		text);
	return false;
}
