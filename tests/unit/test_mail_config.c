/* SPDX-License-Identifier: MIT */
/* mail.conf: what is taken, what is refused and in which words, what is warned about.
 */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/mail/config.h"
#include "otpd/util/cleanup.h"

#define HEAD  "from = \"otpd@example.net\"\n"
#define RELAY "transport relay { type = smtp host = \"mail.example.net\" "

static char error[512];

/* Loads a file with this text; NULL, and error says why not. */
static struct mail_config *load(const char *text)
{
	struct mail_config *config = NULL;
	char path[] = "/tmp/otpd-mail-config.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	error[0] = '\0';
	if (config_load(path, &config, error, sizeof(error)) < 0)
		config = NULL;
	unlink(path);
	return config;
}

/* The i-th warning, or NULL. */
static const char *warning(const struct mail_config *config, unsigned i)
{
	static char text[MAIL_WARNING_MAX];

	return config_warning(config, i, text, sizeof(text)) ? text : NULL;
}

static void refused(const char *text, const char *why)
{
	struct mail_config *config = load(text);

	ck_assert_msg(!config, "taken: %s", text);
	ck_assert_msg(strstr(error, why), "\"%s\" is not in \"%s\"", why, error);
}

START_TEST(defaults_are_filled_in)
{
	struct mail_config *config = load(HEAD RELAY "}");
	const struct transport_config *relay;

	ck_assert_msg(config, "%s", error);
	ck_assert_str_eq(config->socket, "/run/otpd/mail.sock");
	ck_assert_int_eq(config->socket_mode, 0600);
	ck_assert_str_eq(config->otpd_user, "otpd");
	ck_assert_str_eq(config->common.from_name, "");
	ck_assert_int_eq(config_log_level(config), 6);
	relay = config_transport(config, 0);
	ck_assert_str_eq(relay->title, "relay");
	ck_assert_int_eq(relay->tls, TLS_STARTTLS);
	ck_assert_int_eq(relay->port, 587);
	ck_assert_int_eq(relay->connections, 4);
	ck_assert_int_eq(relay->timeout_s, 60);
	ck_assert_ptr_null(warning(config, 0));
	config_free(config);
}
END_TEST

START_TEST(the_port_follows_tls)
{
	struct mail_config *config = load(HEAD RELAY "tls = implicit }");

	ck_assert_int_eq(config_transport(config, 0)->port, 465);
	config_free(config);
	config = load(
		HEAD "transport t { type = smtp host = \"localhost\" tls = none }");
	ck_assert_int_eq(config_transport(config, 0)->port, 25);
	config_free(config);
	config = load(HEAD RELAY "port = 2525 }");
	ck_assert_int_eq(config_transport(config, 0)->port, 2525);
	config_free(config);
}
END_TEST

START_TEST(clear_text_is_for_this_machine_only)
{
	static const char *const here[] = { "localhost", "127.0.0.1", "127.9.9.9",
		"::1", "LocalHost" };
	static const char *const there[] = { "mail.example.net", "192.0.2.1", "::2",
		"localhost.example.net", "127.0.0.1.example.net", "1270.0.0.1",
		"::ffff:192.0.2.1" };
	char text[512];

	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
		snprintf(text, sizeof(text),
			HEAD "transport t { type = smtp tls = none host = \"%s\" }",
			here[i]);
		struct mail_config *config = load(text);
		ck_assert_msg(config, "%s", error);
		config_free(config);
	}
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
		snprintf(text, sizeof(text),
			HEAD "transport t { type = smtp tls = none host = \"%s\" }",
			there[i]);
		refused(text, "this machine only");
	}
}
END_TEST

/* A file with n of them, each of another name. */
static const char *many_transports(unsigned n)
{
	static char text[2048];
	size_t at = (size_t)snprintf(text, sizeof(text), HEAD);

	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
			"transport t%u { type = console }\n", i);
	return text;
}

START_TEST(several_transports_keep_their_order)
{
	struct mail_config *config = load(many_transports(16));

	ck_assert_msg(config, "%s", error);
	ck_assert_uint_eq(config->transports.n, 16);
	ck_assert_str_eq(config_transport(config, 0)->title, "t0");
	ck_assert_str_eq(config_transport(config, 15)->title, "t15");
	config_free(config);
}
END_TEST

