/* SPDX-License-Identifier: MIT */
/*
 * What a user reads who enrols at a login. The domains are the administrator's and the
 * problem is one of ours; the codes stand two on a line, so that they are copied
 * without a slip on the narrowest terminal, and end where the cursor waits.
 */
#include <stdio.h>
#include <string.h>

#include "pam_emailotp/prompt.h"

void prompt_address(char out[TALK_TEXT], const char *problem, const char *domains)
{
	snprintf(out, TALK_TEXT, "%s Your e-mail address%s%s%s: ",
		*problem ? problem : "You have no address for sign-in codes yet.",
		*domains ? " (allowed domains: " : "", domains, *domains ? ")" : "");
}

void prompt_codes(char out[TALK_TEXT], const struct codes *codes)
{
	size_t n;

	snprintf(out, TALK_TEXT,
		"You are enrolled. Write down these recovery codes; they are not shown "
		"again.\nEach lets you in once when no mail reaches you.\n");
	for (int i = 0; i < ANSWER_CODES; i++) {
		n = strlen(out);
		snprintf(out + n, TALK_TEXT - n, "  %s%s", codes->shown[i],
			i % 2 ? "\n" : "");
	}
	n = strlen(out);
	snprintf(out + n, TALK_TEXT - n, "Press Enter when you have them: ");
}

const char *prompt_no_codes(void)
{
	return "You are enrolled. No recovery codes could be made now; make some later with: "
	       "otpctl recovery-codes. Press Enter: ";
}
