/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_SMTP_DOUBT_H
#define OTPD_MAIL_TRANSPORT_SMTP_DOUBT_H

#include <stdbool.h>

#define SMTP_DOUBTS 64 /* as many as can be on their way at once */

/* The last mails of which nobody knows whether the server has taken them. */
struct smtp_doubt {
	char mails[SMTP_DOUBTS][33];
	unsigned next;
};

/*
 * Notes a mail by its identifier. True if it had been noted before: it may have been
 * sent twice already, and MUST NOT be sent again.
 */
bool smtp_doubt_again(struct smtp_doubt *doubt, const char *mail);

#endif
