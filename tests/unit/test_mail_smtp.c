/* SPDX-License-Identifier: MIT */
/* What an SMTP server's words mean: the table of smtp_verdict.h, row by row. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/mail/transport/smtp_doubt.h"
#include "otpd/mail/transport/smtp_verdict.h"

#define UP_TO_RCPT "250 a\r\n"
#define UP_TO_DATA "250 a\r\n250 b\r\n"
#define UP_TO_DOT  "250 a\r\n250 b\r\n354 c\r\n"

/* Plays replies, the mail having left when its turn is; then, perhaps, a break. */
static struct smtp_verdict play(
	struct smtp_talk *talk, const char *replies, bool pipelining)
{
	bool whole = false, ended = false;

	*talk = (struct smtp_talk){ .has_pipelining = pipelining };
	smtp_talk_begin(talk);
	while (*replies && !ended) {
		enum smtp_step step;

		replies += smtp_talk_hear(talk, replies, strlen(replies), &whole);
		if (!whole)
			continue;
		step = smtp_talk_step(talk);
		talk->is_out = talk->is_out || step == SMTP_SAY_BODY;
		ended = step == SMTP_END;
	}
	if (!ended)
		smtp_talk_break(talk, "the server closed the connection");
	return smtp_verdict(talk);
}

static const struct {
	const char *replies;
	enum send_result result;
	enum send_cause cause;
	bool complain;
	bool is_in_doubt;
} rows[] = {
	/* 2xx to the dot, and the ways to write it. */
	{ UP_TO_DOT "250 d\r\n", SEND_SENT, CAUSE_TRANSPORT, false, false },
	{ "250-a\r\n250-x\r\n250 a\r\n251 b\r\n354 c\r\n250 d\n", SEND_SENT,
		CAUSE_TRANSPORT, false, false },
	{ UP_TO_DOT "250\r\n", SEND_SENT, CAUSE_TRANSPORT, false, false },
	/* Behind the dot: nobody knows. */
	{ UP_TO_DOT, SEND_DEFERRED, CAUSE_RECIPIENT, false, true },
	{ UP_TO_DOT "25", SEND_DEFERRED, CAUSE_RECIPIENT, false, true },
	{ UP_TO_DOT "550 half a line", SEND_DEFERRED, CAUSE_RECIPIENT, false, true },
	{ UP_TO_DOT "354 d\r\n", SEND_DEFERRED, CAUSE_RECIPIENT, false, true },
	{ UP_TO_DOT "nonsense\r\n", SEND_DEFERRED, CAUSE_RECIPIENT, false, true },
	{ UP_TO_DOT "2500 d\r\n", SEND_DEFERRED, CAUSE_RECIPIENT, false, true },
	/* Broken off and nonsense before. */
	{ "", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ "250", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ UP_TO_RCPT, SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ UP_TO_DATA, SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ UP_TO_RCPT "550-no", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ "garbage\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ "\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ "25\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ "999 a\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ UP_TO_DATA "250 c\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ UP_TO_RCPT "354 b\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	/* The server closes. */
	{ "421 a\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ UP_TO_RCPT "421 4.7.0 b\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ UP_TO_DATA "421 c\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ UP_TO_DOT "421 4.3.0 d\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	/* Login and TLS. */
	{ "454 4.7.0 TLS not now\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ "530 a\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true, false },
	{ UP_TO_RCPT "530 5.7.0 login first\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true,
		false },
	{ UP_TO_RCPT "535 5.7.8 b\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true, false },
	{ UP_TO_RCPT "534 b\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true, false },
	{ "535 a\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true, false },
	{ UP_TO_DATA "538 c\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true, false },
	{ UP_TO_DATA "550 5.7.13 account disabled\r\n", SEND_DEFERRED, CAUSE_TRANSPORT,
		true, false },
	{ UP_TO_DOT "550 5.7.60 SendAs\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true,
		false },
	/* Who we are. */
	{ UP_TO_RCPT "450 4.7.25 no reverse name\r\n", SEND_DEFERRED, CAUSE_TRANSPORT,
		false, false },
	{ "550 5.7.25 no reverse name\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true,
		false },
	{ "550 5.1.8 sender's domain\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true,
		false },
	{ UP_TO_RCPT "450 4.1.8 sender's domain\r\n", SEND_DEFERRED, CAUSE_TRANSPORT,
		false, false },
	{ UP_TO_DOT "550 5.7.26 DMARC\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true,
		false },
	/* The server's own system. */
	{ UP_TO_RCPT "452 4.3.1 disk full\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false,
		false },
	{ UP_TO_DOT "552 5.3.4 too large\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true,
		false },
	/* MAIL: nothing but us is known yet. */
	{ "450 a\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ "451 4.7.1 greylisted\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ "452 a\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, false, false },
	{ "550 a\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true, false },
	{ "552 a\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true, false },
	{ "553 5.7.1 not your address\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true,
		false },
	/* Another language. */
	{ UP_TO_RCPT "500 b\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true, false },
	{ UP_TO_RCPT "503 b\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true, false },
	{ UP_TO_DATA "502 5.5.1 c\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true, false },
	{ UP_TO_RCPT "504 5.5.2 HELO\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true,
		false },
	{ UP_TO_RCPT "555 b\r\n", SEND_DEFERRED, CAUSE_TRANSPORT, true, false },
	/* RCPT: policy, and its two exceptions. Nobody who has an address may pause. */
	{ UP_TO_RCPT "554 5.7.1 Relay access denied\r\n", SEND_REFUSED, CAUSE_POLICY,
		false, false },
	{ UP_TO_RCPT "550 5.7.1 Recipient address rejected: Access denied\r\n",
		SEND_REFUSED, CAUSE_POLICY, false, false },
	{ UP_TO_RCPT "550 5.7.0 b\r\n", SEND_REFUSED, CAUSE_POLICY, false, false },
	{ UP_TO_RCPT "550 5.7.12 not from outside\r\n", SEND_REFUSED, CAUSE_POLICY,
		false, false },
	{ UP_TO_RCPT "550 5.7.60 b\r\n", SEND_REFUSED, CAUSE_POLICY, false, false },
	{ UP_TO_RCPT "550 5.7.124 b\r\n", SEND_REFUSED, CAUSE_POLICY, false, false },
	{ UP_TO_RCPT "550 5.7.25 no reverse name\r\n", SEND_REFUSED, CAUSE_POLICY,
		false, false },
	{ UP_TO_RCPT "550 5.1.7 sender\r\n", SEND_REFUSED, CAUSE_POLICY, false, false },
	{ UP_TO_RCPT "550 5.1.8 sender's domain\r\n", SEND_REFUSED, CAUSE_POLICY, false,
		false },
	{ UP_TO_RCPT "454 4.7.1 Relay access denied\r\n", SEND_DEFERRED, CAUSE_POLICY,
		false, false },
	{ UP_TO_RCPT "550 5.7.18 new owner\r\n", SEND_REFUSED, CAUSE_RECIPIENT, false,
		false },
	{ UP_TO_RCPT "550 5.7.17 new owner\r\n", SEND_REFUSED, CAUSE_RECIPIENT, false,
		false },
	/* RCPT, DATA, dot: for now. */
	{ UP_TO_RCPT "450 4.2.0 greylisted\r\n", SEND_DEFERRED, CAUSE_RECIPIENT, false,
		false },
	{ UP_TO_RCPT "451 4.7.1 greylisted\r\n", SEND_DEFERRED, CAUSE_RECIPIENT, false,
		false },
	{ UP_TO_RCPT "452 4.2.2 full\r\n", SEND_DEFERRED, CAUSE_RECIPIENT, false,
		false },
	{ UP_TO_RCPT "452 b\r\n", SEND_DEFERRED, CAUSE_RECIPIENT, false, false },
	{ UP_TO_DATA "451 c\r\n", SEND_DEFERRED, CAUSE_RECIPIENT, false, false },
	{ UP_TO_DOT "451 d\r\n", SEND_DEFERRED, CAUSE_RECIPIENT, false, false },
	{ UP_TO_DOT "452 4.2.2 full\r\n", SEND_DEFERRED, CAUSE_RECIPIENT, false,
		false },
	/* For good. */
	{ UP_TO_RCPT "550 b\r\n", SEND_REFUSED, CAUSE_RECIPIENT, false, false },
	{ UP_TO_RCPT "550-5.1.1 no\r\n550 5.1.1 such user\r\n", SEND_REFUSED,
		CAUSE_RECIPIENT, false, false },
	{ UP_TO_RCPT "501 5.1.3 syntax\r\n", SEND_REFUSED, CAUSE_RECIPIENT, false,
		false },
	{ UP_TO_RCPT "552 5.2.2 full\r\n", SEND_REFUSED, CAUSE_RECIPIENT, false,
		false },
	{ UP_TO_RCPT "553 b\r\n", SEND_REFUSED, CAUSE_RECIPIENT, false, false },
	/* The class of the status is not that of the code: not believed. */
	{ UP_TO_RCPT "550 4.7.1 b\r\n", SEND_REFUSED, CAUSE_RECIPIENT, false, false },
	{ UP_TO_RCPT "550 5.7.1x b\r\n", SEND_REFUSED, CAUSE_RECIPIENT, false, false },
	{ UP_TO_RCPT "550 5.7.\r\n", SEND_REFUSED, CAUSE_RECIPIENT, false, false },
	{ UP_TO_DATA "554 c\r\n", SEND_REFUSED, CAUSE_MAIL, false, false },
	{ UP_TO_DOT "552 d\r\n", SEND_REFUSED, CAUSE_MAIL, false, false },
	{ UP_TO_DOT "550 5.6.0 d\r\n", SEND_REFUSED, CAUSE_MAIL, false, false },
	{ UP_TO_DOT "550 5.1.1 none\r\n", SEND_REFUSED, CAUSE_RECIPIENT, false, false },
	{ UP_TO_DOT "552 5.2.2 full\r\n", SEND_REFUSED, CAUSE_RECIPIENT, false, false },
	{ UP_TO_DOT "554 5.7.1 spam\r\n", SEND_REFUSED, CAUSE_MAIL, false, false },
};

START_TEST(replies_decide_about_the_mail)
{
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		size_t row = i / 2;
		struct smtp_talk talk;
		struct smtp_verdict verdict = play(&talk, rows[row].replies, i % 2);

		ck_assert_msg(verdict.result == rows[row].result &&
				verdict.complain == rows[row].complain &&
				verdict.is_in_doubt == rows[row].is_in_doubt &&
				(verdict.result == SEND_SENT ||
					verdict.cause == rows[row].cause),
			"%s: result %d cause %d complain %d doubt %d",
			rows[row].replies, verdict.result, verdict.cause,
			verdict.complain, verdict.is_in_doubt);
	}
}
END_TEST

START_TEST(a_mail_that_has_not_left_is_not_in_doubt)
{
	struct smtp_talk talk = { 0 };
	struct smtp_verdict verdict;

	smtp_talk_begin(&talk);
	talk.stage = SMTP_BODY;
	smtp_talk_break(&talk, "broken");
	verdict = smtp_verdict(&talk);
	ck_assert(!verdict.is_in_doubt);
	ck_assert_int_eq(verdict.cause, CAUSE_TRANSPORT);
}
END_TEST

START_TEST(an_opening_that_fails_is_the_transports)
{
	static const struct {
		const char *line;
		bool complain;
	} cases[] = {
		{ "220 hello\r\n", false },
		{ "421 4.3.2 no\r\n", false },
		{ "451 4.7.1 not now\r\n", false },
		{ "554 5.7.1 go away\r\n", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smtp_talk talk = { 0 };
		struct smtp_verdict verdict;

		smtp_talk_opening(&talk, cases[i].line, strlen(cases[i].line));
		verdict = smtp_verdict(&talk);
		ck_assert_int_eq(verdict.result, SEND_DEFERRED);
		ck_assert_int_eq(verdict.cause, CAUSE_TRANSPORT);
		ck_assert_int_eq(verdict.complain, cases[i].complain);
	}
}
END_TEST

static void hear_opening(struct smtp_talk *talk, const char *line)
{
	smtp_talk_opening(talk, line, strlen(line));
}

START_TEST(what_the_server_can_do_is_learnt_under_tls)
{
	struct smtp_talk talk = { .with_starttls = true };

	hear_opening(&talk, "220-hello\r\n");
	ck_assert_int_eq(talk.opening, SMTP_OPEN_GREETING);
	hear_opening(&talk, "220 there\r\n");
	ck_assert_int_eq(talk.opening, SMTP_OPEN_EHLO);
	ck_assert_str_eq(talk.reply, "220 hello there");
	hear_opening(&talk, "250-test\r\n");
	hear_opening(&talk, "250-pipelining\r\n");
	hear_opening(&talk, "250 SIZE 1000\r\n");
	ck_assert(talk.has_pipelining && talk.has_size);
	ck_assert_int_eq(talk.opening, SMTP_OPEN_STARTTLS);
	hear_opening(&talk, "220 go ahead\r\n");
	ck_assert(!talk.has_pipelining && !talk.has_size);
	hear_opening(&talk, "250-test\r\n");
	hear_opening(&talk, "250 SIZELESS\r\n");
	ck_assert(!talk.has_pipelining && !talk.has_size);
	ck_assert_int_eq(talk.opening, SMTP_OPEN_AUTH);
}
END_TEST

START_TEST(only_a_235_behind_the_last_ehlo_is_a_login)
{
	struct smtp_talk talk = { .with_starttls = true };

	hear_opening(&talk, "220 hello\r\n");
	hear_opening(&talk, "235 2.7.0 too early\r\n");
	hear_opening(&talk, "250-test\r\n");
	hear_opening(&talk, "250 AUTH PLAIN\r\n");
	hear_opening(&talk, "235 2.7.0 too early\r\n");
	hear_opening(&talk, "220 go ahead\r\n");
	hear_opening(&talk, "250 AUTH PLAIN\r\n");
	hear_opening(&talk, "334 \r\n");
	ck_assert(!talk.is_logged_in);
	hear_opening(&talk, "235-2.7.0 welcome\r\n");
	ck_assert(!talk.is_logged_in);
	hear_opening(&talk, "235 2.7.0 home\r\n");
	ck_assert(talk.is_logged_in);
}
END_TEST

START_TEST(long_and_binary_replies_are_cut)
{
	struct smtp_talk talk = { 0 };
	bool whole = false;
	int strange = 0; /* counted: an assertion of Check writes to a file each time */

	smtp_talk_begin(&talk);
	for (int i = 0; i < 1 << 20; i++)
		strange += smtp_talk_hear(&talk, "550-line\r\n", 10, &whole) != 10 ||
			whole;
	ck_assert_int_eq(strange, 0);
	for (int i = 0; i < 1000; i++)
		smtp_talk_hear(&talk,
			"\0\xff"
			"5\x1b",
			4, &whole);
	ck_assert_uint_eq(smtp_talk_hear(&talk, "\r\n550 no\r\n", 10, &whole), 2);
	ck_assert(whole);
	ck_assert_uint_le(strlen(talk.reply), SMTP_LINE);
	ck_assert_int_eq(strncmp(talk.reply, "550 line line", 13), 0);
	ck_assert_int_eq(smtp_talk_step(&talk), SMTP_END);
}
END_TEST

START_TEST(a_complaint_has_codes_and_no_words)
{
	struct smtp_talk talk;
	char text[80];

	play(&talk, "250 a\r\n530 5.7.0 <jane@example.net> 123456\r\n", false);
	smtp_verdict_codes(&talk, text, sizeof(text));
	ck_assert_str_eq(text, "the server said 530 5.7.0 to RCPT");
	play(&talk, "550 123456\r\n", false);
	smtp_verdict_codes(&talk, text, sizeof(text));
	ck_assert_str_eq(text, "the server said 550 to MAIL");
}
END_TEST

START_TEST(a_mail_in_doubt_is_repeated_once)
{
	struct smtp_doubt doubt = { 0 };
	char mail[33];

	ck_assert(!smtp_doubt_again(&doubt, "0123456789abcdef0123456789abcdef"));
	ck_assert(smtp_doubt_again(&doubt, "0123456789abcdef0123456789abcdef"));
	for (int i = 0; i < SMTP_DOUBTS; i++) {
		snprintf(mail, sizeof(mail), "%032x", (unsigned)i);
		ck_assert(!smtp_doubt_again(&doubt, mail));
	}
	ck_assert(smtp_doubt_again(&doubt, mail));
	ck_assert(!smtp_doubt_again(&doubt, "0123456789abcdef0123456789abcdef"));
}
END_TEST

START_TEST(only_what_cannot_have_been_taken_is_stale)
{
	struct smtp_talk talk;

	play(&talk, "", true);
	ck_assert(smtp_talk_is_stale(&talk));
	play(&talk, UP_TO_RCPT "421 b\r\n", true);
	ck_assert(smtp_talk_is_stale(&talk));
	play(&talk, UP_TO_RCPT, true);
	ck_assert(!smtp_talk_is_stale(&talk));
	play(&talk, UP_TO_DOT, true);
	ck_assert(!smtp_talk_is_stale(&talk));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mail_smtp");
	TCase *tests = tcase_create("mail_smtp");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, replies_decide_about_the_mail);
	tcase_add_test(tests, a_mail_that_has_not_left_is_not_in_doubt);
	tcase_add_test(tests, an_opening_that_fails_is_the_transports);
	tcase_add_test(tests, what_the_server_can_do_is_learnt_under_tls);
	tcase_add_test(tests, only_a_235_behind_the_last_ehlo_is_a_login);
	tcase_add_test(tests, long_and_binary_replies_are_cut);
	tcase_add_test(tests, a_complaint_has_codes_and_no_words);
	tcase_add_test(tests, a_mail_in_doubt_is_repeated_once);
	tcase_add_test(tests, only_what_cannot_have_been_taken_is_stale);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
