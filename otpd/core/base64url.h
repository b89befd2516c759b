/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_BASE64URL_H
#define OTPD_CORE_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

/* Characters of so many bytes, without the NUL. */
#define BASE64URL_LENGTH(size) (((size)*4 + 2) / 3)

/* Base64url without padding (RFC 4648 5) and a NUL. out has room for both. */
void base64url_encode(char *out, const void *data, size_t size);

/*
 * Only what base64url_encode() writes is taken: no padding, no blanks, no bits behind
 * the last byte. At most size bytes come out; how many, *ret_size says.
 */
bool base64url_decode(
	void *out, size_t size, const char *text, size_t length, size_t *ret_size);

#endif
