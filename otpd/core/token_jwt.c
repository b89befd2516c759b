/* SPDX-License-Identifier: MIT */
/*
 * Signed tokens (RFC 7519), as RFC 8725 wants them: one algorithm, a typ of its own for
 * each kind, iss and aud always there and always compared. Only otpd signs with these
 * keys, so a token that otpd would not have written byte by byte is refused, whatever
 * its signature is worth; see jws.c and token_claims.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/jws.h"
#include "otpd/core/token_claims.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"

static void make_header(
	char out[JWS_HEADER], const struct token_key *key, const char *typ)
{
	snprintf(out, JWS_HEADER, "{\"alg\":\"EdDSA\",\"kid\":\"%s\",\"typ\":\"%s\"}",
		key->kid, typ);
}

int token_sign(char out[LIMIT_TOKEN + 1], const struct token_key *key, const char *typ,
	const struct token_claims *claims)
{
	CLEANUP(buffer_fini) struct buffer payload = { 0 };
	char header[JWS_HEADER];
	int r = token_claims_write(&payload, claims);

	out[0] = '\0';
	if (r < 0)
		return r;
	make_header(header, key, typ);
	return jws_sign(out, LIMIT_TOKEN + 1, key->secret, header, payload.data);
}

/* The payload, signed by any of the keys. */
static int open_token(char payload[LIMIT_TOKEN], const char *token,
	const struct token_key *keys, size_t n_keys, const char *typ)
{
	char header[JWS_HEADER];

	if (strnlen(token, LIMIT_TOKEN + 1) > LIMIT_TOKEN)
		return -EBADMSG;
	for (size_t i = 0; i < n_keys; i++) {
		make_header(header, &keys[i], typ);
		if (jws_open(payload, LIMIT_TOKEN, keys[i].public, header, token) == 0)
			return 0;
	}
	return -EBADMSG;
}

/* What the claims are worth here and now. */
static int judge(const struct token_claims *claims, const char *iss, const char *aud,
	int64_t now_s)
{
	if (strcmp(claims->iss, iss) != 0)
		return -EBADMSG;
	if (aud && strcmp(claims->aud, aud) != 0)
		return -EBADMSG;
	if (claims->iat > now_s + TOKEN_SKEW_S)
		return -EBADMSG;
	return claims->exp > now_s ? 0 : -ETIME;
}

int token_check(const char *token, const struct token_key *keys, size_t n_keys,
	const char *typ, const char *iss, const char *aud, int64_t now_s,
	struct token_claims *ret)
{
	char payload[LIMIT_TOKEN];
	SECRET_SCOPE(payload);
	int r = open_token(payload, token, keys, n_keys, typ);

	if (r == 0)
		r = token_claims_read(ret, payload);
	if (r == 0)
		r = judge(ret, iss, aud, now_s);
	if (r < 0 && r != -ETIME)
		*ret = (struct token_claims){ 0 };
	return r;
}
