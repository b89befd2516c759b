/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_HTTP_SIGN_H
#define OTPD_MAIL_TRANSPORT_HTTP_SIGN_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_SIGNATURE 48 /* "v1," and 44 characters of base64 */

/*
 * The key of a signing secret: what follows "whsec_", decoded from base64, or the bytes
 * of any other text as they are. For secret_free(). -EINVAL if it is "whsec_" and no
 * base64, or nothing; -ENOMEM.
 */
int http_sign_key(const char *secret, uint8_t **ret, size_t *ret_size);

/*
 * Signs a request as Standard Webhooks (standardwebhooks.com, 1.0) has it: "v1," and
 * the base64 of the HMAC-SHA-256 of "id.timestamp.body".
 */
void http_sign(char out[HTTP_SIGNATURE], const uint8_t *key, size_t key_size,
	const char *id, const char *timestamp, const void *body, size_t size);

#endif
