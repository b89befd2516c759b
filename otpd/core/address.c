/* SPDX-License-Identifier: MIT */
/*
 * Mail addresses. libcurl puts them into SMTP commands as they are (CR LF included), so
 * this grammar is the wall between a stored address and the relay: a subset of RFC 5321
 * Mailbox with neither quoted strings, comments, address literals, source routes nor
 * bytes above 0x7e. It is applied before an address is stored and again before it is
 * sent to.
 */
#include "otpd/core/address.h"

#include <stdbool.h>
#include <string.h>

#include "otpd/proto/limits.h"

#define LOCAL_MAX 64 /* RFC 5321 4.5.3.1.1 */
#define LABEL_MAX 63 /* RFC 1035 2.3.4 */
#define PHONE_MIN 7
#define PHONE_MAX 15 /* E.164 6.2.1 */

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9');
}

/* RFC 5322 3.2.3 atext. */
static bool is_atext(char c)
{
	return is_alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static const char *local_problem(const char *text, size_t length)
{
	if (length == 0)
		return "there is nothing before the @";
	if (length > LOCAL_MAX)
		return "the part before the @ is longer than 64 bytes";
	for (size_t i = 0; i < length; i++) {
		bool edge = i == 0 || i == length - 1;

		if (text[i] == '.' && (edge || text[i + 1] == '.'))
			return "a dot begins, ends or follows another before the @";
		if (text[i] != '.' && !is_atext(text[i]))
			return "a character before the @ is not allowed";
	}
	return NULL;
}

static const char *label_problem(const char *label, size_t length)
{
	if (length == 0)
		return "a part of the domain is empty";
	if (length > LABEL_MAX)
		return "a part of the domain is longer than 63 bytes";
	if (label[0] == '-' || label[length - 1] == '-')
		return "a part of the domain begins or ends with a hyphen";
	for (size_t i = 0; i < length; i++)
		if (!is_alnum(label[i]) && label[i] != '-')
			return "a character of the domain is not allowed";
	return NULL;
}

static bool is_number(const char *label, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (label[i] < '0' || label[i] > '9')
			return false;
	return true;
}

static const char *domain_problem(const char *domain)
{
	size_t labels = 0;

	for (const char *at = domain;; labels++) {
		size_t length = strcspn(at, ".");
		const char *problem = label_problem(at, length);

		if (problem)
			return problem;
		if (at[length]) {
			at += length + 1;
			continue;
		}
		if (labels == 0)
			return "the domain has no dot";
		return is_number(at, length) ? "the domain ends in a number" : NULL;
	}
}

const char *address_problem(const char *text)
{
	const char *at = strchr(text, '@');
	const char *problem;

	if (strlen(text) > LIMIT_ADDRESS)
		return "it is longer than 254 bytes";
	if (!at)
		return "there is no @";
	if (strchr(at + 1, '@'))
		return "there is more than one @";
	problem = local_problem(text, (size_t)(at - text));
	return problem ? problem : domain_problem(at + 1);
}

bool address_is_number(const char *text)
{
	return text[0] == '+' && !strchr(text, '@');
}

const char *address_route_problem(const char *text)
{
	size_t digits;

	if (!address_is_number(text))
		return address_problem(text);
	digits = strspn(text + 1, "0123456789");
	if (text[1 + digits])
		return "a number has only digits behind the +";
	if (digits < PHONE_MIN || digits > PHONE_MAX)
		return "a number has 7 to 15 digits";
	return text[1] == '0' ? "a number begins with the code of a country, not with 0"
			      : NULL;
}

void address_normalize(char *out, size_t size, const char *address)
{
	bool domain = false;
	size_t n = 0;

	for (; *address && n + 1 < size; address++) {
		char c = *address;

		domain = domain || c == '@';
		out[n++] = domain && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	out[n] = '\0';
}

const char *address_domain(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "";
}

void address_mask(char *out, size_t size, const char *address)
{
	const char *at = strrchr(address, '@');
	size_t n = 0, length = strlen(address);

	/* "***" and what may be seen behind it. */
	if (address_is_number(address) && length > 2)
		at = address + length - 2;
	if (at && at > address && n + 1 < size)
		out[n++] = address[0];
	for (const char *c = at ? "***" : ""; *c && n + 1 < size; c++)
		out[n++] = *c;
	for (const char *c = at ? at : ""; *c && n + 1 < size; c++)
		out[n++] = *c;
	out[n] = '\0';
}
