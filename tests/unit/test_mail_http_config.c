/* SPDX-License-Identifier: MIT */
/* mail.conf for http and sms: what is taken, and what is refused in which words. */
#include <errno.h>
#include <stdarg.h>

#include "otpd/mail/config.h"
#include "otpd/mail/transport/http.h"
#include "otpd/mail/transport/http_spec.h"

#include "unit.h"

#define HEAD "from = \"otpd@example.net\"\n"

static char error[512];

static struct mail_config *load(const char *section)
{
	struct mail_config *config = NULL;
	char path[UNIT_PATH], text[4096];

	snprintf(text, sizeof(text), HEAD "transport t {\n%s\n}\n", section);
	unit_write_text(unit_path(path, "mail.conf"), text);
	error[0] = '\0';
	return config_load(path, &config, error, sizeof(error)) < 0 ? NULL : config;
}

static void good(const char *section)
{
	struct mail_config *config = load(section);

	ck_assert_msg(config, "%s: %s", section, error);
	config_free(config);
}

static void bad(const char *section, const char *why)
{
	struct mail_config *config = load(section);

	ck_assert_msg(!config, "taken: %s", section);
	ck_assert_msg(strstr(error, why), "\"%s\" is not in \"%s\"", why, error);
}

/* A section of type http with this url. */
static const char *with_url(const char *url)
{
	static char text[1024];

	snprintf(text, sizeof(text), "type = http preset = webhook url = \"%s\"", url);
	return text;
}

