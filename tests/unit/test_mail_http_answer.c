/* SPDX-License-Identifier: MIT */
/* What HTTP answers mean, which codes and fields are which, and how a request is
 * signed.
 */
#include "otpd/mail/transport/http_answer.h"
#include "otpd/mail/transport/http_field.h"
#include "otpd/mail/transport/http_sign.h"
#include "otpd/util/escape.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#include "unit.h"

#define NOW 1700000000 /* Tue, 14 Nov 2023 22:13:20 GMT */

static struct http_rules usual(void)
{
	struct http_rules rules = { 0 };

	ck_assert(http_codes_add(&rules.accepted, "2xx"));
	ck_assert(http_codes_add(&rules.refused, "400"));
	ck_assert(http_codes_add(&rules.refused, "422"));
	return rules;
}

static struct http_answer answered(int status, const char *body)
{
	struct http_answer answer = { .end = HTTP_ANSWERED,
		.status = status,
		.error = "",
		.body = body,
		.body_size = strlen(body),
		.is_whole = true };

	return answer;
}

static struct http_verdict judge(
	const struct http_answer *answer, const struct http_rules *rules)
{
	struct http_verdict verdict;

	memset(&verdict, 0xff, sizeof(verdict));
	http_answer_judge(answer, rules, NOW, &verdict);
	return verdict;
}

START_TEST(each_status_has_its_meaning)
{
	static const struct {
		int status;
		enum send_result result;
		enum send_cause cause;
		bool is_our_fault;
	} rows[] = {
		{ 200, SEND_SENT, CAUSE_RECIPIENT, false },
		{ 202, SEND_SENT, CAUSE_RECIPIENT, false },
		{ 299, SEND_SENT, CAUSE_RECIPIENT, false },
		{ 301, SEND_DEFERRED, CAUSE_TRANSPORT, true },
		{ 304, SEND_DEFERRED, CAUSE_TRANSPORT, true },
		{ 400, SEND_REFUSED, CAUSE_MAIL, false },
		{ 401, SEND_DEFERRED, CAUSE_TRANSPORT, true },
		{ 402, SEND_DEFERRED, CAUSE_TRANSPORT, true },
		{ 403, SEND_DEFERRED, CAUSE_TRANSPORT, true },
		{ 404, SEND_DEFERRED, CAUSE_TRANSPORT, true },
		{ 405, SEND_DEFERRED, CAUSE_TRANSPORT, true },
		{ 408, SEND_DEFERRED, CAUSE_TRANSPORT, false },
		{ 409, SEND_DEFERRED, CAUSE_RECIPIENT, false },
		{ 422, SEND_REFUSED, CAUSE_MAIL, false },
		{ 425, SEND_DEFERRED, CAUSE_TRANSPORT, false },
		{ 429, SEND_DEFERRED, CAUSE_TRANSPORT, false },
		{ 500, SEND_DEFERRED, CAUSE_TRANSPORT, false },
		{ 503, SEND_DEFERRED, CAUSE_TRANSPORT, false },
		{ 599, SEND_DEFERRED, CAUSE_TRANSPORT, false },
		{ 999, SEND_DEFERRED, CAUSE_TRANSPORT, false },
	};
	const struct http_rules rules = usual();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct http_answer answer = answered(rows[i].status, "");
		const struct http_verdict verdict = judge(&answer, &rules);

		ck_assert_msg(verdict.result == rows[i].result, "%d", answer.status);
		ck_assert_msg(verdict.cause == rows[i].cause, "%d", answer.status);
		ck_assert_msg(verdict.is_our_fault == rows[i].is_our_fault, "%d",
			answer.status);
		ck_assert_int_eq(verdict.pause_s, 0);
	}
}
END_TEST

