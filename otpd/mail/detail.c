/* SPDX-License-Identifier: MIT */
/*
 * The words of a mail server come from outside and go into the log and otpd's store.
 * Servers like to repeat the recipient; one could repeat the mail.
 */
#include "otpd/mail/detail.h"

#include <string.h>
#include <strings.h>

#include "otpd/core/address.h"
#include "otpd/proto/limits.h"

/* Whether secret (not empty) stands at text, in any case. */
static size_t matches(const char *text, const char *secret)
{
	size_t length = strlen(secret);

	return length > 0 && strncasecmp(text, secret, length) == 0 ? length : 0;
}

static void put(char *out, size_t size, size_t *n, const char *text)
{
	for (; *text && *n + 1 < size; text++)
		out[(*n)++] = *text;
}

void detail_clean(
	char *out, size_t size, const char *said, const char *address, const char *code)
{
	char masked[LIMIT_ADDRESS + 4];
	size_t n = 0;

	address_mask(masked, sizeof(masked), address);
	while (*said && n + 1 < size) {
		size_t skip;

		if ((skip = matches(said, address)) > 0) {
			put(out, size, &n, masked);
		} else if ((skip = matches(said, code)) > 0) {
			put(out, size, &n, "******");
		} else {
			out[n++] = *said >= ' ' && *said <= '~' ? *said : ' ';
			skip = 1;
		}
		said += skip;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}
