/* SPDX-License-Identifier: MIT */
/*
 * sudo's configuration: whether sudo accepts it, and its lines. Only what concerns
 * authentication is judged, so the lines are kept as they are.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/ctl/doctor/gather.h"
#include "otpd/host/run.h"
#include "otpd/util/cleanup.h"

#define CONFIG    "/etc/sudoers"
#define MAX_DEPTH 8
#define MAX_LINES 5000
#define LIMIT_MS  10000

static void output_fini(struct run_output *output)
{
	run_output_fini(output);
}

static void check_syntax(struct facts *facts)
{
	CLEANUP(output_fini) struct run_output output = { 0 };
	const char *const argv[] = { "/usr/sbin/visudo", "-c", NULL };
	int r = run_program(argv, LIMIT_MS, &output);
	const char *said = output.err && output.err[0] ? output.err : output.out;

	if (r < 0)
		facts_skip(facts, "the syntax of sudo's configuration (visudo: %s)",
			strerror(-r));
	facts->sudo.is_broken = r > 0;
	if (r > 0)
		snprintf(facts->sudo.why, sizeof(facts->sudo.why), "%.*s",
			(int)strcspn(said, "\n"), said);
}

static int add_line(
	struct facts *facts, const char *file, unsigned line, const char *text)
{
	struct sudo_facts *sudo = &facts->sudo;
	struct sudo_line *more;

	if (sudo->n >= MAX_LINES)
		return 0;
	more = reallocarray(sudo->lines, sudo->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	sudo->lines = more;
	sudo->lines[sudo->n] = (struct sudo_line){ strdup(file), line, strdup(text) };
	sudo->n++;
	return sudo->lines[sudo->n - 1].file && sudo->lines[sudo->n - 1].text ? 0
									      : -ENOMEM;
}

static int read_file(struct facts *facts, const char *path, int depth);

static int read_directory(struct facts *facts, const char *path, int depth)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, NULL, alphasort), r = 0;

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		char file[600];

		snprintf(file, sizeof(file), "%s/%s", path, name);
		/* What sudo passes over. */
		if (r == 0 && !strchr(name, '.') && name[strlen(name) - 1] != '~')
			r = read_file(facts, file, depth);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* "@includedir /etc/sudoers.d", or with the old '#'. 1: it was one. */
static int include(struct facts *facts, char *text, int depth)
{
	bool directory = strncmp(text + 1, "includedir", 10) == 0;
	char *path = text + 1 + (directory ? 10 : 7);
	int r;

	if ((*text != '@' && *text != '#') ||
		(!directory && strncmp(text + 1, "include", 7) != 0) ||
		!isblank((unsigned char)*path))
		return 0;
	path += strspn(path, " \t\"");
	path[strcspn(path, "\"")] = '\0';
	r = directory ? read_directory(facts, path, depth + 1)
		      : read_file(facts, path, depth + 1);
	return r < 0 ? r : 1;
}

static int take_line(
	struct facts *facts, const char *path, unsigned line, char *text, int depth)
{
	size_t n;
	int r;

	text += strspn(text, " \t");
	n = strlen(text);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	r = *text ? include(facts, text, depth) : 1;
	if (r != 0 || *text == '#')
		return r < 0 ? r : 0;
	return add_line(facts, path, line, text);
}

static int read_file(struct facts *facts, const char *path, int depth)
{
	CLEANUP(fclosep) FILE *file = depth < MAX_DEPTH ? fopen(path, "re") : NULL;
	CLEANUP(freep) char *part = NULL;
	char whole[4096] = "";
	unsigned number = 0, first = 0;
	size_t room = 0, used = 0;
	int r = 0;

	while (file && r == 0 && getline(&part, &room, file) >= 0) {
		size_t n = strcspn(part, "\n");
		bool goes_on = n > 0 && part[n - 1] == '\\';

		number++;
		if (!used)
			first = number;
		part[goes_on ? n - 1 : n] = '\0';
		snprintf(whole + used, sizeof(whole) - used, "%s", part);
		used = strlen(whole);
		if (goes_on)
			continue;
		r = take_line(facts, path, first, whole, depth);
		used = 0;
	}
	return r;
}

int gather_sudo(struct facts *facts)
{
	facts->sudo.exists = access(CONFIG, F_OK) == 0;
	if (!facts->sudo.exists)
		return 0;
	check_syntax(facts);
	return read_file(facts, CONFIG, 0);
}
