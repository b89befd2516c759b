/* SPDX-License-Identifier: MIT */
/*
 * Mails that come back, with an otpd-mail that the test plays: what it tells is written
 * once and only then acknowledged, and it can make nothing of a mail but one that has
 * bounced. No test waits for the timer: each question is asked by the test, or by otpd
 * when otpd-mail comes up and when a report is committed.
 */
#include "tests/unit/far_end.h"
#include "tests/unit/heard.h"

#define NO_UPDATE                                                \
	"CREATE TRIGGER no BEFORE UPDATE OF state ON mail BEGIN" \
	" SELECT RAISE(FAIL, 'no'); END"
#define BOUNCED "SELECT count(*) FROM mail WHERE state=2"
#define MARKED  "SELECT count(*) FROM audit WHERE event='undeliverable'"

/* As the daemon's own does. */
static void on_key(void *context, const uint8_t key[MAIL_KEY])
{
	struct rig *it = context;

	ck_assert_int_eq(seal_set_mailer(&it->daemon.seal, key), 0);
	bounces_ask(&it->daemon.bounces);
}

/* The ids of the next question, with a blank behind each. */
static const char *take_question(void)
{
	static char ids[LIMIT_BOUNCES * (LIMIT_BOUNCE_ID + 1) + 1];
	const json_t *parameters, *value, *done;
	size_t i, n = 0;

	take_call("Bounces");
	parameters = json_object_get(fake.message, "parameters");
	ck_assert_uint_eq(json_object_size(parameters), 1);
	done = json_object_get(parameters, "done");
	ck_assert(json_is_array(done));
	ids[0] = '\0';
	json_array_foreach(done, i, value) {
		n += (size_t)snprintf(
			ids + n, sizeof(ids) - n, "%s ", json_string_value(value));
		ck_assert_uint_lt(n, sizeof(ids));
	}
	return ids;
}

/* The next question acknowledges just these. */
static void is_asked(const char *ids)
{
	ck_assert_str_eq(take_question(), ids);
}

/* Until the answer to the last question is dealt with and, if it had to be, written. */
static void finish(void)
{
	struct bounces *bounces = &rig.daemon.bounces;

	while (bounces->asking || bounces->writing)
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
}

static void answer_none(void)
{
	answer("{\"parameters\":{\"bounces\":[]}}");
	finish();
}

static void come_up(void)
{
	give_key();
	is_asked("");
	answer_none();
}

static void open_all(void)
{
	far_open("policy default { cool_down = 0 sends_per_hour = 100 }", on_key);
	bounces_open(&rig.daemon.bounces, &rig.daemon);
	come_up();
}

static void close_all(void)
{
	bounces_close(&rig.daemon.bounces);
	far_close();
}

/* A mail to alice that the relay has taken, and its name. */
static const char *is_sent(const char *service)
{
	static char name[2 * MAIL_NAME + 1];

	sends(service,
		"{\"result\":\"sent\",\"detail\":\"250 ok\",\"transport\":"
		"\"relay\",\"second\":false,\"bad_address\":false}");
	snprintf(name, sizeof(name), "%s",
		json_string_value(json_object_get(
			json_object_get(fake.message, "parameters"), "mail")));
	ck_assert_uint_eq(strlen(name), 2 * MAIL_NAME);
	while (rig_count(&rig, "SELECT count(*) FROM mail WHERE state=0") > 0)
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	return name;
}

static void tell(const char *id, const char *mail)
{
	char text[512];

	snprintf(text, sizeof(text),
		"{\"parameters\":{\"bounces\":[{\"id\":\"%s\",\"mail\":\"%s\","
		"\"status\":\"5.1.1\",\"detail\":\"550 5.1.1 no\\u001bbody\"}]}}",
		id, mail);
	answer(text);
}

/* Asks, is told, and has acknowledged it. */
static void bounces(const char *id, const char *mail)
{
	char ids[LIMIT_BOUNCE_ID + 2];

	bounces_ask(&rig.daemon.bounces);
	is_asked("");
	tell(id, mail);
	snprintf(ids, sizeof(ids), "%s ", id);
	is_asked(ids);
	answer_none();
}

