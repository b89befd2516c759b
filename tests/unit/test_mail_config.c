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
	ck_assert_str_eq(config->common.from_name, "Sign-in code");
	ck_assert_int_eq(config_log_level(config), 6);
	relay = config_transport(config, 0);
	ck_assert_str_eq(relay->title, "relay");
	ck_assert_int_eq(relay->tls, TLS_STARTTLS);
	ck_assert_int_eq(relay->port, 587);
	ck_assert_int_eq(relay->connections, 4);
	ck_assert_int_eq(relay->timeout_s, 60);
	ck_assert_ptr_null(config_warning(config, 0));
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

START_TEST(mistakes_are_named)
{
	refused(RELAY "}", "from is missing");
	refused("from = \"nobody\"\n" RELAY "}", "from: not a mail address");
	refused("from = \"a@b.example\\r\\nX: y\"\n" RELAY "}", "control");
	refused(HEAD, "no transport");
	refused(HEAD RELAY "}\ntransport b { type = console }", "more than one");
	refused(HEAD "transport t { host = \"a.example\" }", "type is missing");
	refused(HEAD "transport t { type = pigeon }",
		"not one of smtp|maildir|console");
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
	refused(HEAD "transport t { type = console host = \"a\" }", "type = smtp");
	refused(HEAD "socket = \"x\"\n" RELAY "}", "socket");
	refused(HEAD "key_file = \"x\"\n" RELAY "}", "key_file");
	refused(HEAD "log_level = loud\n" RELAY "}", "log_level");
}
END_TEST

START_TEST(what_is_likely_wrong_is_warned_about)
{
	struct mail_config *config =
		load(HEAD RELAY "user = \"me@other.example\" password_file = \"/x\" }");

	ck_assert_ptr_nonnull(strstr(config_warning(config, 0), "another domain"));
	ck_assert_ptr_null(config_warning(config, 1));
	config_free(config);
	config = load(HEAD "transport t { type = console }");
	ck_assert_ptr_nonnull(strstr(config_warning(config, 0), "development"));
	config_free(config);
	config = load("from = \"otpd@example.org\"\n" RELAY "}");
	ck_assert_ptr_nonnull(strstr(config_warning(config, 0), "example"));
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
	tcase_add_test(tests, mistakes_are_named);
	tcase_add_test(tests, what_is_likely_wrong_is_warned_about);
	tcase_add_test(tests, a_file_that_others_may_write_is_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
