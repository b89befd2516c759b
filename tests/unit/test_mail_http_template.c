/* SPDX-License-Identifier: MIT */
/* Which templates of requests are taken, and where and why others are not. */
#include <errno.h>
#include <jansson.h>

#include "otpd/mail/transport/http_template.h"
#include "otpd/mail/transport/http_vars.h"
#include "otpd/mail/transport/preset.h"

#include "unit.h"

static char error[200];
static unsigned line;

static int check(const char *text, enum http_template kind)
{
	error[0] = '\0';
	line = 0;
	return http_template_check(text, kind, &line, error, sizeof(error));
}

static void good(enum http_template kind, const char *text)
{
	ck_assert_msg(check(text, kind) == 0, "%s: line %u: %s", text, line, error);
}

static void bad(
	enum http_template kind, const char *text, unsigned where, const char *why)
{
	ck_assert_msg(check(text, kind) == -EINVAL, "taken: %s", text);
	ck_assert_msg(
		strstr(error, why), "\"%s\" is not in \"%s\": %s", why, error, text);
	ck_assert_msg(line == where, "line %u and not %u: %s", line, where, text);
}

START_TEST(values_stand_inside_of_strings)
{
	good(HTTP_JSON, "{\"to\":\"{{to}}\"}");
	good(HTTP_JSON, "[\"a {{to}} b {{subject}}\"]");
	good(HTTP_JSON, "{\"a\":{\"b\":{\"c\":\"{{text}}\"}}}");
	bad(HTTP_JSON, "{\"to\":{{to}}}", 1, "outside of quotes");
	bad(HTTP_JSON, "{\n\"a\": 1,\n\"to\": {{to}}\n}", 3, "outside of quotes");
	bad(HTTP_JSON, "{\"n\":1{{to}}}", 1, "outside of quotes");
	bad(HTTP_JSON, "{\"n\":1,{{code}}}", 1, "outside of quotes");
	bad(HTTP_JSON, "[{{code}}]", 1, "outside of quotes");
	bad(HTTP_JSON, "{\"a\":\"\\{{to}}\"}", 1, "no JSON");
	bad(HTTP_JSON, "{\"a\":\"\\u00{{to}}\"}", 1, "no JSON");
	bad(HTTP_JSON, "{{to}}", 1, "no JSON");
	bad(HTTP_JSON, "{\"{{to}}\":1}", 1, "names a member");
	bad(HTTP_JSON, "{\"a{{to}}\":1,\"a{{from}}\":2}", 1, "no JSON"); /* twice */
}
END_TEST

START_TEST(digits_may_stand_bare)
{
	good(HTTP_JSON, "{\"n\":{{at}},\"t\":\"{{at}}\"}");
	good(HTTP_JSON, "{\"a\":1{{#expires_at}},\"n\":{{expires_at}}{{/expires_at}}}");
	/* It is empty in a mail without a code. */
	bad(HTTP_JSON, "{\"n\":{{expires_at}}}", 1, "outside of quotes");
	bad(HTTP_JSON, "{\"n\":{{expires_iso}}}", 1, "outside of quotes");
}
END_TEST

START_TEST(the_json_is_json)
{
	good(HTTP_JSON, "{}");
	good(HTTP_JSON, " [ ] \n");
	bad(HTTP_JSON, "", 1, "no JSON");
	bad(HTTP_JSON, "{\"a\":\n\"b\",\n}", 3, "no JSON");
	bad(HTTP_JSON, "{\"a\":1} x", 1, "no JSON");
	bad(HTTP_JSON, "{\"a\":1,\n\"a\":2}", 2, "no JSON");
	bad(HTTP_JSON, "{'a':1}", 1, "no JSON");
	bad(HTTP_JSON, "\"text\"", 1, "no JSON");
}
END_TEST

START_TEST(any_sections_can_be_left_out)
{
	good(HTTP_JSON,
		"[\"a\"{{#to_name}},\"{{to_name}}\"{{/to_name}}"
		"{{#reply_to}},\"{{reply_to}}\"{{/reply_to}}]");
	good(HTTP_JSON,
		"[\"{{#user}}for {{user}}{{#host}} on {{host}}{{/host}}"
		"{{/user}}\"]");
	/* Well-formed only with the section. */
	bad(HTTP_JSON, "[\"a\",\n{{#to_name}}\"{{to_name}}\"{{/to_name}}]", 2,
		"no JSON");
	/* Only without it. */
	bad(HTTP_JSON, "[\"a\"\n{{#to_name}}\"{{to_name}}\"{{/to_name}}]", 2,
		"no JSON");
	/* Only with one of two, or with both. */
	bad(HTTP_JSON, "[{{#user}}1{{/user}}\n{{#host}},{{/host}}\n{{#tty}}2{{/tty}}]",
		1, "no JSON");
	bad(HTTP_JSON, "[{{#user}}1,{{/user}}\n{{#host}}2{{/host}}]", 2, "no JSON");
	/* A quote that a section opens or closes. */
	bad(HTTP_JSON, "[\"a{{#user}}\",\"{{/user}}{{#host}}\"{{/host}}]", 1,
		"no JSON");
}
END_TEST

