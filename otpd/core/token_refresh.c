/* SPDX-License-Identifier: MIT */
/*
 * Refresh tokens. They name their session and how often it was refreshed, so that an
 * old one is known as such and ends its session; and they are sealed with a keyed hash,
 * so that nobody ends sessions by making one up. The store still has the hash of the
 * one that is good: the seal alone opens nothing.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "otpd/core/base64url.h"
#include "otpd/core/token.h"
#include "otpd/util/secret.h"

#define CONTEXT "otpd-ref"
#define PREFIX  "r_"

/* 72 bytes: a multiple of three, so that no bit of the base64 is left over. */
struct parts {
	uint8_t session[16];
	uint8_t generation[8]; /* the high byte first */
	uint8_t random[24];
	uint8_t seal[24];
};
_Static_assert(sizeof(struct parts) == 72, "parts without padding");
_Static_assert(
	TOKEN_REFRESH == sizeof(PREFIX) - 1 + BASE64URL_LENGTH(sizeof(struct parts)),
	"length of the token");
_Static_assert(sizeof(CONTEXT) - 1 == crypto_kdf_CONTEXTBYTES, "length of a context");

static void make_seal(
	uint8_t out[24], const struct parts *parts, const struct code_key *key)
{
	uint8_t subkey[32];
	SECRET_SCOPE(subkey);

	crypto_kdf_derive_from_key(subkey, sizeof(subkey), 0, CONTEXT, key->bytes);
	crypto_generichash(out, sizeof(parts->seal), (const uint8_t *)parts,
		offsetof(struct parts, seal), subkey, sizeof(subkey));
}

void token_make_refresh(char out[TOKEN_REFRESH + 1], const struct code_key *key,
	const uint8_t session[16], int64_t generation)
{
	uint64_t number = (uint64_t)generation;
	struct parts parts;

	memcpy(parts.session, session, sizeof(parts.session));
	for (int i = 7; i >= 0; i--, number >>= 8)
		parts.generation[i] = (uint8_t)number;
	randombytes_buf(parts.random, sizeof(parts.random));
	make_seal(parts.seal, &parts, key);
	memcpy(out, PREFIX, 2);
	base64url_encode(out + 2, &parts, sizeof(parts));
	secret_wipe(&parts, sizeof(parts));
}

static bool decode(struct parts *parts, const char *token)
{
	size_t size;

	return strnlen(token, TOKEN_REFRESH + 1) == TOKEN_REFRESH &&
		strncmp(token, PREFIX, 2) == 0 &&
		base64url_decode(
			parts, sizeof(*parts), token + 2, TOKEN_REFRESH - 2, &size) &&
		size == sizeof(*parts);
}

static bool is_sealed(const struct parts *parts, const struct code_key *key)
{
	uint8_t seal[24];
	SECRET_SCOPE(seal);

	make_seal(seal, parts, key);
	return sodium_memcmp(seal, parts->seal, sizeof(seal)) == 0;
}

int token_read_refresh(const char *token, const struct code_key *key,
	uint8_t ret_session[16], int64_t *ret_generation)
{
	struct parts parts = { 0 };
	uint64_t number = 0;
	int r = -EBADMSG;

	if (decode(&parts, token) && is_sealed(&parts, key)) {
		for (int i = 0; i < 8; i++)
			number = number << 8 | parts.generation[i];
		memcpy(ret_session, parts.session, sizeof(parts.session));
		*ret_generation = (int64_t)number;
		r = 0;
	}
	secret_wipe(&parts, sizeof(parts));
	return r;
}
