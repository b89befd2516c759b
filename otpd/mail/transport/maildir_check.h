/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_MAILDIR_CHECK_H
#define OTPD_MAIL_TRANSPORT_MAILDIR_CHECK_H

#include <stddef.h>

/*
 * Whether this user can use a Maildir. Both write a sentence that begins with name, as
 * "bounce_maildir", and the path, into said: with 0 it is a warning, or empty; with
 * -errno it is what is wrong.
 */

/* One that mails are stored in; it may be missing, its parent directory may not. */
int maildir_check_drop(const char *name, const char *path, char *said, size_t size);

/* One that a mail server delivers into; it may be missing for now. */
int maildir_check_bounces(const char *name, const char *path, char *said, size_t size);

#endif
