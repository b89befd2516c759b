/* SPDX-License-Identifier: MIT */
/*
 * Runs every row in every control style: test_pam_table MODULE HELPER, or
 * test_pam_table MODULE HELPER password for the rows of password=system (see
 * password.sh). Needs root: the module believes no other server.
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "otpd/proto/limits.h"
#include "tests/pam/rows.h"

static int n_passed, n_failed;

static void fail(
	const struct row *row, enum style style, const char *what, const char *got)
{
	printf("FAILED: %s (%s): %s: %s\n", row->name, host_style_name(style), what,
		got);
}

/* Whether text has wanted in it, where ' in wanted stands for ". */
static bool has(const char *text, const char *wanted)
{
	char quoted[1000];

	snprintf(quoted, sizeof(quoted), "%s", wanted);
	if (strchr(quoted, '{') || strstr(quoted, "':") || strstr(quoted, "'user"))
		for (char *at = quoted; *at; at++)
			*at = *at == '\'' ? '"' : *at;
	return strstr(text, quoted) != NULL;
}

typedef const char *line_at(const void *lines, int i);

static const char *call_at(const void *lines, int i)
{
	return ((const struct fake_otpd *)lines)->calls[i];
}

static const char *prompt_at(const void *lines, int i)
{
	(void)lines;
	return host.prompts[i];
}

static const char *log_at(const void *lines, int i)
{
	int seen = 0;

	(void)lines;
	for (int at = 0; at < host.n_logs; at++)
		if (host.priorities[at] != LOG_DEBUG && seen++ == i)
			return host.logs[at];
	return "";
}

static int count_logs(void)
{
	int n = 0;

	for (int at = 0; at < host.n_logs; at++)
		n += host.priorities[at] != LOG_DEBUG;
	return n;
}

static bool lines_match(const struct row *row, enum style style, const char *what,
	const char *const *wanted, const void *lines, int n, line_at *at)
{
	int i;

	for (i = 0; i < n; i++) {
		const char *line = at(lines, i);

		if (!wanted[i]) {
			fail(row, style, what, line);
			return false;
		}
		if (!has(line, wanted[i])) {
			printf("  expected %s\n", wanted[i]);
			fail(row, style, what, line);
			return false;
		}
	}
	if (wanted[i]) {
		fail(row, style, what, "there is none for");
		printf("  expected %s\n", wanted[i]);
		return false;
	}
	return true;
}

/* A code that was typed, and what the row forbids, must not be in prompts and logs. */
static bool says_nothing_secret(const struct row *row, enum style style)
{
	for (int i = 0; i < host.n_logs; i++) {
		const char *line = host.logs[i];

		if (strstr(line, "123456") ||
			(row->token && strstr(line, row->token)) ||
			(row->never && strstr(line, row->never))) {
			fail(row, style, "a secret in the log", line);
			return false;
		}
		if (strchr(line, '\n') || strchr(line, '\x1b')) {
			fail(row, style, "a control byte in the log", line);
			return false;
		}
	}
	for (int i = 0; i < host.n_prompts; i++)
		if (row->never && strstr(host.prompts[i], row->never)) {
			fail(row, style, "a secret in a prompt", host.prompts[i]);
			return false;
		}
	return true;
}

static bool sends_nothing_secret(
	const struct row *row, enum style style, const struct fake_otpd *fake)
{
	/* An account's password is what otpd is asked about. */
	if (row->args && strstr(row->args, "password=account"))
		return true;
	for (int i = 0; row->never && i < fake->n_calls; i++)
		if (strstr(fake->calls[i], row->never)) {
			fail(row, style, "a secret in a call", fake->calls[i]);
			return false;
		}
	return true;
}

static bool result_matches(const struct row *row, enum style style, int r)
{
	char got[80];
	int wanted = host_expected(style, row);

	snprintf(got, sizeof(got), "%d, expected %d", r, wanted);
	if (r != wanted) {
		fail(row, style, "the result of the stack", got);
		return false;
	}
	snprintf(got, sizeof(got), "%u us", host.delay_us);
	if (row->entry == AUTH && row->pam == PAM_AUTH_ERR &&
		(host.delay_us < 500000) != row->quick) {
		fail(row, style, "the delay after a failure", got);
		return false;
	}
	return true;
}

