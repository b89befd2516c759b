/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_SECRET_ECHO_H
#define OTPD_MAIL_TRANSPORT_SECRET_ECHO_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether said repeats the secret, or as much of it as SECRET_ECHO characters in a row
 * (all, if it has fewer). NULL and "" are no secrets.
 */
#define SECRET_ECHO 8
bool secret_echo_has(const char *said, const char *secret);

/* The base64 (RFC 4648 4) of size bytes, for secret_free(); NULL: no memory. */
char *secret_echo_base64(const char *bytes, size_t size);

#endif
