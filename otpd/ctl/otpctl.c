/* SPDX-License-Identifier: MIT */
/*
 * otpctl: administration of otpd, and enrolment by users themselves. It asks the daemon
 * over its socket and never opens a file of the daemon's, so that whoever may do what
 * is decided in one place, by the daemon, from the uid of the caller.
 *
 * Everything about a command stands in the table below; dispatch, checks, help and
 * usage come from it.
 */
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/interrupt.h"
#include "otpd/ctl/output.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"
#include "otpd/util/suggest.h"
#include "otpd/version.h"

#define MANY 100000 /* operands: as many as fit a command line */

static const struct command {
	const char *name;
	const char *operands;
	int min; /* operands */
	int max;
	uint64_t options;
	command_run *run;
	const char *help;
} commands[] = {
	{ "users add", "USER ADDRESS", 2, 2,
		ARGUMENT_NAME | ARGUMENT_LANGUAGE | ARGUMENT_VERIFIED |
			ARGUMENT_REPLACE,
		users_add, "enrol a user" },
	{ "users list", "", 0, 0,
		ARGUMENT_UNVERIFIED | ARGUMENT_DISABLED | ARGUMENT_LOCKED |
			ARGUMENT_UNDELIVERABLE,
		users_list, "list who is enrolled" },
	{ "users show", "USER", 1, 1, 0, users_show, "show a user and the counters" },
	{ "users verify", "USER...", 1, MANY, 0, users_verify,
		"declare an address proven" },
	{ "users language", "USER [LANGUAGE]", 1, 2, ARGUMENT_NONE, users_language,
		"set the language of a user's mails" },
	{ "users second", "USER [ROUTE]", 1, 2, ARGUMENT_VERIFIED | ARGUMENT_NONE,
		users_second, "set where mails go if the first is refused" },
	{ "users recovery-codes", "USER", 1, 1, 0, users_recovery,
		"make ten recovery codes for a user" },
	{ "users disable", "USER...", 1, MANY, 0, users_disable,
		"refuse every login of a user" },
	{ "users unlock", "USER...", 1, MANY, 0, users_unlock,
		"undo disable, forget wrong codes" },
	{ "users remove", "USER...", 1, MANY, ARGUMENT_YES, users_remove,
		"forget a user" },
	{ "users import", "FILE", 1, 1,
		ARGUMENT_DRY_RUN | ARGUMENT_VERIFIED | ARGUMENT_UPDATE |
			ARGUMENT_SKIP_BAD,
		import_run, "enrol the users of a CSV file" },
	{ "accounts add", "ADDRESS", 1, 1,
		ARGUMENT_LOGIN | ARGUMENT_TENANT | ARGUMENT_LANGUAGE |
			ARGUMENT_VERIFIED,
		accounts_add, "make an account without a password" },
	{ "accounts list", "", 0, 0,
		ARGUMENT_TENANT | ARGUMENT_UNVERIFIED | ARGUMENT_DISABLED |
			ARGUMENT_LOCKED,
		accounts_list, "list the accounts of a tenant" },
	{ "accounts show", "ACCOUNT", 1, 1, ARGUMENT_TENANT, accounts_show,
		"show an account and the counters" },
	{ "accounts verify", "ACCOUNT...", 1, MANY, ARGUMENT_TENANT, accounts_verify,
		"declare an address proven" },
	{ "accounts disable", "ACCOUNT...", 1, MANY, ARGUMENT_TENANT, accounts_disable,
		"refuse every sign-in, end sessions" },
	{ "accounts unlock", "ACCOUNT...", 1, MANY, ARGUMENT_TENANT, accounts_unlock,
		"undo disable, forget wrong tries" },
	{ "accounts require-reset", "ACCOUNT...", 1, MANY, ARGUMENT_TENANT,
		accounts_require_reset, "refuse sign-ins until a reset" },
	{ "accounts allow-reset", "ACCOUNT...", 1, MANY, ARGUMENT_TENANT | ARGUMENT_FOR,
		accounts_allow_reset, "allow a reset, where it must be" },
	{ "accounts logout", "ACCOUNT...", 1, MANY, ARGUMENT_TENANT, accounts_logout,
		"end the sessions of an account" },
	{ "accounts remove", "ACCOUNT...", 1, MANY, ARGUMENT_TENANT | ARGUMENT_YES,
		accounts_remove, "forget an account" },
	{ "tokens keys", "", 0, 0, 0, tokens_keys, "show the keys that sign tokens" },
	{ "tokens rotate", "", 0, 0, 0, tokens_rotate, "sign with the next key" },
	{ "tokens revoke-all", "", 0, 0, ARGUMENT_TENANT | ARGUMENT_YES,
		tokens_revoke_all, "end the sessions of all accounts" },
	{ "enrol", "[ADDRESS]", 0, 1, ARGUMENT_SECOND, enrol_run,
		"enrol yourself, or prove a second route" },
	{ "self", "", 0, 0, 0, self_run, "show whether you are enrolled" },
	{ "recovery-codes", "", 0, 0, 0, recovery_run,
		"make ten recovery codes for yourself" },
	{ "break-glass", "USER", 1, 1, 0, breakglass_run,
		"make a code that lets a user in once" },
	{ "status", "", 0, 0, 0, status_run, "show how the daemon is" },
	{ "queue", "", 0, 0, ARGUMENT_OPEN | ARGUMENT_LIMIT, queue_run,
		"list mails and what became of them" },
	{ "audit", "", 0, 0,
		ARGUMENT_USER | ARGUMENT_EVENT | ARGUMENT_SERVICE | ARGUMENT_FROM |
			ARGUMENT_SINCE | ARGUMENT_UNTIL | ARGUMENT_LIMIT |
			ARGUMENT_ALL | ARGUMENT_CSV,
		audit_run, "list what was decided" },
	{ "metrics", "", 0, 0, ARGUMENT_MAIL_SOCKET, metrics_run,
		"write the numbers as OpenMetrics" },
	{ "mail stats", "", 0, 0, ARGUMENT_MAIL_SOCKET, mailstats_run,
		"count mails by transport and domain" },
	{ "send-test", "ADDRESS", 1, 1,
		ARGUMENT_WAIT | ARGUMENT_LANGUAGE | ARGUMENT_TENANT |
			ARGUMENT_MAIL_SOCKET,
		sendtest_run, "mail a test message and watch it go" },
	{ "doctor", "", 0, 0, ARGUMENT_USER | ARGUMENT_MAIL_SOCKET, doctor_run,
		"find what is wrong on this host" },
	{ "setup", "", 0, 0,
		ARGUMENT_RELAY | ARGUMENT_RELAY_USER | ARGUMENT_PASSWORD_FILE |
			ARGUMENT_FROM | ARGUMENT_USER | ARGUMENT_ADDRESS |
			ARGUMENT_VERIFIED | ARGUMENT_SERVICES | ARGUMENT_FIRST_FACTOR |
			ARGUMENT_USERS | ARGUMENT_TRIAL | ARGUMENT_TRIAL_PORT |
			ARGUMENT_WAIT | ARGUMENT_MAIL_SOCKET | ARGUMENT_YES |
			ARGUMENT_DRY_RUN | ARGUMENT_UNDO | ARGUMENT_FORCE_NO_WAY_BACK,
		setup_run, "set all of it up, or take it back" },
	{ "top", "", 0, 0, ARGUMENT_INTERVAL | ARGUMENT_PLAIN, top_run,
		"watch logins and mails as they come" },
	{ "config", "[SETTING]", 0, 1, ARGUMENT_MAIL | ARGUMENT_MAIL_SOCKET, config_run,
		"show settings and where they come from" },
	{ "backup", "FILE", 1, 1, ARGUMENT_REPLACE, backup_run,
		"copy the store into a file" },
	{ "restore", "FILE", 1, 1, ARGUMENT_YES | ARGUMENT_CONFIG, restore_run,
		"put a backup in place of the store" },
	{ "help", "[COMMAND]", 0, 2, 0, NULL, "show help" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* The words of the name at the front of the command line; 0 if it is another command.
 */
static int matching_words(const struct command *command, int n, char *const *words)
{
	const char *blank = strchr(command->name, ' ');
	size_t first = blank ? (size_t)(blank - command->name) : strlen(command->name);

	if (n < 1 || strlen(words[0]) != first ||
		strncmp(words[0], command->name, first) != 0)
		return 0;
	if (!blank)
		return 1;
	return n > 1 && strcmp(words[1], blank + 1) == 0 ? 2 : 0;
}

static const struct command *find_command(int n, char *const *words, int *ret_n_words)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		*ret_n_words = matching_words(&commands[i], n, words);
		if (*ret_n_words)
			return &commands[i];
	}
	return NULL;
}

