/* SPDX-License-Identifier: MIT */
/*
 * The files of sshd in the order in which it reads them. The first value of an option
 * holds, so an earlier file can undo what setup writes; "sshd -T" tells that it is so,
 * and not which line does it.
 */
#include "otpd/ctl/setup/sshd_walk.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/ctl/setup/paths.h"
#include "otpd/util/cleanup.h"

#define LEVELS 16 /* of Include, as sshd has them */

struct walk {
	sshd_walk_see *see;
	void *context;
};

static int walk_file(
	const struct walk *walk, const char *path, bool in_match, int level);

static void see_drop_in(const struct walk *walk, bool in_match)
{
	const struct sshd_walked line = { PATH_SSHD_DROP_IN, 0, "", "", in_match };

	walk->see(walk->context, &line);
}

static int walk_one(const struct walk *walk, const char *path, bool in_match, int level)
{
	if (strcmp(path, PATH_SSHD_DROP_IN) != 0)
		return walk_file(walk, path, in_match, level);
	see_drop_in(walk, in_match);
	return 0;
}

/* The files that fit a pattern, with the drop-in among them, in the order of names. */
static int walk_pattern(
	const struct walk *walk, const char *pattern, bool in_match, int level)
{
	bool due = fnmatch(pattern, PATH_SSHD_DROP_IN, FNM_PATHNAME | FNM_PERIOD) == 0;
	glob_t found;
	int r = glob(pattern, 0, NULL, &found);

	if (r == GLOB_NOMATCH) {
		if (due)
			see_drop_in(walk, in_match);
		return 0;
	}
	if (r != 0)
		return -EIO;
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++) {
		int order = strcmp(found.gl_pathv[i], PATH_SSHD_DROP_IN);

		if (due && order > 0)
			see_drop_in(walk, in_match);
		due = due && order < 0;
		r = walk_one(walk, found.gl_pathv[i], in_match, level);
	}
	if (due)
		see_drop_in(walk, in_match);
	globfree(&found);
	return r;
}

static int walk_include(const struct walk *walk, char *value, bool in_match, int level)
{
	char path[PATH_MAX], *rest = NULL;
	int r = 0;

	for (char *word = strtok_r(value, " \t\"", &rest); r == 0 && word;
		word = strtok_r(NULL, " \t\"", &rest)) {
		snprintf(path, sizeof(path), "%s%s", word[0] == '/' ? "" : "/etc/ssh/",
			word);
		r = walk_pattern(walk, path, in_match, level);
	}
	return r;
}

/* Parts a line into keyword, in lower case, and value. False if it says nothing. */
static bool split(char *line, char **ret_keyword, char **ret_value)
{
	char *at = line + strspn(line, " \t"), *end = line + strlen(line);

	while (end > at && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	if (!*at || *at == '#')
		return false;
	*ret_keyword = at;
	for (; *at && !strchr(" \t=", *at); at++)
		*at = (char)tolower((unsigned char)*at);
	if (*at)
		*at++ = '\0';
	*ret_value = at + strspn(at, " \t=");
	return true;
}

static int walk_line(
	const struct walk *walk, struct sshd_walked *at, char *text, int level)
{
	char *keyword, *value;

	if (!split(text, &keyword, &value))
		return 0;
	if (strcmp(keyword, "match") == 0) {
		at->in_match = strcasecmp(value, "all") != 0;
		return 0;
	}
	if (strcmp(keyword, "include") == 0)
		return walk_include(walk, value, at->in_match, level + 1);
	at->keyword = keyword;
	at->value = value;
	walk->see(walk->context, at);
	return 0;
}

static int walk_file(
	const struct walk *walk, const char *path, bool in_match, int level)
{
	CLEANUP(fclosep) FILE *file = fopen(path, "re");
	struct sshd_walked at = { path, 0, "", "", in_match };
	CLEANUP(freep) char *text = NULL;
	size_t size = 0;
	int r = 0;

	if (!file)
		return -errno;
	if (level > LEVELS)
		return -ELOOP;
	while (r == 0 && getline(&text, &size, file) >= 0) {
		at.line++;
		r = walk_line(walk, &at, text, level);
	}
	return r;
}

int sshd_walk(sshd_walk_see *see, void *context)
{
	const struct walk walk = { see, context };

	return walk_file(&walk, PATH_SSHD_CONFIG, false, 0);
}
