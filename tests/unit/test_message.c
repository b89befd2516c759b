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
#include "otpd/mail/message/letter.h"
#include "otpd/mail/message/message.h"
#include "otpd/mail/message/mime.h"
#include "otpd/mail/message/when.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/template.h"
#include "otpd/util/text.h"
#include "otpd/util/wrap.h"
#include "tests/unit/letters.h"

#define N_HOSTILE 10000
#define N_HEADERS 10
#define N_TENANTS 3

static const struct tenant_config sender = {
	.from = "otpd@relay.example",
	.from_name = "Sign-in code",
	.organisation = "Example Corp",
	.language = "en",
};

/* Tenants with words and a layout of their own; read once, for all tests. */
static struct tenant_config tenants[N_TENANTS];
static struct templates *templates;
static char directory[] = "/tmp/otpd-letters.XXXXXX";

static int compose(struct message *message, const struct letter *letter,
	const struct tenant_config *tenant)
{
	return message_compose(message, letter, tenant, templates, MAIL);
}

static void make_tenants(void)
{
	static const char *const names[N_TENANTS] = { "acme", "umbrella", "tyrell" };
	static const char *const colours[N_TENANTS] = { "#ffd400", "#c00020", "" };

	for (int i = 0; i < N_TENANTS; i++) {
		tenants[i] = sender;
		text_copy(tenants[i].title, sizeof(tenants[i].title), names[i]);
		text_copy(tenants[i].colour, sizeof(tenants[i].colour), colours[i]);
	}
	text_copy(
		tenants[1].reply_to, sizeof(tenants[1].reply_to), "help@umbrella.test");
	text_copy(tenants[2].language, sizeof(tenants[2].language), "ja");
}

static void load_templates(void)
{
	struct mail_config config;
	char path[300], error[512];

	copy_templates(directory);
	make_tenants();
	config = letters_config(directory);
	config.tenants.items = tenants;
	config.tenants.n = N_TENANTS;
	snprintf(path, sizeof(path), "%s/overrides", directory);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/overrides/umbrella", directory);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	write_text(path, "words.en",
		"kind login { heading = \"{{user}}: <{{host}}>\" }\n");
	write_text(path, "test.txt", "{{intro}}\n{{brand}} {{rhost}}\n");
	write_text(path, "test.html",
		"<p title=\"{{user}}\">{{intro}}</p><b>{{brand}}</b>\n");
	ck_assert_msg(templates_load(&config, &templates, error, sizeof(error)) == 0,
		"%s", error);
}