static bool in_group(const struct command *command, const char *group)
{
	size_t n = strlen(group);

	return strncmp(command->name, group, n) == 0 && command->name[n] == ' ';
}

static bool is_group(const char *word)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (in_group(&commands[i], word))
			return true;
	return false;
}

static void print_command(const struct command *command)
{
	arguments_print_usage(command->name, command->options, command->operands);
	printf("\n  %s\n\nOptions:\n", command->help);
	arguments_print_help(command->name, command->options | ARGUMENT_GLOBAL);
	puts("\nSee otpctl(8).");
}

/* All commands, or those of a group. */
static void print_overview(const char *group)
{
	puts("Usage: otpctl [OPTION...] COMMAND [OPERAND...]\n\nCommands:");
	for (size_t i = 0; i < N_COMMANDS; i++) {
		char left[64];

		if (group && !in_group(&commands[i], group))
			continue;
		snprintf(left, sizeof(left), "%s %s", commands[i].name,
			commands[i].operands);
		printf("  %-33s %s\n", left, commands[i].help);
	}
	puts("\nOptions:");
	arguments_print_help(NULL, ARGUMENT_GLOBAL);
	puts("\n\"otpctl help COMMAND\" shows the options of a command.\n"
	     "Exit: 0 done, 1 refused, 2 usage, 3 otpd not reachable, 4 bad file, 5 other;\n"
	     "doctor: 6 warnings, 7 errors.");
}

