/* SPDX-License-Identifier: MIT */
/*
 * The way to otpd-mail, with an otpd-mail that the test plays: what it answers comes
 * into the rows, what makes no sense does not, and what does not fit a call is not
 * sent.
 */
#include "otpd/server/outbox.h"
#include "tests/unit/far_end.h"
#include "tests/unit/heard.h"

static void on_key(void *context, const uint8_t key[MAIL_KEY])
{
	struct rig *it = context;

	ck_assert_int_eq(seal_set_mailer(&it->daemon.seal, key), 0);
}

static void set_up(void)
{
	far_open("policy default { cool_down = 0 sends_per_hour = 100 }", on_key);
}

START_TEST(what_it_answers_comes_into_the_row)
{
	set_up();
	give_key();
	sends("a",
		"{\"result\":\"sent\",\"detail\":\"250 ok\",\"transport\":\"relay\","
		"\"second\":false,\"bad_address\":false}");
	wait_for("id=1 AND state=1 AND detail='250 ok' AND transport='relay' AND"
		 " second=0");
	sends("b",
		"{\"result\":\"sent\",\"detail\":\"202\",\"transport\":\"sms\","
		"\"second\":true,\"bad_address\":true}");
	wait_for("id=2 AND state=1 AND transport='sms' AND second=1");
	ck_assert_int_eq(rig_count(&rig, "SELECT refusals FROM users"), 1);
	sends("c",
		"{\"result\":\"refused\",\"detail\":\"550\",\"transport\":\"relay\","
		"\"second\":false,\"bad_address\":true}");
	wait_for("id=3 AND state=3 AND sealed IS NULL");
	ck_assert_int_eq(rig_count(&rig, "SELECT refusals FROM users"), 2);
	sends("d",
		"{\"result\":\"deferred\",\"detail\":\"451\",\"transport\":\"\","
		"\"second\":false,\"bad_address\":false}");
	wait_for("id=4 AND state=0 AND tries=1 AND sealed NOTNULL");
	ck_assert_int_eq(rig_count(&rig, "SELECT refusals FROM users"), 2);
	/* An otpd-mail of before says less. */
	sends("e", "{\"result\":\"sent\",\"detail\":\"250 ok\"}");
	wait_for("id=5 AND state=1 AND transport='' AND second=0");
	ck_assert_int_eq(rig_count(&rig, "SELECT refusals FROM users"), 0);
	far_close();
}
END_TEST

START_TEST(what_is_no_answer_sends_nothing_and_counts_for_nobody)
{
	static const struct {
		const char *text;
		const char *row;
	} rows[] = {
		{ "{\"parameters\":{}}", "state=0 AND tries=1" },
		{ "{\"parameters\":{\"result\":1,\"bad_address\":true}}",
			"state=0 AND tries=1" },
		{ "{\"parameters\":{\"result\":\"SENT\",\"detail\":\"x\"}}",
			"state=3" },
		{ "{\"parameters\":{\"result\":\"refused\",\"bad_address\":1,"
		  "\"second\":\"yes\",\"transport\":[],\"detail\":{}}}",
			"state=3 AND second=0 AND transport='' AND detail=''" },
		{ "{\"parameters\":{\"result\":\"refused\",\"detail\":\"a\\nb\","
		  "\"transport\":\"a\\u001bb\"}}",
			"state=3 AND detail='a?b' AND transport='a?b'" },
		{ "{\"error\":\"org.emailotp.Error.Denied\",\"parameters\":"
		  "{\"result\":\"sent\",\"bad_address\":true}}",
			"state=0 AND tries=1" },
	};

	set_up();
	give_key();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char service[8], where[128];

		snprintf(service, sizeof(service), "s%d", (int)i);
		begin(service);
		take_call("Send");
		answer(rows[i].text);
		snprintf(where, sizeof(where), "id=%d AND %s", (int)i + 1, rows[i].row);
		wait_for(where);
	}
	ck_assert_int_eq(rig_count(&rig, "SELECT refusals FROM users"), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail WHERE state=1"), 0);
	far_close();
}
END_TEST

