/* SPDX-License-Identifier: MIT */
/* Admin.Metrics: what it counts, who may ask, and that it names nobody. */
#include "otpd/core/event.h"
#include "otpd/core/histogram.h"
#include "otpd/server/tally.h"
#include "tests/unit/rig.h"

static struct rig rig;

static void set_up(void)
{
	rig_open(&rig, "policy sshd { cool_down = 0 }");
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.AddUser",
				 json_pack("{s:s, s:s, s:b}", "user", "alice",
					 "address", "alice@example.org", "verified", 1),
				 NULL),
		0);
}

static json_t *metrics(void)
{
	json_t *out;

	ck_assert_int_eq(rig_call(&rig, 0, "Admin.Metrics", NULL, &out), 0);
	return out;
}

/* The value of this name in a list of the answer. */
static int64_t value(const json_t *out, const char *list, const char *name)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(out, list), i, row)
		if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
			return json_integer_value(json_object_get(row, "value"));
	ck_abort_msg("no %s in %s", name, list);
	return -1;
}

START_TEST(events_are_in_the_order_that_they_are_looked_up_in)
{
	for (size_t i = 0; i < events_count; i++) {
		ck_assert_uint_eq(event_find(events[i].name), i);
		ck_assert(i == 0 || strcmp(events[i - 1].name, events[i].name) < 0);
		ck_assert_uint_le(strlen(events[i].name), LIMIT_EVENT);
	}
	ck_assert_uint_eq(event_find(""), events_count);
	ck_assert_uint_eq(event_find("wrongs"), events_count);
	ck_assert_uint_eq(event_find("zzz"), events_count);
}
END_TEST

START_TEST(a_histogram_counts_each_value_once)
{
	static const int64_t bounds[] = { 1, 10, 100 };
	struct histogram histogram = { .bounds = bounds, .n = 3 };

	for (int64_t i = 0; i <= 200; i++)
		histogram_add(&histogram, i);
	ck_assert_int_eq(histogram.counts[0], 2);
	ck_assert_int_eq(histogram.counts[1], 9);
	ck_assert_int_eq(histogram.counts[2], 90);
	ck_assert_int_eq(histogram.counts[3], 100);
	ck_assert_int_eq(histogram.sum, 200 * 201 / 2);
}
END_TEST

START_TEST(what_happens_is_counted_and_what_is_now_is_said)
{
	char code[LIMIT_CODE + 1];
	json_t *out, *begun;
	const char *challenge;

	set_up();
	ck_assert_int_eq(rig_call(&rig, 0, "Auth.Begin",
				 json_pack("{s:s, s:s, s:s}", "user", "alice",
					 "service", "sshd", "rhost", "192.0.2.7"),
				 &begun),
		0);
	challenge = json_string_value(json_object_get(begun, "challenge"));
	rig_mail(&rig, code, NULL);
	code[0] = code[0] == '1' ? '2' : '1';
	ck_assert_int_eq(
		rig_call(&rig, 0, "Auth.Verify",
			json_pack("{s:s, s:s}", "challenge", challenge, "code", code),
			NULL),
		OUTCOME_WRONG_CODE);
	out = metrics();
	ck_assert_int_eq(value(out, "events", "user_added"), 1);
	ck_assert_int_eq(value(out, "events", "issued"), 1);
	ck_assert_int_eq(value(out, "events", "wrong"), 1);
	ck_assert_int_eq(value(out, "events", "verified"), 0);
	ck_assert_uint_eq(
		json_array_size(json_object_get(out, "events")), events_count);
	ck_assert_int_eq(value(out, "numbers", "users"), 1);
	ck_assert_int_eq(value(out, "numbers", "live_challenges"), 1);
	ck_assert_int_eq(value(out, "numbers", "wrong_last_hour"), 1);
	ck_assert_int_eq(value(out, "numbers", "mails_new"), 1);
	ck_assert_int_eq(value(out, "numbers", "mails_deferred"), 0);
	ck_assert_int_eq(value(out, "numbers", "alerts"), 0);
	ck_assert_int_gt(value(out, "numbers", "memory_peak_bytes"), 1 << 20);
	json_decref(begun);
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(histograms_have_a_count_for_each_bound_and_one_more)
{
	json_t *out, *histogram;
	int64_t commits = 0, batches = 0;
	size_t i;

	set_up();
	out = metrics();
	json_array_foreach(json_object_get(out, "histograms"), i, histogram) {
		const json_t *counts = json_object_get(histogram, "counts"), *count;
		int64_t n = 0;
		size_t j;

		ck_assert_uint_eq(json_array_size(counts),
			json_array_size(json_object_get(histogram, "bounds")) + 1);
		json_array_foreach(counts, j, count)
			n += json_integer_value(count);
		if (i == 0)
			commits = n;
		if (i == 2)
			batches = n;
	}
	ck_assert_uint_eq(i, 3);
	ck_assert_int_eq(commits, 1);
	ck_assert_int_ge(batches, 1);
	json_decref(out);
	rig_close(&rig);
}
END_TEST

/* Each list is as long with a thousand users and hosts, and every count is of digits.
 */
START_TEST(the_answer_names_nobody_and_does_not_grow)
{
	char *few, *many, *secret;
	json_t *out;

	set_up();
	out = metrics();
	few = json_dumps(out, JSON_COMPACT);
	json_decref(out);
	for (int i = 0; i < 300; i++) {
		char user[32], host[32];

		snprintf(user, sizeof(user), "userx%d", i);
		snprintf(host, sizeof(host), "203.0.113.%d", i % 250);
		ck_assert_int_eq(rig_call(&rig, 0, "Auth.Begin",
					 json_pack("{s:s, s:s, s:s}", "user", user,
						 "service", "sshd", "rhost", host),
					 NULL),
			0);
	}
	out = metrics();
	many = json_dumps(out, JSON_COMPACT);
	json_decref(out);
	ck_assert_uint_lt(strlen(many), strlen(few) + 200);
	ck_assert_uint_lt(strlen(many), LIMIT_FRAME);
	secret = strstr(many, "userx");
	ck_assert_ptr_null(secret);
	ck_assert_ptr_null(strstr(many, "203.0.113"));
	ck_assert_ptr_null(strstr(many, "alice"));
	free(few);
	free(many);
	rig_close(&rig);
}
END_TEST

START_TEST(only_root_may_ask)
{
	set_up();
	ck_assert_int_eq(rig_call(&rig, RIG_NOBODY, "Admin.Metrics", NULL, NULL),
		OUTCOME_DENIED);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("metrics", events_are_in_the_order_that_they_are_looked_up_in,
	a_histogram_counts_each_value_once,
	what_happens_is_counted_and_what_is_now_is_said,
	histograms_have_a_count_for_each_bound_and_one_more,
	the_answer_names_nobody_and_does_not_grow, only_root_may_ask);
