/* SPDX-License-Identifier: MIT */
/*
 * Configuration of the daemons, seen from outside: what holds is what the daemon prints
 * with --check, so that there is one reader of its language. The file is searched only
 * to name the line.
 */
#include "otpd/ctl/doctor/settings.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/host/run.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/parse.h"
#include "otpd/util/text.h"

#define LIMIT_MS 10000

static void output_fini(struct run_output *output)
{
	run_output_fini(output);
}

static char *strip(char *text)
{
	size_t n;

	text += strspn(text, " \t");
	n = strlen(text);
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		text[--n] = '\0';
	return text;
}

/* Takes the quotes off a string. */
static char *unquote(char *text)
{
	size_t n = strlen(text);

	if (n < 2 || text[0] != '"' || text[n - 1] != '"')
		return text;
	text[n - 1] = '\0';
	return text + 1;
}

static bool open_section(char *line, const char **section, const char **title)
{
	size_t n = strlen(line);
	char *blank = strchr(line, ' ');

	if (n < 2 || line[n - 1] != '{' || strchr(line, '='))
		return false;
	line[n - 1] = '\0';
	*section = line;
	*title = "";
	if (blank) {
		*blank = '\0';
		*title = unquote(strip(blank + 1));
	}
	return true;
}

int effective_parse(char *text, struct effective *ret)
{
	const char *section = "", *title = "";
	char *rest = text, *line;
	size_t room = 1;

	ret->text = text;
	for (const char *at = text; *at; at++)
		room += *at == '\n';
	ret->items = calloc(room, sizeof(ret->items[0]));
	if (!ret->items)
		return -ENOMEM;
	while ((line = strsep(&rest, "\n"))) {
		char *equal;

		line = strip(line);
		if (strcmp(line, "}") == 0) {
			section = title = "";
			continue;
		}
		if (open_section(line, &section, &title))
			continue;
		equal = strchr(line, '=');
		if (!equal)
			continue;
		*equal = '\0';
		ret->items[ret->n++] = (struct effective_value){ section, title,
			strip(line), unquote(strip(equal + 1)) };
	}
	return 0;
}

/* The line that says what is wrong, without "otpd: " and hints. */
static void keep_said(struct effective *effective, const char *err)
{
	const char *at = err, *best = err;

	while (*at) {
		if (strncmp(at, "hint:", 5) != 0 && strncmp(at, "warning:", 8) != 0)
			best = at;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	snprintf(effective->said, sizeof(effective->said), "%.*s",
		(int)strcspn(best, "\n"), best);
}

int effective_read(const char *program, const char *path, struct effective *ret)
{
	CLEANUP(output_fini) struct run_output output = { 0 };
	const char *const argv[] = { program, "--config", path, "--check", NULL };
	char *text;

	*ret = (struct effective){ .path = path };
	ret->status = run_program(argv, LIMIT_MS, &output);
	if (ret->status < 0)
		return ret->status == -ENOMEM ? -ENOMEM : 0;
	keep_said(ret, output.err);
	text = strdup(output.out);
	return text ? effective_parse(text, ret) : -ENOMEM;
}

void effective_fini(struct effective *effective)
{
	free(effective->items);
	free(effective->text);
	*effective = (struct effective){ 0 };
}

const char *effective_get(const struct effective *effective, const char *section,
	const char *title, const char *name, const char *other)
{
	for (size_t i = 0; i < effective->n; i++) {
		const struct effective_value *value = &effective->items[i];

		if (strcmp(value->section, section) == 0 &&
			strcmp(value->title, title) == 0 &&
			strcmp(value->name, name) == 0)
			return value->value;
	}
	return other;
}

int64_t effective_seconds(const struct effective *effective, const char *section,
	const char *title, const char *name, int64_t other)
{
	int64_t seconds;

	return parse_duration_s(effective_get(effective, section, title, name, ""),
		       &seconds) == 0
		? seconds
		: other;
}

bool effective_has_section(
	const struct effective *effective, const char *section, const char *title)
{
	for (size_t i = 0; i < effective->n; i++)
		if (strcmp(effective->items[i].section, section) == 0 &&
			strcmp(effective->items[i].title, title) == 0)
			return true;
	return false;
}

bool effective_each(
	const char *list, bool (*call)(const char *item, void *context), void *context)
{
	while ((list = strchr(list, '"'))) {
		char item[512];
		size_t n = strcspn(++list, "\"");

		if (n < sizeof(item)) {
			memcpy(item, list, n);
			item[n] = '\0';
			if (call(item, context))
				return true;
		}
		list += n;
		if (!*list)
			return false;
		list++;
	}
	return false;
}

/* What is looked for in the files, and where it was found. */
struct hunt {
	const char *section, *title, *name;
	char *file;
	size_t size;
	unsigned line;
};

/* Whether the line begins as "word" and goes on with a character of ends. */
static bool is_word(const char *line, const char *word, const char *ends)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) == 0 && line[n] && strchr(ends, line[n]);
}

static bool opens(const char *line, const struct hunt *hunt)
{
	char quoted[SAID];

	if (!is_word(line, hunt->section, " \t{"))
		return false;
	line += strlen(hunt->section);
	line += strspn(line, " \t");
	snprintf(quoted, sizeof(quoted), "\"%s\"", hunt->title);
	return is_word(line, hunt->title, " \t{") || is_word(line, quoted, " \t{");
}

static void hunt_file(struct hunt *hunt, const char *path)
{
	CLEANUP(fclosep) FILE *file = fopen(path, "re");
	CLEANUP(freep) char *text = NULL;
	bool inside = false, ours = !hunt->section[0];
	unsigned number = 0;
	size_t room = 0;

	while (file && getline(&text, &room, file) >= 0) {
		const char *line = text + strspn(text, " \t");

		number++;
		if (*line == '#')
			continue;
		if (!inside && strchr(line, '{') && !strchr(line, '=')) {
			inside = true;
			ours = hunt->section[0] && opens(line, hunt);
		} else if (inside && *line == '}') {
			inside = false;
			ours = !hunt->section[0];
		} else if (ours && is_word(line, hunt->name, " \t=+")) {
			hunt->line = number;
			snprintf(hunt->file, hunt->size, "%s", path);
		}
	}
}

struct where effective_where(const struct effective *effective, const char *section,
	const char *title, const char *name)
{
	static char file[512];
	struct hunt hunt = { section, title, name, file, sizeof(file), 0 };
	char pattern[512];
	glob_t found = { 0 };

	snprintf(file, sizeof(file), "%s", effective->path);
	hunt_file(&hunt, effective->path);
	snprintf(pattern, sizeof(pattern), "%s.d/*.conf", effective->path);
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			hunt_file(&hunt, found.gl_pathv[i]);
	globfree(&found);
	return (struct where){ file, hunt.line };
}
