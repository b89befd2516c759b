/* SPDX-License-Identifier: MIT */
/* Delivery reports: those of the usual servers are understood, everything else is not.
 */
#include "otpd/mail/report.h"

#include <errno.h>

#include "tests/unit/unit.h"

#define MAIL "0123456789abcdef0123456789abcdef"
#define HEAD                                                               \
	"From: MAILER-DAEMON@mx.example\r\nMIME-Version: 1.0\r\n"          \
	"Content-Type: multipart/report; report-type=delivery-status;\r\n" \
	"\tboundary=\"B.1\"\r\n\r\nThis is a MIME message.\r\n"
#define STATUS(action, status, code)                                          \
	"--B.1\r\nContent-Type: message/delivery-status\r\n\r\n"              \
	"Reporting-MTA: dns; mx.example\r\n\r\n"                              \
	"Final-Recipient: rfc822; jane@Example.NET\r\nAction: " action "\r\n" \
	"Status: " status "\r\nDiagnostic-Code: " code "\r\n\r\n"
#define ORIGINAL(type, id)                                                    \
	"--B.1\r\nContent-Type: " type "\r\n\r\nFrom: otpd@relay.example\r\n" \
	"Message-ID:" id "\r\nSubject: x\r\n\r\nbody\r\n--B.1--\r\n"
#define GOOD      ORIGINAL("message/rfc822", " <" MAIL "@relay.example>")
#define VALUE_MAX 900
#define WHY       "smtp; 550 5.1.1 no such user"

static int parse(const char *text, struct report *report)
{
	return report_parse(report, text, strlen(text));
}

static void no_report(const char *text)
{
	struct report report;

	ck_assert_msg(parse(text, &report) == -ENOENT, "taken: %s", text);
}

START_TEST(a_failure_is_understood)
{
	struct report report;

	ck_assert_int_eq(parse(HEAD STATUS("failed", "5.1.1", WHY) GOOD, &report), 0);
	ck_assert_str_eq(report.mail, MAIL);
	ck_assert_str_eq(report.status, "5.1.1");
	ck_assert_str_eq(report.domain, "Example.NET");
	ck_assert_str_eq(report.detail, "550 5.1.1 no such user");
}
END_TEST

START_TEST(headers_alone_folds_and_line_feeds_do)
{
	struct report report;

	ck_assert_int_eq(parse(HEAD STATUS("failed (final)", "5.2.2",
				       "smtp; 552 5.2.2 mailbox\r\n is full")
					 ORIGINAL("text/rfc822-headers",
						 "\r\n <" MAIL "@relay.example>"),
				 &report),
		0);
	ck_assert_str_eq(report.mail, MAIL);
	ck_assert_str_eq(report.detail, "552 5.2.2 mailbox is full");
	ck_assert_int_eq(parse("Content-Type: Multipart/Report;boundary=b;"
			       "REPORT-TYPE=Delivery-Status\n\n--b\n"
			       "Content-Type: message/delivery-status\n\n\n"
			       "Action: failed\n--b\n"
			       "content-type: message/rfc822\n\n"
			       "message-id: <" MAIL "@x>\n\n--b--\n",
				 &report),
		0);
	ck_assert_str_eq(report.status, "5.0.0");
	ck_assert_str_eq(report.domain, "");
}
END_TEST

START_TEST(what_is_no_failure_of_ours_is_none)
{
	no_report("");
	no_report("Subject: away\r\n\r\nI am away.\r\n");
	no_report(HEAD STATUS("delayed", "4.4.1", WHY) GOOD);
	no_report(HEAD STATUS("delivered", "2.0.0", WHY) GOOD);
	no_report(HEAD STATUS("failed", "5.1.1", WHY));
	no_report(HEAD GOOD);
	no_report(HEAD STATUS("failed", "5.1.1", WHY)
			ORIGINAL("message/rfc822", " <42@relay.example>"));
	no_report(HEAD STATUS("failed", "5.1.1", WHY)
			ORIGINAL("message/rfc822", " <" MAIL "0@relay.example>"));
	no_report(HEAD STATUS("failed", "5.1.1", WHY) ORIGINAL(
		"message/rfc822", " <0123456789ABCDEF0123456789ABCDEF@x>"));
	no_report(HEAD STATUS("failed", "5.1.1", WHY)
			ORIGINAL("text/plain", " <" MAIL "@relay.example>"));
	/* Not a report, whatever it holds. */
	no_report("Content-Type: multipart/mixed; boundary=\"B.1\"\r\n\r\n" STATUS(
		"failed", "5.1.1", WHY) GOOD);
	no_report(
		"Content-Type: multipart/report; report-type=disposition-notification;"
		" boundary=\"B.1\"\r\n\r\n" STATUS("failed", "5.1.1", WHY) GOOD);
}
END_TEST

