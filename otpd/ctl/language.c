/* SPDX-License-Identifier: MIT */
/*
 * Languages as they are typed. Only the form is looked at, since people type "german"
 * and "de_DE"; which languages there are, the templates of otpd-mail decide.
 */
#include "otpd/ctl/language.h"

#include "otpd/core/language.h"
#include "otpd/ctl/output.h"

bool language_check(const char *text, bool json)
{
	if (!text || language_is_good(text))
		return true;
	output_error(json, "Usage",
		"\"%s\" is no language; give two letters as de, maybe with a region as "
		"pt-BR",
		text);
	return false;
}
