/* SPDX-License-Identifier: MIT */
/*
 * What the module takes for a recovery code against what otpd reads one from: the same
 * texts, the same letters. And no text is a recovery code and a mailed code at once.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/core/recovery.h"
#include "otpd/util/cleanup.h"
#include "pam_emailotp/box.h"

_Static_assert(BOX_RECOVERY == RECOVERY_SIZE - 1, "letters of a recovery code");
_Static_assert(ANSWER_CODES == RECOVERY_CODES, "codes of one set");
_Static_assert(ANSWER_SHOWN == RECOVERY_SHOWN, "bytes of one that is shown");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "the readers differ: %s\n", what);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char ours[BOX_RECOVERY + 1], theirs[RECOVERY_SIZE], code[LIMIT_CODE + 1];
	/* On the heap and exact, so that a step too far is seen. */
	CLEANUP(freep) char *text = malloc(size + 1);
	bool taken, read;

	memcpy(text, data, size);
	text[size] = '\0';
	taken = box_read_recovery(text, ours);
	read = recovery_read(theirs, text);
	must(taken == read, "whether it is one");
	if (taken)
		must(strcmp(ours, theirs) == 0, "its letters");
	for (int length = LIMIT_CODE_MIN; taken && length <= LIMIT_CODE; length++) {
		struct form digits = { .length = length };
		struct form letters = { .length = length, .letters = true };

		must(!box_read_code(&digits, text, code), "digits of a mailed code");
		must(!box_read_code(&letters, text, code), "letters of a mailed code");
	}
	return 0;
}
