/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_DETAIL_H
#define OTPD_MAIL_DETAIL_H

#include <stddef.h>

/*
 * What a server said, for logs and answers: printable ASCII, at most size - 1 bytes,
 * no blanks at the end, and without what it has echoed of the mail: the address of the
 * recipient stands there masked, the code as asterisks, also where it is in groups with
 * markup between them, or cut at the end of said.
 */
void detail_clean(char *out, size_t size, const char *said, const char *address,
	const char *code);

/* The same where the mail has two recipients. */
void detail_clean_both(char *out, size_t size, const char *said, const char *first,
	const char *second, const char *code);

#endif
