/* SPDX-License-Identifier: MIT */
/* Where each setting came from, and whether the files still are what was read. */
#include "otpd/config/origins.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct origin *find(const struct origins *origins, const char *section,
	const char *title, const char *name)
{
	for (size_t i = 0; i < origins->n; i++) {
		struct origin *at = &origins->items[i];

		if (strcmp(at->name, name) == 0 && strcmp(at->title, title) == 0 &&
			strcmp(at->section, section) == 0)
			return at;
	}
	return NULL;
}

/* Keeps what it had if there is no memory. */
static int set_text(char **to, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

static struct origin *append(struct origins *origins, const char *section,
	const char *title, const char *name)
{
	struct origin *items =
		realloc(origins->items, (origins->n + 1) * sizeof(*items));
	struct origin *last;

	if (!items)
		return NULL;
	origins->items = items;
	last = &items[origins->n++];
	*last = (struct origin){ 0 };
	if (set_text(&last->section, section) < 0 ||
		set_text(&last->title, title) < 0 || set_text(&last->name, name) < 0)
		return NULL;
	return last;
}

int origins_note(struct origins *origins, const char *section, const char *title,
	const char *name, const char *file, int line)
{
	struct origin *at = find(origins, section, title ? title : "", name);

	if (!at)
		at = append(origins, section, title ? title : "", name);
	if (!at || set_text(&at->file, file ? file : "?") < 0)
		return -ENOMEM;
	at->line = line;
	return 0;
}

int origins_note_file(struct origins *origins, const char *path)
{
	struct origin_file *files, one = { 0 };

	if (stat(path, &one.st) < 0)
		return 0;
	files = realloc(origins->files, (origins->n_files + 1) * sizeof(*files));
	if (!files)
		return -ENOMEM;
	origins->files = files;
	one.path = strdup(path);
	if (!one.path)
		return -ENOMEM;
	files[origins->n_files++] = one;
	return 0;
}

const struct origin *origins_find(const struct origins *origins, const char *section,
	const char *title, const char *name)
{
	return find(origins, section, title, name);
}

static bool is_as_read(const struct origin_file *file)
{
	struct stat st;

	return stat(file->path, &st) == 0 && st.st_ino == file->st.st_ino &&
		st.st_dev == file->st.st_dev && st.st_size == file->st.st_size &&
		st.st_mtim.tv_sec == file->st.st_mtim.tv_sec &&
		st.st_mtim.tv_nsec == file->st.st_mtim.tv_nsec;
}

static bool was_read(const struct origins *origins, const char *path)
{
	for (size_t i = 0; i < origins->n_files; i++)
		if (strcmp(origins->files[i].path, path) == 0)
			return true;
	return false;
}

int origins_each_changed(const struct origins *origins,
	int (*each)(const char *path, void *arg), void *arg)
{
	char pattern[PATH_MAX];
	glob_t found = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < origins->n_files; i++)
		if (!is_as_read(&origins->files[i]))
			r = each(origins->files[i].path, arg);
	if (origins->n_files == 0)
		return 0;
	snprintf(pattern, sizeof(pattern), "%s.d/*.conf", origins->files[0].path);
	if (r == 0 && glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
			if (!was_read(origins, found.gl_pathv[i]))
				r = each(found.gl_pathv[i], arg);
	globfree(&found);
	return r;
}

void origins_fini(struct origins *origins)
{
	for (size_t i = 0; i < origins->n; i++) {
		free(origins->items[i].section);
		free(origins->items[i].title);
		free(origins->items[i].name);
		free(origins->items[i].file);
	}
	for (size_t i = 0; i < origins->n_files; i++)
		free(origins->files[i].path);
	free(origins->items);
	free(origins->files);
	*origins = (struct origins){ 0 };
}
