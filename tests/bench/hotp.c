/* SPDX-License-Identifier: MIT */
/*
 * HOTP, so that the peers get codes that are right. SHA-1 in thirty lines, since
 * libsodium rightly has none; it is checked against the RFC before use and protects
 * nothing.
 */
#include "tests/bench/hotp.h"

#include <stdio.h>
#include <string.h>

#include "tests/bench/say.h"

#define BLOCK  64
#define DIGEST 20

static uint32_t rotate(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static uint32_t read_big(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
		at[3];
}

static void write_big(uint8_t *at, uint32_t x)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(x >> (24 - 8 * i));
}

static uint32_t mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
	static const uint32_t constants[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc,
		0xca62c1d6 };
	uint32_t f = b ^ c ^ d;

	if (round / 20 == 0)
		f = (b & c) | (~b & d);
	else if (round / 20 == 2)
		f = (b & c) | (b & d) | (c & d);
	return f + constants[round / 20];
}

static void sha1_block(uint32_t h[5], const uint8_t block[BLOCK])
{
	uint32_t w[80], s[5];

	for (int i = 0; i < 80; i++)
		w[i] = i < 16 ? read_big(block + 4 * i)
			      : rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	memcpy(s, h, sizeof(s));
	for (int i = 0; i < 80; i++) {
		uint32_t t = rotate(s[0], 5) + mix(i, s[1], s[2], s[3]) + s[4] + w[i];

		s[4] = s[3];
		s[3] = s[2];
		s[2] = rotate(s[1], 30);
		s[1] = s[0];
		s[0] = t;
	}
	for (int i = 0; i < 5; i++)
		h[i] += s[i];
}

/* Of one block and a rest that leaves room for the padding, which is all that HMAC
 * needs. */
static void sha1(uint8_t out[DIGEST], const uint8_t first[BLOCK], const uint8_t *rest,
	size_t size)
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint8_t last[BLOCK] = { 0 };

	memcpy(last, rest, size);
	last[size] = 0x80;
	write_big(last + BLOCK - 4, (uint32_t)(8 * (BLOCK + size)));
	sha1_block(h, first);
	sha1_block(h, last);
	for (int i = 0; i < 5; i++)
		write_big(out + 4 * i, h[i]);
}

void hotp_code(char out[7], uint64_t counter)
{
	uint8_t inner[BLOCK], outer[BLOCK], text[8], digest[DIGEST];

	memset(inner, 0x36, sizeof(inner));
	memset(outer, 0x5c, sizeof(outer));
	for (size_t i = 0; i < strlen(HOTP_SECRET); i++) {
		inner[i] ^= (uint8_t)HOTP_SECRET[i];
		outer[i] ^= (uint8_t)HOTP_SECRET[i];
	}
	write_big(text, (uint32_t)(counter >> 32));
	write_big(text + 4, (uint32_t)counter);
	sha1(digest, inner, text, sizeof(text));
	sha1(digest, outer, digest, sizeof(digest));
	snprintf(out, 7, "%06u",
		(read_big(digest + (digest[DIGEST - 1] & 15)) & 0x7fffffff) % 1000000);
}

void hotp_check(void)
{
	static const char *const codes[] = { "755224", "287082", "359152", "969429",
		"338314", "254676", "287922", "162583", "399871", "520489" };
	char code[7];

	for (uint64_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		hotp_code(code, i);
		if (strcmp(code, codes[i]) != 0)
			die("HOTP %d is %s, not %s", (int)i, code, codes[i]);
	}
}