START_TEST(the_recipient_is_blamed_only_where_that_is_known)
{
	const struct http_answer bad = answered(400, ""), large = answered(413, "");
	struct http_rules rules = usual();

	ck_assert(http_codes_add(&rules.refused, "413"));
	ck_assert_int_eq(judge(&bad, &rules).cause, CAUSE_MAIL);
	rules.blames_recipient = true;
	ck_assert_int_eq(judge(&bad, &rules).cause, CAUSE_RECIPIENT);
	ck_assert_int_eq(judge(&large, &rules).result, SEND_REFUSED);
	ck_assert_int_eq(judge(&large, &rules).cause, CAUSE_MAIL);
}
END_TEST

START_TEST(no_status_at_all_is_sent_or_refused_unless_a_rule_says_so)
{
	const struct http_rules none = { 0 };

	for (int status = 200; status < 1000; status++) {
		const struct http_answer answer = answered(status, "{\"ok\":true}");

		ck_assert_int_eq(judge(&answer, &none).result, SEND_DEFERRED);
		ck_assert_int_eq(judge(&answer, &none).cause,
			status < 300 || status == 409 ? CAUSE_RECIPIENT
						      : CAUSE_TRANSPORT);
	}
}
END_TEST

START_TEST(what_may_have_been_accepted_goes_to_nobody_else)
{
	struct http_rules rules = usual();
	struct http_answer answer = { .end = HTTP_LOST, .error = "timed out" };
	struct http_verdict verdict = judge(&answer, &rules);

	ck_assert_int_eq(verdict.result, SEND_DEFERRED);
	ck_assert_int_eq(verdict.cause, CAUSE_RECIPIENT);
	ck_assert_str_eq(verdict.detail, "sent, but no answer came: timed out");
	answer.end = HTTP_UNSENT;
	verdict = judge(&answer, &rules);
	ck_assert_int_eq(verdict.result, SEND_DEFERRED);
	ck_assert_int_eq(verdict.cause, CAUSE_TRANSPORT);
	ck_assert_str_eq(verdict.detail, "timed out");
	rules.accepted_field = "ok=true";
	answer = answered(200, "{\"ok\":tr");
	verdict = judge(&answer, &rules);
	ck_assert_int_eq(verdict.result, SEND_DEFERRED);
	ck_assert_int_eq(verdict.cause, CAUSE_RECIPIENT);
	answer = answered(200, "{\"ok\":true}");
	answer.is_whole = false; /* more would have come */
	verdict = judge(&answer, &rules);
	ck_assert_int_eq(verdict.result, SEND_DEFERRED);
	ck_assert_int_eq(verdict.cause, CAUSE_RECIPIENT);
}
END_TEST

START_TEST(a_field_has_to_say_so_too)
{
	struct http_rules rules = usual();
	struct http_answer answer = answered(200, "{\"a\":[{\"b\":\"yes\"}]}");
	struct http_verdict verdict;

	rules.accepted_field = "a.0.b=yes";
	ck_assert_int_eq(judge(&answer, &rules).result, SEND_SENT);
	answer = answered(200, "{\"a\":[{\"b\":\"no\"}]}");
	verdict = judge(&answer, &rules);
	ck_assert_int_eq(verdict.result, SEND_DEFERRED);
	ck_assert_int_eq(verdict.cause, CAUSE_TRANSPORT);
	answer = answered(500, "{\"a\":[{\"b\":\"yes\"}]}");
	ck_assert_int_eq(judge(&answer, &rules).result, SEND_DEFERRED);
}
END_TEST

