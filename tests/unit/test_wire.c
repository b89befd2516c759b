/* SPDX-License-Identifier: MIT */
/* The module's reader and writer: what they take, and above all what they refuse. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pam_emailotp/wire.h"

static char message[9000];
static struct wire_reply reply;

/* On a heap block of exactly the size, so that the sanitizers see a step too far. */
static int read_text(const char *text)
{
	size_t length = strlen(text);
	char *exact = malloc(length + 1);
	int r;

	memcpy(exact, text, length + 1);
	r = wire_read(exact, length, &reply);
	free(exact);
	snprintf(message, sizeof(message), "%s", text);
	if (r == 0)
		ck_assert_int_eq(wire_read(message, length, &reply), 0);
	return r;
}

static const char *const good[] = {
	"{}",
	" \t\r\n{ } \n",
	"{\"parameters\":{}}",
	"{\"parameters\":{\"a\":1}}",
	"{\"parameters\":{\"a\":-1,\"b\":\"x\",\"c\":true,\"d\":false,\"e\":null}}",
	"{\"error\":\"a.b\"}",
	"{\"error\":\"a.b\",\"parameters\":{}}",
	"{\"parameters\":{},\"error\":\"a.b\"}",
	"{\"parameters\":{},\"continues\":false}",
	"{ \"parameters\" : { \"a\" : 1 , \"b\" : 2 } }",
	"{\"parameters\":{\"a\":9223372036854775807,\"b\":-9223372036854775808}}",
	"{\"parameters\":{\"a\":0,\"b\":-0}}",
	"{\"parameters\":{\"\":\"\"}}",
	"{\"parameters\":{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"}}",
	"{\"parameters\":{\"a\":\"\\uD83D\\ude00\"}}",
	"{\"parameters\":{\"a\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"}}",
	"{\"\\u0070arameters\":{\"a\":1}}",
};

static const char *const bad[] = {
	"",
	" ",
	"x",
	"null",
	"[]",
	"\"a\"",
	"1",
	"{",
	"}",
	"{}}",
	"{}{}",
	"{} x",
	"{,}",
	"{\"parameters\"}",
	"{\"parameters\":}",
	"{\"parameters\":1}",
	"{\"parameters\":null}",
	"{\"parameters\":[]}",
	"{\"parameters\":{}",
	"{\"parameters\":{},}",
	"{\"parameters\":{}}}",
	"{\"parameters\":{} \"error\":\"a\"}",
	"{\"parameters\":{},\"parameters\":{}}",
	"{\"error\":\"a\",\"error\":\"a\"}",
	"{\"error\":\"\"}",
	"{\"error\":null}",
	"{\"error\":1}",
	"{\"continues\":true}",
	"{\"continues\":false,\"continues\":false}",
	"{\"continues\":0}",
	"{\"other\":1}",
	"{\"Parameters\":{}}",
	"{parameters:{}}",
	"{'parameters':{}}",
	"{\"parameters\":{\"a\":1,\"a\":1}}",
	"{\"parameters\":{\"a\":1,\"\\u0061\":2}}",
	"{\"parameters\":{\"a\":1,}}",
	"{\"parameters\":{\"a\":{}}}",
	"{\"parameters\":{\"a\":{\"b\":1}}}",
	"{\"parameters\":{\"a\":[]}}",
	"{\"parameters\":{\"a\":1.0}}",
	"{\"parameters\":{\"a\":1e2}}",
	"{\"parameters\":{\"a\":1E2}}",
	"{\"parameters\":{\"a\":.5}}",
	"{\"parameters\":{\"a\":+1}}",
	"{\"parameters\":{\"a\":01}}",
	"{\"parameters\":{\"a\":-01}}",
	"{\"parameters\":{\"a\":-}}",
	"{\"parameters\":{\"a\":--1}}",
	"{\"parameters\":{\"a\":0x1}}",
	"{\"parameters\":{\"a\":9223372036854775808}}",
	"{\"parameters\":{\"a\":-9223372036854775809}}",
	"{\"parameters\":{\"a\":99999999999999999999999999}}",
	"{\"parameters\":{\"a\":tru}}",
	"{\"parameters\":{\"a\":True}}",
	"{\"parameters\":{\"a\":nul}}",
	"{\"parameters\":{\"a\":NaN}}",
	"{\"parameters\":{\"a\":truefalse}}",
	"{\"parameters\":{\"a\":\"x}}",
	"{\"parameters\":{\"a\":\"x\\\"}}",
	"{\"parameters\":{\"a\":\"\\x\"}}",
	"{\"parameters\":{\"a\":\"\\\"",
	"{\"parameters\":{\"a\":\"\\",
	"{\"parameters\":{\"a\":\"\\u\"}}",
	"{\"parameters\":{\"a\":\"\\u12\"}}",
	"{\"parameters\":{\"a\":\"\\u12g4\"}}",
	"{\"parameters\":{\"a\":\"\\u0000\"}}",
	"{\"parameters\":{\"a\":\"\\ud800\"}}",
	"{\"parameters\":{\"a\":\"\\ud800x\"}}",
	"{\"parameters\":{\"a\":\"\\ud800\\n\"}}",
	"{\"parameters\":{\"a\":\"\\ud800\\u0041\"}}",
	"{\"parameters\":{\"a\":\"\\udc00\"}}",
	"{\"parameters\":{\"a\":\"\\ud800\\ud800\"}}",
	"{\"parameters\":{\"a\":\"\x01\"}}",
	"{\"parameters\":{\"a\":\"\n\"}}",
	"{\"parameters\":{\"a\":\"\x80\"}}",
	"{\"parameters\":{\"a\":\"\xc0\x80\"}}",
	"{\"parameters\":{\"a\":\"\xc3\"}}",
	"{\"parameters\":{\"a\":\"\xed\xa0\x80\"}}",
	"{\"parameters\":{\"a\":\"\xf4\x90\x80\x80\"}}",
	"{\"parameters\":{\"a\":\"\xff\"}}",
	"{\"parameters\":{\"a\":\"\xf0\x9f\x98",
	"\xef\xbb\xbf{}",
	"{/**/}",
	"{\"parameters\":{\"a\":1;\"b\":2}}",
	"{\"parameters\":{\"a\"=1}}",
	"{\"parameters\":{1:1}}",
	"{\v}",
};

