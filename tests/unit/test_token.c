/* SPDX-License-Identifier: MIT */
/*
 * Tokens: what RFC 8725 and their authors warn of is refused, whoever has signed it;
 * the forgeries here are signed with otpd's own key wherever that is possible, so that
 * it is not the signature that refuses them.
 */
#include "otpd/core/token.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>

#include "otpd/core/jws.h"
#include "otpd/util/hex.h"
#include "tests/unit/unit.h"

#define NOW  1700000100
#define ISS  "otp.example"
#define AUD  "shop"
#define URL  sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define SIZE 2048

/* The claims of good(), as they stand in the token. */
#define PAYLOAD                                                             \
	"{\"iss\":\"otp.example\",\"aud\":\"shop\","                        \
	"\"sub\":\"00112233445566778899aabbccddeeff\","                     \
	"\"jti\":\"AAECAwQFBgcICQoLDA0ODw\","                               \
	"\"sid\":\"ffeeddccbbaa99887766554433221100\",\"tenant\":\"acme\"," \
	"\"amr\":[\"pwd\",\"otp\"],\"iat\":1700000000,\"exp\":1700000900,"  \
	"\"auth_time\":1699999990}"

static struct code_key master;
static struct token_key keys[3]; /* the middle one signs */

static void start(void)
{
	static const uint8_t bytes[32] = { 7, 1 };

	ck_assert_int_ge(sodium_init(), 0);
	code_key_init(&master, bytes);
	for (int i = 0; i < 3; i++)
		token_key_derive(&keys[i], &master, 4 + i);
}

static struct token_claims good_claims(void)
{
	return (struct token_claims){
		.iss = ISS,
		.aud = AUD,
		.sub = "00112233445566778899aabbccddeeff",
		.jti = "AAECAwQFBgcICQoLDA0ODw",
		.sid = "ffeeddccbbaa99887766554433221100",
		.tenant = "acme",
		.amr = "pwd otp",
		.iat = 1700000000,
		.exp = 1700000900,
		.auth_time = 1699999990,
	};
}

static const char *good_header(void)
{
	static char text[JWS_HEADER];

	snprintf(text, sizeof(text),
		"{\"alg\":\"EdDSA\",\"kid\":\"%s\",\"typ\":\"at+jwt\"}", keys[1].kid);
	return text;
}

static int check(const char *token, struct token_claims *ret)
{
	return token_check(token, keys, 3, TOKEN_ACCESS, ISS, AUD, NOW, ret);
}

static int n_refused;

/* Refused as none of ours, and nothing of it comes out. */
static void refuse(const char *name, const char *token)
{
	static const struct token_claims none;
	struct token_claims claims;
	int r;

	memset(&claims, 'x', sizeof(claims));
	r = check(token, &claims);
	ck_assert_msg(r == -EBADMSG, "%s: %d for %s", name, r, token);
	ck_assert_msg(memcmp(&claims, &none, sizeof(none)) == 0, "%s", name);
	n_refused++;
}

static void refuse_late(const char *name, const char *token)
{
	struct token_claims claims;

	ck_assert_msg(check(token, &claims) == -ETIME, "%s", name);
	n_refused++;
}

/* Each byte, and each way of writing the same bytes. */
static const char *sign(const struct token_key *key, const char *header,
	const void *payload, size_t size)
{
	static char out[2 * SIZE];
	uint8_t signature[64];
	size_t n;

	sodium_bin2base64(out, SIZE, (const uint8_t *)header, strlen(header), URL);
	strcat(out, ".");
	n = strlen(out);
	sodium_bin2base64(out + n, sizeof(out) - n, payload, size, URL);
	crypto_sign_detached(
		signature, NULL, (const uint8_t *)out, strlen(out), key->secret);
	strcat(out, ".");
	n = strlen(out);
	sodium_bin2base64(out + n, sizeof(out) - n, signature, 64, URL);
	return out;
}

/* text with the first find as put. */
static const char *edit(const char *text, const char *find, const char *put)
{
	static char out[SIZE];
	const char *at = strstr(text, find);

	ck_assert_msg(at != NULL, "no %s in %s", find, text);
	snprintf(out, sizeof(out), "%.*s%s%s", (int)(at - text), text, put,
		at + strlen(find));
	return out;
}

static const char *sign_payload(const char *payload)
{
	return sign(&keys[1], good_header(), payload, strlen(payload));
}

static const char *good(void)
{
	static char out[LIMIT_TOKEN + 1];
	struct token_claims claims = good_claims();

	ck_assert_int_eq(token_sign(out, &keys[1], TOKEN_ACCESS, &claims), 0);
	return out;
}

START_TEST(a_token_is_what_it_looks_like_and_is_read_again)
{
	struct token_claims claims, expected = good_claims();
	const char *token;

	start();
	token = good();
	ck_assert_str_eq(token, sign_payload(PAYLOAD));
	ck_assert_int_eq(check(token, &claims), 0);
	ck_assert_mem_eq(&claims, &expected, sizeof(claims));
	ck_assert_int_eq(
		token_check(token, keys, 3, TOKEN_ACCESS, ISS, NULL, NOW, &claims), 0);
}
END_TEST

