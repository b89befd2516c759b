/* SPDX-License-Identifier: MIT */
/*
 * Which sections an administrator has written. otpd itself says whether a configuration
 * is good; this is only for saying which line is in the way before it is asked, so it
 * reads lines and not the whole syntax.
 */
#include "otpd/ctl/setup/sections.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/util/cleanup.h"

#define BLANKS " \t\r\n"
#define OWN    "/setup.conf"

/* What stands behind the word that text begins with; NULL if it begins with another. */
static const char *behind(const char *text, const char *word)
{
	size_t n = strlen(word);

	return strncmp(text, word, n) == 0 ? text + n : NULL;
}

static bool is_section(const char *line, const char *kind, const char *title)
{
	const char *at = behind(line + strspn(line, BLANKS), kind);

	if (!at || !strchr(BLANKS "\"'", *at))
		return false;
	at += strspn(at, BLANKS "\"'");
	if (!*at || *at == '=' || *at == '{')
		return false;
	if (!title)
		return true;
	at = behind(at, title);
	return at && strchr(BLANKS "\"'{", *at);
}

/* Stands for the title where an option is looked for. */
static const char option[] = "=";

static bool is_option(const char *line, const char *name)
{
	const char *at = behind(line + strspn(line, BLANKS), name);

	return at && at[strspn(at, BLANKS)] == '=';
}

static bool find_in(const char *path, const char *kind, const char *title,
	char where[static SECTIONS_WHERE])
{
	CLEANUP(fclosep) FILE *file = fopen(path, "re");
	CLEANUP(freep) char *line = NULL;
	size_t size = 0;

	for (unsigned n = 1; file && getline(&line, &size, file) >= 0; n++)
		if (title == option ? is_option(line, kind)
				    : is_section(line, kind, title)) {
			snprintf(where, SECTIONS_WHERE, "%s:%u", path, n);
			return true;
		}
	return false;
}

static bool is_own(const char *path)
{
	size_t n = strlen(path), m = strlen(OWN);

	return n > m && strcmp(path + n - m, OWN) == 0;
}

bool sections_find(const char *config, const char *kind, const char *title,
	char where[static SECTIONS_WHERE])
{
	char pattern[PATH_MAX];
	bool found = find_in(config, kind, title, where);
	glob_t drop_ins;

	snprintf(pattern, sizeof(pattern), "%s.d/*.conf", config);
	if (found || glob(pattern, 0, NULL, &drop_ins) != 0)
		return found;
	for (size_t i = 0; !found && i < drop_ins.gl_pathc; i++)
		found = !is_own(drop_ins.gl_pathv[i]) &&
			find_in(drop_ins.gl_pathv[i], kind, title, where);
	globfree(&drop_ins);
	return found;
}

bool sections_find_option(
	const char *config, const char *name, char where[static SECTIONS_WHERE])
{
	return sections_find(config, name, option, where);
}

const char *sections_inside(
	const char *printed, const char *kind, const char *title, int *ret_size)
{
	char head[128];
	const char *at, *end;

	snprintf(head, sizeof(head), "%s \"%s\" {\n", kind, title);
	at = printed ? strstr(printed, head) : NULL;
	if (!at || (at > printed && at[-1] != '\n'))
		return NULL;
	at += strlen(head);
	end = strstr(at, "\n}");
	if (!end)
		return NULL;
	*ret_size = (int)(end + 1 - at);
	return at;
}

bool sections_has_list(const char *inside, int size, const char *name)
{
	char empty[80], begin[80];
	const char *at;

	snprintf(begin, sizeof(begin), "\t%s = {", name);
	snprintf(empty, sizeof(empty), "\t%s = {}", name);
	at = inside ? strstr(inside, begin) : NULL;
	return at && at < inside + size && strncmp(at, empty, strlen(empty)) != 0;
}

bool sections_says(const char *inside, int size, const char *name, const char *word)
{
	char line[80];
	const char *at;

	snprintf(line, sizeof(line), "\t%s = %s\n", name, word);
	at = inside ? strstr(inside, line) : NULL;
	return at && at < inside + size;
}
