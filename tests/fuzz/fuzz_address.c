/* SPDX-License-Identifier: MIT */
/*
 * Addresses: whatever is accepted is looked at again by a checker that was written from
 * RFC 5321 and knows nothing of otpd's, and must stay accepted when it is normalized.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/proto/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "an address was accepted: %s\n", what);
	abort();
}

/* Mailbox without quotes, as a machine with one state: bytes since the last dot or @.
 */
static void check(const char *text)
{
	static const char atext[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789!#$%&'*+-/=?^_`{|}~";
	static const size_t n_domain = 62; /* letters and digits stand first */
	size_t length = strlen(text), run = 0, at = 0, dots = 0;

	must(length <= 254, "too long");
	for (size_t i = 0; i < length; i++) {
		const char *known = strchr(atext, text[i]);

		if (text[i] == '@') {
			must(at == 0 && run > 0 && i <= 64, "a misplaced @");
			at = i;
			run = 0;
		} else if (text[i] == '.') {
			must(run > 0, "an empty part");
			must(at == 0 || text[i - 1] != '-', "a hyphen before a dot");
			dots += at > 0;
			run = 0;
		} else {
			must(known != NULL, "a byte outside the grammar");
			must(at == 0 || text[i] == '-' ||
					(size_t)(known - atext) < n_domain,
				"a byte outside a host name");
			must(at == 0 || run > 0 || text[i] != '-', "a hyphen in front");
			run++;
			must(at == 0 || run <= 63, "a label that is too long");
		}
	}
	must(at > 0 && dots > 0 && run > 0, "no domain");
	must(text[length - 1] != '-', "a hyphen at the end");
	must(strpbrk(text, "\r\n\t <>\"\\()[],:;") == NULL,
		"a byte that SMTP would take");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char normal[LIMIT_ADDRESS + 1], masked[LIMIT_ADDRESS + 4];
	char *text;

	if (size > 1024)
		return 0;
	/* On the heap and exact, so that a step too far is seen. */
	text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!address_problem(text)) {
		check(text);
		address_normalize(normal, sizeof(normal), text);
		check(normal);
		must(!address_problem(normal), "and refused when normalized");
		must(strlen(normal) == strlen(text), "and cut when normalized");
		address_mask(masked, sizeof(masked), text);
		must(strcmp(strchr(masked, '@'), strchr(text, '@')) == 0,
			"and masked badly");
		must(strcmp(address_domain(text), strchr(text, '@') + 1) == 0,
			"no domain");
	} else {
		/* The answers and logs about it must not trip either. */
		address_mask(masked, sizeof(masked), text);
		address_normalize(normal, sizeof(normal), text);
		(void)address_domain(text);
	}
	free(text);
	return 0;
}
