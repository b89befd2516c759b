/* SPDX-License-Identifier: MIT */
/*
 * JSON Web Signatures in the compact form: three parts of base64url without padding.
 *
 * The reader knows which header it expects and compares bytes. So there is no algorithm
 * to be talked into, no jwk, jku or crit to be followed, and nothing of a token is
 * parsed before its signature is known to be good. Each token has one spelling
 * (base64url.h); signatures that are another spelling of a good one and keys of small
 * order are refused by libsodium.
 *
 * MUST NOT learn to read a header.
 */
#include "otpd/core/jws.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "otpd/core/base64url.h"
#include "otpd/util/secret.h"

_Static_assert(JWS_SIGNATURE == BASE64URL_LENGTH(crypto_sign_BYTES), "a signature");

/* Appends; there is room. */
static size_t append(char *out, const void *data, size_t size)
{
	base64url_encode(out, data, size);
	return BASE64URL_LENGTH(size);
}

int jws_sign(char *out, size_t size, const uint8_t secret[64], const char *header,
	const char *payload)
{
	size_t header_size = strlen(header), payload_size = strlen(payload), n;
	uint8_t signature[crypto_sign_BYTES];

	n = BASE64URL_LENGTH(header_size) + 1 + BASE64URL_LENGTH(payload_size);
	if (n + 1 + JWS_SIGNATURE >= size)
		return -EMSGSIZE;
	n = append(out, header, header_size);
	out[n++] = '.';
	n += append(out + n, payload, payload_size);
	crypto_sign_detached(signature, NULL, (const uint8_t *)out, n, secret);
	out[n++] = '.';
	append(out + n, signature, sizeof(signature));
	return 0;
}

/* Where the part behind the header begins; NULL if the header is another. */
static const char *skip_header(const char *text, const char *header)
{
	char expected[BASE64URL_LENGTH(JWS_HEADER) + 1];
	size_t size = strlen(header), n;

	if (size >= JWS_HEADER)
		return NULL;
	n = append(expected, header, size);
	if (strncmp(text, expected, n) != 0 || text[n] != '.')
		return NULL;
	return text + n + 1;
}

/* signed_size: header and payload with the dot between. */
static bool signature_is_good(
	const char *text, size_t signed_size, const uint8_t public[32])
{
	const char *encoded = text + signed_size + 1;
	uint8_t signature[crypto_sign_BYTES];
	size_t size;

	if (strlen(encoded) != JWS_SIGNATURE ||
		!base64url_decode(
			signature, sizeof(signature), encoded, JWS_SIGNATURE, &size) ||
		size != sizeof(signature))
		return false;
	return crypto_sign_verify_detached(
		       signature, (const uint8_t *)text, signed_size, public) == 0;
}

int jws_open(char *payload, size_t size, const uint8_t public[32], const char *header,
	const char *text)
{
	const char *begin = skip_header(text, header);
	const char *end = begin ? strchr(begin, '.') : NULL;
	size_t n;

	if (!end || !signature_is_good(text, (size_t)(end - text), public))
		return -EBADMSG;
	if (!base64url_decode(payload, size - 1, begin, (size_t)(end - begin), &n) ||
		memchr(payload, '\0', n)) {
		secret_wipe(payload, size);
		return -EBADMSG;
	}
	payload[n] = '\0';
	return 0;
}