START_TEST(variables_exist_and_sections_are_closed)
{
	static const enum http_template kinds[] = { HTTP_JSON, HTTP_FORM, HTTP_HEADER };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		enum http_template kind = kinds[i];

		bad(kind, "a={{nothing}}", 1, "{{nothing}} is not a variable");
		bad(kind, "a={{ to }}", 1, "{{ to }} is not a variable");
		bad(kind, "a={{#nothing}}{{/nothing}}", 1, "is not a variable");
		bad(kind, "a={{}}", 1, "without a name");
		bad(kind, "a={{to", 1, "without a name");
		bad(kind, "a={{#to}}", 1, "{{#to}} is not closed");
		bad(kind, "a={{/to}}", 1, "{{/to}} closes nothing");
		bad(kind, "a={{#to}}{{/from}}{{/to}}", 1, "{{/from}} closes nothing");
		bad(kind, "a={{#to}}{{#from}}{{/to}}{{/from}}", 1, "{{/to}} closes");
		bad(kind, "a={{#to}}{{#to}}{{/to}}{{/to}}", 1, "inside of itself");
	}
	bad(HTTP_JSON, "{\"a\":\"{{to}}\",\n\n\"b\":\"{{nobody}}\"}", 3,
		"{{nobody}} is not a variable");
	bad(HTTP_FORM, "a={{to}}\n&b={{#user}}\n&c=1", 2, "{{#user}} is not closed");
	bad(HTTP_JSON,
		"{\"a\":\"{{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaa}}\"}",
		1, "without a name");
}
END_TEST

START_TEST(sections_of_too_many_variables_are_too_many)
{
	good(HTTP_JSON,
		"[\"{{#to}}{{/to}}{{#from}}{{/from}}{{#user}}{{/user}}{{#host}}"
		"{{/host}}{{#tty}}{{/tty}}{{#code}}{{/code}}{{#key}}{{/key}}"
		"{{#mail}}{{/mail}}{{#mail}}{{/mail}}\"]");
	bad(HTTP_JSON,
		"[\"{{#to}}{{/to}}{{#from}}{{/from}}{{#user}}{{/user}}{{#host}}"
		"{{/host}}{{#tty}}{{/tty}}{{#code}}{{/code}}{{#key}}{{/key}}"
		"{{#mail}}{{/mail}}{{#kind}}{{/kind}}\"]",
		1, "more than 8");
}
END_TEST

START_TEST(values_of_forms_stand_behind_their_names)
{
	good(HTTP_FORM, "to={{to}}&text={{text}}");
	good(HTTP_FORM, "to={{to}}\n&text=a%20{{text}}b\r\n&empty=\n");
	good(HTTP_FORM,
		"to={{to}}{{#reply_to}}&h%3AReply-To={{reply_to}}{{/reply_to}}");
	good(HTTP_FORM, "text={{#user}}{{user}}%3A{{/user}}{{text}}");
	bad(HTTP_FORM, "{{to}}", 1, "does not stand behind a name");
	bad(HTTP_FORM, "a=b\n&{{to}}=1", 2, "does not stand behind a name");
	bad(HTTP_FORM, "a=b&x{{to}}=1", 1, "does not stand behind a name");
	bad(HTTP_FORM, "a={{to}}={{from}}", 1, "second =");
	bad(HTTP_FORM, "a=b c", 1, "percent-encoded");
	bad(HTTP_FORM, "a=b\n &c=d", 2, "percent-encoded");
	bad(HTTP_FORM, "a=\xc3\xa9", 1, "percent-encoded");
	bad(HTTP_FORM, "a={x}", 1, "percent-encoded");
	bad(HTTP_FORM, "a=1\n{\n{#user}}", 2, "percent-encoded");
	bad(HTTP_FORM, "a=5%", 1, "hexadecimal");
	bad(HTTP_FORM, "a=%4", 1, "hexadecimal");
	bad(HTTP_FORM, "a=%{{to}}", 1, "hexadecimal");
	/* Left out, it would make what follows a name. */
	bad(HTTP_FORM, "a{{#user}}={{/user}}{{to}}", 1, "{{#user}} has to hold whole");
	bad(HTTP_FORM, "{{#user}}a={{/user}}{{to}}", 1, "{{#user}} has to hold whole");
	bad(HTTP_FORM, "a={{#user}}{{user}}&{{/user}}{{to}}", 1,
		"{{#user}} has to hold whole");
}
END_TEST

