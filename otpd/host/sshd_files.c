/* SPDX-License-Identifier: MIT */
/*
 * sshd_config and what it includes, to know which line has set what sshd -T says. The
 * first value of a name counts; one in a Match block counts only for whom that fits,
 * and then before one outside. It decides nothing: what holds, sshd says.
 */
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "otpd/host/sshd.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define MAX_DEPTH 16
#define MAX_LINES 20000
#define DIRECTORY "/etc/ssh/"

/* Where the reading stands. */
struct reading {
	struct sshd_files *files;
	size_t match;
	int depth;
};

void sshd_files_fini(struct sshd_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free(files->lines[i].file);
		free(files->lines[i].name);
		free(files->lines[i].typed);
		free(files->lines[i].value);
	}
	for (size_t i = 0; i < files->n_matches; i++) {
		free(files->matches[i].file);
		free(files->matches[i].criteria);
	}
	free(files->lines);
	free(files->matches);
	*files = (struct sshd_files){ 0 };
}

/* Spellings that sshd takes for another one. */
static const char *new_spelling(const char *typed)
{
	static const char *const old[] = { "challengeresponseauthentication",
		"skeyauthentication", "tisauthentication" };

	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		if (strcasecmp(typed, old[i]) == 0)
			return "kbdinteractiveauthentication";
	if (strcasecmp(typed, "dsaauthentication") == 0)
		return "pubkeyauthentication";
	return typed;
}

