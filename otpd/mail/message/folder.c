/* SPDX-License-Identifier: MIT */
/*
 * The names in a directory are sorted before anything is read, so that the same files
 * make the same error. Text and HTML are pairs: a mail whose two parts come from
 * different people would say two things.
 */
#include "otpd/mail/message/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define WORDS_PREFIX "words."

static const char *const form_names[LAYOUT_FORMS] = { "txt", "html", "sms" };

struct names {
	struct dirent **list;
	int n;
};

static void names_fini(struct names *names)
{
	for (int i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
}

static int take_words(struct folder *folder, const char *language)
{
	size_t size = sizeof(folder->languages[0]);
	void *languages = realloc(folder->languages, (folder->n_languages + 1) * size);

	if (!languages)
		return -ENOMEM;
	folder->languages = languages;
	text_copy(folder->languages[folder->n_languages++], size, language);
	return 0;
}

static int take_layout(struct folder *folder, struct layout *layout, const char *name,
	char *error, size_t size)
{
	char path[FOLDER_PATH + 256];
	struct layout *layouts;
	int r;

	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	r = layout_read(layout, path, error, size);
	if (r < 0) {
		stencil_free(layout->stencil);
		return r;
	}
	layouts = realloc(folder->layouts, (folder->n_layouts + 1) * sizeof(*layouts));
	if (!layouts) {
		stencil_free(layout->stencil);
		return -ENOMEM;
	}
	folder->layouts = layouts;
	folder->layouts[folder->n_layouts++] = *layout;
	return 0;
}

/* What editors and package managers leave behind: no mistake of the administrator. */
static bool is_left_over(const char *name)
{
	size_t n = strlen(name);

	return name[0] == '.' || name[n - 1] == '~' || strstr(name, ".dpkg-") ||
		strstr(name, ".ucf-") || strstr(name, ".rpm");
}

/* "word.de", "Words.de", "wrods.de", "words_de": meant for words, but read by nobody.
 */
static bool is_like_words(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (strncasecmp(name, "word", 4) == 0)
		return true;
	return (name[0] == 'w' || name[0] == 'W') && dot && layout_is_language(dot + 1);
}

static int take_file(struct folder *folder, const char *name, char *error, size_t size)
{
	const char *language = strncmp(name, WORDS_PREFIX, strlen(WORDS_PREFIX)) == 0
		? name + strlen(WORDS_PREFIX)
		: NULL;
	enum layout_naming naming;
	struct layout layout;

	if (is_left_over(name))
		return 0;
	if (language && layout_is_language(language))
		return take_words(folder, language);
	naming = layout_name(&layout, name);
	if (naming == LAYOUT_NAMED)
		return take_layout(folder, &layout, name, error, size);
	if (naming == LAYOUT_FOREIGN && !is_like_words(name))
		return 0;
	snprintf(error, size, "%s/%.200s: no template has this name; see mail.conf(5)",
		folder->path, name);
	return -EINVAL;
}

static bool is_pair(const struct layout *a, const struct layout *b)
{
	return a->form != b->form && a->form != LAYOUT_SMS && b->form != LAYOUT_SMS &&
		a->has_kind == b->has_kind && a->kind == b->kind &&
		strcmp(a->language, b->language) == 0;
}

static int check_pairs(const struct folder *folder, char *error, size_t size)
{
	for (size_t i = 0; i < folder->n_layouts; i++) {
		const struct layout *one = &folder->layouts[i];
		size_t j = 0;

		while (j < folder->n_layouts && !is_pair(one, &folder->layouts[j]))
			j++;
		if (j < folder->n_layouts || one->form == LAYOUT_SMS)
			continue;
		snprintf(error, size,
			"%s/%s%s%s.%s: there is no .%s beside it; text "
			"and HTML are pairs",
			folder->path,
			one->has_kind ? letter_kind_name(one->kind) : "layout",
			one->language[0] ? "." : "", one->language,
			form_names[one->form],
			form_names[one->form == LAYOUT_TEXT ? LAYOUT_HTML
							    : LAYOUT_TEXT]);
		return -EINVAL;
	}
	return 0;
}

/* Who can write into it can put one of the files that are taken in another's place. */
static int check_owner(const char *path, char *error, size_t size)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		int r = -errno;

		if (r != -ENOENT)
			snprintf(error, size, "%s: %s", path, strerror(-r));
		return r;
	}
	if (!S_ISDIR(st.st_mode) ||
		((st.st_uid == 0 || st.st_uid == geteuid()) &&
			!(st.st_mode & (S_IWGRP | S_IWOTH))))
		return 0;
	snprintf(error, size,
		"%s: this directory must belong to root or this user and be writable by "
		"nobody else",
		path);
	return -EPERM;
}

int folder_read(struct folder *folder, const char *path, char *error, size_t size)
{
	CLEANUP(names_fini) struct names names = { 0 };
	int r = 0;

	*folder = (struct folder){ 0 };
	error[0] = '\0';
	if (!text_copy(folder->path, sizeof(folder->path), path))
		return -ENAMETOOLONG;
	r = check_owner(path, error, size);
	if (r < 0)
		return r;
	names.n = scandir(path, &names.list, NULL, alphasort);
	if (names.n < 0) {
		r = -errno;
		names.n = 0;
		if (r != -ENOENT)
			snprintf(error, size, "%s: %s", path, strerror(-r));
		return r;
	}
	for (int i = 0; r == 0 && i < names.n; i++)
		r = take_file(folder, names.list[i]->d_name, error, size);
	if (r == 0)
		r = check_pairs(folder, error, size);
	if (r < 0)
		folder_fini(folder);
	return r;
}

void folder_fini(struct folder *folder)
{
	for (size_t i = 0; i < folder->n_layouts; i++)
		stencil_free(folder->layouts[i].stencil);
	free(folder->layouts);
	free(folder->languages);
	*folder = (struct folder){ 0 };
}

bool folder_has_words(const struct folder *folder, const char *language)
{
	for (size_t i = 0; i < folder->n_languages; i++)
		if (strcmp(folder->languages[i], language) == 0)
			return true;
	return false;
}

void folder_words_path(
	const struct folder *folder, const char *language, char out[FOLDER_FILE])
{
	snprintf(out, FOLDER_FILE, "%s/" WORDS_PREFIX "%s", folder->path, language);
}

const struct layout *folder_find(const struct folder *folder, enum letter_kind kind,
	const char *language, enum layout_form form)
{
	const struct layout *best = NULL;
	int best_rank = -1;

	for (size_t i = 0; i < folder->n_layouts; i++) {
		const struct layout *one = &folder->layouts[i];
		int rank = 2 * one->has_kind + (one->language[0] != '\0');

		if (one->form != form || (one->has_kind && one->kind != kind) ||
			(one->language[0] &&
				!text_same_nocase(one->language, language)) ||
			rank <= best_rank)
			continue;
		best = one;
		best_rank = rank;
	}
	return best;
}