/* The command that somebody meant: both words mistyped or the first left out. */
static const char *guess_command(int n, char *const *words)
{
	struct suggest suggest;
	char both[64];

	for (size_t i = 0; i < N_COMMANDS; i++) {
		const char *blank = strchr(commands[i].name, ' ');

		if (blank && strcmp(blank + 1, words[0]) == 0)
			return commands[i].name;
	}
	if (n < 2)
		return NULL;
	snprintf(both, sizeof(both), "%.30s %.30s", words[0], words[1]);
	suggest_begin(&suggest, both);
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strchr(commands[i].name, ' '))
			suggest_offer(&suggest, commands[i].name);
	return suggest_best(&suggest);
}

static int refuse_command(bool json, int n, char *const *words)
{
	bool group = n > 0 && is_group(words[0]);
	struct suggest suggest;
	const char *guess;
	char typed[64] = "";

	if (n == 0) {
		output_error(json, "Usage", "there is no command; see: otpctl help");
		return OUTPUT_USAGE;
	}
	snprintf(typed, sizeof(typed), "%.30s%s%.30s", words[0],
		group && n > 1 ? " " : "", group && n > 1 ? words[1] : "");
	suggest_begin(&suggest, typed);
	for (size_t i = 0; i < N_COMMANDS; i++)
		suggest_offer(&suggest, commands[i].name);
	suggest_offer(&suggest, "users");
	suggest_offer(&suggest, "accounts");
	suggest_offer(&suggest, "tokens");
	suggest_offer(&suggest, "mail");
	guess = guess_command(n, words);
	if (!guess)
		guess = suggest_best(&suggest);
	if (group && n == 1)
		output_error(json, "Usage",
			"\"%s\" needs one of its commands; see: otpctl help %s", typed,
			typed);
	else if (guess)
		output_error(json, "Usage",
			"there is no command \"%s\"; did you mean \"%s\"?", typed,
			guess);
	else
		output_error(json, "Usage",
			"there is no command \"%s\"; see: otpctl help", typed);
	return OUTPUT_USAGE;
}

/* otpctl help [COMMAND], and --help anywhere. */
static int help(const struct arguments *arguments, int n, char *const *words)
{
	const struct command *command;
	int n_words;

	command = find_command(n, words, &n_words);
	if (command)
		print_command(command);
	else if (n == 0 || (n == 1 && is_group(words[0])))
		print_overview(n ? words[0] : NULL);
	else
		return refuse_command(arguments->given & ARGUMENT_JSON, n, words);
	return OUTPUT_DONE;
}

static int check_operands(
	const struct arguments *arguments, const struct command *command)
{
	if (arguments->n_words >= command->min && arguments->n_words <= command->max)
		return 0;
	output_error(arguments->given & ARGUMENT_JSON, "Usage",
		"too %s operands; usage: otpctl %s%s%s",
		arguments->n_words < command->min ? "few" : "many", command->name,
		command->operands[0] ? " " : "", command->operands);
	return -1;
}

static void session_fini(struct session *session)
{
	session_close(session);
}

static int run(struct arguments *arguments)
{
	CLEANUP(session_fini) struct session session = SESSION_INIT;
	const struct command *command;
	int n_words;

	session.json = arguments->given & ARGUMENT_JSON;
	if (arguments->given & ARGUMENT_VERSION) {
		puts("otpctl " OTPD_VERSION);
		return OUTPUT_DONE;
	}
	if (arguments->given & ARGUMENT_HELP)
		return help(arguments, arguments->n_words, arguments->words);
	command = find_command(arguments->n_words, arguments->words, &n_words);
	if (!command)
		return refuse_command(
			session.json, arguments->n_words, arguments->words);
	arguments->words += n_words;
	arguments->n_words -= n_words;
	if (!command->run)
		return help(arguments, arguments->n_words, arguments->words);
	if (arguments_check(arguments, command->options, command->name) < 0 ||
		check_operands(arguments, command) < 0)
		return OUTPUT_USAGE;
	session.socket = arguments->socket;
	session.timeout_ms = (int)arguments->timeout_s * 1000;
	return command->run(&session, arguments);
}

int main(int argc, char **argv)
{
	struct arguments arguments = {
		.socket = OTPD_SOCKET,
		.timeout_s = 10,
		.limit = 100,
		.wait_s = 60,
		.for_s = 3600,
		.trial_port = 2222,
		.interval_s = 1,
	};

	/* Codes pass through JSON strings; all of those are wiped when freed. */
	secret_use_for_json();
	interrupt_init();
	if (arguments_read(&arguments, argc, argv) < 0)
		return OUTPUT_USAGE;
	return output_finish(arguments.given & ARGUMENT_JSON, run(&arguments));
}