START_TEST(five_good_ones_are_accepted)
{
	char token[LIMIT_TOKEN + 1];
	struct token_claims in[5], out;
	const struct token_claims least = { .iss = ISS,
		.aud = AUD,
		.sub = "alice",
		.jti = "AAECAwQFBgcICQoLDA0ODw",
		.iat = NOW + TOKEN_SKEW_S,
		.exp = NOW + 1 };

	start();
	in[0] = good_claims();
	in[1] = in[2] = in[3] = in[4] = least;
	strcpy(in[2].sub, "zo\303\253 \"\\ <&> \360\237\224\221 \033[0m");
	strcpy(in[3].amr, "otp");
	strcpy(in[3].service, "sshd");
	in[4].exp = INT64_MAX;
	memset(in[4].sub, 'a', TOKEN_SUBJECT);
	memset(in[4].tenant, 't', LIMIT_TENANT);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(
			token_sign(token, &keys[i % 3], TOKEN_ACCESS, &in[i]), 0);
		ck_assert_msg(check(token, &out) == 0, "%d", i);
		ck_assert_mem_eq(&in[i], &out, sizeof(out));
	}
}
END_TEST

/* Headers that otpd does not write, each with a signature of otpd's. */
static const struct {
	const char *name, *find, *put;
} headers[] = {
	{ "alg none", "EdDSA", "none" },
	{ "alg None", "EdDSA", "None" },
	{ "alg in small letters", "EdDSA", "eddsa" },
	{ "alg HS256", "EdDSA", "HS256" },
	{ "alg RS256", "EdDSA", "RS256" },
	{ "alg ES256", "EdDSA", "ES256" },
	{ "alg Ed25519", "EdDSA", "Ed25519" },
	{ "alg empty", "EdDSA", "" },
	{ "alg escaped", "EdDSA", "\\u0045dDSA" },
	{ "alg twice", "\"alg\"", "\"alg\":\"none\",\"alg\"" },
	{ "alg null", "\"EdDSA\"", "null" },
	{ "alg an array", "\"EdDSA\"", "[\"EdDSA\"]" },
	{ "alg missing", "\"alg\":\"EdDSA\",", "" },
	{ "kid a path", "\"kid\":\"", "\"kid\":\"../../../../dev/null\",\"k\":\"" },
	{ "kid SQL", "\"kid\":\"", "\"kid\":\"x' UNION SELECT 1--\",\"k\":\"" },
	{ "kid longer", "\",\"typ\"", "A\",\"typ\"" },
	{ "kid twice", "\"kid\"", "\"kid\":\"x\",\"kid\"" },
	{ "kid missing", ",\"kid\":\"", ",\"k\":\"" },
	{ "jku", "}", ",\"jku\":\"https://evil.example/keys\"}" },
	{ "jwk", "}", ",\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}}" },
	{ "x5u", "}", ",\"x5u\":\"https://evil.example/crt\"}" },
	{ "x5c", "}", ",\"x5c\":[\"MIIB\"]}" },
	{ "x5t", "}", ",\"x5t\":\"AAAA\"}" },
	{ "crit", "}", ",\"crit\":[\"exp\"]}" },
	{ "crit empty", "}", ",\"crit\":[]}" },
	{ "b64 false", "}", ",\"b64\":false,\"crit\":[\"b64\"]}" },
	{ "zip", "}", ",\"zip\":\"DEF\"}" },
	{ "cty JWT", "}", ",\"cty\":\"JWT\"}" },
	{ "typ JWT", "at+jwt", "JWT" },
	{ "typ of a receipt", "at+jwt", TOKEN_RECEIPT },
	{ "typ as a media type", "at+jwt", "application/at+jwt" },
	{ "typ in capitals", "at+jwt", "AT+JWT" },
	{ "typ missing", ",\"typ\":\"at+jwt\"", "" },
	{ "typ twice", "\"alg\":\"EdDSA\",", "\"typ\":\"at+jwt\",\"alg\":\"EdDSA\"," },
	{ "a blank", ":", ": " },
	{ "a newline behind", "}", "}\n" },
	{ "a second object", "}", "}{}" },
	{ "a byte order mark", "{", "\357\273\277{" },
	{ "an array", "{\"alg\":\"EdDSA\",", "[{\"alg\":\"EdDSA\"}]" },
};

START_TEST(headers_of_others_are_refused)
{
	char header[JWS_HEADER];

	start();
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		refuse(headers[i].name,
			sign(&keys[1],
				edit(good_header(), headers[i].find, headers[i].put),
				PAYLOAD, strlen(PAYLOAD)));
	refuse("no header", sign(&keys[1], "", PAYLOAD, strlen(PAYLOAD)));
	snprintf(header, sizeof(header),
		"{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\",\"kid\":\"%s\"}", keys[1].kid);
	refuse("another order", sign(&keys[1], header, PAYLOAD, strlen(PAYLOAD)));
	refuse("an empty header", sign(&keys[1], "{}", PAYLOAD, strlen(PAYLOAD)));
	ck_assert_int_gt(n_refused, 40);
}
END_TEST

