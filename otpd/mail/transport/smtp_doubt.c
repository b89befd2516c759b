/* SPDX-License-Identifier: MIT */
/*
 * A server that breaks off behind the final dot may have the mail (RFC 5321 4.5.3.2.6).
 * One repeat, with the same Message-ID, is better than no code; a repeat for each try
 * that otpd has time for is not.
 */
#include "otpd/mail/transport/smtp_doubt.h"

#include <string.h>

#include "otpd/util/text.h"

bool smtp_doubt_again(struct smtp_doubt *doubt, const char *mail)
{
	for (unsigned i = 0; i < SMTP_DOUBTS; i++)
		if (strcmp(doubt->mails[i], mail) == 0)
			return true;
	text_copy(doubt->mails[doubt->next], sizeof(doubt->mails[0]), mail);
	doubt->next = (doubt->next + 1) % SMTP_DOUBTS;
	return false;
}
