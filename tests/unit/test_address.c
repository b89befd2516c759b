/* SPDX-License-Identifier: MIT */
/* The wall between a stored address and an SMTP command line. */
#include "otpd/core/address.h"

#include <ctype.h>

#include "otpd/proto/limits.h"
#include "tests/unit/unit.h"

START_TEST(plain_addresses_are_taken)
{
	static const char *const good[] = { "a@b.c", "alice@example.org",
		"first.last+tag@sub.example.co.uk", "o'brien@example.org",
		"!#$%&'*+-/=?^_`{|}~@example.org", "a@1.example",
		"a@xn--bcher-kva.example", "1@2.c3", "x-@y-z.org", "a@b-c.d-e",
		"UPPER@EXAMPLE.ORG" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(!address_problem(good[i]), "%s: %s", good[i],
			address_problem(good[i]));
}
END_TEST

START_TEST(hostile_and_broken_addresses_are_refused)
{
	static const char *const bad[] = { "", "@", "a", "a@", "@b.c", "a@b", "a@b.",
		"a@.b", "a@b..c", ".a@b.c", "a.@b.c", "a..b@c.d", "a@b@c.d", "a@b.c.",
		"a b@c.d", " a@b.c", "a@b.c ", "a@b .c", "\ta@b.c", "a@b.c\n",
		"a@b.c\r\nRCPT TO:<x@y.z>", "a\r\n@b.c", "a@b\r.c", "a\n@b.c",
		"\"a\"@b.c", "\"a b\"@c.d", "a\"b@c.d", "a@b.c\"", "<a@b.c>", "a@b.c>",
		"<a@b.c", "a@[127.0.0.1]", "a@[IPv6:::1]", "a@127.0.0.1", "a@1.2.3.4",
		"a@b.1", "@x.y:a@b.c", "a(c)@b.c", "a@b.c(c)", "a,b@c.d", "a;b@c.d",
		"a:b@c.d", "a\\b@c.d", "a@b_c.d", "a@-b.c", "a@b-.c", "a@b.-c",
		"a@b.c-", "a@b/c.d", "\xc3\xa4@b.c", "a@\xc3\xa4.c", "a\xff@b.c",
		"a@b.c\x7f", "a\x01@b.c", "a@b.c\xe3\x80\x82.d", "a@b.c,d@e.f",
		"mailto:a@b.c", "a@b.c?cc=d@e.f", "a@*.c", "a@b.c\v" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *problem = address_problem(bad[i]);

		ck_assert_msg(problem != NULL, "taken: \"%s\"", bad[i]);
		ck_assert_uint_gt(strlen(problem), 10);
	}
}
END_TEST

static char *make(size_t local, size_t first, size_t labels)
{
	char *text = calloc(1, 1024), *at = text;

	ck_assert_ptr_nonnull(text);
	memset(at, 'a', local);
	at += local;
	*at++ = '@';
	memset(at, 'b', first);
	at += first;
	for (size_t i = 0; i < labels; i++)
		at += sprintf(at, ".c");
	return text;
}

START_TEST(lengths_are_those_of_the_rfcs_and_not_one_byte_more)
{
	char *text = make(64, 63, 1);

	ck_assert(!address_problem(text));
	free(text);
	text = make(65, 63, 1);
	ck_assert(address_problem(text));
	free(text);
	text = make(64, 64, 1);
	ck_assert(address_problem(text));
	free(text);
	/* 64 + 1 + 63 + 2 * 63 = 254 */
	text = make(64, 63, 63);
	ck_assert_uint_eq(strlen(text), LIMIT_ADDRESS);
	ck_assert(!address_problem(text));
	strcat(text, "d");
	ck_assert_uint_eq(strlen(text), 255);
	ck_assert(address_problem(text));
	free(text);
}
END_TEST

/* Nothing but what RFC 5321 has unquoted; written without a look at the code. */
static bool is_clean(const char *text)
{
	const char *at = strchr(text, '@');

	if (!at || strlen(text) > 254 || strchr(at + 1, '@') || !strchr(at, '.'))
		return false;
	for (const char *c = text; *c; c++) {
		bool local = c < at;

		if (*c <= ' ' || *c >= 127 || strchr("\"(),:;<>[\\]", *c))
			return false;
		if (!local && c > at && !isalnum((unsigned char)*c) && *c != '.' &&
			*c != '-')
			return false;
	}
	return true;
}

START_TEST(of_a_hundred_thousand_hostile_strings_none_leaves_the_grammar)
{
	static const char letters[] =
		"aaabbz09..@@--+_'\"<>[]()\\,;: \t\r\n\x7f\x80\xc3\xff";
	uint64_t state = 17;
	int taken = 0;

	for (int i = 0; i < 100000; i++) {
		char text[300];
		size_t n = unit_random(&state) % 24;

		/* Half of them are a good address with one byte changed or put in. */
		if (i % 2) {
			size_t at = unit_random(&state) % 14;

			strcpy(text, "alice@mail.example.org");
			text[at] = (char)(1 + unit_random(&state) % 255);
		} else {
			for (size_t j = 0; j < n; j++)
				text[j] = letters[unit_random(&state) %
					(sizeof(letters) - 1)];
			text[n] = '\0';
		}
		if (address_problem(text))
			continue;
		taken++;
		if (!is_clean(text))
			ck_abort_msg("taken: \"%s\"", text);
	}
	ck_assert_int_gt(taken, 1000);
}
END_TEST

START_TEST(only_the_domain_loses_its_case)
{
	char out[LIMIT_ADDRESS + 1];

	address_normalize(out, sizeof(out), "Alice.B@Example.ORG");
	ck_assert_str_eq(out, "Alice.B@example.org");
	address_normalize(out, 8, "abc@DEFGHI.JK");
	ck_assert_str_eq(out, "abc@def");
	address_normalize(out, 1, "x");
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(a_route_is_an_address_or_a_number)
{
	static const char *const good[] = { "alice@example.org", "+tag@example.org",
		"+4930123456", "+1234567", "+123456789012345" };
	static const char *const bad[] = { "", "+", "+123456", "+1234567890123456",
		"+0123456789", "4930123456", "0049301234567", "+49 30 123456",
		"+49-30-123456", "+4930123456x", "+4930123456\r\n", "+4930123456\n",
		"++4930123456", "+4930123456,+4930123457", "tel:+4930123456",
		"+\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6\xd9\xa7", "+49@",
		"+4930123456@", "a@b", "alice@example.org\r\nRCPT TO:<b@c.d>" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(!address_route_problem(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(address_route_problem(bad[i]) != NULL, "%s", bad[i]);
	/* A number is no mail address. */
	ck_assert_ptr_nonnull(address_problem("+4930123456"));
}
END_TEST

START_TEST(a_masked_number_shows_its_last_two_digits)
{
	char out[LIMIT_ADDRESS + 4];

	address_mask(out, sizeof(out), "+4930123456");
	ck_assert_str_eq(out, "+***56");
	address_mask(out, sizeof(out), "+tag@example.org");
	ck_assert_str_eq(out, "+***@example.org");
	address_mask(out, sizeof(out), "+1");
	ck_assert_str_eq(out, "");
	address_normalize(out, sizeof(out), "+4930123456");
	ck_assert_str_eq(out, "+4930123456");
}
END_TEST

START_TEST(a_masked_address_shows_one_letter_and_the_domain)
{
	char out[LIMIT_ADDRESS + 4], *text = make(1, 63, 94);

	address_mask(out, sizeof(out), "alice@example.org");
	ck_assert_str_eq(out, "a***@example.org");
	address_mask(out, sizeof(out), "a@b.c");
	ck_assert_str_eq(out, "a***@b.c");
	address_mask(out, sizeof(out), "@b.c");
	ck_assert_str_eq(out, "***@b.c");
	address_mask(out, sizeof(out), "nothing");
	ck_assert_str_eq(out, "");
	address_mask(out, 6, "alice@example.org");
	ck_assert_str_eq(out, "a***@");
	/* The longest one fits. */
	address_mask(out, sizeof(out), text);
	ck_assert_uint_eq(strlen(out), strlen(text) + 3);
	ck_assert_str_eq(address_domain("a@b.c"), "b.c");
	ck_assert_str_eq(address_domain("abc"), "");
	free(text);
}
END_TEST

UNIT_MAIN("address", plain_addresses_are_taken,
	hostile_and_broken_addresses_are_refused,
	lengths_are_those_of_the_rfcs_and_not_one_byte_more,
	of_a_hundred_thousand_hostile_strings_none_leaves_the_grammar,
	only_the_domain_loses_its_case, a_route_is_an_address_or_a_number,
	a_masked_number_shows_its_last_two_digits,
	a_masked_address_shows_one_letter_and_the_domain);