#define SUB     "\"00112233445566778899aabbccddeeff\""
#define SUB_IS  "\"sub\":" SUB
#define FIFTY   "01234567890123456789012345678901234567890123456789"
#define BRACKET "[[[[[[[[[[[[[[[[[[[["
#define CLOSED  "]]]]]]]]]]]]]]]]]]]]"

/* Claims, in the right header and with a signature of otpd's. */
static const struct {
	const char *name, *find, *put;
} payloads[] = {
	{ "another iss", ISS, "evil.example" },
	{ "iss with a slash", ISS, ISS "/" },
	{ "iss in capitals", ISS, "OTP.example" },
	{ "iss escaped", ISS, "\\u006ftp.example" },
	{ "iss with a NUL", ISS, ISS "\\u0000" },
	{ "iss missing", "\"iss\":\"" ISS "\",", "" },
	{ "iss an array", "\"" ISS "\"", "[\"" ISS "\"]" },
	{ "another aud", "\"shop\"", "\"shop2\"" },
	{ "aud missing", "\"aud\":\"shop\",", "" },
	{ "aud empty", "\"shop\"", "\"\"" },
	{ "aud an array", "\"shop\"", "[\"shop\"]" },
	{ "aud an array of two", "\"shop\"", "[\"shop\",\"bank\"]" },
	{ "aud null", "\"shop\"", "null" },
	{ "exp missing", "\"exp\":1700000900,", "" },
	{ "exp zero", "1700000900", "0" },
	{ "exp minus zero", "1700000900", "-0" },
	{ "exp negative", "1700000900", "-1700000900" },
	{ "exp with a fraction", "1700000900", "1700000900.0" },
	{ "exp with an exponent", "1700000900", "17e9" },
	{ "exp as text", "1700000900", "\"1700000900\"" },
	{ "exp true", "1700000900", "true" },
	{ "exp null", "1700000900", "null" },
	{ "exp beyond 64 bits", "1700000900", "18446744073709551615" },
	{ "exp beyond a double", "1700000900", "1e999" },
	{ "exp infinite", "1700000900", "Infinity" },
	{ "exp in hexadecimal", "1700000900", "0x7fffffff" },
	{ "exp with a zero in front", "1700000900", "01700000900" },
	{ "exp in an array", "1700000900", "[1700000900]" },
	{ "iat missing", "\"iat\":1700000000,", "" },
	{ "iat in the future", "\"iat\":1700000000", "\"iat\":1700000161" },
	{ "iat with a fraction", "\"iat\":1700000000", "\"iat\":1700000000.5" },
	{ "auth_time negative", "1699999990", "-1" },
	{ "auth_time with a fraction", "1699999990", "1699999990.0" },
	{ "nbf in the future", "}", ",\"nbf\":1700000800}" },
	{ "nbf at all", "}", ",\"nbf\":1700000000}" },
	{ "an unknown claim", "}", ",\"admin\":true}" },
	{ "an unknown claim, empty", "}", ",\"\":\"\"}" },
	{ "__proto__", "}", ",\"__proto__\":{\"admin\":true}}" },
	{ "sub twice", "{", "{\"sub\":\"root\"," },
	{ "sub twice, the second behind", "}", ",\"sub\":\"root\"}" },
	{ "exp twice", "}", ",\"exp\":1900000000}" },
	{ "sub missing", SUB_IS ",", "" },
	{ "sub empty", SUB, "\"\"" },
	{ "sub a number", SUB, "1" },
	{ "sub nested", SUB, "{\"sub\":" SUB "}" },
	{ "sub with a NUL", SUB, "\"root\\u0000x\"" },
	{ "sub with half a surrogate", SUB, "\"\\ud800\"" },
	{ "sub that is no UTF-8", SUB, "\"\377\"" },
	{ "sub of overlong UTF-8", SUB, "\"\300\257\"" },
	{ "sub escaped", SUB, "\"\\u0030\"" },
	{ "sub with a raw newline", SUB, "\"a\nb\"" },
	{ "sub too long", SUB, "\"" FIFTY FIFTY FIFTY FIFTY FIFTY "012345\"" },
	{ "jti missing", "\"jti\":\"AAECAwQFBgcICQoLDA0ODw\",", "" },
	{ "jti too long", "ODw\"", "ODwA\"" },
	{ "sid too long", "1100\"", "11000\"" },
	{ "tenant an object", "\"acme\"", "{}" },
	{ "amr as text", "[\"pwd\",\"otp\"]", "\"pwd otp\"" },
	{ "amr with a number", "[\"pwd\",\"otp\"]", "[\"pwd\",1]" },
	{ "amr nested", "[\"pwd\",\"otp\"]", "[[\"pwd\"],\"otp\"]" },
	{ "amr empty", "[\"pwd\",\"otp\"]", "[]" },
	{ "amr in one word", "[\"pwd\",\"otp\"]", "[\"pwd otp\"]" },
	{ "amr too long", "\"otp\"]", "\"otp\",\"pwd\",\"otp2\"]" },
	{ "amr with an empty word", "\"otp\"]", "\"otp\",\"\"]" },
	{ "nested deeply", SUB, BRACKET BRACKET CLOSED CLOSED },
	{ "another order", "\"iss\":\"" ISS "\",\"aud\":\"shop\"",
		"\"aud\":\"shop\",\"iss\":\"" ISS "\"" },
	{ "a blank", ":", ": " },
	{ "a blank in front", "{", " {" },
	{ "a newline behind", "}", "}\n" },
	{ "a second object", "}", "}{}" },
	{ "a comma too many", "}", ",}" },
	{ "a comment", "{", "{/**/" },
	{ "a byte order mark", "{", "\357\273\277{" },
	{ "cut short", "}", "" },
};

