/* SPDX-License-Identifier: MIT */
/* A signature by which an endpoint knows that a request is ours, whole, and not old. */
#include "otpd/mail/transport/http_sign.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"

#define PREFIX "whsec_"

DEFINE_CLEANUP(uint8_t *, secret_free);

int http_sign_key(const char *secret, uint8_t **ret, size_t *ret_size)
{
	CLEANUP(secret_freep) uint8_t *key = secret_alloc(strlen(secret) + 1);
	size_t size = strlen(secret);

	if (!key)
		return -ENOMEM;
	if (strncmp(secret, PREFIX, strlen(PREFIX)) != 0)
		memcpy(key, secret, size);
	else if (sodium_base642bin(key, size, secret + strlen(PREFIX),
			 size - strlen(PREFIX), NULL, &size, NULL,
			 sodium_base64_VARIANT_ORIGINAL) < 0)
		return -EINVAL;
	if (size == 0)
		return -EINVAL;
	*ret = TAKE_PTR(key);
	*ret_size = size;
	return 0;
}

void http_sign(char out[HTTP_SIGNATURE], const uint8_t *key, size_t key_size,
	const char *id, const char *timestamp, const void *body, size_t size)
{
	crypto_auth_hmacsha256_state state;
	uint8_t tag[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(&state, key, key_size);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)id, strlen(id));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)".", 1);
	crypto_auth_hmacsha256_update(
		&state, (const uint8_t *)timestamp, strlen(timestamp));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)".", 1);
	crypto_auth_hmacsha256_update(&state, body, size);
	crypto_auth_hmacsha256_final(&state, tag);
	secret_wipe(&state, sizeof(state));
	memcpy(out, "v1,", 3);
	sodium_bin2base64(out + 3, HTTP_SIGNATURE - 3, tag, sizeof(tag),
		sodium_base64_VARIANT_ORIGINAL);
}