START_TEST(urls_are_https_or_this_machine)
{
	static const char *const urls[] = { "https://example.net",
		"https://example.net/", "https://example.net:8443/a/b?c=d&e=%20",
		"https://192.0.2.1/", "https://[2001:db8::1]:443/", "http://localhost/",
		"http://127.0.0.1:80/x", "http://[::1]/", "http://LocalHost:8080",
		"https://a_b.example?x" };
	static const struct {
		const char *url, *why;
	} wrong[] = {
		{ "http://example.net/", "this machine only" },
		{ "http://127.0.0.1.example.net/", "this machine only" },
		{ "http://localhost.example.net/", "this machine only" },
		{ "http://[2001:db8::1]/", "this machine only" },
		{ "http://192.0.2.1:80/", "this machine only" },
		{ "http://localhost@example.net/", "has a user" },
		{ "https://user:word@example.net/", "no port" },
		{ "https://user@example.net/", "has a user" },
		{ "http://localhost:80@example.net/", "has a user" },
		{ "http://localhost\\\\@example.net/", "no / behind" },
		{ "http://localhost#@example.net/", "no / behind" },
		{ "ftp://example.net/", "https://" },
		{ "file:///etc/passwd", "https://" },
		{ "HTTPS://example.net/", "https://" },
		{ "example.net", "https://" },
		{ "https://", "no host" },
		{ "https:///x", "no host" },
		{ "https://[::1", "no host" },
		{ "https://[x]/", "no host" },
		{ "https://.example.net/", "no host" },
		{ "https://example.net:/", "no port" },
		{ "https://example.net:123456/", "no port" },
		{ "https://example.net:65536/", "no port" },
		{ "https://example.net:0/", "no port" },
		{ "https://ex\xc3\xa4mple.net/", "no / behind" },
		{ "https://example.net/a b", "percent-encoded" },
		{ "https://example.net/a\\r\\nX: y", "control" },
		{ "https://example.net/{{to}}", "percent-encoded" },
		{ "https://example.net/#a", "fragment" },
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		good(with_url(urls[i]));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		bad(with_url(wrong[i].url), wrong[i].why);
}
END_TEST

START_TEST(presets_need_what_they_need)
{
	good("type = http preset = mailjet user = \"k\" password_file = \"/p\"");
	bad("type = http preset = mailjet", "needs user");
	bad("type = http preset = mailjet user = \"k\"", "password_file is not");
	bad("type = http preset = mailjet user = \"k\" password_file = \"/p\" "
	    "api_key_file = \"/k\"",
		"no api_key_file");
	good("type = http preset = sendgrid api_key_file = \"/k\"");
	bad("type = http preset = sendgrid", "needs api_key_file");
	bad("type = http preset = sendgrid api_key_file = \"/k\" user = \"u\" "
	    "password_file = \"/p\"",
		"no user");
	good("type = http preset = postmark api_key_file = \"/k\"");
	bad("type = http preset = postmark", "needs api_key_file");
	good("type = http preset = mailgun api_key_file = \"/k\" domain = \"m.example\"");
	good("type = http preset = mailgun api_key_file = \"/k\" "
	     "url = \"https://api.eu.mailgun.net/v3/m.example/messages\"");
	bad("type = http preset = mailgun api_key_file = \"/k\"", "needs domain");
	bad("type = http preset = mailgun domain = \"m.example\"",
		"needs api_key_file");
	bad("type = http preset = mailgun api_key_file = \"/k\" domain = \"a/b\"",
		"not a domain name");
	bad("type = http preset = mailgun api_key_file = \"/k\" domain = \"a..b\"",
		"not a domain name");
	bad("type = http preset = mailgun api_key_file = \"/k\" domain = \"m.example\" "
	    "user = \"u\" password_file = \"/p\"",
		"no user");
	good("type = http preset = ses region = \"eu-central-1\" user = \"AKIA\" "
	     "password_file = \"/p\"");
	bad("type = http preset = ses user = \"AKIA\" password_file = \"/p\"",
		"needs region");
	bad("type = http preset = ses region = \"eu-central-1\"", "needs user");
	bad("type = http preset = ses region = \"evil.example/\" user = \"a\" "
	    "password_file = \"/p\"",
		"region is not");
	bad("type = http preset = ses region = \"a:b\" user = \"a\" "
	    "password_file = \"/p\"",
		"region is not");
	bad("type = http preset = ses region = \"r\" user = \"a\" password_file = \"/p\" "
	    "api_key_file = \"/k\"",
		"no api_key_file");
	bad("type = http preset = webhook", "needs url");
	bad("type = http preset = webhook url = \"https://a/\" user = \"u\" "
	    "password_file = \"/p\" api_key_file = \"/k\"",
		"both set");
	bad("type = http preset = sendgrid api_key_file = \"/k\" region = \"r\"",
		"region has no meaning");
	bad("type = http preset = sendgrid api_key_file = \"/k\" domain = \"d\"",
		"domain has no meaning");
	bad("type = http preset = gmail", "mailjet|sendgrid");
}
END_TEST

START_TEST(without_a_preset_all_is_told)
{
	good("type = http url = \"https://a/\" body_file = \"/b\"");
	bad("type = http", "url is missing");
	bad("type = http body_file = \"/b\"", "url is missing");
	bad("type = http url = \"https://a/\"", "body_file");
	good("type = sms url = \"https://a/\" body_file = \"/b\"");
	bad("type = sms url = \"https://a/\" headers = { \"X-To: {{to}}\" }",
		"body_file");
	bad("type = sms url = \"https://a/\"", "body_file");
	bad("type = sms preset = sendgrid api_key_file = \"/k\"",
		"preset has no meaning");
	bad("type = sms", "url is missing");
	bad("type = http url = \"https://a/\" body_file = \"b\"", "body_file is not");
	bad("type = http url = \"https://a/\" body_file = \"/b\" ca_file = \"c\"",
		"ca_file is not");
	good("type = http url = \"https://a/\" body_file = \"/b\" api_key_file = \"k\"");
	bad("type = http url = \"https://a/\" body_file = \"/b\" api_key_file = \"./k\"",
		"api_key_file is neither");
	bad("type = http url = \"https://a/\" body_file = \"/b\" "
	    "signing_secret_file = \"a/b\"",
		"signing_secret_file is neither");
	bad("type = http url = \"https://a/\" body_file = \"/b\" "
	    "certificate_file = \"a/b\"",
		"certificate_file is neither");
	bad("type = http url = \"https://a/\" body_file = \"/b\" "
	    "certificate_key_file = \"/k\"",
		"certificate_file is not");
	bad("type = http url = \"https://a/\" body_file = \"/b\" "
	    "password_file = \"/k\"",
		"user is not");
	bad("type = http url = \"https://a/\" body_file = \"/b\" user = \"a:b\" "
	    "password_file = \"/k\"",
		"colon");
	bad("type = http url = \"https://a/\" body_file = \"/b\" method = GET",
		"POST|PUT");
	bad("type = http url = \"https://a/\" body_file = \"/b\" host = \"x\"",
		"no meaning");
	bad("type = smtp host = \"a.example\" url = \"https://a/\"", "no meaning");
}
END_TEST

static void with(bool taken, const char *more, const char *why)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"type = http url = \"https://a/\" body_file = \"/b\" %s", more);
	if (taken)
		good(text);
	else
		bad(text, why);
}