START_TEST(claims_that_otpd_would_not_write_are_refused)
{
	static const char bytes[] = PAYLOAD;

	start();
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
		refuse(payloads[i].name,
			sign_payload(edit(PAYLOAD, payloads[i].find, payloads[i].put)));
	refuse("an empty object", sign_payload("{}"));
	refuse("an array", sign_payload("[" PAYLOAD "]"));
	refuse("a string", sign_payload("\"x\""));
	refuse("null", sign_payload("null"));
	refuse("nothing", sign_payload(""));
	/* The NUL that ends it in C: behind it might stand anything. */
	refuse("a NUL behind", sign(&keys[1], good_header(), bytes, sizeof(bytes)));
	ck_assert_int_gt(n_refused, 75);
}
END_TEST

START_TEST(what_is_over_is_refused_as_such_and_read_all_the_same)
{
	struct token_claims claims;
	const char *token = NULL;

	start();
	refuse_late(
		"exp is now", sign_payload(edit(PAYLOAD, "1700000900", "1700000100")));
	refuse_late("exp long ago", sign_payload(edit(PAYLOAD, "1700000900", "1")));
	token = good();
	ck_assert_int_eq(token_check(token, keys, 3, TOKEN_ACCESS, ISS, AUD, 1700000899,
				 &claims),
		0);
	ck_assert_int_eq(token_check(token, keys, 3, TOKEN_ACCESS, ISS, AUD, 1700000900,
				 &claims),
		-ETIME);
	ck_assert_str_eq(claims.sub, "00112233445566778899aabbccddeeff");
	/* Another's is not ours, however late. */
	ck_assert_int_eq(token_check(token, keys, 3, TOKEN_ACCESS, ISS, "bank",
				 1700000900, &claims),
		-EBADMSG);
	ck_assert_int_eq(token_check(token, keys, 3, TOKEN_ACCESS, "evil", AUD,
				 1700000900, &claims),
		-EBADMSG);
}
END_TEST

/* The parts of a token, each with its dot. */
static void split(const char *token, char parts[3][SIZE])
{
	for (int i = 0; i < 3; i++) {
		size_t n = strcspn(token, ".");

		snprintf(parts[i], SIZE, "%.*s", (int)n, token);
		token += n + (token[n] == '.');
	}
}

static const char *join(const char *a, const char *b, const char *c)
{
	static char out[3 * SIZE];

	snprintf(out, sizeof(out), "%s.%s.%s", a, b, c);
	return out;
}

/* The last character with its lowest bit turned: the same bytes to a lax decoder. */
static const char *turn_last_bit(const char *part)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
				      "wxyz0123456789-_";
	static char out[SIZE];
	size_t n = strlen(part);
	const char *at = strchr(letters, part[n - 1]);

	ck_assert_ptr_nonnull(at);
	snprintf(out, sizeof(out), "%s", part);
	out[n - 1] = letters[(at - letters) ^ 1];
	return out;
}

static const char *hs256(const void *key, size_t size)
{
	static char out[SIZE];
	crypto_auth_hmacsha256_state state;
	char part[3][SIZE];
	uint8_t mac[32];

	split(sign(&keys[1], edit(good_header(), "EdDSA", "HS256"), PAYLOAD,
		      strlen(PAYLOAD)),
		part);
	snprintf(out, sizeof(out), "%.900s.%.900s", part[0], part[1]);
	crypto_auth_hmacsha256_init(&state, key, size);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)out, strlen(out));
	crypto_auth_hmacsha256_final(&state, mac);
	strcat(out, ".");
	sodium_bin2base64(out + strlen(out), 64, mac, sizeof(mac), URL);
	return out;
}

START_TEST(a_public_key_is_no_password)
{
	char jwk[TOKEN_JWK], x[64];

	start();
	token_jwk(jwk, &keys[1]);
	sodium_bin2base64(x, sizeof(x), keys[1].public, 32, URL);
	refuse("HS256 with the key's bytes", hs256(keys[1].public, 32));
	refuse("HS256 with the key's text", hs256(x, strlen(x)));
	refuse("HS256 with the JWK", hs256(jwk, strlen(jwk)));
	refuse("HS256 with nothing", hs256("", 0));
}
END_TEST

