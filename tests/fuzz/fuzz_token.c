/* SPDX-License-Identifier: MIT */
/*
 * Tokens of strangers, and behind a good signature whatever the input says: header and
 * claims, with a newline between. What is accepted must be, byte by byte, what is
 * signed for the claims that came out of it, so that no token has two spellings.
 */
#include <errno.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/core/jws.h"
#include "otpd/core/token.h"
#include "otpd/util/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ISS "otp.example"
#define NOW 1700000100

static struct code_key master;
static struct token_key key;

static void must(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "a token: %s\n", what);
	abort();
}

static void start(void)
{
	static const uint8_t bytes[32] = { 7, 1 };

	if (key.kid[0])
		return;
	must(sodium_init() >= 0, "no libsodium");
	code_key_init(&master, bytes);
	token_key_derive(&key, &master, 5);
}

static void check(const char *text)
{
	static const struct token_claims none;
	char again[LIMIT_TOKEN + 1];
	struct token_claims claims;
	int r = token_check(text, &key, 1, TOKEN_ACCESS, ISS, NULL, NOW, &claims);

	if (r < 0 && r != -ETIME) {
		must(r == -EBADMSG, "refused for no reason");
		must(memcmp(&claims, &none, sizeof(none)) == 0, "left something");
		return;
	}
	must((claims.exp > NOW) == (r == 0), "its time");
	must(strcmp(claims.iss, ISS) == 0, "its issuer");
	must(claims.sub[0] && claims.aud[0] && claims.jti[0], "a claim is missing");
	must(claims.iat > 0 && claims.iat <= NOW + TOKEN_SKEW_S, "its beginning");
	must(token_sign(again, &key, TOKEN_ACCESS, &claims) == 0, "not signed again");
	must(strcmp(again, text) == 0, "accepted in a second spelling");
}

static void check_refresh(const char *text)
{
	uint8_t session[16];
	int64_t generation;

	must(token_read_refresh(text, &master, session, &generation) == -EBADMSG ||
			strlen(text) == TOKEN_REFRESH,
		"a refresh token of another length");
}

/* Signs the header before the newline and the claims behind it; the one that otpd
 * writes stands for an empty header. */
static void check_signed(char *text)
{
	char out[4096], header[JWS_HEADER];
	char *claims = strchr(text, '\n');

	if (!claims)
		return;
	*claims++ = '\0';
	snprintf(header, sizeof(header),
		"{\"alg\":\"EdDSA\",\"kid\":\"%s\",\"typ\":\"%s\"}", key.kid,
		TOKEN_ACCESS);
	if (jws_sign(out, sizeof(out), key.secret, *text ? text : header, claims) == 0)
		check(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* On the heap and exact, so that a step too far is seen. */
	CLEANUP(freep) char *text = NULL;

	start();
	if (size > 4096)
		return 0;
	text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check(text);
	check_refresh(text);
	check_signed(text);
	return 0;
}