START_TEST(a_mail_that_came_back_is_written_and_then_acknowledged)
{
	char line[128];
	const char *mail;

	open_all();
	mail = is_sent("a");
	listen_in();
	bounces_ask(&rig.daemon.bounces);
	is_asked("");
	ck_assert_int_eq(rig_count(&rig, BOUNCED), 0);
	tell("1.mx:2,", mail);
	is_asked("1.mx:2, ");
	ck_assert_int_eq(rig_count(&rig,
				 BOUNCED " AND sealed IS NULL AND detail ="
					 " 'bounced: 5.1.1 550 5.1.1 no?body'"),
		1);
	ck_assert_int_eq(rig_count(&rig, "SELECT refusals FROM users"), 1);
	snprintf(line, sizeof(line), "mail bounced mail=%s detail=\"bounced: 5.1.1 ",
		mail);
	ck_assert_int_eq(lines_with(line), 1);
	answer_none();
	/* It is acknowledged once. */
	bounces_ask(&rig.daemon.bounces);
	is_asked("");
	answer_none();
	ck_assert_int_eq(lines_with("\n"), 1);
	close_all();
}
END_TEST

START_TEST(told_twice_it_changes_nothing_the_second_time)
{
	const char *mail;

	open_all();
	mail = is_sent("a");
	bounces("1.mx", mail);
	ck_assert_int_eq(
		db_script(rig.daemon.store.db, "UPDATE mail SET detail = 'first'"), 0);
	listen_in();
	/* As after a crash of either side, and as in another report of the same mail.
	 */
	bounces("1.mx", mail);
	bounces("2.mx", mail);
	ck_assert_int_eq(rig_count(&rig, BOUNCED " AND detail='first'"), 1);
	ck_assert_int_eq(rig_count(&rig, "SELECT refusals FROM users"), 1);
	ck_assert_int_eq(lines_with("\n"), 0);
	close_all();
}
END_TEST

START_TEST(only_a_mail_that_was_sent_can_bounce)
{
	static const int states[] = { MAIL_QUEUED, MAIL_FAILED, MAIL_VOID, MAIL_DEAD };
	char sql[64], name[2 * MAIL_NAME + 1];

	open_all();
	snprintf(name, sizeof(name), "%s", is_sent("a"));
	listen_in();
	bounces("1.mx", "00000000000000000000000000000000");
	ck_assert_int_eq(rig_count(&rig, BOUNCED), 0);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		snprintf(sql, sizeof(sql), "UPDATE mail SET state = %d", states[i]);
		ck_assert_int_eq(db_script(rig.daemon.store.db, sql), 0);
		bounces("2.mx", name);
		snprintf(sql, sizeof(sql), "SELECT state FROM mail");
		ck_assert_int_eq(rig_count(&rig, sql), states[i]);
	}
	ck_assert_int_eq(rig_count(&rig, "SELECT refusals FROM users"), 0);
	ck_assert_int_eq(lines_with("\n"), 0);
	close_all();
}
END_TEST

START_TEST(what_has_not_the_form_is_skipped)
{
	static char text[4096], id[LIMIT_BOUNCE_ID + 2];
	char name[2 * MAIL_NAME + 1];

	open_all();
	snprintf(name, sizeof(name), "%s", is_sent("a"));
	memset(id, 'x', LIMIT_BOUNCE_ID + 1);
	bounces_ask(&rig.daemon.bounces);
	is_asked("");
	snprintf(text, sizeof(text),
		"{\"parameters\":{\"bounces\":[null, 1, \"x\", [], {},"
		"{\"id\":\"1\",\"mail\":\"%s\",\"status\":\"5.1.1\"},"
		"{\"id\":\"2\",\"mail\":\"%s\",\"status\":5,\"detail\":\"\"},"
		"{\"id\":3,\"mail\":\"%s\",\"status\":\"5.1.1\",\"detail\":\"\"},"
		"{\"id\":\"4\",\"mail\":\"%.31s\",\"status\":\"\",\"detail\":\"\"},"
		"{\"id\":\"5\",\"mail\":\"%s0\",\"status\":\"\",\"detail\":\"\"},"
		"{\"id\":\"6\",\"mail\":\"%.30sxx\",\"status\":\"\",\"detail\":\"\"},"
		"{\"id\":\"%s\",\"mail\":\"%s\",\"status\":\"\",\"detail\":\"\"},"
		"{\"id\":\"good\",\"mail\":\"%s\",\"status\":\"\",\"detail\":\"\","
		"\"more\":1}]}}",
		name, name, name, name, name, name, id, name, name);
	answer(text);
	is_asked("good ");
	ck_assert_int_eq(rig_count(&rig, BOUNCED), 1);
	answer_none();
	close_all();
}
END_TEST

