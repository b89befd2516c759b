/* SPDX-License-Identifier: MIT */
/*
 * Servers like to repeat the command that they did not understand, cut to what they
 * have room for; one could be AUTH. Pieces count, too, since what was cut off leaves
 * the most of a secret.
 */
#include "otpd/mail/transport/secret_echo.h"

#include <sodium.h>
#include <string.h>

#include "otpd/util/secret.h"

bool secret_echo_has(const char *said, const char *secret)
{
	size_t length = secret ? strlen(secret) : 0, said_length = strlen(said);
	size_t piece = length < SECRET_ECHO ? length : SECRET_ECHO;

	if (piece == 0)
		return false;
	for (size_t i = 0; i + piece <= said_length; i++)
		if (memmem(secret, length, said + i, piece))
			return true;
	return false;
}

char *secret_echo_base64(const char *bytes, size_t size)
{
	size_t room = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL);
	char *out = secret_alloc(room);

	return out ? sodium_bin2base64(out, room, (const unsigned char *)bytes, size,
			     sodium_base64_VARIANT_ORIGINAL)
		   : NULL;
}
