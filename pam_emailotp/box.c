/* SPDX-License-Identifier: MIT */
/*
 * Codes in what was typed: alone, or behind a password in the one box that a client
 * has. Which characters a code has, and how many, is known before. Nothing is decided
 * here about whether it is right, nor whether the cut was meant: any password may end
 * in what looks like a code (append.c).
 *
 * A recovery code is longer than any code that is mailed (LIMIT_CODE), so what is one
 * MUST NOT be the other. tests/fuzz/fuzz_box.c holds what is taken for one against
 * otpd/core/recovery.c, which this module has not.
 */
#include "pam_emailotp/box.h"

#include <string.h>

#include "otpd/util/text.h"

_Static_assert(BOX_RECOVERY > LIMIT_CODE, "no answer can be both");

void box_wipe(struct box *box)
{
	explicit_bzero(box, sizeof(*box));
}

/* The character of a code as it is sent, or NUL. */
static char code_character(const struct form *form, char c)
{
	if (!form->letters)
		return c >= '0' && c <= '9' ? c : '\0';
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	return c != '\0' && strchr(CODE_LETTERS, c) ? c : '\0';
}

static bool is_separator(char c)
{
	return c == ' ' || c == '-';
}

bool box_read_code(const struct form *form, const char *text, char out[LIMIT_CODE + 1])
{
	int n = 0;

	for (const char *at = text; *at; at++) {
		char c;

		if (is_separator(*at))
			continue;
		c = code_character(form, *at);
		if (c == '\0' || n == form->length)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n == form->length;
}

/* The letter that was meant, by Crockford's rules; NUL if it is none. */
static char recovery_letter(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		return '0';
	if (c == 'I' || c == 'L')
		return '1';
	return c != '\0' && strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", c) ? c : '\0';
}

bool box_read_recovery(const char *text, char out[BOX_RECOVERY + 1])
{
	size_t n = 0;

	for (const char *at = text; *at; at++) {
		char c;

		if (is_separator(*at) || *at == '\t')
			continue;
		c = recovery_letter(*at);
		if (c == '\0' || n == BOX_RECOVERY) {
			explicit_bzero(out, BOX_RECOVERY + 1);
			return false;
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return n == BOX_RECOVERY;
}

bool box_split(const struct form *form, const char *text, struct box *ret)
{
	size_t at = strlen(text);
	int left = form->length;

	*ret = (struct box){ .front = 0 };
	while (left > 0 && at > 0) {
		char c = code_character(form, text[at - 1]);

		if (c != '\0')
			ret->code[--left] = c;
		/* One separator at a time, and only inside of the code. */
		else if (left == form->length || !is_separator(text[at - 1]) ||
			is_separator(text[at]))
			return false;
		at--;
	}
	ret->front = at;
	ret->bare = at;
	if (at > 0 && strchr(" -,", text[at - 1]))
		ret->bare--;
	return left == 0 && ret->bare > 0;
}