START_TEST(headers_have_no_words_of_strangers)
{
	static const char *const no[] = { "to_name", "subject", "text", "html", "raw",
		"user", "service", "host", "rhost", "tty", "command", "address",
		"from_name", "organisation", "code" };
	char text[64];

	good(HTTP_HEADER, "Bearer {{key}}");
	good(HTTP_HEADER, "{{#key}}Bearer {{key}}{{/key}}");
	good(HTTP_HEADER, "{{mail}} {{kind}} {{to}} {{tenant}} {{message_id}}");
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		snprintf(text, sizeof(text), "x {{%s}}", no[i]);
		bad(HTTP_HEADER, text, 1, "is not for headers");
		snprintf(text, sizeof(text), "{{#%s}}x{{/%s}}", no[i], no[i]);
		bad(HTTP_HEADER, text, 1, "is not for headers");
	}
	bad(HTTP_HEADER, "a\r\nX: y", 1, "printable");
	bad(HTTP_HEADER, "a\tb", 1, "printable");
	bad(HTTP_HEADER, "\xc3\xa9", 1, "printable");
}
END_TEST

START_TEST(line_ends_of_forms_are_left_out)
{
	char text[] = "\na={{to}}\r\n&b=c\n\n&d=\n";

	http_template_join(text);
	ck_assert_str_eq(text, "a={{to}}&b=c&d=");
}
END_TEST

START_TEST(the_presets_pass)
{
	for (int i = PRESET_NONE; i <= PRESET_WEBHOOK; i++) {
		const struct preset *preset = preset_get((enum transport_preset)i);
		bool is_form =
			preset->content_type && strstr(preset->content_type, "form");

		if (preset->body)
			good(is_form ? HTTP_FORM : HTTP_JSON, preset->body);
		for (size_t j = 0; j < PRESET_HEADERS && preset->headers[j]; j++)
			good(HTTP_HEADER, strchr(preset->headers[j], ':') + 2);
		ck_assert((preset->refused_field == NULL) ==
			(preset->refused_words == NULL));
		ck_assert((preset->content_type == NULL) == (preset->body == NULL));
	}
}
END_TEST

/* Whatever passes means the same with any values: a search with random templates. */
START_TEST(what_passes_cannot_be_broken_by_values)
{
	static const char *const parts[] = { "{", "}", "[", "]", "\"", "\"", ":", ",",
		"\\", "a", "1", "{{to}}", "{{code}}", "{{at}}", "{{#user}}",
		"{{/user}}", "{{user}}", " ", "\"{{to}}\"", "\"a\":" };
	static const char *const values[] = { "\"", "\\", "\",\"b\":\"", "]}", "", "1",
		"\n", "u0022", "\\u0022", "\xff", "{{code}}" };
	struct template_var vars[HTTP_VARS + 1];
	uint64_t random = 7;
	int n_passed = 0;

	for (int i = 0; i < 300000; i++) {
		unsigned n = unit_random(&random) % 9 + 1, passed;
		char text[200] = "";
		size_t length = 0;

		for (unsigned j = 0; j < n; j++)
			length += (size_t)snprintf(text + length, sizeof(text) - length,
				"%s",
				parts[unit_random(&random) %
					(sizeof(parts) / sizeof(parts[0]))]);
		passed = check(text, HTTP_JSON) == 0;
		n_passed += (int)passed;
		for (size_t v = 0; passed && v < sizeof(values) / sizeof(values[0]);
			v++) {
			struct buffer out = { 0 };
			json_t *json;

			http_vars_sample(vars, values[v]);
			ck_assert_int_eq(
				template_render(&out, text, vars, ESCAPE_JSON), 0);
			json = json_loadb(
				out.data, out.size, JSON_REJECT_DUPLICATES, NULL);
			ck_assert_msg(json, "%s became %s", text, out.data);
			json_decref(json);
			buffer_fini(&out);
		}
	}
	ck_assert_int_gt(n_passed, 100);
}
END_TEST

UNIT_MAIN("mail_http_template", values_stand_inside_of_strings, digits_may_stand_bare,
	the_json_is_json, any_sections_can_be_left_out,
	variables_exist_and_sections_are_closed,
	sections_of_too_many_variables_are_too_many,
	values_of_forms_stand_behind_their_names, headers_have_no_words_of_strangers,
	line_ends_of_forms_are_left_out, the_presets_pass,
	what_passes_cannot_be_broken_by_values);