START_TEST(content_types_are_those_that_can_be_escaped)
{
	with(true, "content_type = \"application/json\"", NULL);
	with(true, "content_type = \"application/json; charset=utf-8\"", NULL);
	with(true, "content_type = \"application/x-www-form-urlencoded\"", NULL);
	with(false, "content_type = \"text/plain\"", "neither application/json");
	with(false, "content_type = \"application/xml\"", "neither application/json");
	with(false, "content_type = \"\"", "neither application/json");
	with(false, "content_type = \"application/json\\r\\nX: y\"", "control");
}
END_TEST

START_TEST(headers_are_names_and_values)
{
	with(true, "headers = { \"X-A: b\", \"Authorization: Bearer {{key}}\" }", NULL);
	with(false, "headers = { \"X-A\" }", "Name: value");
	with(false, "headers = { \": b\" }", "Name: value");
	with(false, "headers = { \"X A: b\" }", "Name: value");
	with(false, "headers = { \"X-A : b\" }", "Name: value");
	with(false, "headers = { \"X-A:\" }", "no value");
	with(false, "headers = { \"X-A:  \" }", "no value");
	with(false, "headers = { \"X-A: b\\r\\nX-B: c\" }", "control");
	with(false, "headers = { \"X-A: b\\nc\" }", "control");
	with(false, "headers = { \"X-A: b\", \"x-a: c\" }", "two of one name");
	with(false, "headers = { \"Host: b\" }", "made by otpd-mail");
	with(false, "headers = { \"content-length: 5\" }", "made by otpd-mail");
	with(false, "headers = { \"Content-Type: a/b\" }", "made by otpd-mail");
	with(false, "headers = { \"Transfer-Encoding: chunked\" }",
		"made by otpd-mail");
	with(false, "headers = { \"idempotency-key: x\" }", "made by otpd-mail");
	with(false, "headers = { \"webhook-id: x\" }", "made by otpd-mail");
	with(false,
		"headers = { \"Authorization: x\" } user = \"u\" password_file = \"/p\"",
		"Authorization");
}
END_TEST

START_TEST(answers_are_codes_and_a_field)
{
	with(true, "accepted = { \"2xx\", \"302\" } refused = { \"4xx\", \"500\" }",
		NULL);
	with(true, "accepted = { \"2xx\" } refused = { \"206\" }", NULL);
	with(true, "accepted_field = \"a.0.b=c\"", NULL);
	with(false, "accepted = { \"OK\" }", "accepted: neither");
	with(false, "accepted = { \"1xx\" }", "accepted: neither");
	with(false, "refused = { \"42\" }", "refused: neither");
	with(false, "accepted = { \"2xx\" } refused = { \"2xx\" }", "in common");
	with(false, "accepted_field = \"a.0.b\"", "accepted_field");
	with(false, "accepted_field = \"=b\"", "accepted_field");
}
END_TEST

/* What http_check_files() says of a section; "" if nothing. */
__attribute__((format(printf, 1, 2))) static int files(const char *format, ...)
{
	struct mail_config *config;
	char section[2048];
	va_list args;
	int r;

	va_start(args, format);
	vsnprintf(section, sizeof(section), format, args);
	va_end(args);
	config = load(section);
	ck_assert_msg(config, "%s: %s", section, error);
	r = http_check_files(config_transport(config, 0), error, sizeof(error));
	config_free(config);
	return r;
}

#define OWN     "type = http url = \"https://a/\" body_file = \"%s\" "
#define OWN_SMS "type = sms url = \"https://a/\" body_file = \"%s\" "
#define BODY    "{\"to\":\"{{to}}\",\"t\":\"{{text}}\"}"

