/* SPDX-License-Identifier: MIT */
/*
 * Delivery reports, which strangers write: whatever is taken names a mail of ours as
 * its 32 digits, in one piece, and can be shown.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/mail/report.h"
#include "otpd/util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "a report was taken: %s\n", what);
	abort();
}

static int has_nocase(const char *text, size_t size, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= size; i++)
		if (strncasecmp(text + i, word, length) == 0)
			return 1;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct report report;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (report_parse(&report, text, size) == 0) {
		must(strspn(report.mail, "0123456789abcdef") == LIMIT_CHALLENGE &&
				!report.mail[LIMIT_CHALLENGE],
			"its mail is no identifier");
		must(memmem(text, size, report.mail, LIMIT_CHALLENGE) != NULL,
			"its mail is not in it");
		must(strspn(report.status, "0123456789.") == strlen(report.status) &&
				report.status[0],
			"its status is none");
		must(text_is_utf8(report.detail) && !text_has_control(report.detail),
			"its detail cannot be shown");
		must(has_nocase(text, size, "multipart/report") &&
				has_nocase(text, size, "failed"),
			"it is none");
	}
	free(text);
	return 0;
}
