/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_CLIENT_H
#define PAM_EMAILOTP_CLIENT_H

#include <security/pam_modules.h>
#include <stddef.h>

/* The user that otpd runs as, besides root. */
#ifndef OTPD_USER
#define OTPD_USER "otpd"
#endif

/*
 * One call on a connection of its own: sends the length bytes in buffer, and reads the
 * answer into the same buffer, with its NUL. Returns 0 and the length without the NUL,
 * or
 *
 *   -ENOENT, -ECONNREFUSED, -EACCES ...  nobody listens there, or not for us
 *   -ETIMEDOUT      connect, sending and answer together took longer than timeout_s
 *   -ECONNRESET     the connection was closed without an answer
 *   -EBADMSG        the answer was cut off, or more than one
 *   -EMSGSIZE       the answer does not fit into size
 *   -EKEYREJECTED   who listens is neither root nor OTPD_USER; nothing was sent
 */
int client_call(pam_handle_t *pamh, const char *path, int timeout_s, char *buffer,
	size_t size, size_t length, size_t *ret_length);

#endif