START_TEST(before_the_set_up_there_is_no_transport)
{
	struct mail_config *config = load("");

	ck_assert_msg(config, "%s", error);
	ck_assert_uint_eq(config->transports.n, 0);
	config_free(config);
	config = load(HEAD);
	ck_assert_msg(config, "%s", error);
	config_free(config);
	refused("from = \"nobody\"\n", "from: not a mail address");
}
END_TEST

START_TEST(mistakes_are_named)
{
	refused(RELAY "}", "from is missing");
	refused("from = \"nobody\"\n" RELAY "}", "from: not a mail address");
	refused("from = \"a@b.example\\r\\nX: y\"\n" RELAY "}", "control");
	refused(many_transports(17), "more than 16 transports");
	refused(HEAD "transport t { host = \"a.example\" }", "type is missing");
	refused(HEAD "transport t { type = pigeon }",
		"not one of smtp|sendmail|http|sms|maildir|console");
	refused(HEAD "transport t { type = smtp }", "host is missing");
	refused(HEAD "transport t { type = smtp host = \"a/b\" }", "host");
	refused(HEAD "transport t { type = smtp host = \"a@b\" }", "host");
	refused(HEAD RELAY "user = \"u\" }", "password_file is not");
	refused(HEAD RELAY "password_file = \"/x\" }", "user is not");
	refused(HEAD RELAY "ca_file = \"x\" }", "absolute");
	refused(HEAD RELAY "path = \"/x\" }", "no meaning");
	refused(HEAD RELAY "connections = 0 }", "1 to 16");
	refused(HEAD RELAY "connections = 17 }", "1 to 16");
	refused(HEAD RELAY "timeout = 4s }", "5 s to 120 s");
	refused(HEAD RELAY "timeout = 3m }", "5 s to 120 s");
	refused(HEAD RELAY "port = 65536 }", "0 to 65535");
	refused(HEAD RELAY "speed = 5 }", "speed");
	refused(HEAD "colour = red\n" RELAY "}", "colour");
	refused(HEAD "transport t { type = maildir }", "path");
	refused(HEAD "transport t { type = maildir path = \"x\" }", "path");
	refused(HEAD "transport t { type = console host = \"a\" }",
		"host has no meaning for type = console");
	refused(HEAD "socket = \"x\"\n" RELAY "}", "socket");
	refused(HEAD "key_file = \"x\"\n" RELAY "}", "key_file");
	refused(HEAD "log_level = loud\n" RELAY "}", "log_level");
}
END_TEST

START_TEST(mistakes_are_told_how_to_put_right)
{
	struct mail_config *config = NULL;

	refused("from = \"Foo <a@b.example>\"\n" RELAY "}",
		"only the address stands here; the name is from_name");
	refused(HEAD "transport t { type = smtp host = \"mail.example.net:587\" }",
		"port = 587");
	refused(HEAD "transport t { type = smtp host = \"mail.example.net:x\" }",
		"neither a host name");
	refused(HEAD "color = \"#1a4fd0\"\n" RELAY "}", "did you mean colour?");
	refused(HEAD RELAY "password = \"x\" }", "did you mean password_file?");
	refused(HEAD RELAY "prot = 25 }", "did you mean port?");
	refused(HEAD RELAY "xyzzy = 25 }", "no such option 'xyzzy'");
	ck_assert_ptr_null(strstr(error, "did you mean"));
	ck_assert_int_lt(config_load("/nonexistent", &config, error, sizeof(error)), 0);
	ck_assert_str_eq(error,
		"/nonexistent: No such file or directory; write it as mail.conf(5) "
		"shows, or name another file with --config");
}
END_TEST

