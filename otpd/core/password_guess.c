/* SPDX-License-Identifier: MIT */
/*
 * What is guessed first. Those who guess have lists of words, put digits behind them
 * and for letters in them, and know keyboards; so each of these is looked for, in the
 * whole password only. No look into a passphrase: "correct horse" may have a horse.
 *
 * MUST NOT take long for a long password: beyond LONG bytes only short patterns are
 * looked for.
 */
#include "otpd/core/password_guess.h"

#include <stdlib.h>
#include <string.h>

#include "otpd/core/common_passwords.h"
#include "otpd/proto/limits.h"
#include "otpd/util/secret.h"

#define LONG    64 /* bytes; nobody's list has such words */
#define WORD    32 /* the longest of the list */
#define BASE    4  /* less before a tail is no word */
#define TAIL    6  /* more digits are worth something, unless they are a run */
#define PATTERN 4  /* bytes of a pattern that is refused whatever it is */
#define RUN     3  /* fewer neighbours are chance */

/* Neighbours, in both directions. */
static const char *const rows[] = { "abcdefghijklmnopqrstuvwxyz",
	"01234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertzuiop",
	"yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn", "!@#$%^&*()_+",
	"!\"#$%&/()=", "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,",
	"9ol.", "0p;/", "!qaz", "@wsx", "#edc", "$rfv", "%tgb", "1q2w3e4r5t6y7u8i9o0p",
	"q1w2e3r4t5y6u7i8o9p0", "a1b2c3d4e5f6g7h8i9", "1a2b3c4d5e6f7g8h9i",
	"qazwsxedcrfvtgbyhnujmikolp", "qawsedrftgyhujikolp" };

static void lower(char out[LIMIT_PASSWORD + 1], const char *text)
{
	size_t n = 0;

	for (; text[n] && n < LIMIT_PASSWORD; n++)
		out[n] = text[n] >= 'A' && text[n] <= 'Z' ? (char)(text[n] - 'A' + 'a')
							  : text[n];
	out[n] = '\0';
}

/* How far text follows row from its byte at, a step of 1 or -1 each. */
static size_t follow(const char *text, size_t n, const char *row, size_t at, int step)
{
	size_t length = strlen(row), i = 0;

	/* Below 0 is beyond the end as well. */
	for (; i < n && at < length && text[i] == row[at]; i++)
		at += (size_t)step;
	return i;
}

static size_t run_in_row(const char *text, size_t n, const char *row)
{
	size_t longest = 0;

	for (size_t at = 0; row[at]; at++)
		for (int step = -1; step <= 1; step++) { /* 0: the same again */
			size_t length = follow(text, n, row, at, step);

			if (length > longest)
				longest = length;
		}
	return longest;
}

static size_t longest_run(const char *text, size_t n)
{
	size_t longest = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t length = run_in_row(text, n, rows[i]);

		if (length > longest)
			longest = length;
	}
	return longest;
}

/* Nothing but runs. */
static bool is_runs(const char *text, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t length = longest_run(text + i, n - i);

		if (length < RUN)
			return false;
		i += length;
	}
	return n > 0;
}

static int compare(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

/* The letter that a digit or mark stands for; one: what 1 and ! stand for. */
static char unleet(char c, char one)
{
	static const char written[] = "0345789@$+", meant[] = "oeastbgast";
	const char *found = strchr(written, c);

	if (c == '1' || c == '!' || c == '|')
		return one;
	return found && c ? meant[found - written] : c;
}

/* one: see unleet(); NUL for the text as it is. */
static bool is_listed(const char *text, size_t n, char one)
{
	char word[WORD + 1];
	SECRET_SCOPE(word);

	for (size_t i = 0; i < n; i++)
		word[i] = one ? unleet(text[i], one) : text[i];
	word[n] = '\0';
	return bsearch(word, common_passwords, common_passwords_count,
		       sizeof(common_passwords[0]), compare) != NULL;
}

static bool is_word(const char *text, size_t n)
{
	return n <= WORD &&
		(is_listed(text, n, '\0') || is_listed(text, n, 'l') ||
			is_listed(text, n, 'i'));
}

/* The least p so that each byte is that p before it; n if it repeats nothing. */
static size_t period(const char *text, size_t n, size_t limit)
{
	for (size_t p = 1; p <= limit && 2 * p <= n; p++)
		if (memcmp(text, text + p, n - p) == 0)
			return p;
	return n;
}

/* Three arguments, as is_name() has them. */
static bool is_guess(const char *text, size_t n, const char *unused)
{
	size_t p = period(text, n, n);

	(void)unused;
	if (n < BASE)
		return false;
	if (p <= PATTERN && p < n)
		return true;
	return is_runs(text, n) || is_word(text, n % p == 0 ? p : n);
}

/* The name, once or more. */
static bool is_name(const char *text, size_t n, const char *name)
{
	size_t size = strlen(name);

	return n >= BASE && size > 0 && n % size == 0 &&
		memcmp(text, name, size) == 0 &&
		memcmp(text, text + size, n - size) == 0;
}

static bool is_mark(char c)
{
	return (unsigned char)c < 0x80 && !(c >= 'a' && c <= 'z');
}

/* Whether it is the text, or what stands before a tail of it that is worth nothing. */
static bool is_with_tail(const char *text,
	bool (*is_it)(const char *text, size_t n, const char *name), const char *name)
{
	size_t n = strlen(text);

	for (size_t cut = n; cut > 0; cut--) {
		size_t tail = n - cut;

		if ((tail <= TAIL || is_runs(text + cut, tail)) &&
			is_it(text, cut, name))
			return true;
		if (!is_mark(text[cut - 1]))
			break;
	}
	return false;
}

bool password_is_common(const char *password)
{
	char text[LIMIT_PASSWORD + 1];
	SECRET_SCOPE(text);
	size_t n;

	lower(text, password);
	n = strlen(text);
	if (n > LONG)
		return period(text, n, PATTERN) < n;
	return is_with_tail(text, is_guess, NULL);
}

bool password_is_name(const char *password, const char *name)
{
	char text[LIMIT_PASSWORD + 1], other[LIMIT_PASSWORD + 1];
	SECRET_SCOPE(text);

	lower(text, password);
	lower(other, name);
	if (strlen(text) > LONG)
		return strcmp(text, other) == 0;
	return is_with_tail(text, is_name, other);
}