START_TEST(texts_that_are_no_token_are_refused)
{
	char p[3][SIZE], text[SIZE];

	start();
	split(good(), p);
	refuse("nothing", "");
	refuse("a dot", ".");
	refuse("two dots", "..");
	refuse("five dots", ".....");
	refuse("no signature", join(p[0], p[1], ""));
	snprintf(text, sizeof(text), "%.900s.%.900s", p[0], p[1]);
	refuse("two parts", text);
	snprintf(text, sizeof(text), "%.1800s.", good());
	refuse("a dot behind", text);
	snprintf(text, sizeof(text), "%.1800s.%.100s", good(), p[2]);
	refuse("four parts", text);
	refuse("five parts", join(p[0], p[1], "x.y.z"));
	refuse("no payload", join(p[0], "", p[2]));
	refuse("no header", join("", p[1], p[2]));
	refuse("swapped 0 1", join(p[1], p[0], p[2]));
	refuse("swapped 1 2", join(p[0], p[2], p[1]));
	refuse("swapped 0 2", join(p[2], p[1], p[0]));
	refuse("a blank in front", edit(good(), "ey", " ey"));
	refuse("Bearer", edit(good(), "ey", "Bearer ey"));
	refuse("a blank behind", join(p[0], p[1], edit(p[2], p[2] + 85, "w ")));
	snprintf(text, sizeof(text), "%.1900s\n", good());
	refuse("a newline behind", text);
	refuse("a newline inside", edit(good(), ".", "\n."));
	refuse("a blank inside", edit(good(), ".", ". "));
	snprintf(text, sizeof(text), "%.1900s==", good());
	refuse("padding", text);
	snprintf(text, sizeof(text), "%.1900s==", p[1]);
	refuse("padding inside", join(p[0], text, p[2]));
	refuse("a full-width dot", edit(good(), ".", "\357\274\216"));
	refuse("a dot in percents", edit(good(), ".", "%2E"));
	refuse("JSON", edit("{\"payload\":\"x\"}", "x", p[1]));
	snprintf(text, sizeof(text), "\"%.1900s\"", good());
	refuse("quotes", text);
	for (char *c = strcpy(text, good()); *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
	refuse("in small letters", text);
}
END_TEST

START_TEST(a_token_has_one_spelling)
{
	char p[3][SIZE], text[SIZE];
	uint8_t bytes[SIZE];
	size_t n;

	start();
	split(good(), p);
	/* 64 bytes leave four bits of the last letter unused. */
	refuse("a bit behind the signature", join(p[0], p[1], turn_last_bit(p[2])));
	if (strlen(p[1]) % 4 != 0)
		refuse("behind the claims", join(p[0], turn_last_bit(p[1]), p[2]));
	if (strlen(p[0]) % 4 != 0)
		refuse("behind the header", join(turn_last_bit(p[0]), p[1], p[2]));
	ck_assert_int_eq(
		sodium_base642bin(bytes, SIZE, p[2], 86, NULL, &n, NULL, URL), 0);
	sodium_bin2base64(text, SIZE, bytes, n, sodium_base64_VARIANT_ORIGINAL);
	refuse("base64 of mail", join(p[0], p[1], text));
	sodium_bin2hex(text, SIZE, bytes, n);
	refuse("hexadecimal", join(p[0], p[1], text));
	snprintf(text, sizeof(text), "%.85s", p[2]);
	refuse("a letter less", join(p[0], p[1], text));
	snprintf(text, sizeof(text), "%.86sA", p[2]);
	refuse("a letter more", join(p[0], p[1], text));
}
END_TEST

/* S + L: the same signature to whoever does not look (RFC 8032 5.1.7). */
static void add_order(uint8_t s[32])
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12,
		0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };

	sodium_add(s, order, sizeof(order));
}

START_TEST(signatures_cannot_be_bent)
{
	struct token_key weak;
	char p[3][SIZE], text[SIZE];
	struct token_claims ret;
	uint8_t bytes[64];
	size_t n;

	start();
	split(good(), p);
	sodium_base642bin(bytes, 64, p[2], 86, NULL, &n, NULL, URL);
	add_order(bytes + 32);
	sodium_bin2base64(text, SIZE, bytes, 64, URL);
	refuse("S + L", join(p[0], p[1], text));
	memset(bytes, 0, sizeof(bytes));
	sodium_bin2base64(text, SIZE, bytes, 64, URL);
	refuse("zeros", join(p[0], p[1], text));
	memset(bytes, 0xff, sizeof(bytes));
	sodium_bin2base64(text, SIZE, bytes, 64, URL);
	refuse("ones", join(p[0], p[1], text));

	/* A key of order 1: R = A, S = 0 holds for any text. */
	weak = keys[1];
	memset(weak.public, 0, 32);
	weak.public[0] = 1;
	memset(bytes, 0, sizeof(bytes));
	bytes[0] = 1;
	sodium_bin2base64(text, SIZE, bytes, 64, URL);
	ck_assert_int_eq(token_check(join(p[0], p[1], text), &weak, 1, TOKEN_ACCESS,
				 ISS, AUD, NOW, &ret),
		-EBADMSG);
}
END_TEST