START_TEST(a_refusal_that_is_about_the_account_is_none)
{
	struct http_rules rules = usual();
	struct http_answer answer = answered(422, "{\"e\":406}");
	struct http_verdict verdict;

	rules.accepted_field = "e=0";
	rules.refused_field = "e";
	rules.refused_words = "300 406";
	ck_assert_int_eq(judge(&answer, &rules).result, SEND_REFUSED);
	answer = answered(422, "{\"e\":300}");
	ck_assert_int_eq(judge(&answer, &rules).result, SEND_REFUSED);
	answer = answered(200, "{\"e\":300}");
	ck_assert_int_eq(judge(&answer, &rules).result, SEND_REFUSED);
	static const char *const others[] = { "{\"e\":40}", "{\"e\":3004}", "{\"e\":0}",
		"{}", "", "{\"e\":\"\"}", "{\"e\":\"300 406\"}" };
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		answer = answered(422, others[i]);
		verdict = judge(&answer, &rules);
		ck_assert_msg(verdict.result == SEND_DEFERRED, "%s", others[i]);
		ck_assert_int_eq(verdict.cause, CAUSE_TRANSPORT);
		ck_assert(verdict.is_our_fault);
	}
	rules.refused_field = "header";
	rules.refused_words = "BadRequestException";
	answer = answered(422, "{}");
	ck_assert_int_eq(judge(&answer, &rules).result, SEND_DEFERRED);
	text_copy(answer.error_type, sizeof(answer.error_type),
		"BadRequestException:http://x/");
	ck_assert_int_eq(judge(&answer, &rules).result, SEND_REFUSED);
	text_copy(answer.error_type, sizeof(answer.error_type), "BadRequestExceptions");
	ck_assert_int_eq(judge(&answer, &rules).result, SEND_DEFERRED);
}
END_TEST

START_TEST(a_single_code_goes_before_its_class)
{
	struct http_rules rules = { 0 };
	struct http_answer answer = answered(202, "");

	ck_assert(http_codes_add(&rules.accepted, "2xx"));
	ck_assert(http_codes_add(&rules.accepted, "404"));
	ck_assert(http_codes_add(&rules.refused, "202"));
	ck_assert(http_codes_add(&rules.refused, "4xx"));
	ck_assert_int_eq(judge(&answer, &rules).result, SEND_REFUSED);
	answer.status = 201;
	ck_assert_int_eq(judge(&answer, &rules).result, SEND_SENT);
	answer.status = 404;
	ck_assert_int_eq(judge(&answer, &rules).result, SEND_SENT);
	answer.status = 405;
	ck_assert_int_eq(judge(&answer, &rules).result, SEND_REFUSED);
}
END_TEST

START_TEST(a_pause_is_taken_from_429_and_503)
{
	const struct http_rules rules = usual();
	struct http_answer answer = answered(429, "");

	text_copy(answer.retry_after, sizeof(answer.retry_after), "90");
	ck_assert_int_eq(judge(&answer, &rules).pause_s, 90);
	answer.status = 503;
	ck_assert_int_eq(judge(&answer, &rules).pause_s, 90);
	answer.status = 500;
	ck_assert_int_eq(judge(&answer, &rules).pause_s, 0);
	answer.status = 200;
	ck_assert_int_eq(judge(&answer, &rules).pause_s, 0);
}
END_TEST

