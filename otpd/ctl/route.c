/* SPDX-License-Identifier: MIT */
/*
 * Addresses and telephone numbers as they are typed. A number is brought into the one
 * form that goes over the wire; nothing is guessed: which country a number without one
 * belongs to, only its owner knows.
 */
#include "otpd/ctl/route.h"

#include <string.h>

#include "otpd/core/address.h"
#include "otpd/util/text.h"

#define DIGITS_MIN 7  /* the shortest with a country code that are in use */
#define DIGITS_MAX 15 /* ITU-T E.164 6.1 */

bool route_is_number(const char *route)
{
	return address_is_number(route);
}

static const char *read_number(char out[static ROUTE_SIZE], const char *text)
{
	size_t n = 1;

	out[0] = '+';
	out[1] = '\0';
	if (strstr(text, "(0)"))
		return "the 0 in brackets is not dialled behind the country; leave it out";
	for (const char *at = text + 1; *at; at++) {
		if (strchr(" -./()", *at))
			continue;
		if (*at < '0' || *at > '9')
			return "a number has only digits behind the +";
		if (n > DIGITS_MAX)
			return "a number has at most 15 digits";
		out[n++] = *at;
		out[n] = '\0';
	}
	if (out[1] == '0')
		return "behind the + stands the country, which does not begin with 0";
	return n <= DIGITS_MIN ? "a number with its country has at least 7 digits"
			       : NULL;
}

const char *route_read(char out[static ROUTE_SIZE], const char *text)
{
	text += strspn(text, " ");
	if (route_is_number(text))
		return read_number(out, text);
	if (!text_copy(out, ROUTE_SIZE, text))
		return "it is too long";
	if (text[0] && strspn(text, "0123456789 -./()") == strlen(text))
		return "a number begins with + and its country (+49...)";
	return address_problem(out);
}