static void forget_templates(void)
{
	templates_free(templates);
	remove_directory(directory);
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

/* Lines end in CR LF, are short and ASCII, and none can be taken for a command. */
static const char *form_problem(const struct message *message)
{
	const char *at = message->bytes, *problem = NULL;

	while (*at && !problem) {
		const char *end = strstr(at, "\r\n");

		problem = end ? line_problem(at, end) : "a line has no end";
		at = end ? end + 2 : at;
	}
	if (!problem && (size_t)(at - message->bytes) != message->size)
		problem = "it has a NUL";
	return problem;
}

static void check_form(const struct message *message)
{
	const char *problem = form_problem(message);

	ck_assert_msg(!problem, "%s: %s", problem, message->bytes);
}

/* What is wrong with the headers; NULL if nothing. A Reply-To may stand behind From. */
static const char *headers_problem(const struct message *message)
{
	static const char *const names[N_HEADERS] = { "From: ", "To: ", "Subject: ",
		"Date: ", "Message-ID: ", "Content-Language: ", "Auto-Submitted: ",
		"X-Auto-Response-Suppress: ", "MIME-Version: ", "Content-Type: " };
	const char *at = message->bytes;
	size_t n = 0;

	while (strncmp(at, "\r\n", 2) != 0) {
		bool is_reply = n == 1 && strncmp(at, "Reply-To: ", 10) == 0;

		if (*at != ' ' && !is_reply) {
			if (n == N_HEADERS ||
				strncmp(at, names[n], strlen(names[n])) != 0)
				return "a header too many, or in the wrong place";
			n++;
		}
		at = strstr(at, "\r\n") + 2;
	}
	return n == N_HEADERS ? NULL : "a header is missing";
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		n++;
	return n;
}

/* What is wrong with a mail; NULL if nothing. No assertion in it: it runs a million
 * times.
 */
static const char *mail_problem(const struct message *message)
{
	const char *problem = form_problem(message);

	if (!problem)
		problem = headers_problem(message);
	if (!problem &&
		(count(message->bytes, "\r\n--=_" MAIL) != 3 ||
			count(message->bytes, "\r\n--") != 3))
		problem = "a part too many or too few";
	if (!problem && count(message->bytes, "\r\n\r\n--=_" MAIL "--\r\n") != 1)
		problem = "the last boundary is not the end";
	return problem;
}

static void check_mail(const struct message *message)
{
	const char *problem = mail_problem(message);

	ck_assert_msg(!problem, "%s: %s", problem, message->bytes);
}

/* A part as a mail program decodes it, for free(). */
static char *decoded_part(const struct message *message, const char *type)
{
	const char *at = strstr(message->bytes, type);
	char *out = calloc(1, message->size), *to = out;
	bool is_base64 = strncmp(strstr(at, "Encoding: "), "Encoding: base64", 16) == 0;

	at = strstr(at, "\r\n\r\n") + 4;
	if (is_base64) {
		size_t n;

		if (sodium_base642bin((unsigned char *)out, message->size, at,
			    (size_t)(strstr(at, "\r\n\r\n--") - at), "\r\n", &n, NULL,
			    sodium_base64_VARIANT_ORIGINAL) != 0)
			n = 0;
		for (char *from = out; from < out + n; from++)
			if (*from != '\r')
				*to++ = *from;
		*to = '\0';
		return out;
	}
	for (; *at && strncmp(at, "\r\n--=_", 6) != 0; at++) {
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

static char *decoded_html(const struct message *message)
{
	return decoded_part(message, "text/html");
}

START_TEST(a_login_mail_says_what_it_must)
{
	struct letter letter = login_letter();
	struct message message;
	CLEANUP(freep) char *html = NULL;

	ck_assert_int_eq(compose(&message, &letter, &sender), 0);
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

	ck_assert_int_eq(compose(&message, &letter, &sender), 0);
	*strstr(message.bytes, "\r\n\r\n") = '\0';
	ck_assert_ptr_null(strstr(message.bytes, "424"));
	message_fini(&message);
	ck_assert_int_eq(compose(&message, &letter, &sender), 0);
	html = decoded_html(&message);
	shown = strstr(html, "class=\"k\"");
	*shown = '\0';
	ck_assert_ptr_null(strstr(html, "424"));
	message_fini(&message);
}
END_TEST

START_TEST(the_same_letter_makes_the_same_bytes)
{
	struct letter letter = login_letter();
	struct message a, b;

	ck_assert_int_eq(compose(&a, &letter, &sender), 0);
	ck_assert_int_eq(compose(&b, &letter, &sender), 0);
	ck_assert_str_eq(a.bytes, b.bytes);
	message_fini(&a);
	message_fini(&b);
}
END_TEST

static const char *const languages[] = { "en", "de", "fr", "es", "pt", "ja" };
#define N_LANGUAGES (sizeof(languages) / sizeof(languages[0]))

/* Leaves out what the bits of gaps say. */
static void leave_out(struct letter *letter, unsigned gaps)
{
	if (gaps & 1)
		letter->name[0] = '\0';
	if (gaps & 2)
		letter->user[0] = '\0';
	if (gaps & 4)
		letter->service[0] = '\0';
	if (gaps & 8)
		letter->host[0] = '\0';
	if (gaps & 16)
		letter->rhost[0] = letter->tty[0] = '\0';
	if (gaps & 32)
		letter->reference[0] = '\0';
	if (gaps & 64)
		letter->expires_at_s = 0;
	if (gaps & 128)
		letter->code[0] = '\0';
}

/* Blanks that stand together or before a full stop, where a value was left out. */
static const char *gap_problem(const char *text)
{
	if (strstr(text, "{{") || strstr(text, "}}"))
		return "a template is left";
	if (strstr(text, " .") || strstr(text, " ,"))
		return "a blank before a stop";
	for (const char *at = strstr(text, "  "); at; at = strstr(at + 1, "  "))
		if (at > text && at[-1] != '\n' && at[-1] != ' ' &&
			(at - text < 6 || !strstr(text, "\n    ")))
			return "two blanks";
	return NULL;
}

/* The subject of a mail about a lock, by its identifier; for free(). */
static char *subject_of(const char *mail, const char *code)
{
	struct letter letter = login_letter();
	struct message message;
	char *subject, table[32];

	letter.kind = code[0] ? LETTER_LOGIN : LETTER_LOCKED;
	text_copy(letter.code, sizeof(letter.code), code);
	letter.reference[0] = '\0';
	ck_assert_int_eq(
		message_compose(&message, &letter, &sender, templates, mail), 0);
	subject = strdup(message.subject);
	ck_assert_ptr_nonnull(subject);
	ck_assert_uint_gt(strlen(subject), 5);
	snprintf(table, sizeof(table), "Reference  %.3s\n",
		subject + strlen(subject) - 1 - LIMIT_REFERENCE);
	ck_assert_msg(strstr(message.text, table), "%s: %s", table, message.text);
	ck_assert_ptr_null(strstr(message.text, "prompt must show"));
	message_fini(&message);
	return subject;
}

START_TEST(a_mail_without_a_reference_gets_one_of_its_identifier)
{
	static const char before[] = "Sign-in to web1.example.org is locked (";
	CLEANUP(freep) char *one = subject_of(MAIL, "");
	CLEANUP(freep) char *again = subject_of(MAIL, "");
	CLEANUP(freep) char *two = subject_of("0123456789abcdef0123456789abcdee", "");
	CLEANUP(freep) char *code = subject_of(MAIL, "424242");

	ck_assert_msg(strncmp(one, before, strlen(before)) == 0, "%s", one);
	ck_assert_uint_eq(strspn(one + strlen(before), CODE_LETTERS), LIMIT_REFERENCE);
	ck_assert_str_eq(one, again);
	ck_assert_str_ne(one, two);
	ck_assert_ptr_nonnull(strstr(code, " ("));
}
END_TEST

START_TEST(a_page_is_called_a_page)
{
	static const char *const said[][3] = {
		{ "en", "Your prompt must show", "The page must show" },
		{ "de", "Die Eingabeaufforderung muss", "Die Seite muss" },
		{ "fr", "L\u2019invite de", "La page doit" },
		{ "es", "La pantalla que pide", "La p\u00e1gina que pide" },
		{ "pt", "A tela que pede", "A p\u00e1gina que pede" },
		{ "ja", "\u5165\u529b\u753b\u9762\u306b", "\u30da\u30fc\u30b8\u306b" },
	};

	for (size_t i = 0; i < 2 * sizeof(said) / sizeof(said[0]); i++) {
		struct letter letter = login_letter();
		const char *const *words = said[i / 2];
		struct message message;

		text_copy(letter.language, sizeof(letter.language), words[0]);
		text_copy(letter.page, sizeof(letter.page), i % 2 ? "yes" : "");
		ck_assert_int_eq(compose(&message, &letter, &sender), 0);
		ck_assert_msg(
			strstr(message.text, words[1 + i % 2]), "%s", message.text);
		ck_assert_ptr_null(strstr(message.text, words[2 - i % 2]));
		message_fini(&message);
	}
}
END_TEST

START_TEST(every_kind_language_and_gap_composes)
{
	for (unsigned i = 0; i < 256 * LETTER_KINDS * N_LANGUAGES; i++) {
		struct letter letter = login_letter();
		struct message message;
		const char *problem;

		letter.kind = (enum letter_kind)(i / 256 % LETTER_KINDS);
		text_copy(letter.language, sizeof(letter.language),
			languages[i / 256 / LETTER_KINDS]);
		leave_out(&letter, i % 256);
		ck_assert_int_eq(compose(&message, &letter, &sender), 0);
		problem = mail_problem(&message);
		if (!problem)
			problem = gap_problem(message.text);
		ck_assert_msg(
			!problem, "%s: %s %s", problem, letter.language, message.text);
		message_fini(&message);
	}
}
END_TEST

START_TEST(each_language_has_words_of_its_own)
{
	char *seen[LETTER_KINDS][N_LANGUAGES];

	for (int kind = 0; kind < LETTER_KINDS; kind++) {
		for (size_t i = 0; i < N_LANGUAGES; i++) {
			struct letter letter = login_letter();
			struct message message;
			char header[64];

			letter.kind = (enum letter_kind)kind;
			text_copy(
				letter.language, sizeof(letter.language), languages[i]);
			ck_assert_int_eq(compose(&message, &letter, &sender), 0);
			snprintf(header, sizeof(header), "\r\nContent-Language: %s\r\n",
				languages[i]);
			ck_assert_ptr_nonnull(strstr(message.bytes, header));
			snprintf(header, sizeof(header), "<html lang=\"%s\">",
				languages[i]);
			ck_assert_ptr_nonnull(strstr(message.html, header));
			seen[kind][i] = strdup(message.subject);
			for (size_t j = 0; j < i; j++)
				ck_assert_str_ne(seen[kind][i], seen[kind][j]);
			for (int other = 0; other < kind; other++)
				ck_assert_str_ne(seen[kind][i], seen[other][i]);
			message_fini(&message);
		}
	}
	for (int i = 0; i < LETTER_KINDS * (int)N_LANGUAGES; i++)
		free(seen[i / (int)N_LANGUAGES][i % (int)N_LANGUAGES]);
}
END_TEST

START_TEST(both_parts_arrive_as_they_were_composed)
{
	for (size_t i = 0; i < N_LANGUAGES; i++) {
		struct letter letter = login_letter();
		struct message message;
		CLEANUP(freep) char *html = NULL;
		CLEANUP(freep) char *text = NULL;

		text_copy(letter.language, sizeof(letter.language), languages[i]);
		ck_assert_int_eq(compose(&message, &letter, &sender), 0);
		html = decoded_html(&message);
		text = decoded_part(&message, "text/plain");
		ck_assert_str_eq(html, message.html);
		ck_assert_str_eq(text, message.text);
		message_fini(&message);
	}
}
END_TEST

START_TEST(a_language_falls_back_to_its_base_and_then_to_the_tenant)
{
	static const struct {
		const char *asked;
		int tenant;
		const char *got;
	} rows[] = {
		{ "pt-BR", 0, "pt" },
		{ "DE", 0, "de" },
		{ "de-AT-1901", 0, "de" },
		{ "xx", 0, "en" },
		{ "xx-YY", 2, "ja" },
		{ "", 2, "ja" },
		{ "", 0, "en" },
		{ "fr", 2, "fr" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct letter letter = login_letter();
		struct message message;
		char header[64];

		text_copy(letter.language, sizeof(letter.language), rows[i].asked);
		ck_assert_int_eq(
			compose(&message, &letter, &tenants[rows[i].tenant]), 0);
		snprintf(header, sizeof(header), "\r\nContent-Language: %s\r\n",
			rows[i].got);
		ck_assert_msg(strstr(message.bytes, header), "%s: %s", rows[i].asked,
			message.bytes);
		message_fini(&message);
	}
}
END_TEST

START_TEST(a_tenant_has_a_name_a_colour_and_templates_of_its_own)
{
	struct letter letter = login_letter();
	struct message message;

	ck_assert_int_eq(compose(&message, &letter, &tenants[0]), 0);
	ck_assert_ptr_nonnull(strstr(message.html, "background:#ffd400;color:#000000"));
	ck_assert_ptr_null(strstr(message.bytes, "\r\nReply-To:"));
	message_fini(&message);
	ck_assert_int_eq(compose(&message, &letter, &tenants[1]), 0);
	ck_assert_ptr_nonnull(strstr(message.html, "background:#c00020;color:#ffffff"));
	ck_assert_ptr_nonnull(
		strstr(message.bytes, "\r\nReply-To: <help@umbrella.test>\r\n"));
	ck_assert_ptr_nonnull(strstr(message.text, "\njdoe: <web1.example.org>\n"));
	ck_assert_ptr_nonnull(
		strstr(message.html, ">jdoe: &lt;web1.example.org&gt;</h1>"));
	message_fini(&message);
	letter.kind = LETTER_TEST;
	letter.code[0] = '\0';
	text_copy(letter.user, sizeof(letter.user), "\"><b>");
	ck_assert_int_eq(compose(&message, &letter, &tenants[1]), 0);
	ck_assert_ptr_nonnull(
		strstr(message.html, "<p title=\"&quot;&gt;&lt;b&gt;\">An"));
	ck_assert_ptr_nonnull(strstr(message.text, "\nExample Corp 203.0.113.7\n"));
	message_fini(&message);
}
END_TEST

START_TEST(a_code_stands_in_the_subject_only_where_that_is_wanted)
{
	struct letter letter = login_letter();
	struct message message;

	templates->code_in_subject = true;
	ck_assert_int_eq(compose(&message, &letter, &sender), 0);
	templates->code_in_subject = false;
	check_mail(&message);
	ck_assert_str_eq(message.subject,
		"Your sign-in code for web1.example.org (K7Q): 424242");
	message_fini(&message);
}
END_TEST

/* GSM 03.38, the part that has one septet to a character, without its capital Greek. */
static bool is_gsm(const char *text)
{
	static const char *const more[] = { "\u00a3", "\u00a5", "\u00e8", "\u00e9",
		"\u00f9", "\u00ec", "\u00f2", "\u00c7", "\u00d8", "\u00f8", "\u00c5",
		"\u00e5", "\u00c6", "\u00e6", "\u00df", "\u00c9", "\u00a1", "\u00c4",
		"\u00d6", "\u00d1", "\u00dc", "\u00a7", "\u00bf", "\u00e4", "\u00f6",
		"\u00f1", "\u00fc", "\u00e0" };

	while (*text) {
		size_t size = text_utf8_length(text), i = 0;

		while (size > 1 && i < sizeof(more) / sizeof(more[0]) &&
			strncmp(more[i], text, size) != 0)
			i++;
		if (i == sizeof(more) / sizeof(more[0]) ||
			(size == 1 && strchr("^{}\\[~]|`", *text)))
			return false;
		text += size;
	}
	return true;
}

START_TEST(a_number_gets_a_short_text_and_nothing_else)
{
	struct letter letter = login_letter();
	struct message message;

	text_copy(letter.to, sizeof(letter.to), "+4930123456");
	ck_assert_int_eq(compose(&message, &letter, &sender), 0);
	ck_assert_str_eq(message.text,
		"424242 is your sign-in code for web1.example.org (K7Q), valid until "
		"22:23 UTC.");
	ck_assert_ptr_null(message.bytes);
	ck_assert_ptr_null(message.html);
	ck_assert_uint_eq(message.size, 0);
	ck_assert_ptr_nonnull(message.subject);
	message_fini(&message);
}
END_TEST

START_TEST(the_longest_short_text_of_a_sign_in_is_one_short_message)
{
	setenv("TZ", "Pacific/Chatham", 1);
	tzset();
	for (size_t i = 0; i < N_LANGUAGES; i++) {
		struct letter letter = login_letter();
		struct message message;

		text_copy(letter.to, sizeof(letter.to), "+4930123456");
		text_copy(letter.code, sizeof(letter.code), "CDFGHJKMNPQRTVWX");
		memset(letter.host, 'h', 120);
		text_copy(letter.language, sizeof(letter.language), languages[i]);
		ck_assert_int_eq(compose(&message, &letter, &sender), 0);
		ck_assert_ptr_nonnull(strstr(message.text, "CDFGHJKMNPQRTVWX"));
		ck_assert_ptr_nonnull(strstr(message.text, "hhh..."));
		ck_assert_ptr_nonnull(strstr(message.text, "K7Q"));
		ck_assert_ptr_null(strchr(message.text, '\n'));
		if (strcmp(languages[i], "ja") != 0) {
			ck_assert_msg(is_gsm(message.text), "%s", message.text);
			/* No character of it has more than two bytes. */
			ck_assert_msg(strlen(message.text) <= 162, "%s", message.text);
		}
		message_fini(&message);
	}
	setenv("TZ", "UTC0", 1);
	tzset();
}
END_TEST

START_TEST(the_text_part_fits_a_terminal)
{
	for (int i = 0; i < LETTER_KINDS * (int)N_LANGUAGES; i++) {
		struct letter letter = login_letter();
		struct message message;

		letter.kind = (enum letter_kind)(i / (int)N_LANGUAGES);
		text_copy(letter.language, sizeof(letter.language),
			languages[i % (int)N_LANGUAGES]);
		text_copy(letter.command, sizeof(letter.command),
			"/usr/bin/find / -name core -exec rm {} ; -print and a lot more "
			"that makes this line far too long for a terminal");
		ck_assert_int_eq(compose(&message, &letter, &sender), 0);
		for (char *line = strtok(message.text, "\n"); line;
			line = strtok(NULL, "\n"))
			ck_assert_msg(wrap_columns(line) <= 78, "%s", line);
		message_fini(&message);
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
	if (strlen(out) >= size || !text_is_utf8(out) || text_has_control(out) ||
		strstr(out, "\xe2\x80\xa8") || strstr(out, "\xe2\x80\xae"))
		ck_abort_msg("not clean: %s", out);
}

static struct letter hostile_letter(void)
{
	struct letter letter = login_letter();

	hostile_clean(letter.name, sizeof(letter.name));
	hostile_clean(letter.user, sizeof(letter.user));
	hostile_clean(letter.service, sizeof(letter.service));
	hostile_clean(letter.host, sizeof(letter.host));
	hostile_clean(letter.rhost, sizeof(letter.rhost));
	hostile_clean(letter.tty, sizeof(letter.tty));
	hostile_clean(letter.command, sizeof(letter.command));
	hostile_clean(letter.address, sizeof(letter.address));
	letter.kind = (enum letter_kind)draw(LETTER_KINDS);
	text_copy(
		letter.language, sizeof(letter.language), languages[draw(N_LANGUAGES)]);
	return letter;
}

/* What a value has got into the HTML as more than text; NULL if nothing. */
static const char *markup_problem(const char *html)
{
	if (strstr(html, "<a@b"))
		return "a value was taken for markup";
	if (count(html, "<b>") != 1) /* the reference's, or the brand's */
		return "an element too many";
	return NULL;
}

/* 10,000 in a test run; HOSTILE=1000000 proves it (make prove). */
START_TEST(hostile_letters_inject_nothing)
{
	const char *wanted = getenv("HOSTILE");
	unsigned long n = wanted ? strtoul(wanted, NULL, 10) : N_HOSTILE;

	ck_assert_uint_gt(n, 0);
	for (unsigned long i = 0; i < n; i++) {
		struct letter letter = hostile_letter();
		struct tenant_config from = tenants[draw(N_TENANTS)];
		struct message message;
		const char *problem;

		hostile_clean(from.from_name, sizeof(from.from_name));
		hostile_clean(from.organisation, sizeof(from.organisation));
		if (compose(&message, &letter, &from) < 0)
			ck_abort_msg("it does not compose");
		problem = mail_problem(&message);
		if (!problem)
			problem = markup_problem(message.html);
		ck_assert_msg(
			!problem, "letter %lu: %s: %s", i, problem, message.bytes);
		message_fini(&message);
	}
	if (wanted)
		printf("%lu hostile letters: no header, no part and no line too many\n",
			n);
}
END_TEST

START_TEST(hostile_short_texts_stay_one_line)
{
	for (unsigned i = 0; i < N_HOSTILE; i++) {
		struct letter letter = hostile_letter();
		struct message message;

		text_copy(letter.to, sizeof(letter.to), "+4930123456");
		if (compose(&message, &letter, &tenants[draw(N_TENANTS)]) < 0 ||
			message.bytes || message.html || !message.text[0] ||
			text_has_control(message.text) || !text_is_utf8(message.text))
			ck_abort_msg("letter %u: %s", i, message.text);
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
		.language = "en",
	};
	struct message message;

	memset(letter.to, 'a', 60);
	letter.to[60] = '\0';
	strcat(letter.to, "@a-department.of-a-subsidiary.of-a-corporation.example.org");
	ck_assert_int_eq(compose(&message, &letter, &from), 0);
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
	tcase_set_timeout(tests, getenv("HOSTILE") ? 3600 : 120);
	tcase_add_unchecked_fixture(tests, load_templates, forget_templates);
	tcase_add_test(tests, a_login_mail_says_what_it_must);
	tcase_add_test(tests, the_code_is_neither_in_a_header_nor_in_the_preheader);
	tcase_add_test(tests, the_same_letter_makes_the_same_bytes);
	tcase_add_test(tests, a_mail_without_a_reference_gets_one_of_its_identifier);
	tcase_add_test(tests, a_page_is_called_a_page);
	tcase_add_test(tests, every_kind_language_and_gap_composes);
	tcase_add_test(tests, each_language_has_words_of_its_own);
	tcase_add_test(tests, both_parts_arrive_as_they_were_composed);
	tcase_add_test(tests, a_language_falls_back_to_its_base_and_then_to_the_tenant);
	tcase_add_test(tests, a_tenant_has_a_name_a_colour_and_templates_of_its_own);
	tcase_add_test(tests, a_code_stands_in_the_subject_only_where_that_is_wanted);
	tcase_add_test(tests, a_number_gets_a_short_text_and_nothing_else);
	tcase_add_test(tests, the_longest_short_text_of_a_sign_in_is_one_short_message);
	tcase_add_test(tests, the_text_part_fits_a_terminal);
	tcase_add_test(tests, hostile_letters_inject_nothing);
	tcase_add_test(tests, hostile_short_texts_stay_one_line);
	tcase_add_test(tests, raw_bytes_through_the_encoders_keep_the_form);
	tcase_add_test(tests, long_addresses_and_domains_fit_their_lines);
	tcase_add_test(tests, names_are_encoded_where_they_must_be);
	tcase_add_test(tests, quoted_printable_hides_what_has_a_meaning);
	tcase_add_test(tests, cleaning_keeps_whole_characters_and_says_what_was_cut);
	tcase_add_test(tests, templates_are_strict_and_values_are_not_templates);
	tcase_add_test(tests, letters_are_read_strictly);
	tcase_add_test(tests, what_a_server_says_is_cleaned);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