START_TEST(a_reply_of_the_exact_form_is_read)
{
	ck_assert_msg(read_text(good[_i]) == 0, "%s", good[_i]);
}
END_TEST

START_TEST(anything_else_is_refused)
{
	ck_assert_msg(read_text(bad[_i]) == -EBADMSG, "%s", bad[_i]);
}
END_TEST

START_TEST(a_reply_cut_at_any_byte_is_refused)
{
	static const char whole[] =
		"{\"error\":\"a.b\",\"parameters\":{\"a\":\"\\ud83d\\ude00\xc3\xa4\",\"b\":-12,"
		"\"c\":true,\"d\":null}}";
	char cut[sizeof(whole)];

	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		memcpy(cut, whole, n);
		cut[n] = '\0';
		ck_assert_msg(read_text(cut) == -EBADMSG, "%zu: %s", n, cut);
	}
	ck_assert_int_eq(read_text(whole), 0);
}
END_TEST

START_TEST(a_nul_inside_is_refused)
{
	char text[] = "{\"parameters\":{\"a\":1}} {}";

	text[22] = '\0';
	ck_assert_int_eq(wire_read(text, sizeof(text) - 1, &reply), -EBADMSG);
}
END_TEST

START_TEST(more_members_than_the_table_holds_are_refused)
{
	for (int n = WIRE_MEMBERS - 1; n <= WIRE_MEMBERS + 1; n++) {
		char text[1000] = "{\"parameters\":{";

		for (int i = 0; i < n; i++)
			sprintf(text + strlen(text), "%s\"k%d\":%d", i ? "," : "", i,
				i);
		strcat(text, "}}");
		ck_assert_int_eq(read_text(text), n <= WIRE_MEMBERS ? 0 : -EBADMSG);
	}
}
END_TEST

START_TEST(ten_thousand_braces_are_refused_without_recursion)
{
	static char deep[10001];

	memset(deep, '{', 10000);
	ck_assert_int_eq(wire_read(deep, 10000, &reply), -EBADMSG);
	strcpy(message, "{\"parameters\":{\"a\":");
	memset(message + strlen(message), '[', 4000);
	ck_assert_int_eq(wire_read(message, strlen(message), &reply), -EBADMSG);
}
END_TEST

START_TEST(strings_are_unescaped)
{
	const char *text;

	ck_assert_int_eq(
		read_text("{\"parameters\":{\"k\\n\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\t"
			  "\\u0041\\u00e4\\u20ac\\ud83d\\ude00z\"}}"),
		0);
	ck_assert_int_eq(wire_get_string(&reply, "k\n", 100, &text), 0);
	ck_assert_str_eq(
		text, "a\"\\/\b\f\n\r\tA\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z");
}
END_TEST