START_TEST(signatures_of_others_are_refused)
{
	struct token_claims claims = good_claims();
	static char p[3][SIZE], q[3][SIZE];
	char text[SIZE];
	uint8_t seed[32] = { 9 };
	struct token_key other;

	start();
	split(good(), p);
	strcpy(claims.sub, "root");
	ck_assert_int_eq(token_sign(text, &keys[1], TOKEN_ACCESS, &claims), 0);
	split(text, q);
	refuse("the claims of another", join(p[0], q[1], p[2]));
	refuse("the signature of another", join(p[0], p[1], q[2]));
	token_key_init(&other, seed);
	refuse("a key of nobody's",
		sign(&other, good_header(), PAYLOAD, strlen(PAYLOAD)));
	refuse("a key of ours that kid does not name",
		sign(&keys[2], good_header(), PAYLOAD, strlen(PAYLOAD)));
	ck_assert_int_eq(token_sign(text, &other, TOKEN_ACCESS, &claims), 0);
	refuse("a kid of nobody's", text);
}
END_TEST

START_TEST(kinds_and_keys_are_kept_apart)
{
	char token[LIMIT_TOKEN + 1];
	struct token_claims claims = good_claims(), ret;

	start();
	ck_assert_int_eq(token_sign(token, &keys[1], TOKEN_RECEIPT, &claims), 0);
	refuse("a receipt", token);
	ck_assert_int_eq(
		token_check(token, keys, 3, TOKEN_RECEIPT, ISS, AUD, NOW, &ret), 0);
	ck_assert_int_eq(
		token_check(good(), keys, 3, TOKEN_RECEIPT, ISS, AUD, NOW, &ret),
		-EBADMSG);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(token_check(good(), &keys[i], 1, TOKEN_ACCESS, ISS,
					 AUD, NOW, &ret),
			i == 1 ? 0 : -EBADMSG);
	ck_assert_int_eq(
		token_check(good(), keys, 0, TOKEN_ACCESS, ISS, AUD, NOW, &ret),
		-EBADMSG);
}
END_TEST

START_TEST(no_token_is_too_long)
{
	char token[LIMIT_TOKEN + 1], text[SIZE];
	struct token_claims claims = good_claims(), ret;

	start();
	memset(claims.iss, 'i', LIMIT_AUDIENCE);
	memset(claims.aud, 'a', LIMIT_AUDIENCE);
	memset(claims.sub, 's', TOKEN_SUBJECT);
	memset(claims.tenant, 't', LIMIT_TENANT);
	memset(claims.service, 'v', LIMIT_SERVICE);
	ck_assert_int_eq(token_sign(token, &keys[1], TOKEN_ACCESS, &claims), -EMSGSIZE);
	ck_assert_str_eq(token, "");
	/* The longest that there is can be read; one byte more is not written. */
	for (size_t n = TOKEN_SUBJECT;
		token_sign(token, &keys[1], TOKEN_ACCESS, &claims) < 0; n--)
		claims.sub[n - 1] = '\0';
	ck_assert_uint_gt(strlen(token), LIMIT_TOKEN - 3);
	ck_assert_int_eq(
		token_check(token, keys, 3, TOKEN_ACCESS, claims.iss, NULL, NOW, &ret),
		0);
	/* Good but for its length: six bytes for each of these. */
	for (size_t i = 0; i < 200; i++)
		memcpy(text + 6 * i, "\\u0001", 7);
	ck_assert_uint_gt(
		strlen(sign_payload(edit(PAYLOAD, "0011223344", text))), LIMIT_TOKEN);
	refuse("oversize", sign_payload(edit(PAYLOAD, "0011223344", text)));
	text[6 * 100] = '\0';
	ck_assert_int_eq(
		check(sign_payload(edit(PAYLOAD, "0011223344", text)), &ret), 0);
	memset(text, 'A', SIZE - 1);
	text[SIZE - 1] = '\0';
	refuse("long and nothing", text);
	/* Control characters take six bytes each. */
	claims = good_claims();
	memset(claims.sub, 1, TOKEN_SUBJECT);
	ck_assert_int_eq(token_sign(token, &keys[1], TOKEN_ACCESS, &claims), -EMSGSIZE);
}
END_TEST

START_TEST(nothing_is_signed_that_would_be_refused)
{
	char token[LIMIT_TOKEN + 1] = "x";
	struct token_claims bad[] = { good_claims(), good_claims(), good_claims(),
		good_claims(), good_claims(), good_claims(), good_claims(),
		good_claims() };

	start();
	bad[0].iss[0] = bad[1].aud[0] = bad[2].sub[0] = bad[3].jti[0] = '\0';
	bad[4].iat = 0;
	bad[5].exp = -1;
	bad[6].auth_time = -1;
	strcpy(bad[7].tenant, "a\300\200");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(
			token_sign(token, &keys[1], TOKEN_ACCESS, &bad[i]), -EINVAL);
		ck_assert_str_eq(token, "");
	}
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
	char token[LIMIT_TOKEN + 1];
	size_t length;

	start();
	strcpy(token, good());
	length = strlen(token);
	for (size_t bit = 0; bit < length * 8; bit++) {
		token[bit / 8] = (char)(token[bit / 8] ^ (1 << bit % 8));
		refuse("a bit", token);
		token[bit / 8] = (char)(token[bit / 8] ^ (1 << bit % 8));
	}
	ck_assert_str_eq(token, good());
	for (size_t n = 0; n < length; n++) {
		snprintf(token, sizeof(token), "%.*s", (int)n, good());
		refuse("cut", token);
	}
}
END_TEST