START_TEST(every_prefix_and_every_flipped_byte_is_survived)
{
	static const char whole[] = HEAD STATUS("failed", "5.1.1", WHY) GOOD;
	struct report report;

	for (size_t i = 0; i < sizeof(whole); i++) {
		char *text = strndup(whole, i);

		ck_assert_int_le(report_parse(&report, text, i), 0);
		free(text);
		text = strdup(whole);
		text[i] ^= 0x40;
		ck_assert_int_le(report_parse(&report, text, sizeof(whole) - 1), 0);
		free(text);
	}
}
END_TEST

START_TEST(hostile_words_are_cleaned_and_cut)
{
	struct report report;
	char words[3000];

	memset(words, 'x', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	words[0] = '\x1b';
	ck_assert_int_eq(
		parse(HEAD STATUS("failed", "5.1.1", "smtp; \x1b[2J\x80z") GOOD,
			&report),
		0);
	ck_assert_str_eq(report.detail, "?[2J?z");
	{
		char text[8192];

		snprintf(text, sizeof(text),
			HEAD STATUS("failed", "%s", "smtp; %s") GOOD,
			"5.99999999999999999999", words);
		ck_assert_int_eq(parse(text, &report), 0);
	}
	ck_assert_str_eq(report.status, "5.0.0");
	ck_assert_uint_eq(strlen(report.detail), LIMIT_DETAIL);
}
END_TEST

/* Whole reports, which the harness tests/fuzz/fuzz_report.c begins with, too. */
START_TEST(those_of_the_usual_servers_are_understood)
{
	static const struct {
		const char *name;
		const char *status;
		const char *detail;
	} rows[] = {
		/* Postfix' own, as it came from one; the others as they are written. */
		{ "postfix_relayed", "5.1.1",
			"550 5.1.1 <a***@away.example.net>: no such mailbox" },
		{ "exim", "5.0.0",
			"550 5.1.1 <a***@away.example.net>: Recipient address "
			"rejected: User unknown" },
		{ "exchange", "5.1.10",
			"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient "
			"a***@away.example.net not found by SMTP address lookup" },
		{ "gmail", "5.1.1",
			"550-5.1.1 The email account that you tried to reach does not "
			"exist. Please try 550-5.1.1 double-checking the recipient's "
			"email address for typos or 550 5.1.1 unnecessary spaces." },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report report;
		char path[UNIT_PATH];
		size_t size;
		char *text;

		snprintf(path, sizeof(path), "tests/fuzz/corpus/report/%s",
			rows[i].name);
		text = unit_read(path, &size);
		ck_assert_msg(report_parse(&report, text, size) == 0, "%s", path);
		ck_assert_str_eq(report.mail, MAIL);
		ck_assert_str_eq(report.status, rows[i].status);
		ck_assert_str_eq(report.domain, "away.example.net");
		ck_assert_str_eq(report.detail, rows[i].detail);
		free(text);
	}
}
END_TEST

START_TEST(the_recipients_address_is_masked)
{
	char words[VALUE_MAX + 1];
	char text[4096];
	struct report report;

	ck_assert_int_eq(parse(HEAD STATUS("failed", "5.1.1",
				       "smtp; 550 <JANE@example.net> unknown") GOOD,
				 &report),
		0);
	ck_assert_str_eq(report.detail, "550 <j***@Example.NET> unknown");
	/* In whatever order the fields come, and the one that it was sent to, too. */
	ck_assert_int_eq(parse(HEAD "--B.1\r\nContent-Type: message/delivery-status"
				    "\r\n\r\nAction: failed\r\n"
				    "Diagnostic-Code: smtp; 550 ann@b.example is not "
				    "jane@example.net\r\n"
				    "Final-Recipient: rfc822; ann@b.example\r\n"
				    "Original-Recipient: rfc822;jane@example.net\r\n"
				    "\r\n" GOOD,
				 &report),
		0);
	ck_assert_str_eq(report.detail, "550 a***@b.example is not j***@example.net");
	ck_assert_str_eq(report.domain, "b.example");
	/* Where the words are cut no part of it is left. */
	memset(words, 'x', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	memcpy(words + LIMIT_DETAIL - 9, "jane@example.net", 16);
	snprintf(text, sizeof(text), HEAD STATUS("failed", "%s", "smtp; %s") GOOD,
		"5.1.1", words);
	ck_assert_int_eq(parse(text, &report), 0);
	ck_assert_str_eq(report.detail + LIMIT_DETAIL - 9, "j***@Exam");
}
END_TEST

UNIT_MAIN("report", a_failure_is_understood, headers_alone_folds_and_line_feeds_do,
	what_is_no_failure_of_ours_is_none,
	every_prefix_and_every_flipped_byte_is_survived,
	hostile_words_are_cleaned_and_cut, those_of_the_usual_servers_are_understood,
	the_recipients_address_is_masked);