START_TEST(what_does_nothing_is_refused)
{
	static const struct {
		const char *type, *option;
	} rows[] = {
		{ "maildir path = \"/x\"", "connections = 4" },
		{ "maildir path = \"/x\"", "timeout = 60s" },
		{ "maildir path = \"/x\"", "tls = starttls" },
		{ "console", "port = 0" },
		{ "console", "port = 25" },
		{ "console", "auth = password" },
		{ "console", "preset = none" },
		{ "console", "method = POST" },
		{ "console", "content_type = \"application/json\"" },
		{ "console", "headers = { \"X-A: b\" }" },
		{ "sendmail", "tls = none" },
		{ "sendmail", "auth = password" },
		{ "smtp host = \"a.example\"", "method = PUT" },
		{ "smtp host = \"a.example\"", "preset = ses" },
		{ "smtp host = \"a.example\"", "accepted = { \"200\" }" },
		{ "smtp host = \"a.example\"", "refused = { \"400\" }" },
		{ "http preset = webhook url = \"https://a/\"", "tls = implicit" },
		{ "http preset = webhook url = \"https://a/\"", "port = 443" },
		{ "http preset = webhook url = \"https://a/\"", "auth = oauth2" },
		{ "http preset = webhook url = \"https://a/\"", "path = \"/x\"" },
		{ "sms url = \"https://a/\" body_file = \"/b\"", "preset = none" },
	};
	char text[512], why[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
			HEAD "transport t { type = %s per_minute = 5 }", rows[i].type);
		struct mail_config *config = load(text);
		ck_assert_msg(config, "%s: %s", text, error);
		config_free(config);
		snprintf(text, sizeof(text), HEAD "transport t { type = %s %s }",
			rows[i].type, rows[i].option);
		snprintf(why, sizeof(why),
			"transport t: %.*s has no meaning for type = %.*s",
			(int)strcspn(rows[i].option, " "), rows[i].option,
			(int)strcspn(rows[i].type, " "), rows[i].type);
		refused(text, why);
	}
}
END_TEST

/* What --check prints of a file; the caller frees. */
static char *printed(const char *text)
{
	struct mail_config *config = load(text);
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	ck_assert_msg(config, "%s: %s", text, error);
	ck_assert_ptr_nonnull(file);
	config_print(config, file);
	ck_assert_int_eq(fclose(file), 0);
	config_free(config);
	return out;
}

START_TEST(check_prints_what_has_a_meaning_and_it_can_be_read)
{
	static const char *const texts[] = { HEAD RELAY "}",
		HEAD "transport t { type = maildir path = \"/x\" }",
		HEAD "transport t { type = console }",
		HEAD "transport t { type = sendmail }",
		HEAD
		"transport t { type = sms url = \"https://a/\" body_file = \"/b\" }" };
	char *out = printed(texts[0]), *again;

	ck_assert_ptr_nonnull(strstr(out, "\ttls = starttls\n"));
	ck_assert_ptr_null(strstr(out, "preset"));
	free(out);
	out = printed(texts[2]);
	ck_assert_ptr_nonnull(strstr(out, "\ttype = console\n\tper_minute = 0\n}\n"));
	free(out);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		out = printed(texts[i]);
		again = printed(out);
		ck_assert_str_eq(out, again);
		free(out);
		free(again);
	}
}
END_TEST

START_TEST(oauth2_is_whole)
{
#define OAUTH RELAY "auth = oauth2 user = \"me@example.net\" "
#define TOKEN "token_url = \"https://login.example.net/token\" "
#define IDENT "client_id = \"abc\" refresh_token_file = \"/x\" "
	struct mail_config *config =
		load("key_file = \"/var/lib/x/mail.key\"\n" HEAD OAUTH TOKEN IDENT "}");

	ck_assert_msg(config, "%s", error);
	ck_assert_str_eq(config_transport(config, 0)->state_directory, "/var/lib/x");
	config_free(config);
	refused(HEAD RELAY "auth = oauth2 " TOKEN IDENT "}", "needs user");
	refused(HEAD OAUTH IDENT "}", "needs token_url");
	refused(HEAD OAUTH TOKEN "refresh_token_file = \"/x\" }", "needs client_id");
	refused(HEAD OAUTH TOKEN "client_id = \"a\" }", "needs refresh_token_file or");
	refused(HEAD OAUTH TOKEN IDENT "password_file = \"/x\" }", "no meaning with");
	refused(HEAD OAUTH TOKEN "client_id = \"a\" refresh_token_file = \"a/b\" }",
		"refresh_token_file is not an absolute path");
	refused(HEAD OAUTH TOKEN "client_id = \"a\" client_secret_file = \"a/b\" }",
		"client_secret_file is not an absolute path");
	refused(HEAD RELAY TOKEN "}", "need auth = oauth2");
	refused(HEAD RELAY "scope = \"x\" }", "need auth = oauth2");
	refused(HEAD
		"transport \"a.b\" { type = smtp host = \"a.example\" auth = oauth2 "
		"user = \"u\" " TOKEN IDENT "}",
		"name of letters");
	refused(HEAD "transport \"a/b\" { type = smtp host = \"a.example\" }",
		"its name may have letters");
}
END_TEST

