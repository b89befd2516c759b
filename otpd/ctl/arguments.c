/* SPDX-License-Identifier: MIT */
/*
 * Options from one table: it feeds getopt_long(3), the checks, the help and the usage
 * lines. Options may stand anywhere on the line, so that "--json" can be added to the
 * end of a command from the history. An option that the command does not take is an
 * error and never ignored: "users remove --dry-run" must not remove.
 */
#include "otpd/ctl/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/moment.h"
#include "otpd/ctl/output.h"
#include "otpd/proto/limits.h"
#include "otpd/util/clock.h"
#include "otpd/util/parse.h"
#include "otpd/util/suggest.h"

#define LINE_WIDTH 80

enum argument_type {
	TYPE_FLAG,
	TYPE_TEXT,    /* const char * at offset */
	TYPE_NUMBER,  /* int64_t at offset, min to max */
	TYPE_SECONDS, /* the same, with s, m, h or d */
	TYPE_TIME,    /* int64_t at offset, since 1970 */
};

static const struct spec {
	const char *name;
	const char *operand;
	enum argument_type type;
	size_t offset;
	int64_t min;
	int64_t max;
	const char *help;
} specs[] = {
	{ "help", NULL, TYPE_FLAG, 0, 0, 0, "show this help" },
	{ "version", NULL, TYPE_FLAG, 0, 0, 0, "show the version" },
	{ "socket", "PATH", TYPE_TEXT, offsetof(struct arguments, socket), 0, 0,
		"where otpd listens (" OTPD_SOCKET ")" },
	{ "json", NULL, TYPE_FLAG, 0, 0, 0, "answer in JSON, for programs" },
	{ "timeout", "S", TYPE_SECONDS, offsetof(struct arguments, timeout_s), 1, 3600,
		"seconds to wait for an answer (10)" },
	{ "name", "NAME", TYPE_TEXT, offsetof(struct arguments, name), 0, 0,
		"the person's name, for the greeting in mails" },
	{ "verified", NULL, TYPE_FLAG, 0, 0, 0,
		"take the address as proven, without a code" },
	{ "replace", NULL, TYPE_FLAG, 0, 0, 0,
		"give an enrolled user this address and name" },
	{ "unverified", NULL, TYPE_FLAG, 0, 0, 0,
		"only those whose address was never proven" },
	{ "disabled", NULL, TYPE_FLAG, 0, 0, 0, "only those who are disabled" },
	{ "yes", NULL, TYPE_FLAG, 0, 0, 0, "do not ask for confirmation" },
	{ "dry-run", NULL, TYPE_FLAG, 0, 0, 0, "check everything and change nothing" },
	{ "update", NULL, TYPE_FLAG, 0, 0, 0, "give enrolled users the new address" },
	{ "skip-bad", NULL, TYPE_FLAG, 0, 0, 0, "leave out lines with errors" },
	{ "open", NULL, TYPE_FLAG, 0, 0, 0, "only mails that are still to be sent" },
	{ "limit", "N", TYPE_NUMBER, offsetof(struct arguments, limit), 0, INT64_MAX,
		"at most N of them (100; 0: all)" },
	{ "user", "USER", TYPE_TEXT, offsetof(struct arguments, user), 0, 0,
		"only of this user" },
	{ "wait", "S", TYPE_SECONDS, offsetof(struct arguments, wait_s), 0, 3600,
		"seconds to watch the mail (60)" },
	{ "mail-socket", "PATH", TYPE_TEXT, offsetof(struct arguments, mail_socket), 0,
		0, "where otpd-mail listens (mail.sock beside otpd's)" },
	{ "language", "L", TYPE_TEXT, offsetof(struct arguments, language), 0, 0,
		"the language of mails: en, de, fr, es, pt, ja ..." },
	{ "tenant", "T", TYPE_TEXT, offsetof(struct arguments, tenant), 0, 0,
		"whose accounts, or whose look of mails" },
	{ "undeliverable", NULL, TYPE_FLAG, 0, 0, 0,
		"only users whose mails were refused again and again" },
	{ "second", NULL, TYPE_FLAG, 0, 0, 0,
		"prove a second route, an address or a telephone number" },
	{ "none", NULL, TYPE_FLAG, 0, 0, 0, "take it away" },
	{ "login", "NAME", TYPE_TEXT, offsetof(struct arguments, login), 0, 0,
		"a user name to sign in with, besides the address" },
	{ "for", "S", TYPE_SECONDS, offsetof(struct arguments, for_s), 60, 86400,
		"seconds that it is allowed (3600)" },
	{ "event", "EVENT", TYPE_TEXT, offsetof(struct arguments, event), 0, 0,
		"only this event: wrong, verified ..." },
	{ "service", "SERVICE", TYPE_TEXT, offsetof(struct arguments, service), 0, 0,
		"only of this service: sshd, sudo ..." },
	{ "from", "FROM", TYPE_TEXT, offsetof(struct arguments, from), 0, 0,
		"only of logins from this host" },
	{ "since", "TIME", TYPE_TIME, offsetof(struct arguments, since_s), 0, 0,
		"only then or later: 2026-11-20T14:00, today, 2h" },
	{ "until", "TIME", TYPE_TIME, offsetof(struct arguments, until_s), 0, 0,
		"only before then" },
	{ "all", NULL, TYPE_FLAG, 0, 0, 0, "all there are, as --limit 0" },
	{ "csv", NULL, TYPE_FLAG, 0, 0, 0, "as CSV, for a spreadsheet" },
	{ "relay", "RELAY", TYPE_TEXT, offsetof(struct arguments, relay), 0, 0,
		"where mails go: smtp://HOST, smtps://HOST, sendmail ..." },
	{ "relay-user", "NAME", TYPE_TEXT, offsetof(struct arguments, relay_user), 0, 0,
		"the account at the relay" },
	{ "password-file", "FILE", TYPE_TEXT, offsetof(struct arguments, password_file),
		0, 0, "a file whose first line is its password" },
	{ "address", "ADDRESS", TYPE_TEXT, offsetof(struct arguments, address), 0, 0,
		"where the codes of --user go" },
	{ "services", "LIST", TYPE_TEXT, offsetof(struct arguments, services), 0, 0,
		"what asks for a code: sshd, sudo, or sshd,sudo" },
	{ "first-factor", "F", TYPE_TEXT, offsetof(struct arguments, first_factor), 0,
		0, "what sshd asks for before: password or key" },
	{ "users", "WHO", TYPE_TEXT, offsetof(struct arguments, users), 0, 0,
		"who needs a code: all, group:NAME or configured" },
	{ "trial", "T", TYPE_TEXT, offsetof(struct arguments, trial), 0, 0,
		"the trial login: wait, wait=SECONDS or none" },
	{ "trial-port", "PORT", TYPE_NUMBER, offsetof(struct arguments, trial_port), 1,
		65535, "the port of the trial login (2222)" },
	{ "undo", NULL, TYPE_FLAG, 0, 0, 0, "put back what was there before" },
	{ "force-no-way-back", NULL, TYPE_FLAG, 0, 0, 0,
		"go on though nobody tested may use sudo" },
	{ "config", "FILE", TYPE_TEXT, offsetof(struct arguments, config), 0, 0,
		"otpd's configuration (/etc/otpd/otpd.conf)" },
	{ "mail", NULL, TYPE_FLAG, 0, 0, 0, "of otpd-mail instead" },
	{ "interval", "S", TYPE_SECONDS, offsetof(struct arguments, interval_s), 1,
		3600, "seconds between two looks (1)" },
	{ "no-colour", NULL, TYPE_FLAG, 0, 0, 0, "without colours and bold letters" },
	{ "locked", NULL, TYPE_FLAG, 0, 0, 0,
		"only those who are locked after wrong codes" },
};

