/* SPDX-License-Identifier: MIT */
/*
 * The composer: whatever strangers put into the variables, the bytes keep their form
 * and nobody gets a header, a part or a command of his own.
 */
#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "otpd/mail/config.h"
#include "otpd/mail/detail.h"
#include "otpd/mail/message/catalogue.h"
#include "otpd/mail/message/letter.h"
#include "otpd/mail/message/message.h"
#include "otpd/mail/message/mime.h"
#include "otpd/mail/message/when.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/template.h"
#include "otpd/util/text.h"

#define MAIL      "0123456789abcdef0123456789abcdef"
#define N_HOSTILE 10000
#define N_HEADERS 9

static const struct tenant_config sender = {
	.from = "otpd@relay.example",
	.from_name = "Sign-in code",
	.organisation = "Example Corp",
};

static struct letter login_letter(void)
{
	return (struct letter){
		.kind = LETTER_LOGIN,
		.to = "jane@example.net",
		.name = "Jane Doe",
		.user = "jdoe",
		.service = "sshd",
		.host = "web1.example.org",
		.rhost = "203.0.113.7",
		.tty = "pts/3",
		.code = "424242",
		.reference = "K7Q",
		.at_s = 1700000000,
		.expires_at_s = 1700000600,
	};
}

/* What is wrong with the line that ends at end; NULL if nothing. */
static const char *line_problem(const char *line, const char *end)
{
	if (end - line > MIME_LINE)
		return "a line is too long";
	if (*line == '.')
		return "a line begins with a dot";
	for (; line < end; line++)
		if (*line != '\t' && (*line < ' ' || *line > '~'))
			return "a byte is not printable ASCII";
	return NULL;
}

/*
 * Lines end in CR LF, are short and ASCII, and none can be taken for a command. One
 * assertion for all of it, since each costs a system call.
 */
static void check_form(const struct message *message)
{
	const char *at = message->bytes, *problem = NULL;

	while (*at && !problem) {
		const char *end = strstr(at, "\r\n");

		problem = end ? line_problem(at, end) : "a line has no end";
		at = end ? end + 2 : at;
	}
	ck_assert_msg(!problem, "%s: %s", problem, message->bytes);
	ck_assert_uint_eq(strlen(message->bytes), message->size);
}

static void check_headers(const struct message *message)
{
	static const char *const names[N_HEADERS] = { "From: ", "To: ", "Subject: ",
		"Date: ", "Message-ID: ", "Auto-Submitted: ",
		"X-Auto-Response-Suppress: ", "MIME-Version: ", "Content-Type: " };
	const char *at = message->bytes;
	size_t n = 0;

	while (strncmp(at, "\r\n", 2) != 0) {
		if (*at != ' ') {
			ck_assert_uint_lt(n, N_HEADERS);
			ck_assert(strncmp(at, names[n], strlen(names[n])) == 0);
			n++;
		}
		at = strstr(at, "\r\n") + 2;
	}
	ck_assert_uint_eq(n, N_HEADERS);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		n++;
	return n;
}

static void check_mail(const struct message *message)
{
	check_form(message);
	check_headers(message);
	ck_assert_uint_eq(count(message->bytes, "\r\n--=_" MAIL), 3);
	ck_assert_uint_eq(count(message->bytes, "\r\n--"), 3);
	ck_assert_uint_eq(count(message->bytes, "\r\n\r\n--=_" MAIL "--\r\n"), 1);
}

static char *decoded_html(const struct message *message)
{
	const char *at = strstr(message->bytes, "text/html");
	char *out = calloc(1, message->size), *to = out;

	for (at = strstr(at, "\r\n\r\n") + 4; *at; at++) {
		unsigned byte;

		if (strncmp(at, "=\r\n", 3) == 0) {
			at += 2;
		} else if (*at == '=' && sscanf(at + 1, "%2X", &byte) == 1) {
			*to++ = (char)byte;
			at += 2;
		} else if (*at != '\r') {
			*to++ = *at;
		}
	}
	return out;
}