START_TEST(token_urls_are_private)
{
	static const char *const good[] = { "https://a.example/t",
		"https://login.microsoftonline.com/common/oauth2/v2.0/token?x=1",
		"https://a.example:8443", "https://[::1]:80/x", "http://localhost:80/t",
		"http://127.0.0.1/", "http://[::1]/t" };
	static const struct {
		const char *url;
		const char *why;
	} bad[] = {
		{ "http://a.example/t", "without TLS" },
		{ "http://localhost.a.example/t", "without TLS" },
		{ "http://127.0.0.1.a.example/t", "without TLS" },
		{ "http://[2001:db8::1]/t", "without TLS" },
		{ "ftp://a.example/t", "https://" },
		{ "HTTPS", "https://" },
		{ "https://", "not a URL" },
		{ "https:///t", "not a URL" },
		{ "https://user@a.example/t", "not a URL" },
		{ "http://localhost:80@a.example/t", "not a URL" },
		{ "http://localhost\\\\@a.example/t", "not a URL" },
		{ "https://a.example/t#x", "not a URL" },
		{ "https://a example/t", "not a URL" },
		{ "https://a.example:8x/t", "not a URL" },
		{ "https://[::1/t", "not a URL" },
		{ "https://[x]/t", "not a URL" },
		{ "http://[::1]x/t", "not a URL" },
	};
	char text[512];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), HEAD OAUTH IDENT "token_url = \"%s\" }",
			good[i]);
		struct mail_config *config = load(text);
		ck_assert_msg(config, "%s: %s", good[i], error);
		config_free(config);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), HEAD OAUTH IDENT "token_url = \"%s\" }",
			bad[i].url);
		refused(text, bad[i].why);
	}
}
END_TEST

START_TEST(certificates_and_sources_are_checked)
{
	refused(HEAD RELAY "certificate_file = \"/x\" }",
		"certificate_key_file is not");
	refused(HEAD RELAY "certificate_key_file = \"/x\" }",
		"certificate_file is not");
	refused(HEAD RELAY "certificate_file = \"x\" certificate_key_file = \"/x\" }",
		"certificate_file is not an absolute");
	refused(HEAD RELAY "certificate_file = \"/x\" certificate_key_file = \"a/x\" }",
		"certificate_key_file is not an absolute");
	refused(HEAD "transport t { type = smtp host = \"localhost\" tls = none "
		     "certificate_file = \"/x\" certificate_key_file = \"/x\" }",
		"no meaning with tls = none");
	refused(HEAD RELAY "source = \"eth0\" }", "not an address");
	refused(HEAD RELAY "source = \"mail.example.net\" }", "not an address");
	refused(HEAD
		"transport t { type = smtp host = \"192.0.2.1\" source = \"::1\" }",
		"both");
	refused(HEAD
		"transport t { type = smtp host = \"::1\" source = \"192.0.2.1\" }",
		"both");
	config_free(load(HEAD RELAY "source = \"192.0.2.1\" }"));
	ck_assert_str_eq(error, "");
}
END_TEST

