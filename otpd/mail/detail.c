/* SPDX-License-Identifier: MIT */
/*
 * The words of a mail server come from outside and go into the log and otpd's store.
 * Servers like to repeat the recipient; one could repeat the mail, in which the code
 * stands in one piece and, in HTML, in groups with tags between them, and cut it.
 */
#include "otpd/mail/detail.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "otpd/core/address.h"
#include "otpd/proto/limits.h"

#define GROUP_MIN 3 /* characters of a code that count as a piece of it */

/* How much of text is secret (not empty), in any case. */
static size_t matches(const char *text, const char *secret)
{
	size_t length = strlen(secret);

	return length > 0 && strncasecmp(text, secret, length) == 0 ? length : 0;
}

/* The same of an address; gateways repeat numbers without their plus, too. */
static size_t matches_address(const char *text, const char *address)
{
	if (address_is_number(address) && text[0] != '+')
		address++;
	return matches(text, address);
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		(c >= 'A' && c <= 'Z');
}

/* A tag, as HTML has it or escaped: in JSON, in a form, in HTML. Up to the end if cut.
 */
static size_t tag_size(const char *text)
{
	static const char *const marks[][2] = { { "<", ">" }, { "&lt;", "&gt;" },
		{ "\\u003c", "\\u003e" }, { "%3C", "%3E" } };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const char *at = text + matches(text, marks[i][0]);

		if (at == text)
			continue;
		while (*at && matches(at, marks[i][1]) == 0)
			at++;
		return (size_t)(at - text) + matches(at, marks[i][1]);
	}
	return 0;
}

/* One character that is escaped, as "&nbsp;", "\\n", "\\u00a0", "%20" or "=20" are. */
static size_t escape_size(const char *text)
{
	size_t n = 1;

	if (text[0] == '&') {
		n = strcspn(text, ";");
		return n < 10 && text[n] ? n + 1 : 0;
	}
	if (text[0] == '\\' && text[1] == 'u')
		n = 6;
	else if (text[0] == '%' || text[0] == '=')
		n = 3;
	else if (text[0] == '\\' && strchr("nrtbf", text[1]))
		n = 2;
	return n > 1 && strnlen(text, n) == n ? n : 0;
}

/* How much of text is no word, but what may stand between two groups. */
static size_t gap_size(const char *text)
{
	const char *at = text;

	while (*at && !is_word(*at)) {
		size_t n = tag_size(at);

		if (n == 0)
			n = escape_size(at);
		at += n > 0 ? n : 1;
	}
	return (size_t)(at - text);
}

/*
 * How much of text is the code: whole, in groups, or as much of it as there is before
 * the text ends, since what gave it to us may have cut it.
 */
static size_t matches_code(const char *text, const char *code)
{
	size_t whole = matches(text, code), used = 0, at = 0;

	while (whole == 0 && code[0]) {
		size_t group = 0, gap;

		while (code[at + group] &&
			strncasecmp(text + used, code + at, group + 1) == 0)
			group++;
		at += group;
		used += group;
		if (!code[at])
			return used;
		if (group < GROUP_MIN)
			return at > GROUP_MIN && !text[used] ? used : 0;
		gap = gap_size(text + used);
		used += gap;
		if (!text[used])
			return used;
		if (gap == 0)
			return 0;
	}
	return whole;
}

static void put(char *out, size_t size, size_t *n, const char *text)
{
	for (; *text && *n + 1 < size; text++)
		out[(*n)++] = *text;
}

void detail_clean_both(char *out, size_t size, const char *said, const char *first,
	const char *second, const char *code)
{
	char masked[LIMIT_ADDRESS + 4];
	size_t n = 0;

	while (*said && n + 1 < size) {
		size_t skip;

		if ((skip = matches_address(said, first)) > 0) {
			address_mask(masked, sizeof(masked), first);
			put(out, size, &n, masked);
		} else if ((skip = matches_address(said, second)) > 0) {
			address_mask(masked, sizeof(masked), second);
			put(out, size, &n, masked);
		} else if ((skip = matches_code(said, code)) > 0) {
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

void detail_clean(
	char *out, size_t size, const char *said, const char *address, const char *code)
{
	detail_clean_both(out, size, said, address, "", code);
}
