/* SPDX-License-Identifier: MIT */
/*
 * otpctl users import. Three steps, each of which ends the command where it finds
 * something (unless --skip-bad leaves those lines out): check the file here, have the
 * daemon check all of it (dry_run), then have it take all. The daemon takes a call
 * whole or not at all, a file has many calls; if the last step is cut off in between,
 * running the command again finishes it, as rows that are in already count as
 * unchanged.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/interrupt.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/progress.h"
#include "otpd/ctl/roster.h"
#include "otpd/util/cleanup.h"

#define SHOWN    20  /* problems that are listed; the others are counted */
#define ENVELOPE 256 /* bytes of a call around its list of users, and more */

struct import {
	struct session *session;
	uint64_t given;
	struct roster roster;
	size_t added;
	size_t updated;
	size_t unchanged;
	size_t next; /* the first row that was not taken yet */
	bool dry;    /* this pass changes nothing */
};

/* One call: some users, and the rows they are of. */
struct chunk {
	json_t *users;
	size_t rows[LIMIT_IMPORT];
	size_t n;
	size_t end; /* the row behind the last one looked at */
};

static void import_fini(struct import *import)
{
	roster_fini(&import->roster);
}

static void chunk_fini(struct chunk *chunk)
{
	json_decref(chunk->users);
}

static size_t n_skipped(const struct import *import)
{
	size_t n = import->roster.n_malformed;

	for (size_t i = 0; i < import->roster.n_rows; i++)
		n += import->roster.rows[i].skip;
	return n;
}

/* Fills the chunk from a row on, as far as count and frame allow. */
static int chunk_fill(struct chunk *chunk, const struct roster *roster, size_t from)
{
	size_t used = ENVELOPE;

	chunk->users = json_array();
	for (chunk->end = from; chunk->end < roster->n_rows; chunk->end++) {
		const struct roster_row *row = &roster->rows[chunk->end];
		CLEANUP(json_decrefp) json_t *user = NULL;
		size_t size;

		if (row->skip)
			continue;
		user = json_pack("{s:s, s:s, s:s}", "user", row->user, "address",
			row->address, "name", row->name);
		size = json_dumpb(user, NULL, 0, JSON_COMPACT) + 1;
		if (chunk->n == LIMIT_IMPORT || used + size > LIMIT_FRAME)
			return 0;
		if (!user || json_array_append(chunk->users, user) < 0)
			return -ENOMEM;
		used += size;
		chunk->rows[chunk->n++] = chunk->end;
	}
	return 0;
}

static const char *reason_text(const char *reason)
{
	static const char *const texts[][2] = {
		{ "bad_name", "not accepted by otpd" },
		{ "bad_address", "not accepted by otpd" },
		{ "exists",
			"enrolled with another address; --update changes it, "
			"--skip-bad leaves it" },
	};

	for (size_t i = 0; reason && i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(reason, texts[i][0]) == 0)
			return texts[i][1];
	return "refused by otpd; look at: journalctl -u otpd";
}

/* Marks the rows that the daemon does not take. 1: there are some. */
static int note_problems(
	struct import *import, const struct chunk *chunk, const json_t *problems)
{
	const json_t *problem;
	size_t i;

	if (!json_is_array(problems))
		return -EPROTO;
	json_array_foreach(problems, i, problem) {
		const json_t *line = json_object_get(problem, "line");
		const char *reason =
			json_string_value(json_object_get(problem, "reason"));
		bool address = reason && strcmp(reason, "bad_address") == 0;
		struct roster_row *row;
		int r;

		if (!json_is_integer(line) || json_integer_value(line) < 0 ||
			(size_t)json_integer_value(line) >= chunk->n)
			return -EPROTO;
		row = &import->roster.rows[chunk->rows[json_integer_value(line)]];
		if (row->skip)
			continue;
		r = roster_refuse(&import->roster, row, address ? "address" : "user",
			address ? row->address : row->user, reason_text(reason));
		if (r < 0)
			return r;
	}
	return json_array_size(problems) > 0;
}

static void count(size_t *total, const json_t *answer, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(answer, key));

	if (n > 0)
		*total += (size_t)n;
}

/* Sends one chunk. 0: taken; 1: the daemon named problems; or the exit code negated. */
static int send_chunk(struct import *import, const struct chunk *chunk)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r;

	r = session_call(import->session, "org.emailotp.Admin.ImportUsers",
		json_pack("{s:O, s:b, s:b, s:b}", "users", chunk->users, "verified",
			(import->given & ARGUMENT_VERIFIED) != 0, "update",
			(import->given & ARGUMENT_UPDATE) != 0, "dry_run", import->dry),
		&answer);
	if (r != 0)
		return -session_explain(import->session, r, answer, NULL);
	r = note_problems(import, chunk, json_object_get(answer, "problems"));
	if (r < 0)
		return -session_explain(import->session, r, NULL, NULL);
	if (r > 0)
		return 1;
	count(&import->added, answer, "added");
	count(&import->updated, answer, "updated");
	count(&import->unchanged, answer, "unchanged");
	return 0;
}

