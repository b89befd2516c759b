/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_REPORT_H
#define OTPD_MAIL_REPORT_H

#include <stddef.h>

#include "otpd/proto/limits.h"

#define REPORT_STATUS 11 /* "5.999.999" (RFC 3463 2), with some room */

/* What a delivery report (RFC 3464) says about one of our mails. */
struct report {
	char mail[LIMIT_CHALLENGE + 1]; /* the identifier, from its Message-ID */
	char status[REPORT_STATUS + 1]; /* "5.1.1"; "5.0.0" where it does not say */
	char domain[LIMIT_ADDRESS + 1]; /* of the final recipient; "" where unknown */
	char detail[LIMIT_DETAIL + 1];  /* the remote server's words, masked */
};

/*
 * Reads a mail of size bytes that has a NUL behind it. -ENOENT if it is not a report of
 * a delivery that has failed for good, or is not about a mail of ours: something else,
 * a delay, a success.
 */
int report_parse(struct report *report, const char *text, size_t size);

#endif
