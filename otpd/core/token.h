/* SPDX-License-Identifier: MIT */
/*
 * Tokens: signed ones (JWT, RFC 7519) with one algorithm, Ed25519 (RFC 8037), and
 * opaque ones, of which the store has the hash. No I/O; now is a parameter.
 */
#ifndef OTPD_CORE_TOKEN_H
#define OTPD_CORE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "otpd/core/code.h"
#include "otpd/proto/limits.h"

#define TOKEN_KID     22 /* characters: base64url of the first 16 bytes of a thumbprint */
#define TOKEN_JTI     22 /* characters: base64url of 16 bytes */
#define TOKEN_SUBJECT LIMIT_USER
#define TOKEN_SKEW_S  60 /* seconds that another machine's clock may be ahead */

/* The header's typ: a token of one kind is never taken for another (RFC 8725 3.11). */
#define TOKEN_ACCESS  "at+jwt" /* RFC 9068 */
#define TOKEN_RECEIPT "emailotp-receipt+jwt"

/* A pair of keys. Wipe it. */
struct token_key {
	uint8_t secret[64];
	uint8_t public[32];
	char kid[TOKEN_KID + 1]; /* of the thumbprint of RFC 7638 */
};

/* The pair of a seed (RFC 8032 5.1.5). */
void token_key_init(struct token_key *key, const uint8_t seed[32]);

/* The pair of that number, derived from the key behind the codes' hashes: rotation is
 * the next number. */
void token_key_derive(
	struct token_key *key, const struct code_key *master, int64_t number);

/*
 * What a signed token says. "" and 0: the claim is left out. Every token has iss, aud,
 * sub, jti, iat and exp.
 */
struct token_claims {
	char iss[LIMIT_AUDIENCE + 1];
	char aud[LIMIT_AUDIENCE + 1];
	char sub[TOKEN_SUBJECT + 1];
	char jti[TOKEN_JTI + 1];
	char sid[33]; /* of access tokens: the session, in hexadecimal digits */
	char tenant[LIMIT_TENANT + 1];
	char service[LIMIT_SERVICE + 1]; /* of receipts: where he stepped up */
	char amr[16]; /* words of RFC 8176 with blanks between: "pwd otp" */
	int64_t iat;
	int64_t exp;
	int64_t auth_time;
};

/* Draws a jti. */
void token_draw_jti(char out[TOKEN_JTI + 1]);

/*
 * -EMSGSIZE if it would be longer than LIMIT_TOKEN; -EINVAL if a claim is no UTF-8, one
 * that every token has is missing, or a time is negative; -ENOMEM. Then out is "".
 */
int token_sign(char out[LIMIT_TOKEN + 1], const struct token_key *key, const char *typ,
	const struct token_claims *claims);

/*
 * Reads one that we have signed: three parts of canonical base64url without padding, a
 * header of exactly alg (EdDSA), kid (one of keys) and typ (this one), a good
 * signature, claims as token_sign() writes them, each once and of its type, none
 * unknown, iss and aud as given (aud NULL: any), exp in the future, iat not more than
 * TOKEN_SKEW_S ahead. Whatever is not so is -EBADMSG, and *ret is empty; -ETIME if only
 * its time is over, and then *ret holds all the same. -ENOMEM.
 */
int token_check(const char *token, const struct token_key *keys, size_t n_keys,
	const char *typ, const char *iss, const char *aud, int64_t now_s,
	struct token_claims *ret);

/* The public key as a JWK: {"kty":"OKP","crv":"Ed25519",...}. */
#define TOKEN_JWK 200
void token_jwk(char out[TOKEN_JWK], const struct token_key *key);

/* ---- opaque ones: a letter for the kind, '_', and base64url of 32 random bytes */

#define TOKEN_OPAQUE 45
void token_draw(char out[TOKEN_OPAQUE + 1], char kind);
void token_hash(uint8_t out[32], const struct code_key *key, const char *token);

/* ---- refresh tokens: "r_" and base64url of session, generation, 24 random bytes and a
 * keyed hash of these: whoever makes one up ends nobody's session */

#define TOKEN_REFRESH 98
void token_make_refresh(char out[TOKEN_REFRESH + 1], const struct code_key *key,
	const uint8_t session[16], int64_t generation);
/* -EBADMSG if it is none of ours. */
int token_read_refresh(const char *token, const struct code_key *key,
	uint8_t ret_session[16], int64_t *ret_generation);

#endif
