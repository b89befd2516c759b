/* SPDX-License-Identifier: MIT */
/*
 * Base64url, of which each text has one spelling: what stands for a token in the store
 * is a hash of its text. The letters are looked at first, since libsodium 1.0.18 takes
 * some bytes above 0x7f for letters.
 */
#include "otpd/core/base64url.h"

#include <sodium.h>
#include <string.h>

#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		(c >= '0' && c <= '9') || c == '-' || c == '_';
}

void base64url_encode(char *out, const void *data, size_t size)
{
	sodium_bin2base64(out, BASE64URL_LENGTH(size) + 1, data, size, VARIANT);
}

bool base64url_decode(
	void *out, size_t size, const char *text, size_t length, size_t *ret_size)
{
	for (size_t i = 0; i < length; i++)
		if (!is_letter(text[i]))
			return false;
	return sodium_base642bin(
		       out, size, text, length, NULL, ret_size, NULL, VARIANT) == 0;
}
