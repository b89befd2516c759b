/* SPDX-License-Identifier: MIT */
/*
 * Keys of tokens, and tokens that say nothing. All keys come from the one behind the
 * codes, each with a context of its own (crypto_kdf: BLAKE2b with salt and
 * personalization), so that there is one file to keep and none can stand for another.
 *
 * MUST NOT change a context: every token that is out would be refused.
 */
#include "otpd/core/token.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/base64url.h"
#include "otpd/util/secret.h"

#define CONTEXT_SIGN   "otpd-jwt"
#define CONTEXT_OPAQUE "otpd-opq"
#define X_SIZE         (BASE64URL_LENGTH(32) + 1)

_Static_assert(crypto_kdf_KEYBYTES == sizeof(((struct code_key *)NULL)->bytes), "key");
_Static_assert(
	sizeof(CONTEXT_SIGN) - 1 == crypto_kdf_CONTEXTBYTES, "length of a context");
_Static_assert(
	sizeof(CONTEXT_OPAQUE) - 1 == crypto_kdf_CONTEXTBYTES, "length of a context");
_Static_assert(TOKEN_KID == BASE64URL_LENGTH(16), "16 bytes of a thumbprint");
_Static_assert(TOKEN_JTI == BASE64URL_LENGTH(16), "16 random bytes");
_Static_assert(TOKEN_OPAQUE == 2 + BASE64URL_LENGTH(32), "32 random bytes");

static void encode_public(char out[X_SIZE], const struct token_key *key)
{
	base64url_encode(out, key->public, sizeof(key->public));
}

/* RFC 7638: the members that matter, sorted, without blanks. */
static void name_key(struct token_key *key)
{
	char x[X_SIZE], text[128];
	uint8_t hash[crypto_hash_sha256_BYTES];
	int n;

	encode_public(x, key);
	n = snprintf(text, sizeof(text),
		"{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x);
	crypto_hash_sha256(hash, (const uint8_t *)text, (unsigned long long)n);
	base64url_encode(key->kid, hash, 16);
}

void token_key_init(struct token_key *key, const uint8_t seed[32])
{
	crypto_sign_seed_keypair(key->public, key->secret, seed);
	name_key(key);
}

void token_key_derive(
	struct token_key *key, const struct code_key *master, int64_t number)
{
	uint8_t seed[crypto_sign_SEEDBYTES];
	SECRET_SCOPE(seed);

	crypto_kdf_derive_from_key(
		seed, sizeof(seed), (uint64_t)number, CONTEXT_SIGN, master->bytes);
	token_key_init(key, seed);
}

void token_jwk(char out[TOKEN_JWK], const struct token_key *key)
{
	char x[X_SIZE];

	encode_public(x, key);
	snprintf(out, TOKEN_JWK,
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\","
		"\"use\":\"sig\",\"kid\":\"%s\",\"x\":\"%s\"}",
		key->kid, x);
}

void token_draw_jti(char out[TOKEN_JTI + 1])
{
	uint8_t bytes[16];

	randombytes_buf(bytes, sizeof(bytes));
	base64url_encode(out, bytes, sizeof(bytes));
}

void token_draw(char out[TOKEN_OPAQUE + 1], char kind)
{
	uint8_t bytes[32];
	SECRET_SCOPE(bytes);

	randombytes_buf(bytes, sizeof(bytes));
	out[0] = kind;
	out[1] = '_';
	base64url_encode(out + 2, bytes, sizeof(bytes));
}

void token_hash(uint8_t out[32], const struct code_key *key, const char *token)
{
	uint8_t subkey[32];
	SECRET_SCOPE(subkey);

	crypto_kdf_derive_from_key(
		subkey, sizeof(subkey), 0, CONTEXT_OPAQUE, key->bytes);
	crypto_generichash(
		out, 32, (const uint8_t *)token, strlen(token), subkey, sizeof(subkey));
}