START_TEST(sendmail_is_this_machine)
{
#define LOCAL "transport local { type = sendmail "
	struct mail_config *config = load(HEAD LOCAL "}");
	const struct transport_config *local;

	ck_assert_msg(config, "%s", error);
	local = config_transport(config, 0);
	ck_assert_str_eq(local->host, "localhost");
	ck_assert_int_eq(local->port, 25);
	ck_assert_int_eq(local->tls, TLS_NONE);
	ck_assert_ptr_null(warning(config, 0));
	config_free(config);
	config = load(HEAD LOCAL "path = \"/run/mta.sock\" }");
	ck_assert_msg(config, "%s", error);
	config_free(config);
	refused(HEAD LOCAL "path = \"/x\" host = \"localhost\" }",
		"exclude each other");
	refused(HEAD LOCAL "path = \"/x\" port = 25 }", "exclude each other");
	refused(HEAD LOCAL "path = \"x\" }", "absolute");
	refused(HEAD LOCAL "host = \"mail.example.net\" }", "type = smtp");
	refused(HEAD LOCAL "tls = implicit }", "no meaning");
	refused(HEAD LOCAL "auth = oauth2 }", "no meaning");
	refused(HEAD LOCAL "user = \"u\" }", "no meaning");
	refused(HEAD LOCAL "ca_file = \"/u\" }", "no meaning");
}
END_TEST

/* Whether one of the warnings has the text. */
static bool warned(const char *text, const char *part)
{
	struct mail_config *config = load(text);
	const char *one;
	bool found = false;

	ck_assert_msg(config, "%s: %s", text, error);
	for (unsigned i = 0; (one = warning(config, i)); i++)
		found = found || strstr(one, part);
	config_free(config);
	return found;
}

START_TEST(what_is_likely_wrong_is_warned_about)
{
	struct mail_config *config =
		load(HEAD RELAY "user = \"me@other.example\" password_file = \"/x\" }");

	ck_assert_ptr_nonnull(strstr(warning(config, 0), "transport relay: from"));
	ck_assert_ptr_nonnull(strstr(warning(config, 0), "another domain"));
	ck_assert_ptr_null(warning(config, 1));
	config_free(config);
	ck_assert(warned(HEAD "transport t { type = console }", "development"));
	ck_assert(warned("from = \"otpd@example.org\"\n" RELAY "}", "of the example"));
	ck_assert(warned(HEAD "tenant acme { from = \"a@acme.example\" }\n" RELAY
			      "user = \"me@example.net\" password_file = \"/x\" }",
		"from of tenant acme"));
	ck_assert(warned(HEAD "tenant acme { from = \"a@example.com\" }\n" RELAY "}",
		"tenant acme is still"));
	ck_assert(warned(HEAD "transport t { type = smtp host = \"::1\" tls = none "
			      "user = \"u\" password_file = \"/x\" }",
		"loopback in clear"));
	ck_assert(warned(HEAD "transport t { type = smtp host = \"::1\" tls = none "
			      "ca_file = \"/x\" }",
		"ca_file does nothing"));
	ck_assert(warned(HEAD OAUTH IDENT "token_url = \"http://[::1]/t\" }",
		"token_url has no TLS"));
	ck_assert(warned(HEAD OAUTH TOKEN
		"client_id = \"a\" client_secret_file = \"/x\" }",
		"without scope"));
	ck_assert(warned(HEAD RELAY "auth = oauth2 user = \"me\" " TOKEN IDENT "}",
		"not a mail address"));
	ck_assert(warned(HEAD RELAY "port = 465 }", "tls = implicit"));
	ck_assert(warned(HEAD RELAY "tls = implicit port = 587 }", "tls = starttls"));
	ck_assert(warned(HEAD "transport t { type = sms url = \"https://a.example\" "
			      "body_file = \"/b\" }",
		"no transport takes mails"));
	ck_assert(warned(
		HEAD "transport t { type = console }\n" RELAY "}", "those behind it"));
}
END_TEST