START_TEST(templates_are_tried_with_file_and_line)
{
	char path[UNIT_PATH];

	unit_write_text(unit_path(path, "body"), BODY "\n");
	ck_assert_int_eq(files(OWN, path), 0);
	ck_assert_str_eq(error, "");
	unit_write_text(path, "{\"to\":\n\"{{nobody}}\"}\n");
	ck_assert_int_lt(files(OWN, path), 0);
	ck_assert_ptr_nonnull(strstr(error, "transport t: body_file "));
	ck_assert_ptr_nonnull(strstr(error, "body:2: {{nobody}} is not a variable"));
	unit_write(path, "{\"a\":\"\xff\"}", 9, 0600);
	ck_assert_int_lt(files(OWN, path), 0);
	ck_assert_ptr_nonnull(strstr(error, "is not UTF-8"));
	unit_write(path, "{\"a\":\"\0\"}", 9, 0600);
	ck_assert_int_lt(files(OWN, path), 0);
	ck_assert_ptr_nonnull(strstr(error, "is not UTF-8"));
	unit_write(path, "{}", 2, 0666);
	ck_assert_int_lt(files(OWN, path), 0);
	ck_assert_ptr_nonnull(strstr(error, "writable by nobody else"));
	ck_assert_int_lt(files(OWN, "/nonexistent/body"), 0);
	ck_assert_ptr_nonnull(strstr(error, "No such file"));
	unit_write_text(path, "{}");
	ck_assert_int_lt(files(OWN "headers = { \"X-A: {{text}}\" }", path), 0);
	ck_assert_str_eq(
		error, "transport t: headers: X-A: {{text}} is not for headers");
}
END_TEST

START_TEST(a_key_is_where_it_is_needed)
{
	char body[UNIT_PATH], key[UNIT_PATH];

	unit_write_text(unit_path(key, "key"), "secret-key\n");
	unit_write_text(unit_path(body, "body"), BODY);
	ck_assert_int_eq(files(OWN, body), 0);
	ck_assert_int_lt(files(OWN "api_key_file = \"%s\"", body, key), 0);
	ck_assert_ptr_nonnull(strstr(error, "no body has {{key}}"));
	ck_assert_int_lt(files(OWN "headers = { \"X-Key: {{key}}\" }", body), 0);
	ck_assert_ptr_nonnull(strstr(error, "api_key_file is not set"));
	ck_assert_int_eq(files(OWN "headers = { \"X-Key: {{key}}\" } "
				   "api_key_file = \"%s\"",
				 body, key),
		0);
	unit_write_text(
		body, "{\"key\":\"{{key}}\",\"to\":\"{{to}}\",\"c\":\"{{code}}\"}");
	ck_assert_int_eq(files(OWN "api_key_file = \"%s\"", body, key), 0);
	unit_write_text(key, "k\xc3\xa9y\n");
	ck_assert_int_lt(files(OWN "api_key_file = \"%s\"", body, key), 0);
	ck_assert_ptr_nonnull(strstr(error, "is not ASCII"));
	ck_assert_ptr_null(strstr(error, "k\xc3\xa9y"));
}
END_TEST

START_TEST(an_empty_key_is_not_sent)
{
#define HOOK "type = http preset = webhook url = \"https://a/\" "
	char body[UNIT_PATH], key[UNIT_PATH];

	unit_write_text(unit_path(key, "key"), "secret-key\n");
	ck_assert_int_eq(files(HOOK), 0);
	ck_assert_int_lt(
		files(HOOK "headers = { \"Authorization: Bearer {{key}}\" }"), 0);
	ck_assert_str_eq(error,
		"transport t: a header uses {{key}}, but api_key_file is not set");
	ck_assert_int_eq(files(HOOK "headers = { \"Authorization: Bearer {{key}}\" } "
				    "api_key_file = \"%s\"",
				 key),
		0);
	ck_assert_int_eq(
		files(HOOK "headers = { \"X-K: {{#key}}a {{key}}{{/key}}\" }"), 0);
	unit_write_text(unit_path(body, "body"),
		"{\"to\":\"{{to}}\",\"t\":\"{{text}}\",\"k\":\"{{key}}\"}");
	ck_assert_int_lt(files(HOOK "body_file = \"%s\"", body), 0);
	ck_assert_ptr_nonnull(strstr(error, "the body uses {{key}}"));
}
END_TEST

