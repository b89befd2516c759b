/* SPDX-License-Identifier: MIT */
/* The arguments of the PAM line: what each may be, and that nothing wrong passes. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/proto/limits.h"
#include "pam_emailotp/options.h"

static struct options options;
static char error[OPTIONS_ERROR];

/* Up to four arguments; NULL ends them. */
static int parse(const char *a, const char *b, const char *c, const char *d)
{
	const char *argv[] = { a, b, c, d, NULL };
	int argc = 0;

	while (argv[argc])
		argc++;
	memset(error, 0, sizeof(error));
	return options_parse(argc, argv, &options, error);
}

START_TEST(without_arguments_the_defaults_hold)
{
	ck_assert_int_eq(parse(NULL, NULL, NULL, NULL), 0);
	ck_assert_int_eq(options.password, PASSWORD_NONE);
	ck_assert_int_eq(options.prompts, 3);
	ck_assert_int_eq(options.timeout_s, 5);
	ck_assert_str_eq(options.socket, OTPD_SOCKET);
	ck_assert_ptr_null(options.prompt);
	ck_assert(!options.nullok && !options.debug);
	ck_assert(!options.try_first_pass && !options.use_first_pass);
	ck_assert(!options.append && !options.token);
}
END_TEST

START_TEST(every_option_is_read)
{
	ck_assert_int_eq(
		parse("password=system", "nullok", "prompt=Your code: ", "prompts=5"),
		0);
	ck_assert_int_eq(options.password, PASSWORD_SYSTEM);
	ck_assert(options.nullok);
	ck_assert_str_eq(options.prompt, "Your code: ");
	ck_assert_int_eq(options.prompts, 5);
	ck_assert_int_eq(parse("socket=/x", "timeout=60", "debug", "password=none"), 0);
	ck_assert_str_eq(options.socket, "/x");
	ck_assert_int_eq(options.timeout_s, 60);
	ck_assert(options.debug);
	ck_assert_int_eq(parse("password=system", "try_first_pass", NULL, NULL), 0);
	ck_assert(options.try_first_pass);
	ck_assert_int_eq(parse("use_first_pass", "password=system", NULL, NULL), 0);
	ck_assert(options.use_first_pass);
	ck_assert_int_eq(
		parse("password=account", "append", "use_first_pass", "token"), 0);
	ck_assert_int_eq(options.password, PASSWORD_ACCOUNT);
	ck_assert(options.append && options.token && options.use_first_pass);
	ck_assert_int_eq(parse("append", "password=system", "nullok", NULL), 0);
	ck_assert_int_eq(parse("token", NULL, NULL, NULL), 0);
}
END_TEST

#define TEXT_100                                                                 \
	"0123456789012345678901234567890123456789012345678901234567890123456789" \
	"012345678901234567890123456789"

START_TEST(values_at_their_limits_are_taken)
{
	ck_assert_int_eq(parse("prompts=1", "timeout=1", "prompt=x", NULL), 0);
	ck_assert_int_eq(parse("prompt=" TEXT_100 TEXT_100, NULL, NULL, NULL), 0);
	ck_assert_int_eq(parse("socket=/123456" TEXT_100, NULL, NULL, NULL), 0);
	ck_assert_int_eq(parse("prompt=\xc3\xa4=b", NULL, NULL, NULL), 0);
	ck_assert_str_eq(options.prompt, "\xc3\xa4=b");
}
END_TEST

static const struct {
	const char *argument;
	const char *said; /* must be in the complaint */
} wrong[] = {
	{ "", "is unknown" },
	{ "=", "is unknown" },
	{ "bogus", "is unknown" },
	{ "bogus=1", "is unknown" },
	{ "nullOK", "is unknown" },
	{ "NULLOK", "is unknown" },
	{ "null_ok", "is unknown" },
	{ "nullok ", "is unknown" },
	{ " nullok", "is unknown" },
	{ "nulloks", "is unknown" },
	{ "prompt s=3", "is unknown" },
	{ "failmode=safe", "is unknown" },
	{ "nullok=", "no value" },
	{ "nullok=yes", "no value" },
	{ "debug=1", "no value" },
	{ "password", "none, system or account" },
	{ "password=", "none, system or account" },
	{ "password=System", "none, system or account" },
	{ "password=accounts", "none, system or account" },
	{ "password=none ", "none, system or account" },
	{ "append=", "no value" },
	{ "append=yes", "no value" },
	{ "Append", "is unknown" },
	{ "token=", "no value" },
	{ "token=jwt", "no value" },
	{ "tokens", "is unknown" },
	{ "prompts", "from 1 to 5" },
	{ "prompts=", "from 1 to 5" },
	{ "prompts=0", "from 1 to 5" },
	{ "prompts=6", "from 1 to 5" },
	{ "prompts=-1", "from 1 to 5" },
	{ "prompts=+1", "from 1 to 5" },
	{ "prompts=3x", "from 1 to 5" },
	{ "prompts= 3", "from 1 to 5" },
	{ "prompts=0x3", "from 1 to 5" },
	{ "prompts=18446744073709551619", "from 1 to 5" },
	{ "timeout=0", "from 1 to 60" },
	{ "timeout=61", "from 1 to 60" },
	{ "timeout=5s", "from 1 to 60" },
	{ "timeout=1.5", "from 1 to 60" },
	{ "socket=", "absolute path" },
	{ "socket=/", "absolute path" },
	{ "socket=run/otpd.sock", "absolute path" },
	{ "socket=/1234567" TEXT_100, "absolute path" },
	{ "prompt=", "200 bytes" },
	{ "prompt=a\nb", "200 bytes" },
	{ "prompt=\x1b[31m", "200 bytes" },
	{ "prompt=\xff", "200 bytes" },
	{ "prompt=x" TEXT_100 TEXT_100, "200 bytes" },
};

