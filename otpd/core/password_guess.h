/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_PASSWORD_GUESS_H
#define OTPD_CORE_PASSWORD_GUESS_H

#include <stdbool.h>

/*
 * Whether the password is among those that are tried first: as a whole, and without a
 * short tail of digits and marks, in any case and with the usual digits for letters, a
 * word of the bundled list, once or repeated; a short pattern again and again; or
 * nothing but runs of the alphabet, of numbers or of a keyboard. A password that only
 * has such a thing in it is not.
 */
bool password_is_common(const char *password);

/* Whether it is the name, in any case and with or without such a tail. */
bool password_is_name(const char *password, const char *name);

#endif