START_TEST(a_login_mail_says_what_it_must)
{
	struct letter letter = login_letter();
	struct message message;
	CLEANUP(freep) char *html = NULL;

	ck_assert_int_eq(message_compose(&message, &letter, &sender, MAIL), 0);
	check_mail(&message);
	ck_assert_ptr_nonnull(strstr(message.bytes,
		"Subject: Your sign-in code for web1.example.org (K7Q)\r\n"));
	ck_assert_ptr_nonnull(
		strstr(message.bytes, "Message-ID: <" MAIL "@relay.example>\r\n"));
	ck_assert_ptr_nonnull(strstr(message.bytes, "To: Jane Doe <jane@example.net>"));
	ck_assert_ptr_nonnull(
		strstr(message.bytes, "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
	ck_assert_ptr_nonnull(strstr(message.text, "\n    424242\n"));
	ck_assert_ptr_nonnull(
		strstr(message.text, "Valid for 10 minutes, until 22:23 UTC."));
	ck_assert_ptr_nonnull(strstr(message.text, "Terminal   pts/3\n"));
	html = decoded_html(&message);
	ck_assert_ptr_nonnull(
		strstr(html, ">424<span style=\"margin-left:14px\">242</span>"));
	message_fini(&message);
}
END_TEST

START_TEST(the_code_is_neither_in_a_header_nor_in_the_preheader)
{
	struct letter letter = login_letter();
	struct message message;
	CLEANUP(freep) char *html = NULL;
	char *shown;

	ck_assert_int_eq(message_compose(&message, &letter, &sender, MAIL), 0);
	*strstr(message.bytes, "\r\n\r\n") = '\0';
	ck_assert_ptr_null(strstr(message.bytes, "424"));
	message_fini(&message);
	ck_assert_int_eq(message_compose(&message, &letter, &sender, MAIL), 0);
	html = decoded_html(&message);
	shown = strstr(html, "class=\"code\"");
	*shown = '\0';
	ck_assert_ptr_null(strstr(html, "424"));
	message_fini(&message);
}
END_TEST

START_TEST(the_same_letter_makes_the_same_bytes)
{
	struct letter letter = login_letter();
	struct message a, b;

	ck_assert_int_eq(message_compose(&a, &letter, &sender, MAIL), 0);
	ck_assert_int_eq(message_compose(&b, &letter, &sender, MAIL), 0);
	ck_assert_str_eq(a.bytes, b.bytes);
	message_fini(&a);
	message_fini(&b);
}
END_TEST

START_TEST(every_kind_and_every_gap_composes)
{
	for (int kind = 0; kind < LETTER_KINDS; kind++) {
		for (unsigned gaps = 0; gaps < 256; gaps++) {
			struct letter letter = login_letter();
			struct message message;

			letter.kind = (enum letter_kind)kind;
			if (gaps & 1)
				letter.name[0] = '\0';
			if (gaps & 2)
				letter.user[0] = '\0';
			if (gaps & 4)
				letter.service[0] = '\0';
			if (gaps & 8)
				letter.host[0] = '\0';
			if (gaps & 16)
				letter.rhost[0] = letter.tty[0] = '\0';
			if (gaps & 32)
				letter.reference[0] = '\0';
			if (gaps & 64)
				letter.expires_at_s = 0;
			if (gaps & 128)
				letter.code[0] = '\0';
			ck_assert_int_eq(
				message_compose(&message, &letter, &sender, MAIL), 0);
			check_mail(&message);
			ck_assert_ptr_null(strstr(message.bytes, "{{"));
			ck_assert_ptr_null(strstr(message.text, "}}"));
			message_fini(&message);
		}
	}
}
END_TEST

/* xorshift64, the same in each run: a failure can be looked at. */
static uint32_t draw(uint32_t below)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % below;
}

/* Bytes that have hurt mail programs, between others. */
static void hostile(char *out, size_t size)
{
	static const char *const bits[] = { "\r\n", "\n", "\r", "\r\nBcc: e@v.example",
		"\r\n.\r\n", "\n\n", "--=_" MAIL, "--=_" MAIL "--",
		"=?utf-8?q?=0A?=", "=?", "\xe2\x80\xa8", "\xe2\x80\xae", "\xc3\xa9",
		"\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x94\x91", "\xff", "\xc0\x8a",
		"\x7f", "\t", "\x0b", "\xc2\x85", "{{code}}", "{{#x}}", "<b>", "\"",
		"'", "&", "From ", ".", "..", " ", "  ", "(", ",", ";", ":",
		"<a@b.example>", "=0D=0A", "a", "bc", "0", "\x1b[2J" };
	size_t n = 0, want = draw((uint32_t)size);

	while (n < want) {
		const char *bit = bits[draw(sizeof(bits) / sizeof(bits[0]))];
		size_t length = strlen(bit);

		if (n + length >= size)
			break;
		memcpy(out + n, bit, length);
		n += length;
	}
	out[n] = '\0';
}

static void hostile_clean(char *out, size_t size)
{
	char raw[400];

	hostile(raw, sizeof(raw));
	letter_clean(out, size, raw);
	ck_assert_uint_lt(strlen(out), size);
	ck_assert(text_is_utf8(out) && !text_has_control(out));
	ck_assert_ptr_null(strstr(out, "\xe2\x80\xa8"));
	ck_assert_ptr_null(strstr(out, "\xe2\x80\xae"));
}

static const enum letter_kind hostile_kinds[] = { LETTER_LOGIN, LETTER_VERIFY,
	LETTER_LOCKED, LETTER_TEST };

START_TEST(ten_thousand_hostile_letters_inject_nothing)
{
	for (unsigned i = 0; i < N_HOSTILE; i++) {
		struct letter letter = login_letter();
		struct message message;
		struct tenant_config from = sender;
		CLEANUP(freep) char *html = NULL;

		hostile_clean(from.from_name, sizeof(from.from_name));
		hostile_clean(from.organisation, sizeof(from.organisation));
		hostile_clean(letter.name, sizeof(letter.name));
		hostile_clean(letter.user, sizeof(letter.user));
		hostile_clean(letter.service, sizeof(letter.service));
		hostile_clean(letter.host, sizeof(letter.host));
		hostile_clean(letter.rhost, sizeof(letter.rhost));
		hostile_clean(letter.tty, sizeof(letter.tty));
		letter.kind = hostile_kinds[draw(4)];
		ck_assert_int_eq(message_compose(&message, &letter, &from, MAIL), 0);
		check_mail(&message);
		html = decoded_html(&message);
		ck_assert_ptr_null(strstr(html, "<b>{{"));
		ck_assert_uint_eq(count(html, "<b>"), 1); /* the reference's own */
		message_fini(&message);
	}
}
END_TEST

START_TEST(raw_bytes_through_the_encoders_keep_the_form)
{
	for (unsigned i = 0; i < N_HOSTILE; i++) {
		CLEANUP(buffer_fini) struct buffer out = { 0 };
		char raw[300], clean[300];
		struct message message;

		hostile(raw, sizeof(raw));
		letter_clean(clean, sizeof(clean), raw);
		if (i % 2)
			mime_header_text(&out, "Subject", clean);
		else
			mime_quoted_printable(&out, raw);
		if (!out.data)
			continue;
		message.bytes = out.data;
		message.size = out.size;
		if (out.size > 0)
			check_form(&message);
	}
}
END_TEST

START_TEST(long_addresses_and_domains_fit_their_lines)
{
	struct letter letter = login_letter();
	struct tenant_config from = {
		.from = "o@a-department.of-a-subsidiary.of-a-corporation.example.org",
	};
	struct message message;

	memset(letter.to, 'a', 60);
	letter.to[60] = '\0';
	strcat(letter.to, "@a-department.of-a-subsidiary.of-a-corporation.example.org");
	ck_assert_int_eq(message_compose(&message, &letter, &from, MAIL), 0);
	check_mail(&message);
	ck_assert_ptr_nonnull(
		strstr(message.bytes, "To: undisclosed-recipients:;\r\n"));
	ck_assert_ptr_nonnull(
		strstr(message.bytes, "<" MAIL "@of-a-corporation.example.org>"));
	message_fini(&message);
}
END_TEST

START_TEST(names_are_encoded_where_they_must_be)
{
	CLEANUP(buffer_fini) struct buffer out = { 0 };

	mime_header_mailbox(&out, "To", "Zo\xc3\xab", "z@example.org");
	ck_assert_str_eq(out.data, "To: =?UTF-8?B?Wm/Dqw==?= <z@example.org>\r\n");
	buffer_fini(&out);
	mime_header_mailbox(&out, "To", "Doe, Jane", "z@example.org");
	ck_assert_str_eq(out.data, "To: =?UTF-8?B?RG9lLCBKYW5l?= <z@example.org>\r\n");
	buffer_fini(&out);
	mime_header_mailbox(&out, "To", "", "z@example.org");
	ck_assert_str_eq(out.data, "To: <z@example.org>\r\n");
}
END_TEST

START_TEST(quoted_printable_hides_what_has_a_meaning)
{
	CLEANUP(buffer_fini) struct buffer out = { 0 };

	mime_quoted_printable(&out, ".\n--x\nFrom me\na \n=\n\xc3\xa9");
	ck_assert_str_eq(
		out.data, "=2E\r\n=2D-x\r\n=46rom me\r\na=20\r\n=3D\r\n=C3=A9\r\n");
}
END_TEST

START_TEST(cleaning_keeps_whole_characters_and_says_what_was_cut)
{
	char out[9];

	letter_clean(out, sizeof(out), "  a\r\nb  ");
	ck_assert_str_eq(out, "a??b");
	letter_clean(out, sizeof(out), "12345678");
	ck_assert_str_eq(out, "12345678");
	letter_clean(out, sizeof(out), "123456789");
	ck_assert_str_eq(out, "12345...");
	letter_clean(out, sizeof(out), "1234\xc3\xa9\xc3\xa9\xc3\xa9");
	ck_assert_str_eq(out, "1234...");
	letter_clean(out, sizeof(out),
		"\xe2\x80\xae"
		"a\xef\xbb\xbf\xff");
	ck_assert_str_eq(out, "?a??");
}
END_TEST

START_TEST(templates_are_strict_and_values_are_not_templates)
{
	const struct template_var vars[] = {
		{ "a", "<{{b}}>", false },
		{ "b", "", false },
		{ "h", "<i>", true },
		{ 0 },
	};
	CLEANUP(buffer_fini) struct buffer out = { 0 };

	ck_assert_int_eq(
		template_render(&out, "{{a}}{{#b}}no{{/b}}{{#a}}yes{{/a}}{{h}}", vars,
			ESCAPE_HTML),
		0);
	ck_assert_str_eq(out.data, "&lt;{{b}}&gt;yes<i>");
	ck_assert_int_eq(template_render(&out, "{{c}}", vars, ESCAPE_NONE), -EINVAL);
	ck_assert_int_eq(template_render(&out, "{{#b}}x", vars, ESCAPE_NONE), -EINVAL);
	ck_assert_int_eq(template_render(&out, "{{a", vars, ESCAPE_NONE), -EINVAL);
}
END_TEST

START_TEST(text_is_wrapped_at_blanks_with_its_indent)
{
	CLEANUP(buffer_fini) struct buffer out = { 0 };

	template_wrap(
		&out, "one two three\n  four five six\nabcdefghijklmno p\n\nz", 10);
	ck_assert_str_eq(out.data,
		"one two\nthree\n  four\n  five six\nabcdefghijklmno\np\n\nz\n");
}
END_TEST

START_TEST(times_have_a_zone_and_spans_a_unit)
{
	char out[WHEN_MAX];

	when_clock(out, 1700000000);
	ck_assert_str_eq(out, "22:13 UTC");
	when_span(out, 59);
	ck_assert_str_eq(out, "59 seconds");
	when_span(out, 60);
	ck_assert_str_eq(out, "1 minute");
	when_span(out, 600);
	ck_assert_str_eq(out, "10 minutes");
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	when_full(out, 1700000000);
	ck_assert_str_eq(out, "Tue 14 Nov 2023, 23:13 CET (22:13 UTC)");
	when_header(out, 1700000000);
	ck_assert_str_eq(out, "Tue, 14 Nov 2023 23:13:20 +0100");
	setenv("TZ", "UTC0", 1);
	tzset();
}
END_TEST

START_TEST(letters_are_read_strictly)
{
	static const char good[] =
		"{\"to\":\"a@b.example\",\"template\":\"login\",\"at\":5,"
		"\"expires_at\":9,\"code\":\"123456\",\"reference\":\"K7Q\","
		"\"name\":\"x\\r\\ny\"}";
	static const char *const bad[] = { "", "{", "[]", "{\"to\":\"a@b.example\"}",
		"{\"to\":\"a@b.example\",\"template\":\"login\",\"at\":5}",
		"{\"to\":\"a@b\",\"template\":\"test\",\"at\":5}",
		"{\"to\":\"a@b.example\",\"template\":\"test\",\"at\":5,\"x\":1}",
		"{\"to\":\"a@b.example\",\"template\":\"test\",\"at\":5,\"code\":\"1\"}",
		"{\"to\":\"a@b.example\",\"template\":\"test\",\"at\":\"5\"}" };
	struct letter letter;

	ck_assert_int_eq(letter_parse(&letter, good, sizeof(good) - 1), 0);
	ck_assert_str_eq(letter.name, "x??y");
	ck_assert_int_eq(letter.at_s, 5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(
			letter_parse(&letter, bad[i], strlen(bad[i])), -EINVAL);
}
END_TEST

START_TEST(what_a_server_says_is_cleaned)
{
	char out[40];

	detail_clean(out, sizeof(out), "550 <Jane@Example.net> \x1b\xff no\r\n",
		"jane@example.net", "123456");
	ck_assert_str_eq(out, "550 <j***@example.net>    no");
	detail_clean(out, sizeof(out), "250 code 123456 ok", "a@b.example", "123456");
	ck_assert_str_eq(out, "250 code ****** ok");
	detail_clean(out, 8, "250 1234567890", "a@b.example", "");
	ck_assert_str_eq(out, "250 123");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");
	TCase *tests = tcase_create("message");
	SRunner *runner = srunner_create(suite);
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	setenv("TZ", "UTC0", 1);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, a_login_mail_says_what_it_must);
	tcase_add_test(tests, the_code_is_neither_in_a_header_nor_in_the_preheader);
	tcase_add_test(tests, the_same_letter_makes_the_same_bytes);
	tcase_add_test(tests, every_kind_and_every_gap_composes);
	tcase_add_test(tests, ten_thousand_hostile_letters_inject_nothing);
	tcase_add_test(tests, raw_bytes_through_the_encoders_keep_the_form);
	tcase_add_test(tests, long_addresses_and_domains_fit_their_lines);
	tcase_add_test(tests, names_are_encoded_where_they_must_be);
	tcase_add_test(tests, quoted_printable_hides_what_has_a_meaning);
	tcase_add_test(tests, cleaning_keeps_whole_characters_and_says_what_was_cut);
	tcase_add_test(tests, templates_are_strict_and_values_are_not_templates);
	tcase_add_test(tests, text_is_wrapped_at_blanks_with_its_indent);
	tcase_add_test(tests, times_have_a_zone_and_spans_a_unit);
	tcase_add_test(tests, letters_are_read_strictly);
	tcase_add_test(tests, what_a_server_says_is_cleaned);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