START_TEST(more_than_fit_are_left_for_the_next_question)
{
	char text[8192], ids[128] = "";
	size_t n;

	open_all();
	bounces_ask(&rig.daemon.bounces);
	is_asked("");
	n = (size_t)snprintf(text, sizeof(text), "{\"parameters\":{\"bounces\":[");
	for (int i = 0; i < 2 * LIMIT_BOUNCES; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			"%s{\"id\":\"%02d\",\"mail\":\"%032d\",\"status\":\"\","
			"\"detail\":\"\"}",
			i ? "," : "", i, i);
	snprintf(text + n, sizeof(text) - n, "]}}");
	answer(text);
	n = 0;
	for (int i = 0; i < LIMIT_BOUNCES; i++)
		n += (size_t)snprintf(ids + n, sizeof(ids) - n, "%02d ", i);
	is_asked(ids);
	answer_none();
	close_all();
}
END_TEST

START_TEST(the_longest_acknowledgement_fits_a_call)
{
	static char text[LIMIT_REPLY], id[LIMIT_BOUNCE_ID + 1];
	size_t n;

	open_all();
	/* Of all that may stand in an id, quotes and backslashes are made longer. */
	memset(id, '\\', LIMIT_BOUNCE_ID);
	bounces_ask(&rig.daemon.bounces);
	is_asked("");
	n = (size_t)snprintf(text, sizeof(text), "{\"parameters\":{\"bounces\":[");
	for (int i = 0; i < LIMIT_BOUNCES; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			"%s{\"id\":\"%s%s\",\"mail\":\"%032d\",\"status\":\"\","
			"\"detail\":\"\"}",
			i ? "," : "", id, id, i);
	snprintf(text + n, sizeof(text) - n, "]}}");
	answer(text);
	ck_assert_uint_gt(strlen(take_question()), LIMIT_BOUNCES * LIMIT_BOUNCE_ID);
	ck_assert_uint_le(fake.length, LIMIT_FRAME);
	answer_none();
	close_all();
}
END_TEST

START_TEST(what_is_no_answer_changes_nothing_and_says_nothing)
{
	static const char *const rows[] = {
		"{\"error\":\"org.emailotp.Error.Unavailable\",\"parameters\":{}}",
		/* An otpd-mail of before. */
		"{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":"
		"{\"method\":\"Bounces\"}}",
		"{\"parameters\":{}}",
		"{}",
		"{\"parameters\":{\"bounces\":null}}",
		"{\"parameters\":{\"bounces\":{\"id\":\"1\"}}}",
		"{\"parameters\":{\"bounces\":\"1\"}}",
		"{\"parameters\":[]}",
	};
	const char *mail;

	open_all();
	mail = is_sent("a");
	listen_in();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bounces_ask(&rig.daemon.bounces);
		is_asked("");
		answer(rows[i]);
		finish();
		ck_assert(rig.daemon.mailer.up);
	}
	ck_assert_int_eq(lines_with("\n"), 0);
	ck_assert_int_eq(rig_count(&rig, BOUNCED), 0);
	/* What is committed is said until it is heard. */
	bounces_ask(&rig.daemon.bounces);
	is_asked("");
	tell("1.mx", mail);
	is_asked("1.mx ");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		answer(rows[i]);
		finish();
		bounces_ask(&rig.daemon.bounces);
		is_asked("1.mx ");
	}
	answer_none();
	close_all();
}
END_TEST