START_TEST(a_parameter_is_had_only_with_its_own_type)
{
	const char *text = "untouched";
	int64_t number = 77;
	bool boolean = true;

	ck_assert_int_eq(read_text("{\"parameters\":{\"s\":\"x\",\"i\":5,\"b\":false,"
				   "\"n\":null,\"neg\":-1,\"t\":true}}"),
		0);
	ck_assert_int_eq(wire_get_string(&reply, "i", 9, &text), -EBADMSG);
	ck_assert_int_eq(wire_get_string(&reply, "b", 9, &text), -EBADMSG);
	ck_assert_int_eq(wire_get_string(&reply, "n", 9, &text), -EBADMSG);
	ck_assert_int_eq(wire_get_string(&reply, "absent", 9, &text), -EBADMSG);
	ck_assert_int_eq(wire_get_int(&reply, "s", 9, &number), -EBADMSG);
	ck_assert_int_eq(wire_get_int(&reply, "b", 9, &number), -EBADMSG);
	ck_assert_int_eq(wire_get_int(&reply, "n", 9, &number), -EBADMSG);
	ck_assert_int_eq(wire_get_int(&reply, "absent", 9, &number), -EBADMSG);
	ck_assert_int_eq(wire_get_int(&reply, "neg", 9, &number), -EBADMSG);
	ck_assert_int_eq(wire_get_int(&reply, "i", 4, &number), -EBADMSG);
	ck_assert_int_eq(wire_get_bool(&reply, "i", &boolean), -EBADMSG);
	ck_assert_int_eq(wire_get_bool(&reply, "n", &boolean), -EBADMSG);
	ck_assert_int_eq(wire_get_bool(&reply, "absent", &boolean), -EBADMSG);
	ck_assert_str_eq(text, "untouched");
	ck_assert_int_eq(number, 77);
	ck_assert(boolean);
	ck_assert_int_eq(wire_get_int(&reply, "i", 5, &number), 0);
	ck_assert_int_eq(number, 5);
	ck_assert_int_eq(wire_get_bool(&reply, "b", &boolean), 0);
	ck_assert(!boolean);
	/* Where it may be left out it is false then, and still of no other type. */
	boolean = true;
	ck_assert_int_eq(wire_get_bool_if(&reply, "absent", &boolean), 0);
	ck_assert(!boolean);
	boolean = true;
	ck_assert_int_eq(wire_get_bool_if(&reply, "n", &boolean), 0);
	ck_assert(!boolean);
	ck_assert_int_eq(wire_get_bool_if(&reply, "i", &boolean), -EBADMSG);
	ck_assert_int_eq(wire_get_bool_if(&reply, "s", &boolean), -EBADMSG);
	ck_assert(!boolean);
	ck_assert_int_eq(wire_get_bool_if(&reply, "t", &boolean), 0);
	ck_assert(boolean);
	ck_assert_int_eq(wire_get_string(&reply, "s", 0, &text), -EBADMSG);
	ck_assert_int_eq(wire_get_string(&reply, "s", 1, &text), 0);
}
END_TEST

START_TEST(an_error_keeps_its_name)
{
	ck_assert_int_eq(read_text("{\"error\":\"a.B\",\"parameters\":{\"n\":3}}"), 0);
	ck_assert_str_eq(reply.error, "a.B");
	ck_assert_uint_eq(reply.n_members, 1);
	ck_assert_int_eq(read_text("{}"), 0);
	ck_assert_ptr_null(reply.error);
}
END_TEST

START_TEST(a_call_is_written_with_its_nul)
{
	struct wire_writer writer;
	size_t length;

	wire_begin(&writer, message, sizeof(message), "a.B");
	wire_put_string(&writer, "s", "x\"\\\n\x7f\xc3\xa4");
	wire_put_string(&writer, "none", NULL);
	wire_put_bool(&writer, "t", true);
	wire_put_bool(&writer, "f", false);
	ck_assert_int_eq(wire_end(&writer, &length), 0);
	ck_assert_str_eq(message,
		"{\"method\":\"a.B\",\"parameters\":{\"s\":\"x\\u0022\\u005c\\u000a\\u007f"
		"\xc3\xa4\",\"t\":true}}");
	ck_assert_uint_eq(length, strlen(message) + 1);
}
END_TEST

START_TEST(a_call_that_does_not_fit_is_refused)
{
	static const char whole[] =
		"{\"method\":\"a.B\",\"parameters\":{\"s\":\"\\u000a\"}}";

	for (size_t size = 0; size <= sizeof(whole); size++) {
		char *exact = malloc(size + 1);
		struct wire_writer writer;
		size_t length = 99;
		int r;

		wire_begin(&writer, exact, size, "a.B");
		wire_put_string(&writer, "s", "\n");
		r = wire_end(&writer, &length);
		ck_assert_int_eq(r, size < sizeof(whole) ? -EMSGSIZE : 0);
		ck_assert_uint_eq(length, size < sizeof(whole) ? 99 : sizeof(whole));
		free(exact);
	}
}
END_TEST

START_TEST(a_value_that_is_not_utf8_is_not_written)
{
	struct wire_writer writer;
	size_t length;

	wire_begin(&writer, message, sizeof(message), "a.B");
	wire_put_string(&writer, "s", "\xff");
	ck_assert_int_eq(wire_end(&writer, &length), -EMSGSIZE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire");
	TCase *tcase = tcase_create("wire");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, a_reply_of_the_exact_form_is_read, 0,
		sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(
		tcase, anything_else_is_refused, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tcase, a_reply_cut_at_any_byte_is_refused);
	tcase_add_test(tcase, a_nul_inside_is_refused);
	tcase_add_test(tcase, more_members_than_the_table_holds_are_refused);
	tcase_add_test(tcase, ten_thousand_braces_are_refused_without_recursion);
	tcase_add_test(tcase, strings_are_unescaped);
	tcase_add_test(tcase, a_parameter_is_had_only_with_its_own_type);
	tcase_add_test(tcase, an_error_keeps_its_name);
	tcase_add_test(tcase, a_call_is_written_with_its_nul);
	tcase_add_test(tcase, a_call_that_does_not_fit_is_refused);
	tcase_add_test(tcase, a_value_that_is_not_utf8_is_not_written);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