static bool token_matches(const struct row *row, enum style style)
{
	if (strcmp(host.token, row->token ? row->token : "") == 0)
		return true;
	fail(row, style, "EMAILOTP_TOKEN", host.token);
	return false;
}

/* The module hangs up on a foreign server at once, which notes it a little later. */
static void wait_for_call(const struct row *row, const struct fake_otpd *fake)
{
	for (int i = 0; i < 1000 && row->kind == FAKE_FOREIGN && fake->n_calls == 0;
		i++)
		usleep(1000);
}

static bool run(const struct row *row, enum style style)
{
	struct fake_otpd *fake = fake_start(host_socket, row->kind, 65534, row->script);
	int r = host_run(row, style);
	bool good = result_matches(row, style, r);

	wait_for_call(row, fake);
	good = lines_match(
		       row, style, "call", row->calls, fake, fake->n_calls, call_at) &&
		good;
	good = lines_match(row, style, "prompt", row->prompts, NULL, host.n_prompts,
		       prompt_at) &&
		good;
	good = lines_match(row, style, "log", row->logs, NULL, count_logs(), log_at) &&
		good;
	good = token_matches(row, style) && good;
	good = says_nothing_secret(row, style) && good;
	good = sends_nothing_secret(row, style, fake) && good;
	if (*host.problem) {
		fail(row, style, "the process", host.problem);
		good = false;
	}
	fake_stop(fake, host_socket);
	return good;
}

static void run_row(const struct row *row, enum style last)
{
	/* With another module behind it, the line is as the manual has it. */
	for (enum style style = row->after ? last : ALONE; style <= last; style++) {
		/* pam_deny refuses credentials of others; nothing is behind it. */
		if (style == SUFFICIENT &&
			(row->entry == SETCRED || row->authtok_after))
			continue;
		if (run(row, style))
			n_passed++;
		else
			n_failed++;
	}
}

static void run_rows(const struct rows *rows)
{
	for (size_t i = 0; i < rows->n_rows; i++)
		run_row(&rows->rows[i], rows->rows[i].once ? ALONE : DIE_OR_IGNORE);
	printf("%s: %zu rows\n", rows->name, rows->n_rows);
}

