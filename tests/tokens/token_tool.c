/* SPDX-License-Identifier: MIT */
/*
 * Tokens for tests that are written in other languages, with keys that everybody knows.
 *
 *   token_tool keys             the public keys as a JWKS
 *   token_tool secret           the key that signs, as a JWK with its secret half
 *   token_tool sign TYP CLAIM=VALUE...
 *   token_tool check TYP ISS AUD NOW
 *                               reads tokens, one a line; says good, late or bad
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/core/base64url.h"
#include "otpd/core/token.h"
#include "otpd/util/parse.h"
#include "otpd/util/text.h"

#define KEYS   3
#define SIGNER 1

static struct token_key keys[KEYS];

static void make_keys(void)
{
	struct code_key master;
	uint8_t bytes[32] = { 42 };

	code_key_init(&master, bytes);
	for (int i = 0; i < KEYS; i++)
		token_key_derive(&keys[i], &master, i + 1);
}

static int print_keys(void)
{
	char jwk[TOKEN_JWK];

	for (int i = 0; i < KEYS; i++) {
		token_jwk(jwk, &keys[i]);
		printf("%s%s", i > 0 ? "," : "{\"keys\":[", jwk);
	}
	puts("]}");
	return 0;
}

static int print_secret(void)
{
	char jwk[TOKEN_JWK], d[BASE64URL_LENGTH(32) + 1];

	token_jwk(jwk, &keys[SIGNER]);
	jwk[strlen(jwk) - 1] = '\0';
	base64url_encode(d, keys[SIGNER].secret, 32);
	printf("%s,\"d\":\"%s\"}\n", jwk, d);
	return 0;
}

static bool set(struct token_claims *claims, const char *name, const char *value)
{
	const struct {
		const char *name;
		char *text;
		size_t size;
		int64_t *time;
	} fields[] = {
		{ "iss", claims->iss, sizeof(claims->iss), NULL },
		{ "aud", claims->aud, sizeof(claims->aud), NULL },
		{ "sub", claims->sub, sizeof(claims->sub), NULL },
		{ "jti", claims->jti, sizeof(claims->jti), NULL },
		{ "sid", claims->sid, sizeof(claims->sid), NULL },
		{ "tenant", claims->tenant, sizeof(claims->tenant), NULL },
		{ "service", claims->service, sizeof(claims->service), NULL },
		{ "amr", claims->amr, sizeof(claims->amr), NULL },
		{ "iat", NULL, 0, &claims->iat },
		{ "exp", NULL, 0, &claims->exp },
		{ "auth_time", NULL, 0, &claims->auth_time },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(name, fields[i].name) != 0)
			continue;
		return fields[i].time
			? parse_int(value, fields[i].time) == 0
			: text_copy(fields[i].text, fields[i].size, value);
	}
	return false;
}

static int sign(int argc, char **argv)
{
	struct token_claims claims = { 0 };
	char token[LIMIT_TOKEN + 1];
	int r;

	token_draw_jti(claims.jti);
	for (int i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value)
			return 2;
		*value++ = '\0';
		if (!set(&claims, argv[i], value))
			return 2;
	}
	r = token_sign(token, &keys[SIGNER], argv[0], &claims);
	if (r < 0) {
		fprintf(stderr, "token_tool: %s\n", strerror(-r));
		return 1;
	}
	puts(token);
	return 0;
}

static int check(char **argv)
{
	static char line[65536];
	struct token_claims claims;
	int64_t now_s;

	if (parse_int(argv[3], &now_s) < 0)
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		int r;

		line[strcspn(line, "\n")] = '\0';
		r = token_check(
			line, keys, KEYS, argv[0], argv[1], argv[2], now_s, &claims);
		puts(r == 0 ? "good" : r == -ETIME ? "late" : "bad");
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (sodium_init() < 0)
		return 1;
	make_keys();
	if (strcmp(word, "keys") == 0)
		return print_keys();
	if (strcmp(word, "secret") == 0)
		return print_secret();
	if (strcmp(word, "sign") == 0 && argc > 2)
		return sign(argc - 2, argv + 2);
	if (strcmp(word, "check") == 0 && argc == 6)
		return check(argv + 2);
	fputs("token_tool: keys, secret, sign or check\n", stderr);
	return 2;
}