START_TEST(every_random_change_is_refused)
{
	char token[SIZE];
	uint64_t state = 42;

	start();
	for (int i = 0; i < 20000; i++) {
		size_t n = strlen(strcpy(token, good())), at, changes;

		for (changes = 1 + unit_random(&state) % 4; changes > 0; changes--) {
			at = unit_random(&state) % n;
			if (unit_random(&state) % 4 > 0)
				token[at] = (char)(1 + unit_random(&state) % 255);
			else if (unit_random(&state) % 2)
				memmove(token + at, token + at + 1, n - at);
			else
				memmove(token + at + 1, token + at, n - at + 1);
			n = strlen(token);
		}
		if (strcmp(token, good()) != 0)
			refuse("changed", token);
	}
	ck_assert_int_gt(n_refused, 19000);
}
END_TEST

/* RFC 8037, appendix A. */
static void rfc_key(struct token_key *key)
{
	uint8_t seed[32];

	ck_assert_int_ge(sodium_init(), 0);
	ck_assert_int_eq(hex_decode(seed, 32,
				 "9d61b19deffd5a60ba844af492ec2cc4"
				 "4449c5697b326919703bac031cae7f60"),
		0);
	token_key_init(key, seed);
}

START_TEST(a_key_and_its_name_are_those_of_rfc_8037)
{
	char jwk[TOKEN_JWK], hex[65];
	struct token_key key;
	json_t *object;

	rfc_key(&key);
	hex_encode(hex, key.public, 32);
	ck_assert_str_eq(hex,
		"d75a980182b10ab7d54bfed3c964073a"
		"0ee172f3daa62325af021a68f707511a");
	/* A.3: kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k, of which 16 bytes; the
	 * last letter has four of its bits. */
	ck_assert_str_eq(key.kid, "kPrK_qmxVWaYVA9wwBF6Ig");
	token_jwk(jwk, &key);
	object = json_loads(jwk, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_uint_eq(json_object_size(object), 6);
	ck_assert_str_eq(json_string_value(json_object_get(object, "x")),
		"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
	ck_assert_str_eq(json_string_value(json_object_get(object, "kty")), "OKP");
	ck_assert_str_eq(json_string_value(json_object_get(object, "crv")), "Ed25519");
	ck_assert_str_eq(json_string_value(json_object_get(object, "alg")), "EdDSA");
	ck_assert_str_eq(json_string_value(json_object_get(object, "use")), "sig");
	ck_assert_str_eq(json_string_value(json_object_get(object, "kid")), key.kid);
	json_decref(object);
}
END_TEST

START_TEST(a_signature_is_that_of_rfc_8037)
{
	static const char expected[] =
		"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
		"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt"
		"9g7sVvpAr_MuM0KAg";
	char token[256], payload[256];
	struct token_key key;

	rfc_key(&key);
	ck_assert_int_eq(jws_sign(token, sizeof(token), key.secret,
				 "{\"alg\":\"EdDSA\"}", "Example of Ed25519 signing"),
		0);
	ck_assert_str_eq(token, expected);
	ck_assert_int_eq(jws_open(payload, sizeof(payload), key.public,
				 "{\"alg\":\"EdDSA\"}", expected),
		0);
	ck_assert_str_eq(payload, "Example of Ed25519 signing");
	ck_assert_int_eq(jws_sign(token, sizeof(expected), key.secret,
				 "{\"alg\":\"EdDSA\"}", "Example of Ed25519 signing"),
		0);
	ck_assert_int_eq(jws_sign(token, sizeof(expected) - 1, key.secret,
				 "{\"alg\":\"EdDSA\"}", "Example of Ed25519 signing"),
		-EMSGSIZE);
	/* One byte less than the payload and its NUL. */
	ck_assert_int_eq(
		jws_open(payload, 26, key.public, "{\"alg\":\"EdDSA\"}", expected),
		-EBADMSG);
	ck_assert_int_eq(
		jws_open(payload, 27, key.public, "{\"alg\":\"EdDSA\"}", expected), 0);
}
END_TEST

START_TEST(keys_are_derived_and_each_number_has_its_own)
{
	struct token_key again, other;
	struct code_key another = master;

	start();
	token_key_derive(&again, &master, 5);
	ck_assert_mem_eq(&again, &keys[1], sizeof(again));
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(strlen(keys[i].kid), TOKEN_KID);
		ck_assert_str_ne(keys[i].kid, keys[(i + 1) % 3].kid);
	}
	another.bytes[0] ^= 1;
	token_key_derive(&other, &another, 5);
	ck_assert_str_ne(other.kid, keys[1].kid);
	/* For good: a token outlives the program that made it. */
	ck_assert_str_eq(keys[1].kid, "4bY3wgbBX6McRNO_M6Tisg");
}
END_TEST

START_TEST(opaque_tokens_are_drawn_and_hashed_with_the_key)
{
	char one[TOKEN_OPAQUE + 1], other[TOKEN_OPAQUE + 1], jti[TOKEN_JTI + 1];
	struct code_key another;
	uint8_t a[32], b[32];

	start();
	another = master;
	another.bytes[31] ^= 1;
	token_draw(one, 'g');
	token_draw(other, 'g');
	ck_assert_uint_eq(strlen(one), TOKEN_OPAQUE);
	ck_assert_int_eq(strncmp(one, "g_", 2), 0);
	ck_assert_str_ne(one, other);
	token_hash(a, &master, one);
	token_hash(b, &master, one);
	ck_assert_mem_eq(a, b, 32);
	token_hash(b, &master, other);
	ck_assert_mem_ne(a, b, 32);
	token_hash(b, &another, one);
	ck_assert_mem_ne(a, b, 32);
	token_draw_jti(jti);
	ck_assert_uint_eq(strlen(jti), TOKEN_JTI);
}
END_TEST

START_TEST(refresh_tokens_come_back_and_no_other_does)
{
	static const int64_t generations[] = { 0, 1, 255, 256, 1000000, INT64_MAX };
	char one[TOKEN_REFRESH + 1], other[TOKEN_REFRESH + 1];
	uint8_t session[16] = { 1, 2, 3, [15] = 255 }, read[16];
	struct code_key another;
	int64_t generation = -1;

	start();
	another = master;
	another.bytes[5] ^= 1;
	for (size_t i = 0; i < 6; i++) {
		token_make_refresh(one, &master, session, generations[i]);
		token_make_refresh(other, &master, session, generations[i]);
		ck_assert_uint_eq(strlen(one), TOKEN_REFRESH);
		ck_assert_str_ne(one, other);
		ck_assert_int_eq(
			token_read_refresh(one, &master, read, &generation), 0);
		ck_assert_mem_eq(read, session, 16);
		ck_assert_int_eq(generation, generations[i]);
		ck_assert_int_eq(
			token_read_refresh(one, &another, read, &generation), -EBADMSG);
	}
	for (size_t bit = 0; bit < (size_t)TOKEN_REFRESH * 8; bit++) {
		strcpy(other, one);
		other[bit / 8] = (char)(other[bit / 8] ^ (1 << bit % 8));
		ck_assert_msg(token_read_refresh(other, &master, read, &generation) ==
				-EBADMSG,
			"%zu", bit);
	}
	for (size_t n = 0; n < TOKEN_REFRESH; n++) {
		snprintf(other, sizeof(other), "%.*s", (int)n, one);
		ck_assert_int_eq(token_read_refresh(other, &master, read, &generation),
			-EBADMSG);
	}
}
END_TEST

START_TEST(refresh_tokens_have_one_spelling)
{
	char one[TOKEN_REFRESH + 1], text[2 * TOKEN_REFRESH];
	uint8_t session[16] = { 0 }, read[16];
	int64_t generation = -7;

	start();
	token_make_refresh(one, &master, session, 3);
	snprintf(text, sizeof(text), "%s=", one);
	ck_assert_int_eq(
		token_read_refresh(text, &master, read, &generation), -EBADMSG);
	snprintf(text, sizeof(text), "%s\n", one);
	ck_assert_int_eq(
		token_read_refresh(text, &master, read, &generation), -EBADMSG);
	snprintf(text, sizeof(text), " %s", one);
	ck_assert_int_eq(
		token_read_refresh(text, &master, read, &generation), -EBADMSG);
	snprintf(text, sizeof(text), "R%s", one + 1);
	ck_assert_int_eq(
		token_read_refresh(text, &master, read, &generation), -EBADMSG);
	ck_assert_int_eq(token_read_refresh("", &master, read, &generation), -EBADMSG);
	/* An opaque token, and one of those that are signed. */
	token_draw(text, 'r');
	ck_assert_int_eq(
		token_read_refresh(text, &master, read, &generation), -EBADMSG);
	ck_assert_int_eq(
		token_read_refresh(good(), &master, read, &generation), -EBADMSG);
	ck_assert_int_eq(generation, -7);
}
END_TEST

UNIT_MAIN("token", a_token_is_what_it_looks_like_and_is_read_again,
	five_good_ones_are_accepted, headers_of_others_are_refused,
	claims_that_otpd_would_not_write_are_refused,
	what_is_over_is_refused_as_such_and_read_all_the_same,
	a_public_key_is_no_password, texts_that_are_no_token_are_refused,
	a_token_has_one_spelling, signatures_cannot_be_bent,
	signatures_of_others_are_refused, kinds_and_keys_are_kept_apart,
	no_token_is_too_long, nothing_is_signed_that_would_be_refused,
	every_flipped_bit_is_refused, every_random_change_is_refused,
	a_key_and_its_name_are_those_of_rfc_8037, a_signature_is_that_of_rfc_8037,
	keys_are_derived_and_each_number_has_its_own,
	opaque_tokens_are_drawn_and_hashed_with_the_key,
	refresh_tokens_come_back_and_no_other_does, refresh_tokens_have_one_spelling);