START_TEST(retry_after_is_seconds_or_a_date)
{
	static const struct {
		const char *text;
		int64_t pause_s;
	} rows[] = {
		{ "1", 1 },
		{ "120", 120 },
		{ "3600", 3600 },
		{ "3601", 3600 },
		{ "99999999999999999999999", 3600 },
		{ "0", 1 },
		{ "", 0 },
		{ "-5", 0 },
		{ "5s", 0 },
		{ "5.5", 0 },
		{ "soon", 0 },
		{ "1 2", 0 },
		/* The three forms of RFC 9110 5.6.7. */
		{ "Tue, 14 Nov 2023 22:13:50 GMT", 30 },
		{ "Tuesday, 14-Nov-23 22:13:50 GMT", 30 },
		{ "Tue Nov 14 22:13:50 2023", 30 },
		{ "Tue, 14 Nov 2023 22:13:20 GMT", 1 },
		{ "Tue, 14 Nov 2023 21:00:00 GMT", 1 },
		{ "Wed, 14 Nov 2029 21:00:00 GMT", 3600 },
		{ "Xyz, 99 Foo 2029 99:00:00 GMT", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(http_answer_pause(rows[i].text, NOW) == rows[i].pause_s,
			"%s: %d", rows[i].text,
			(int)http_answer_pause(rows[i].text, NOW));
}
END_TEST

START_TEST(details_are_one_short_line)
{
	const struct http_rules rules = usual();
	char body[1000];
	struct http_answer answer;
	struct http_verdict verdict;

	answer = answered(400, "  {\r\n  \"error\":\t\"no\"\n}  \n");
	text_copy(answer.reason, sizeof(answer.reason), "Bad Request");
	ck_assert_str_eq(judge(&answer, &rules).detail,
		"400 Bad Request: { \"error\": \"no\" }");
	ck_assert_str_eq(judge(&answer, &rules).why, "the service answers 400");
	answer = answered(204, "");
	ck_assert_str_eq(judge(&answer, &rules).detail, "204");
	memset(body, 'x', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	answer = answered(400, body);
	verdict = judge(&answer, &rules);
	ck_assert_uint_eq(strlen(verdict.detail), strlen("400: ") + 160);
	answer = answered(400, "a");
	answer.body = "a\0b";
	answer.body_size = 3;
	ck_assert_str_eq(judge(&answer, &rules).detail, "400: a b");
}
END_TEST

START_TEST(codes_are_codes_or_classes)
{
	static const char *const good[] = { "200", "202", "2xx", "5xx", "599", "301" };
	static const char *const bad[] = { "", "2", "20", "2000", "2x", "2xxx", "1xx",
		"100", "600", "6xx", "abc", "-20", "2Xx", " 20", "20 ", "2x0", "xxx" };
	struct http_codes codes = { 0 };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(http_codes_add(&codes, good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!http_codes_add(&codes, bad[i]), "%s", bad[i]);
	while (codes.n < HTTP_CODES)
		ck_assert(http_codes_add(&codes, "404"));
	ck_assert(!http_codes_add(&codes, "404"));
	ck_assert_int_eq(http_codes_match(&codes, 404), 2);
	ck_assert_int_eq(http_codes_match(&codes, 403), 0);
	ck_assert_int_eq(http_codes_match(&codes, 203), 1);
	ck_assert_int_eq(http_codes_match(&codes, 0), 0);
}
END_TEST

START_TEST(fields_are_found_in_json)
{
	static const char text[] =
		"{\"a\":{\"b\":[0,{\"c\":\"d=e\"}]},\"n\":-7,\"t\":true,\"f\":false,"
		"\"z\":null,\"r\":1.5,\"o\":{},\"s\":\"nul\\u0000x\",\"e\":\"\"}";
	static const char *const good[] = { "a.b.1.c=d=e", "a.b.0=0", "n=-7", "t=true",
		"f=false" };
	static const char *const bad[] = { "a.b.1.c=d", "a.b.2.c=x", "a.b.1=x", "a.b=x",
		"a.b.x=0", "a.b.-1=0", "a.b.99999=0", "z=null", "r=1.5", "o={}",
		"s=nul", "n=7", "t=True", "q=", "e.x=1", "a..b=0" };
	json_t *json = json_loads(text, JSON_ALLOW_NUL, NULL);

	ck_assert_ptr_nonnull(json);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(http_field_holds(json, good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!http_field_holds(json, bad[i]), "%s", bad[i]);
	json_decref(json);
}
END_TEST

START_TEST(fields_are_written_in_one_way)
{
	static const char *const good[] = { "a=b", "Messages.0.Status=success", "a=b=c",
		"a b.c=d e" };
	static const char *const bad[] = { "", "=", "a", "a=", "=b", ".a=b", "a.=b",
		"a..b=c", "a==b", "a\n=b", "a=b\r",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=b",
		"a=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(http_field_is_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!http_field_is_valid(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(signatures_are_those_of_standard_webhooks)
{
	/* The example of its specification. */
	static const char body[] = "{\"test\": 2432232314}";
	char signature[HTTP_SIGNATURE];
	uint8_t *key = NULL;
	size_t size;

	ck_assert_int_eq(
		http_sign_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &key, &size),
		0);
	ck_assert_uint_eq(size, 24);
	http_sign(signature, key, size, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
		body, strlen(body));
	ck_assert_str_eq(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	secret_free(key);
	ck_assert_int_eq(http_sign_key("plain", &key, &size), 0);
	ck_assert_uint_eq(size, 5);
	ck_assert_int_eq(memcmp(key, "plain", 5), 0);
	secret_free(key);
	ck_assert_int_lt(http_sign_key("whsec_", &key, &size), 0);
	ck_assert_int_lt(http_sign_key("whsec_***", &key, &size), 0);
	ck_assert_int_lt(http_sign_key("whsec_YWJj!", &key, &size), 0);
	ck_assert_int_lt(http_sign_key("", &key, &size), 0);
}
END_TEST

static void check_json(const char *text, size_t expected_length)
{
	struct buffer out = { 0 };
	json_t *json;

	buffer_puts(&out, "[\"");
	escape_json(&out, text);
	buffer_puts(&out, "\"]");
	json = json_loadb(out.data, out.size, 0, NULL);
	ck_assert_msg(json && json_array_size(json) == 1, "%s", out.data);
	ck_assert_uint_eq(json_string_length(json_array_get(json, 0)), expected_length);
	if (expected_length == strlen(text))
		ck_assert_str_eq(json_string_value(json_array_get(json, 0)), text);
	json_decref(json);
	buffer_fini(&out);
}

START_TEST(every_text_stays_inside_its_quotes)
{
	uint64_t random = 42;
	char text[24];

	check_json("", 0);
	check_json("\"\\/\b\f\n\r\t\x01\x1f\x7f", 11);
	check_json("\xc3\xa9 \xf0\x9f\x98\x80 \xe2\x80\xa8", 11);
	check_json("\xff", 3); /* U+FFFD */
	check_json("\xc3\"", 4);
	check_json("\xed\xa0\x80", 9);
	for (int i = 0; i < 20000; i++) {
		struct buffer out = { 0 };
		json_t *json;

		for (size_t j = 0; j < sizeof(text) - 1; j++)
			text[j] = (char)(unit_random(&random) % 255 + 1);
		text[sizeof(text) - 1] = '\0';
		buffer_puts(&out, "[\"");
		escape_json(&out, text);
		buffer_puts(&out, "\"]");
		json = json_loadb(out.data, out.size, 0, NULL);
		ck_assert_ptr_nonnull(json);
		ck_assert_uint_eq(json_array_size(json), 1);
		json_decref(json);
		buffer_fini(&out);
	}
}
END_TEST

START_TEST(only_unreserved_characters_are_not_encoded)
{
	struct buffer out = { 0 };
	char text[2] = "";

	escape_url(&out, "aZ09-._~ &=%+\n\xc3\xa9");
	ck_assert_str_eq(out.data, "aZ09-._~%20%26%3D%25%2B%0A%C3%A9");
	buffer_fini(&out);
	for (int c = 1; c < 256; c++) {
		text[0] = (char)c;
		escape_url(&out, text);
		ck_assert(out.size == 3 || strspn(out.data, "-._~") == 1 ||
			(c < 128 &&
				strspn(out.data,
					"abcdefghijklmnopqrstuvwxyz"
					"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789") == 1));
		buffer_fini(&out);
	}
}
END_TEST

UNIT_MAIN("mail_http_answer", each_status_has_its_meaning,
	the_recipient_is_blamed_only_where_that_is_known,
	no_status_at_all_is_sent_or_refused_unless_a_rule_says_so,
	what_may_have_been_accepted_goes_to_nobody_else, a_field_has_to_say_so_too,
	a_refusal_that_is_about_the_account_is_none,
	a_single_code_goes_before_its_class, a_pause_is_taken_from_429_and_503,
	retry_after_is_seconds_or_a_date, details_are_one_short_line,
	codes_are_codes_or_classes, fields_are_found_in_json,
	fields_are_written_in_one_way, signatures_are_those_of_standard_webhooks,
	every_text_stays_inside_its_quotes, only_unreserved_characters_are_not_encoded);
