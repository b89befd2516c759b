/* SPDX-License-Identifier: MIT */
/*
 * Recovery codes: drawn, shown, read. Crockford's base 32 has no U, and takes O for 0
 * and I and L for 1, so that a code survives being written down by hand. What is stored
 * is a slow hash (password.h): these live for years.
 */
#include "otpd/core/recovery.h"

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "otpd/util/secret.h"

#define LETTERS 20 /* RECOVERY_SIZE without NUL */
#define GROUP   4

_Static_assert(LETTERS == RECOVERY_SIZE - 1, "letters of a code");
_Static_assert(RECOVERY_SHOWN == LETTERS + LETTERS / GROUP, "hyphens and NUL");

/* 32 of them divide 256, so that five bits of a byte are even. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void recovery_draw(char out[RECOVERY_SIZE])
{
	uint8_t bytes[LETTERS];
	SECRET_SCOPE(bytes);

	randombytes_buf(bytes, sizeof(bytes));
	for (size_t i = 0; i < LETTERS; i++)
		out[i] = alphabet[bytes[i] & 31];
	out[LETTERS] = '\0';
}

void recovery_show(char out[RECOVERY_SHOWN], const char *code)
{
	size_t n = 0;

	for (size_t i = 0; code[i] && i < LETTERS; i++) {
		if (i > 0 && i % GROUP == 0)
			out[n++] = '-';
		out[n++] = code[i];
	}
	out[n] = '\0';
}

/* The letter that was meant; NUL if it is none. */
static char letter_of(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		return '0';
	if (c == 'I' || c == 'L')
		return '1';
	return c != '\0' && strchr(alphabet, c) ? c : '\0';
}

bool recovery_read(char out[RECOVERY_SIZE], const char *typed)
{
	size_t n = 0;

	for (; *typed; typed++) {
		char c;

		if (*typed == ' ' || *typed == '\t' || *typed == '-')
			continue;
		c = letter_of(*typed);
		if (c == '\0' || n == LETTERS)
			break;
		out[n++] = c;
	}
	if (n == LETTERS && *typed == '\0') {
		out[n] = '\0';
		return true;
	}
	secret_wipe(out, RECOVERY_SIZE);
	return false;
}