START_TEST(a_request_has_a_recipient_and_a_text)
{
	static const struct {
		const char *body, *http, *sms;
	} rows[] = {
		{ BODY, "", "" },
		{ "{}", "{{to}}", "{{to}}" },
		{ "{\"to\":\"{{to}}\"}", "no text", "no text" },
		{ "{\"t\":\"{{text}}\"}", "{{to}}", "{{to}}" },
		{ "{\"to\":\"{{to}}\",\"c\":\"{{code}}\"}", "", "" },
		{ "{\"to\":\"{{to}}\",\"h\":\"{{html}}\"}", "", "no text" },
		{ "{\"to\":\"{{to}}\",\"s\":\"{{subject}}\"}", "no text", "no text" },
		{ "{\"r\":\"{{raw}}\"}", "", "{{to}}" },
	};
	char path[UNIT_PATH];

	unit_path(path, "body");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unit_write_text(path, rows[i].body);
		ck_assert_int_eq(files(OWN, path), rows[i].http[0] ? -EINVAL : 0);
		ck_assert_msg(strstr(error, rows[i].http), "%zu: %s", i, error);
		ck_assert_int_eq(files(OWN_SMS, path), rows[i].sms[0] ? -EINVAL : 0);
		ck_assert_msg(strstr(error, rows[i].sms), "%zu: %s", i, error);
	}
	unit_write_text(path, "{\"t\":\"{{text}}\"}");
	ck_assert_int_eq(files(OWN_SMS "headers = { \"X-To: {{to}}\" }", path), 0);
}
END_TEST

START_TEST(secrets_are_read_and_not_told)
{
	char body[UNIT_PATH], secret[UNIT_PATH];

	unit_write_text(unit_path(body, "body"), BODY);
	unit_write_text(unit_path(secret, "secret"), "whsec_!not-base64!\n");
	ck_assert_int_lt(files(OWN "signing_secret_file = \"%s\"", body, secret), 0);
	ck_assert_ptr_nonnull(strstr(error, "is not base64"));
	ck_assert_ptr_null(strstr(error, "not-base64!"));
	unit_write_text(secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
	ck_assert_int_eq(files(OWN "signing_secret_file = \"%s\"", body, secret), 0);
	ck_assert_int_eq(
		files(OWN "user = \"u\" password_file = \"%s\"", body, secret), 0);
	ck_assert_int_eq(chmod(secret, 0644), 0);
	ck_assert_int_lt(
		files(OWN "user = \"u\" password_file = \"%s\"", body, secret), 0);
	ck_assert_ptr_nonnull(strstr(error, "password_file"));
	ck_assert_int_lt(files(OWN "certificate_file = \"/nonexistent\"", body), 0);
	ck_assert_ptr_nonnull(strstr(error, "certificate_file /nonexistent: No such"));
	ck_assert_int_lt(files(OWN "certificate_file = \"%s\" "
				   "certificate_key_file = \"%s\"",
				 body, body, secret),
		0);
	ck_assert_ptr_nonnull(strstr(error, "certificate_key_file"));
	ck_assert_int_lt(files(OWN "ca_file = \"/nonexistent\"", body), 0);
	ck_assert_ptr_nonnull(strstr(error, "ca_file /nonexistent: No such"));
}
END_TEST

START_TEST(credentials_of_the_service_are_told_of)
{
	char body[UNIT_PATH], secret[UNIT_PATH];

	unit_write_text(unit_path(body, "body"), BODY);
	unit_write_text(unit_path(secret, "word"), "word\n");
	unsetenv("CREDENTIALS_DIRECTORY");
	ck_assert_int_eq(files(OWN "user = \"u\" password_file = \"word\"", body), 0);
	ck_assert_ptr_nonnull(strstr(error, "password_file is a systemd credential"));
	setenv("CREDENTIALS_DIRECTORY", unit_directory, 1);
	ck_assert_int_eq(files(OWN "user = \"u\" password_file = \"word\"", body), 0);
	ck_assert_str_eq(error, "");
	ck_assert_int_lt(files(OWN "user = \"u\" password_file = \"other\"", body), 0);
}
END_TEST

START_TEST(every_secret_is_masked)
{
	struct http_spec spec = { .secrets = { (char *)(uintptr_t) "abc", NULL,
					  (char *)(uintptr_t) "", NULL } };
	char text[] = "abc ab\0abcabc xabcx";

	http_spec_mask(&spec, text, sizeof(text) - 1);
	ck_assert_int_eq(memcmp(text, "*** ab\0****** x***x", sizeof(text)), 0);
	http_spec_mask(&spec, NULL, 0);
}
END_TEST

UNIT_MAIN("mail_http_config", urls_are_https_or_this_machine,
	presets_need_what_they_need, without_a_preset_all_is_told,
	content_types_are_those_that_can_be_escaped, headers_are_names_and_values,
	answers_are_codes_and_a_field, templates_are_tried_with_file_and_line,
	a_key_is_where_it_is_needed, an_empty_key_is_not_sent,
	a_request_has_a_recipient_and_a_text, secrets_are_read_and_not_told,
	credentials_of_the_service_are_told_of, every_secret_is_masked);