START_TEST(a_from_that_services_do_not_take_is_warned_about)
{
	static const struct {
		const char *transport;
		const char *why; /* NULL: nothing is said */
	} rows[] = {
#define SMTP(host, user) \
	"type = smtp password_file = \"/x\" host = \"" host "\" user = \"" user "\""
#define MAILGUN(domain) \
	"type = http preset = mailgun api_key_file = \"/k\" domain = \"" domain "\""
		{ SMTP("smtp.gmail.com", "otpd@example.net"), NULL },
		{ SMTP("smtp.gmail.com", "Otpd@Example.net"), NULL },
		{ SMTP("SMTP.gmail.com", "me@example.net"), "from is not user" },
		{ SMTP("smtp.gmail.com", "me@gmail.com"), "from is not user" },
		{ SMTP("smtp.office365.com", "me@example.net"), "from is not user" },
		{ SMTP("mail.example.net", "me@example.net"), NULL },
		{ MAILGUN("example.net"), NULL },
		{ MAILGUN("mg.Example.net"), NULL },
		{ MAILGUN("net"), NULL },
		{ MAILGUN("anexample.net"), "another domain than domain" },
		{ MAILGUN("mg.example.org"), "another domain than domain" },
	};
	char text[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), HEAD "transport t { %s }",
			rows[i].transport);
		struct mail_config *config = load(text);
		ck_assert_msg(config, "%s: %s", text, error);
		const char *first = warning(config, 0);
		if (!rows[i].why)
			ck_assert_msg(!first, "%s: %s", text, first);
		else
			ck_assert_msg(first && strstr(first, rows[i].why), "%s", text);
		ck_assert_ptr_null(warning(config, 1));
		config_free(config);
	}
	ck_assert(warned(HEAD "tenant acme { from = \"a@acme.example\" }\n"
			      "transport t { " MAILGUN("example.net") " }",
		"from of tenant acme is of another domain than domain"));
}
END_TEST

START_TEST(warnings_are_of_all_transports_and_have_an_end)
{
	char text[8192];
	size_t n = (size_t)snprintf(text, sizeof(text), HEAD);
	struct mail_config *config;
	unsigned i = 0;

	for (int t = 0; t < MAIL_TRANSPORTS; t++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			"transport t%d { type = smtp host = \"localhost\" tls = none "
			"ca_file = \"/x\" user = \"u@o.example\" "
			"password_file = \"/x\" }\n",
			t);
	config = load(text);
	ck_assert_msg(config, "%s", error);
	while (warning(config, i))
		i++;
	ck_assert_uint_eq(i, 3 * MAIL_TRANSPORTS);
	ck_assert_ptr_nonnull(strstr(warning(config, i - 1), "transport t15"));
	ck_assert_ptr_null(warning(config, i + 1000));
	config_free(config);
}
END_TEST

START_TEST(a_file_that_others_may_write_is_refused)
{
	struct mail_config *config = NULL;
	char path[] = "/tmp/otpd-mail-config.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_eq(fchmod(fd, 0666), 0);
	close(fd);
	ck_assert_int_lt(config_load(path, &config, error, sizeof(error)), 0);
	ck_assert_ptr_nonnull(strstr(error, "writable by nobody else"));
	unlink(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mail_config");
	TCase *tests = tcase_create("mail_config");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, defaults_are_filled_in);
	tcase_add_test(tests, the_port_follows_tls);
	tcase_add_test(tests, clear_text_is_for_this_machine_only);
	tcase_add_test(tests, several_transports_keep_their_order);
	tcase_add_test(tests, before_the_set_up_there_is_no_transport);
	tcase_add_test(tests, mistakes_are_named);
	tcase_add_test(tests, mistakes_are_told_how_to_put_right);
	tcase_add_test(tests, what_does_nothing_is_refused);
	tcase_add_test(tests, check_prints_what_has_a_meaning_and_it_can_be_read);
	tcase_add_test(tests, oauth2_is_whole);
	tcase_add_test(tests, token_urls_are_private);
	tcase_add_test(tests, certificates_and_sources_are_checked);
	tcase_add_test(tests, sendmail_is_this_machine);
	tcase_add_test(tests, what_is_likely_wrong_is_warned_about);
	tcase_add_test(tests, a_from_that_services_do_not_take_is_warned_about);
	tcase_add_test(tests, warnings_are_of_all_transports_and_have_an_end);
	tcase_add_test(tests, a_file_that_others_may_write_is_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