/* Each field of a challenge in turn missing, null, of a wrong type, or out of range. */
static const struct {
	const char *key;
	const char *good;
	const char *bad[8];
} fields[] = {
	{ "state", "'challenge'", { "'Challenge'", "7" } },
	{ "challenge", "'" ID "'",
		{ "''", "'0123456789abcdef0123456789abcde'", "'" ID "0'",
			"'0123456789ABCDEF0123456789ABCDEF'",
			"'0123456789abcdef0123456789abcdeg'", "7" } },
	{ "purpose", "'login'",
		{ "''", "'Login'", "'reset'", "'register'", "'enrol'", "true" } },
	{ "reference", "'K7Q'", { "''", "'K7'", "'K7QQ'", "'k7q'", "'K\\n7'", "777" } },
	{ "length", "6", { "5", "17", "0", "-6", "'6'", "6000000000" } },
	{ "alphabet", "'digits'", { "''", "'hex'", "'DIGITS'", "1" } },
	{ "expires_in", "600",
		{ "-1", "86401", "'600'", "true", "9223372036854775807" } },
	{ "resend_in", "60", { "-1", "86401", "'60'" } },
	{ "tries_left", "5", { "-1", "1001", "'5'" } },
	{ "delivery", "'queued'", { "''", "'lost'", "0" } },
	{ "resumed", "false", { "0", "'false'" } },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static void run_mutant(size_t which, const char *value)
{
	static char reply[2000], name[200];
	struct row row = { .name = name,
		.script = { reply, VERIFIED },
		.answers = { "123456" },
		.pam = PAM_SYSTEM_ERR,
		.calls = { "Begin" },
		.logs = { "makes no sense" } };

	snprintf(name, sizeof(name), "14 a challenge with %s %s", fields[which].key,
		value ? value : "missing");
	strcpy(reply, "{'parameters':{'z':0");
	for (size_t i = 0; i < N_FIELDS; i++)
		if (i != which || value)
			sprintf(reply + strlen(reply), ",'%s':%s", fields[i].key,
				i == which ? value : fields[i].good);
	strcat(reply, "}}");
	run_row(&row, ALONE);
}

static void run_mutants(void)
{
	for (size_t i = 0; i < N_FIELDS; i++) {
		char twice[200];

		run_mutant(i, NULL);
		run_mutant(i, "null");
		run_mutant(i, "[]");
		snprintf(twice, sizeof(twice), "%s,'%s':%s", fields[i].good,
			fields[i].key, fields[i].good);
		run_mutant(i, twice);
		for (size_t j = 0; j < 8 && fields[i].bad[j]; j++)
			run_mutant(i, fields[i].bad[j]);
	}
}

/* A receipt of LIMIT_TOKEN characters is handed over, a longer one is none. */
static void run_tokens(void)
{
	static const size_t lengths[] = { 1, LIMIT_TOKEN, LIMIT_TOKEN + 1, 6000 };
	static char token[6001], reply[6100];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		bool good = lengths[i] <= LIMIT_TOKEN;
		struct row row = { .name = "a receipt of many characters",
			.args = "token",
			.script = { CHALLENGE, reply },
			.answers = { "123456" },
			.calls = { "Begin", "'token':true" },
			.prompts = { FIRST } };

		memset(token, 'T', lengths[i]);
		token[lengths[i]] = '\0';
		snprintf(reply, sizeof(reply), VERIFIED_WITH("%s"), token);
		row.pam = good ? PAM_SUCCESS : PAM_SYSTEM_ERR;
		row.token = good ? token : NULL;
		row.logs[0] = good ? NULL : "makes no sense";
		run_row(&row, DIE_OR_IGNORE);
	}
}

/* Names of 255 bytes are asked about, longer ones up to 64 KiB are not. */
static void run_names(void)
{
	static const size_t lengths[] = { 255, 256, 1024, 65536 };
	static char user[65537];

	for (size_t i = 0; i < 4; i++) {
		struct row row = { .name = "21 a long name", .user = user };

		memset(user, 'u', lengths[i]);
		user[lengths[i]] = '\0';
		row.pam = lengths[i] == 255 ? PAM_PERM_DENIED : PAM_AUTH_ERR;
		row.script[0] = ERROR("Denied");
		row.calls[0] = lengths[i] == 255 ? "'unknown':true" : NULL;
		row.logs[0] = lengths[i] == 255 ? "Denied" : "not acceptable";
		run_row(&row, DIE_OR_IGNORE);
	}
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	if (geteuid() != 0) {
		printf("not root: the module believes only root's otpd\n"
		       "0 passed, 0 failed, 1 skipped\n");
		return 0;
	}
	host_init(argv[1], argv[2]);
	host_reap_children();
	if (argc > 3) {
		for (size_t i = 0; i < rows_password.n_rows; i++)
			run_row(&rows_password.rows[i],
				rows_password.rows[i].after ? DIE_OR_IGNORE : ALONE);
	} else {
		run_rows(&rows_auth);
		run_rows(&rows_account);
		run_rows(&rows_talk);
		run_rows(&rows_otpd);
		run_rows(&rows_sign_in);
		run_rows(&rows_append);
		run_rows(&rows_change);
		run_rows(&rows_gate);
		run_rows(&rows_recovery);
		run_rows(&rows_enrol);
		run_mutants();
		run_tokens();
		run_names();
	}
	host_fini();
	printf("%d passed, %d failed, 0 skipped\n", n_passed, n_failed);
	return n_failed > 0;
}
