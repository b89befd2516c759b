/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_ADVICE_H
#define OTPD_CTL_ADVICE_H

#include <stddef.h>

/*
 * What to do about a mail that was not sent, from the words in which it was said: those
 * of a mail server (reply codes of RFC 5321 4.2, enhanced codes of RFC 3463), of
 * libcurl, of an HTTP service ("HTTP 401 ..."), of a token endpoint (RFC 6749 5.2), or
 * our own. One or two clauses for an administrator that name options of mail.conf(5).
 * Never NULL; where nothing is known, where to look.
 */
const char *advice_for(const char *words);

/* The codes that stand in such words; "" for one that does not. */
struct advice_codes {
	char reply[4];     /* "535" */
	char enhanced[12]; /* "5.7.8" */
	char http[4];      /* "401"; then there is no reply code */
};
void advice_read(struct advice_codes *codes, const char *words);

#endif