/* Until the link is given up, and asks for the key anew. */
static void is_dropped(void)
{
	char rest[64];
	ssize_t n;

	while ((n = recv(fake.fd, rest, sizeof(rest), MSG_DONTWAIT | MSG_PEEK)) != 0 &&
		!(n < 0 && errno == ECONNRESET))
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	ck_assert(!rig.daemon.mailer.up);
}

START_TEST(one_that_says_more_than_it_was_asked_is_not_believed)
{
	static const char two[] =
		"{\"parameters\":{\"result\":\"sent\",\"detail\":\"1\"}}\0"
		"{\"parameters\":{\"result\":\"sent\",\"detail\":\"2\"}}";
	static char blank[LIMIT_REPLY];

	set_up();
	give_key();
	/* Two answers at once: neither holds, and the mail is tried again. */
	begin("a");
	take_call("Send");
	answer_bytes(two, sizeof(two));
	is_dropped();
	wait_for("id=1 AND state=0 AND tries=1");
	ck_assert_str_eq(rig.daemon.mailer.error, "it said more than it was asked");
	/* One and the beginning of another. */
	give_key();
	begin("b");
	take_call("Send");
	answer_bytes(two, sizeof(two) - 5);
	is_dropped();
	wait_for("id=2 AND state=0 AND tries=1");
	/* An answer to nothing, when no mail is under way. */
	give_key();
	answer("{\"parameters\":{\"result\":\"sent\",\"detail\":\"\"}}");
	is_dropped();
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail WHERE state=1"), 0);
	/* Bytes that are no JSON, and a frame without an end. */
	give_key();
	begin("c");
	take_call("Send");
	answer("sent");
	is_dropped();
	wait_for("id=3 AND state=0 AND tries=1");
	give_key();
	begin("d");
	take_call("Send");
	memset(blank, ' ', sizeof(blank));
	answer_bytes(blank, sizeof(blank));
	is_dropped();
	wait_for("id=4 AND state=0 AND tries=1");
	/* After all that it is as good as any other. */
	give_key();
	sends("e", "{\"result\":\"sent\",\"detail\":\"250\"}");
	wait_for("id=5 AND state=1");
	far_close();
}
END_TEST

START_TEST(it_does_not_write_our_log)
{
	set_up();
	listen_in();
	give_key();
	sends("a",
		"{\"result\":\"\\nforged\\u001b[2J\",\"detail\":\"\\nforged\","
		"\"transport\":\"\\nforged\"}");
	wait_for("id=1 AND state=3");
	ck_assert_int_eq(lines_with("mail refused mail="), 1);
	ck_assert_int_eq(lines_with("\nforged"), 0);
	ck_assert_int_eq(lines_with("\033"), 0);
	far_close();
}
END_TEST

START_TEST(the_largest_box_fits_a_call)
{
	struct mail mail = { .state = MAIL_QUEUED,
		.purpose = CODE_LOGIN,
		.at = RIG_NOW,
		.deadline = INT64_MAX,
		.sealed_size = LIMIT_SEALED };

	set_up();
	memset(mail.name, 0xff, sizeof(mail.name));
	memset(mail.sealed, 0xff, sizeof(mail.sealed));
	give_key();
	while (!batch_is_idle(&rig.daemon.batch)) /* the key lets it look for mails */
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	ck_assert_int_eq(mails_insert(&rig.daemon.store, &mail), 0);
	outbox_add(&rig.daemon.outbox, outgoing_new(&mail));
	take_call("Send");
	ck_assert_uint_le(fake.length, LIMIT_FRAME);
	ck_assert_uint_gt(fake.length, LIMIT_SEALED);
	answer("{\"parameters\":{\"result\":\"sent\",\"detail\":\"\"}}");
	wait_for("id=1 AND state=1");
	far_close();
}
END_TEST

UNIT_MAIN("link", what_it_answers_comes_into_the_row,
	what_is_no_answer_sends_nothing_and_counts_for_nobody,
	one_that_says_more_than_it_was_asked_is_not_believed, it_does_not_write_our_log,
	the_largest_box_fits_a_call);