START_TEST(a_wrong_option_is_refused_and_named)
{
	ck_assert_int_eq(parse(wrong[_i].argument, NULL, NULL, NULL), -EINVAL);
	ck_assert_msg(strstr(error, wrong[_i].said) != NULL, "%s: %s",
		wrong[_i].argument, error);
	ck_assert_msg(strchr(error, '\n') == NULL && strchr(error, '\x1b') == NULL,
		"%s", error);
	ck_assert_int_eq(parse("nullok", wrong[_i].argument, "debug", NULL), -EINVAL);
}
END_TEST

START_TEST(an_option_given_twice_is_refused)
{
	ck_assert_int_eq(parse("nullok", "nullok", NULL, NULL), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "twice"));
	ck_assert_int_eq(parse("prompts=3", "debug", "prompts=3", NULL), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "prompts=3"));
	ck_assert_int_eq(
		parse("password=none", "password=system", NULL, NULL), -EINVAL);
}
END_TEST

START_TEST(options_that_contradict_each_other_are_refused)
{
	ck_assert_int_eq(
		parse("password=system", "try_first_pass", "use_first_pass", NULL),
		-EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "contradicts"));
	ck_assert_int_eq(parse("try_first_pass", NULL, NULL, NULL), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "password=system"));
	ck_assert_int_eq(parse("use_first_pass", "password=none", NULL, NULL), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "password=system"));
}
END_TEST

static const struct {
	const char *options[4];
	const char *said;
} at_odds[] = {
	{ { "password=account", "nullok" }, "\"nullok\" contradicts password=account" },
	{ { "nullok", "password=account" }, "\"nullok\" contradicts password=account" },
	{ { "append" }, "\"append\" needs password=system or password=account" },
	{ { "append", "password=none" },
		"\"append\" needs password=system or password=account" },
	{ { "append", "password=system", "prompts=2" },
		"\"prompts=\" contradicts append" },
	{ { "prompts=1", "append", "password=system" },
		"\"prompts=\" contradicts append" },
	{ { "append", "prompt=x", "password=account" },
		"\"prompt=\" contradicts append" },
	{ { "password=account", "try_first_pass", "use_first_pass" },
		"\"try_first_pass\" contradicts use_first_pass" },
};

START_TEST(options_at_odds_are_refused)
{
	const char *const *it = at_odds[_i].options;

	ck_assert_int_eq(parse(it[0], it[1], it[2], it[3]), -EINVAL);
	ck_assert_msg(strstr(error, at_odds[_i].said) != NULL, "%s", error);
}
END_TEST

START_TEST(a_password_phase_has_neither_append_nor_token)
{
	ck_assert_int_eq(parse("password=account", "use_first_pass", "debug", NULL), 0);
	ck_assert_int_eq(options_check_change(&options, error), 0);
	ck_assert_int_eq(parse("password=account", "append", NULL, NULL), 0);
	ck_assert_int_eq(options_check_change(&options, error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "\"append\" is for lines of auth"));
	ck_assert_int_eq(parse("token", NULL, NULL, NULL), 0);
	ck_assert_int_eq(options_check_change(&options, error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "\"token\" is for lines of auth"));
}
END_TEST

START_TEST(a_hostile_argument_of_any_length_is_only_quoted)
{
	for (size_t length = 1; length < 2000; length += 37) {
		char *text = malloc(length + 1);

		memset(text, '\x1b', length);
		text[length] = '\0';
		ck_assert_int_eq(parse(text, NULL, NULL, NULL), -EINVAL);
		ck_assert_ptr_null(strchr(error, '\x1b'));
		ck_assert_uint_lt(strlen(error), OPTIONS_ERROR);
		free(text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, without_arguments_the_defaults_hold);
	tcase_add_test(tcase, every_option_is_read);
	tcase_add_test(tcase, values_at_their_limits_are_taken);
	tcase_add_loop_test(tcase, a_wrong_option_is_refused_and_named, 0,
		sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tcase, an_option_given_twice_is_refused);
	tcase_add_test(tcase, options_that_contradict_each_other_are_refused);
	tcase_add_loop_test(tcase, options_at_odds_are_refused, 0,
		sizeof(at_odds) / sizeof(at_odds[0]));
	tcase_add_test(tcase, a_password_phase_has_neither_append_nor_token);
	tcase_add_test(tcase, a_hostile_argument_of_any_length_is_only_quoted);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