/* Options that mean something else in one command. */
static const struct {
	const char *command;
	const char *name;
	const char *help;
} elsewhere[] = {
	{ "backup", "replace", "write over a file that is there" },
	{ "doctor", "user", "why this user does not get in" },
	{ "setup", "user", "the administrator, who is enrolled first" },
	{ "setup", "from", "the sender of the mails" },
};

#define N_SPECS (sizeof(specs) / sizeof(specs[0]))

bool arguments_want_json(int argc, char *const *argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

static int read_time(const struct spec *spec, int64_t *ret, bool json)
{
	if (moment_parse(optarg, clock_wall_s(), ret) == 0)
		return 0;
	output_error(json, "Usage",
		"--%s must be a time such as 2026-11-20, 2026-11-20T14:00, today, "
		"yesterday or 2h (ago), not \"%s\"",
		spec->name, optarg);
	return -EINVAL;
}

static int read_value(struct arguments *arguments, const struct spec *spec, bool json)
{
	char *at = (char *)arguments + spec->offset, to[40] = "";
	int64_t value = -1;

	if (spec->type == TYPE_FLAG)
		return 0;
	if (spec->type == TYPE_TEXT) {
		*(const char **)(void *)at = optarg;
		return 0;
	}
	if (spec->type == TYPE_TIME)
		return read_time(spec, (int64_t *)(void *)at, json);
	if ((spec->type == TYPE_NUMBER ? parse_int : parse_duration_s)(
		    optarg, &value) == 0 &&
		value >= spec->min && value <= spec->max) {
		*(int64_t *)(void *)at = value;
		return 0;
	}
	if (spec->type == TYPE_SECONDS)
		snprintf(to, sizeof(to), " to %lld (seconds)", (long long)spec->max);
	output_error(json, "Usage", "--%s must be a number from %lld%s, not \"%s\"",
		spec->name, (long long)spec->min, to, optarg);
	return -EINVAL;
}

static int complain(int c, const char *word, bool json)
{
	struct suggest suggest;
	char name[32];

	if (optopt > 0 && optopt <= (int)N_SPECS) {
		output_error(json, "Usage",
			c == ':' ? "--%s needs a value; see: otpctl help"
				 : "--%s takes no value; leave out what is behind it",
			specs[optopt - 1].name);
		return -EINVAL;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	suggest_begin(&suggest, name + strspn(name, "-"));
	for (size_t i = 0; i < N_SPECS; i++)
		suggest_offer(&suggest, specs[i].name);
	if (suggest_best(&suggest))
		output_error(json, "Usage", "there is no option %s; did you mean --%s?",
			name, suggest_best(&suggest));
	else
		output_error(
			json, "Usage", "there is no option %s; see: otpctl help", name);
	return -EINVAL;
}

int arguments_read(struct arguments *arguments, int argc, char **argv)
{
	struct option options[N_SPECS + 1] = { { 0 } };
	bool json = arguments_want_json(argc, argv);
	int c;

	for (size_t i = 0; i < N_SPECS; i++)
		options[i] = (struct option){
			.name = specs[i].name,
			.has_arg = specs[i].type != TYPE_FLAG,
			.val = (int)i + 1,
		};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h')
			c = 1;
		if (c == '?' || c == ':')
			return complain(c, argv[optind - 1], json);
		arguments->given |= UINT64_C(1) << (c - 1);
		if (read_value(arguments, &specs[c - 1], json) < 0)
			return -EINVAL;
	}
	arguments->words = argv + optind;
	arguments->n_words = argc - optind;
	return 0;
}

int arguments_check(
	const struct arguments *arguments, uint64_t allowed, const char *command)
{
	uint64_t wrong = arguments->given & ~(allowed | ARGUMENT_GLOBAL);

	for (size_t i = 0; i < N_SPECS; i++) {
		if (!(wrong & UINT64_C(1) << i))
			continue;
		output_error(arguments->given & ARGUMENT_JSON, "Usage",
			"\"%s\" has no option --%s; see: otpctl help %s", command,
			specs[i].name, command);
		return -EINVAL;
	}
	return 0;
}

static const char *help_of(const char *command, const struct spec *spec)
{
	for (size_t i = 0; command && i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (strcmp(elsewhere[i].command, command) == 0 &&
			strcmp(elsewhere[i].name, spec->name) == 0)
			return elsewhere[i].help;
	return spec->help;
}

void arguments_print_help(const char *command, uint64_t set)
{
	for (size_t i = 0; i < N_SPECS; i++) {
		char left[32];

		if (!(set & UINT64_C(1) << i))
			continue;
		snprintf(left, sizeof(left), "--%s %s", specs[i].name,
			specs[i].operand ? specs[i].operand : "");
		printf("  %-21s %s\n", left, help_of(command, &specs[i]));
	}
}

/* A word of a usage line that is at columns long, on the next one if need be. */
static int print_word(const char *word, int at)
{
	bool fits = at + 1 + (int)strlen(word) < LINE_WIDTH;

	return printf("%s%s", fits ? " " : "\n        ", word) + (fits ? at : -1);
}

void arguments_print_usage(const char *command, uint64_t set, const char *operands)
{
	int at = printf("Usage: otpctl %s", command);
	char text[64];

	for (size_t i = 0; i < N_SPECS; i++) {
		if (!(set & UINT64_C(1) << i))
			continue;
		snprintf(text, sizeof(text), "[--%s%s%s]", specs[i].name,
			specs[i].operand ? " " : "",
			specs[i].operand ? specs[i].operand : "");
		at = print_word(text, at);
	}
	if (operands[0])
		print_word(operands, at);
	putchar('\n');
}