static int add_line(struct reading *reading, const char *file, unsigned number,
	const char *typed, const char *value)
{
	struct sshd_files *files = reading->files;
	struct sshd_line *line, *more;

	if (files->n >= MAX_LINES)
		return -E2BIG;
	more = reallocarray(files->lines, files->n + 1, sizeof(files->lines[0]));
	if (!more)
		return -ENOMEM;
	files->lines = more;
	line = &files->lines[files->n++];
	*line = (struct sshd_line){ .file = strdup(file),
		.line = number,
		.name = strdup(new_spelling(typed)),
		.typed = strdup(typed),
		.value = strdup(value),
		.match = reading->match };
	if (!line->file || !line->name || !line->typed || !line->value)
		return -ENOMEM;
	for (char *at = line->name; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return 0;
}

static int add_match(struct reading *reading, const char *file, unsigned number,
	const char *criteria)
{
	struct sshd_files *files = reading->files;
	struct sshd_match *match, *more;

	if (strcasecmp(criteria, "all") == 0) {
		reading->match = 0;
		return 0;
	}
	more = reallocarray(files->matches, files->n_matches + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	files->matches = more;
	match = &files->matches[files->n_matches++];
	*match = (struct sshd_match){ strdup(file), number, strdup(criteria) };
	reading->match = files->n_matches;
	return match->file && match->criteria ? 0 : -ENOMEM;
}

static int read_file(struct reading *reading, const char *path);

/* What a file includes counts where the Include stands, and a Match in it ends there.
 */
static int include(struct reading *reading, char *patterns)
{
	char *pattern;
	int r = 0;

	while (r >= 0 && (pattern = strsep(&patterns, " \t"))) {
		CLEANUP(freep) char *path = NULL;
		glob_t found = { 0 };

		if (!pattern[0])
			continue;
		if (asprintf(&path, "%s%s", pattern[0] == '/' ? "" : DIRECTORY,
			    pattern) < 0)
			return -ENOMEM;
		if (glob(path, 0, NULL, &found) == 0)
			for (size_t i = 0; i < found.gl_pathc && r >= 0; i++) {
				size_t match = reading->match;

				r = read_file(reading, found.gl_pathv[i]);
				r = r == -ENOMEM ? r : 0;
				reading->match = match;
			}
		globfree(&found);
	}
	return r;
}

/* Cuts name and value apart: "Name value", "Name=value", with quotes around the value.
 */
static char *split(char *line)
{
	size_t n = strcspn(line, " \t=");
	char *value = line + n, *end;

	if (*value)
		*value++ = '\0';
	value += strspn(value, " \t=");
	end = value + strlen(value);
	while (end > value && isspace((unsigned char)end[-1]))
		*--end = '\0';
	if (*value == '"' && end > value + 1 && end[-1] == '"') {
		end[-1] = '\0';
		value++;
	}
	return value;
}

/* Newer ones of sshd allow a comment behind a value; quotes hide it. */
static void cut_comment(char *value)
{
	bool quoted = false;

	for (char *at = value; *at; at++) {
		quoted ^= *at == '"';
		if (*at == '#' && !quoted && at > value &&
			isblank((unsigned char)at[-1])) {
			*at = '\0';
			return;
		}
	}
}

static int read_line(
	struct reading *reading, const char *path, unsigned number, char *line)
{
	char *value;

	line += strspn(line, " \t\r\n\f");
	if (!*line || *line == '#')
		return 0;
	cut_comment(line);
	value = split(line);
	if (strcasecmp(line, "match") == 0)
		return add_match(reading, path, number, value);
	if (strcasecmp(line, "include") == 0)
		return include(reading, value);
	return add_line(reading, path, number, line, value);
}

static int read_file(struct reading *reading, const char *path)
{
	CLEANUP(fclosep) FILE *file = NULL;
	CLEANUP(freep) char *line = NULL;
	unsigned number = 0;
	size_t room = 0;
	int r = 0;

	if (reading->depth >= MAX_DEPTH)
		return -ELOOP;
	file = fopen(path, "re");
	if (!file)
		return -errno;
	reading->depth++;
	while (r >= 0 && getline(&line, &room, file) >= 0)
		r = read_line(reading, path, ++number, line);
	reading->depth--;
	return r;
}

int sshd_files_read(const char *path, struct sshd_files *ret)
{
	struct sshd_files files = { 0 };
	struct reading reading = { .files = &files };
	int r = read_file(&reading, path);

	if (r < 0) {
		sshd_files_fini(&files);
		return r;
	}
	*ret = files;
	return 0;
}

const struct sshd_line *sshd_where(
	const struct sshd_files *files, const char *name, size_t match)
{
	for (size_t i = 0; i < files->n; i++)
		if (files->lines[i].match == match &&
			strcmp(files->lines[i].name, name) == 0)
			return &files->lines[i];
	return NULL;
}

/* The first of a list of patterns that is no negation, made into something it fits. */
static bool example(const char *patterns, bool is_network, char *out, size_t size)
{
	size_t n;

	while (*patterns == '!') {
		patterns += strcspn(patterns, ",");
		patterns += *patterns == ',';
	}
	n = strcspn(patterns, is_network ? ",/" : ",");
	if (n == 0 || n >= size)
		return false;
	memcpy(out, patterns, n);
	out[n] = '\0';
	for (char *at = out; *at; at++)
		if (*at == '*' || *at == '?')
			*at = is_network ? '1' : 'x';
	return !strchr(out, ' ') && !strchr(out, '=');
}

bool sshd_criteria_group(const char *criteria, char *out, size_t size)
{
	const char *at = criteria;

	while (*at) {
		size_t n = strcspn(at, " \t=");
		bool is_group = n == 5 && strncasecmp(at, "group", 5) == 0;

		at += n;
		at += strspn(at, " \t=");
		if (is_group)
			return example(at, false, out, size);
		at += strcspn(at, " \t");
		at += strspn(at, " \t");
	}
	return false;
}

bool sshd_context(
	const char *criteria, const char *group_member, char out[static SSHD_CONTEXT])
{
	char user[128] = "nobody", host[128] = "client.invalid",
	     address[128] = "192.0.2.1";
	char port[32] = "22", local[128] = "192.0.2.2", value[128], name[32];
	char copy[SSHD_CONTEXT], *word, *rest = copy;

	if (!text_copy(copy, sizeof(copy), criteria))
		return false;
	for (char *at = copy; *at; at++)
		if (*at == '=')
			*at = ' ';
	while ((word = strsep(&rest, " \t"))) {
		if (!word[0])
			continue;
		if (!text_copy_lower(name, sizeof(name), word))
			return false;
		while ((word = strsep(&rest, " \t")) && !word[0])
			;
		if (!word)
			return false;
		if (!example(word, strcmp(name, "address") == 0, value, sizeof(value)))
			return false;
		if (strcmp(name, "user") == 0)
			(void)text_copy(user, sizeof(user), value);
		else if (strcmp(name, "host") == 0)
			(void)text_copy(host, sizeof(host), value);
		else if (strcmp(name, "address") == 0)
			(void)text_copy(address, sizeof(address), value);
		else if (strcmp(name, "localport") == 0)
			(void)text_copy(port, sizeof(port), value);
		else if (strcmp(name, "localaddress") == 0)
			(void)text_copy(local, sizeof(local), value);
		else if (strcmp(name, "group") != 0 || !group_member ||
			!text_copy(user, sizeof(user), group_member))
			return false;
	}
	return snprintf(out, SSHD_CONTEXT, "user=%s,host=%s,addr=%s,laddr=%s,lport=%s",
		       user, host, address, local, port) < SSHD_CONTEXT;
}
