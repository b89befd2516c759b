/* SPDX-License-Identifier: MIT */
/*
 * The arguments of the PAM line, by table. A typo here decides whether a host asks for
 * a second step, so nothing is guessed: an option that is unknown, given twice, without
 * a value that it needs or with one that it does not take, out of range, or at odds
 * with another one is an error, and the login fails with PAM_SERVICE_ERR.
 */
#include "pam_emailotp/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "otpd/proto/limits.h"
#include "otpd/util/parse.h"
#include "otpd/util/text.h"
#include "pam_emailotp/report.h"

struct option {
	const char *name; /* with its '=' if it takes a value */
	int (*set)(const char *value, void *out, int64_t min, int64_t max);
	size_t offset;
	int64_t min;
	int64_t max;
	const char *allowed;
};

static int set_flag(const char *value, void *out, int64_t min, int64_t max)
{
	(void)min;
	(void)max;
	*(bool *)out = true;
	return *value ? -EINVAL : 0;
}

static int set_number(const char *value, void *out, int64_t min, int64_t max)
{
	int64_t number;

	if (parse_int(value, &number) < 0 || number < min || number > max)
		return -EINVAL;
	*(int64_t *)out = number;
	return 0;
}

static int set_password(const char *value, void *out, int64_t min, int64_t max)
{
	(void)min;
	(void)max;
	if (strcmp(value, "none") == 0)
		*(int64_t *)out = PASSWORD_NONE;
	else if (strcmp(value, "system") == 0)
		*(int64_t *)out = PASSWORD_SYSTEM;
	else if (strcmp(value, "account") == 0)
		*(int64_t *)out = PASSWORD_ACCOUNT;
	else
		return -EINVAL;
	return 0;
}

static int set_path(const char *value, void *out, int64_t min, int64_t max)
{
	size_t length = strlen(value);

	if (value[0] != '/' || (int64_t)length < min || (int64_t)length > max)
		return -EINVAL;
	*(const char **)out = value;
	return 0;
}

static int set_text(const char *value, void *out, int64_t min, int64_t max)
{
	size_t length = strlen(value);

	if ((int64_t)length < min || (int64_t)length > max)
		return -EINVAL;
	if (!text_is_utf8(value) || text_has_control(value))
		return -EINVAL;
	*(const char **)out = value;
	return 0;
}

#define MAX_PATH  (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define AT(field) offsetof(struct options, field)

/* clang-format off */
static const struct option table[] = {
	{ "password=", set_password, AT(password), 0, 0, "none, system or account" },
	{ "prompt=", set_text, AT(prompt), 1, OPTIONS_PROMPT,
		"1 to 200 bytes of UTF-8 without control characters" },
	{ "prompts=", set_number, AT(prompts), 1, 5, "a number from 1 to 5" },
	{ "socket=", set_path, AT(socket), 2, MAX_PATH,
		"an absolute path of at most 107 bytes" },
	{ "timeout=", set_number, AT(timeout_s), 1, 60, "seconds from 1 to 60" },
	{ "append", set_flag, AT(append), 0, 0, "no value" },
	{ "nullok", set_flag, AT(nullok), 0, 0, "no value" },
	{ "try_first_pass", set_flag, AT(try_first_pass), 0, 0, "no value" },
	{ "use_first_pass", set_flag, AT(use_first_pass), 0, 0, "no value" },
	{ "token", set_flag, AT(token), 0, 0, "no value" },
	{ "debug", set_flag, AT(debug), 0, 0, "no value" },
};
/* clang-format on */

#define N_OPTIONS (sizeof(table) / sizeof(table[0]))

/* The length of the name in an argument: up to the '=' and with it. */
static size_t name_length(const char *argument)
{
	size_t length = strcspn(argument, "=");

	return length + (argument[length] == '=');
}

static const struct option *find(const char *argument)
{
	size_t length = name_length(argument);

	for (size_t i = 0; i < N_OPTIONS; i++)
		if (strlen(table[i].name) == length &&
			strncmp(table[i].name, argument, length) == 0)
			return &table[i];
	return NULL;
}

/* The option that argument would be, were it not for its '='. */
static const struct option *find_nearly(const char *argument)
{
	size_t length = strcspn(argument, "=");

	for (size_t i = 0; i < N_OPTIONS; i++)
		if (strcspn(table[i].name, "=") == length &&
			strncmp(table[i].name, argument, length) == 0)
			return &table[i];
	return NULL;
}

static int complain(char reterr[OPTIONS_ERROR], const char *argument, const char *what,
	const char *allowed)
{
	char quoted[120];

	snprintf(reterr, OPTIONS_ERROR, "option %s %s%s",
		text_quote(quoted, sizeof(quoted), argument), what, allowed);
	return -EINVAL;
}

static int parse_one(const char *argument, unsigned *seen, struct options *options,
	char reterr[OPTIONS_ERROR])
{
	const struct option *option = find(argument);
	unsigned bit;

	if (!option) {
		option = find_nearly(argument);
		if (option)
			return complain(reterr, argument, "takes ", option->allowed);
		return complain(reterr, argument, "is unknown; allowed are password=, ",
			"prompt=, prompts=, socket=, timeout=, append, nullok, "
			"try_first_pass, use_first_pass, token, debug");
	}
	bit = 1u << (option - table);
	if (*seen & bit)
		return complain(reterr, argument, "is given twice", "");
	*seen |= bit;
	if (option->set(argument + name_length(argument),
		    (char *)options + option->offset, option->min, option->max) < 0)
		return complain(reterr, argument, "takes ", option->allowed);
	return 0;
}

/* Whether the option of that name was given. */
static bool is_given(const char *name, unsigned seen)
{
	return seen & 1u << (find(name) - table);
}

/* Options of which one makes no sense beside, or without, the other. */
static const struct {
	const char *option;
	const char *at_odds;
} pairs[] = {
	{ "try_first_pass", "use_first_pass" },
	/* There is one text and no prompt for a code. */
	{ "prompt=", "append" },
	{ "prompts=", "append" },
};

static const char *const need_password[] = { "try_first_pass", "use_first_pass",
	"append" };

static int check_together(
	const struct options *options, unsigned seen, char reterr[OPTIONS_ERROR])
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (is_given(pairs[i].option, seen) && is_given(pairs[i].at_odds, seen))
			return complain(reterr, pairs[i].option, "contradicts ",
				pairs[i].at_odds);
	for (size_t i = 0; i < sizeof(need_password) / sizeof(need_password[0]); i++)
		if (options->password == PASSWORD_NONE &&
			is_given(need_password[i], seen))
			return complain(reterr, need_password[i], "needs ",
				"password=system or password=account");
	/* Whoever has no account has no password either that could be right. */
	if (options->nullok && options->password == PASSWORD_ACCOUNT)
		return complain(reterr, "nullok", "contradicts ", "password=account");
	return 0;
}

int options_parse(
	int argc, const char **argv, struct options *ret, char reterr[OPTIONS_ERROR])
{
	unsigned seen = 0;

	*ret = (struct options){ .socket = OTPD_SOCKET, .prompts = 3, .timeout_s = 5 };
	for (int i = 0; i < argc; i++)
		if (parse_one(argv[i], &seen, ret, reterr) < 0)
			return -EINVAL;
	return check_together(ret, seen, reterr);
}

int options_check_change(const struct options *options, char reterr[OPTIONS_ERROR])
{
	const char *option = options->append ? "append"
		: options->token             ? "token"
					     : NULL;

	return option ? complain(reterr, option, "is for lines of ", "auth and account")
		      : 0;
}