START_TEST(what_cannot_be_written_is_not_acknowledged_and_tried_again)
{
	const char *mail;

	open_all();
	mail = is_sent("a");
	ck_assert_int_eq(db_script(rig.daemon.store.db, NO_UPDATE), 0);
	listen_in();
	bounces_ask(&rig.daemon.bounces);
	is_asked("");
	tell("1.mx", mail);
	finish();
	while (rig.daemon.bounces.writing || rig.daemon.bounces.n > 0)
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	ck_assert_int_eq(rig_count(&rig, BOUNCED), 0);
	ck_assert_int_eq(lines_with("delivery reports cannot be written, retrying"), 1);
	ck_assert_int_eq(lines_with("mail bounced"), 0);
	bounces_ask(&rig.daemon.bounces);
	is_asked("");
	ck_assert_int_eq(db_script(rig.daemon.store.db, "DROP TRIGGER no"), 0);
	tell("1.mx", mail);
	is_asked("1.mx ");
	ck_assert_int_eq(rig_count(&rig, BOUNCED), 1);
	ck_assert_int_eq(rig_count(&rig, "SELECT refusals FROM users"), 1);
	answer_none();
	close_all();
}
END_TEST

START_TEST(the_third_in_a_row_marks_the_address_once)
{
	open_all();
	listen_in();
	bounces("1.mx", is_sent("a"));
	sends("b",
		"{\"result\":\"refused\",\"detail\":\"550\",\"transport\":\"relay\","
		"\"second\":false,\"bad_address\":true}");
	while (rig_count(&rig, "SELECT refusals FROM users") < 2)
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	/* That a relay takes one says nothing while others come back. */
	is_sent("c");
	ck_assert_int_eq(rig_count(&rig, MARKED), 0);
	bounces("2.mx", is_sent("d"));
	ck_assert_int_eq(rig_count(&rig, "SELECT refusals FROM users"), 3);
	ck_assert_int_eq(rig_count(&rig, MARKED " AND user='alice'"), 1);
	ck_assert_int_eq(
		lines_with("mail address marked undeliverable user=\"alice\""), 1);
	bounces("3.mx", is_sent("e"));
	ck_assert_int_eq(rig_count(&rig, "SELECT refusals FROM users"), 4);
	ck_assert_int_eq(rig_count(&rig, MARKED), 1);
	ck_assert_int_eq(lines_with("marked undeliverable"), 1);
	close_all();
}
END_TEST

START_TEST(a_link_that_breaks_under_the_question_ends_no_questions)
{
	open_all();
	/* Closed, and otpd has not seen it yet: it sees it when it writes. */
	for (int i = 0; i < fake.n; i++)
		close(fake.links[i]);
	fake.n = 0;
	bounces_ask(&rig.daemon.bounces);
	ck_assert(!rig.daemon.mailer.up);
	come_up();
	/* And one that closes instead of answering. */
	bounces_ask(&rig.daemon.bounces);
	is_asked("");
	close(fake.links[--fake.n]);
	come_up();
	close_all();
}
END_TEST

START_TEST(there_is_one_question_at_a_time_and_none_at_the_end)
{
	const char *mail;

	open_all();
	mail = is_sent("a");
	bounces_ask(&rig.daemon.bounces);
	bounces_ask(&rig.daemon.bounces);
	is_asked("");
	bounces_ask(&rig.daemon.bounces);
	tell("1.mx", mail);
	is_asked("1.mx ");
	/* It is told of another one while otpd stops. */
	rig.daemon.stopping = true;
	tell("2.mx", mail);
	finish();
	bounces_ask(&rig.daemon.bounces);
	ck_assert(!rig.daemon.bounces.asking && !rig.daemon.bounces.writing);
	close_all();
}
END_TEST

UNIT_MAIN("bounces", a_mail_that_came_back_is_written_and_then_acknowledged,
	told_twice_it_changes_nothing_the_second_time,
	only_a_mail_that_was_sent_can_bounce, what_has_not_the_form_is_skipped,
	more_than_fit_are_left_for_the_next_question,
	the_longest_acknowledgement_fits_a_call,
	what_is_no_answer_changes_nothing_and_says_nothing,
	what_cannot_be_written_is_not_acknowledged_and_tried_again,
	the_third_in_a_row_marks_the_address_once,
	a_link_that_breaks_under_the_question_ends_no_questions,
	there_is_one_question_at_a_time_and_none_at_the_end);