static void list_problems(struct import *import)
{
	const struct roster *roster = &import->roster;

	roster_sort_problems(&import->roster);
	for (size_t i = 0; i < roster->n_problems && i < SHOWN; i++) {
		const struct roster_problem *problem = &roster->problems[i];
		const char *what = problem->what ? problem->what : "";
		const char *value = problem->value;

		output_error(import->session->json, "BadLine",
			"line %zu: %s%s%.200s%s%s%s", problem->line, what,
			value ? " \"" : "", value ? value : "", value ? "\"" : "",
			*what ? ": " : "", problem->text);
	}
	if (roster->n_problems > SHOWN)
		output_error(import->session->json, "BadLine", "... and %zu more",
			roster->n_problems - SHOWN);
}

/* One step of a pass. 0, or the exit code. */
static int pass_step(struct import *import)
{
	CLEANUP(chunk_fini) struct chunk chunk = { 0 };
	int r = chunk_fill(&chunk, &import->roster, import->next);

	if (r < 0)
		return session_explain(import->session, r, NULL, NULL);
	if (chunk.n > 0)
		r = send_chunk(import, &chunk);
	if (r < 0)
		return -r;
	/* With --skip-bad the same rows go again, without those marked meanwhile. */
	if (r > 0 && (import->given & ARGUMENT_SKIP_BAD))
		return 0;
	/* Refused after the dry run let it through: somebody else was at work. */
	if (r > 0 && !import->dry) {
		list_problems(import);
		return OUTPUT_REFUSED;
	}
	import->next = chunk.end;
	return 0;
}

/* Sends all rows, dry or in earnest. 0, or the exit code. */
static int pass(struct import *import, bool dry)
{
	const struct roster *roster = &import->roster;
	struct progress progress;
	int exit_code = 0;

	import->dry = dry;
	import->next = 0;
	import->added = import->updated = import->unchanged = 0;
	progress_begin(&progress, dry ? "checking" : "importing", roster->n_rows,
		!import->session->json);
	while (exit_code == 0 && import->next < roster->n_rows && !interrupt_came()) {
		progress_show(&progress, import->next);
		exit_code = pass_step(import);
	}
	progress_end(&progress);
	if (exit_code == 0 && import->next < roster->n_rows)
		return OUTPUT_OTHER;
	return exit_code;
}

/* Lists what is wrong so far. 0: go on; else the exit code. */
static int judge(struct import *import, int exit_code)
{
	size_t n = import->roster.n_problems;

	if (n == 0)
		return 0;
	list_problems(import);
	if ((import->given & ARGUMENT_SKIP_BAD) && !import->roster.unusable) {
		/* They have been shown and their rows are marked. */
		import->roster.n_problems = 0;
		return 0;
	}
	output_error(import->session->json,
		exit_code == OUTPUT_BAD_FILE ? "BadFile" : "Refused",
		"%zu error%s, nothing was imported; correct the file%s", n,
		n == 1 ? "" : "s",
		import->roster.unusable ? ""
					: ", or leave these lines out with --skip-bad");
	return exit_code;
}

static void summarize(const struct import *import)
{
	size_t skipped = n_skipped(import);

	if (import->session->json) {
		CLEANUP(json_decrefp)
		json_t *summary = json_pack("{s:b, s:I, s:I, s:I, s:I}", "dry_run",
			import->dry, "added", (json_int_t)import->added, "updated",
			(json_int_t)import->updated, "unchanged",
			(json_int_t)import->unchanged, "skipped", (json_int_t)skipped);
		output_json(summary);
		return;
	}
	printf("%s%zu added, %zu updated, %zu unchanged, %zu skipped\n",
		import->dry ? "dry run, nothing was changed: " : "", import->added,
		import->updated, import->unchanged, skipped);
}

static int say_cut_off(const struct import *import, int exit_code)
{
	if (import->dry)
		output_error(
			import->session->json, "Interrupted", "nothing was imported");
	else
		output_error(import->session->json, "Interrupted",
			"cut off after %zu of %zu users; run the command again, users "
			"who are in already count as unchanged",
			import->next, import->roster.n_rows);
	return exit_code;
}

static int send_all(struct import *import)
{
	int exit_code = pass(import, true);

	if (exit_code != 0)
		return say_cut_off(import, exit_code);
	exit_code = judge(import, OUTPUT_REFUSED);
	if (exit_code == 0 && !(import->given & ARGUMENT_DRY_RUN)) {
		exit_code = pass(import, false);
		if (exit_code != 0)
			return say_cut_off(import, exit_code);
	}
	if (exit_code == 0)
		summarize(import);
	return exit_code;
}

int import_run(struct session *session, const struct arguments *arguments)
{
	CLEANUP(import_fini)
	struct import import = { .session = session, .given = arguments->given };
	const char *path = arguments->words[0];
	int r = roster_read(&import.roster, path);

	if (r < 0) {
		output_error(session->json, "BadFile",
			"%s cannot be read: %s; give a CSV file with the columns "
			"user,address,name",
			path, r == -EFBIG ? "larger than 256 MiB" : strerror(-r));
		return OUTPUT_BAD_FILE;
	}
	r = judge(&import, OUTPUT_BAD_FILE);
	if (r != 0)
		return r;
	interrupt_defer();
	return send_all(&import);
}
