/* SPDX-License-Identifier: MIT */
/* The files that setup changes, each with what it was and what it becomes. */
#include "otpd/ctl/setup/changes.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/ctl/setup/paths.h"
#include "otpd/util/buffer.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"

#define MODULE   "pam_emailotp.so"
#define REPLACED " try_first_pass # was " MODULE

static void change_fini(struct change *change)
{
	free(change->path);
	edit_file_fini(&change->before);
	edit_file_fini(&change->after);
}

void changes_fini(struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		change_fini(&changes->items[i]);
	free(changes->items);
	*changes = (struct changes){ 0 };
}

int changes_add(struct changes *changes, const char *path, bool makes_directory,
	struct edit_file *before, struct edit_file *after)
{
	struct change *grown =
		reallocarray(changes->items, changes->n + 1, sizeof(changes->items[0]));
	char *copy;

	if (!grown)
		return -ENOMEM;
	changes->items = grown;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	grown[changes->n++] = (struct change){ copy, makes_directory, *before, *after };
	*before = *after = (struct edit_file){ 0 };
	return 0;
}

struct change *changes_find(const struct changes *changes, const char *path)
{
	for (size_t i = 0; i < changes->n; i++)
		if (strcmp(changes->items[i].path, path) == 0)
			return &changes->items[i];
	return NULL;
}

bool change_is_secret(const struct change *change)
{
	return strcmp(change->path, PATH_PASSWORD) == 0;
}

/* A part of a text that consists of whole lines. */
struct span {
	const char *at;
	size_t size;
};

/* The length of the line at the front, with its end; 0 at the end of the text. */
static size_t line_length(struct span text)
{
	const char *end = text.size ? memchr(text.at, '\n', text.size) : NULL;

	return end ? (size_t)(end - text.at) + 1 : text.size;
}

static size_t last_line_length(struct span text)
{
	size_t n = text.size > 0;

	while (n > 0 && n < text.size && text.at[text.size - n - 1] != '\n')
		n++;
	return n;
}

static void cut_front(struct span *text, size_t n)
{
	text->at += n;
	text->size -= n;
}

/* Leaves of both what differs: the equal lines at both ends go. */
static void cut_equal_ends(struct span *a, struct span *b)
{
	size_t n;

	while ((n = line_length(*a)) > 0 && n == line_length(*b) &&
		memcmp(a->at, b->at, n) == 0) {
		cut_front(a, n);
		cut_front(b, n);
	}
	while ((n = last_line_length(*a)) > 0 && n == last_line_length(*b) &&
		memcmp(a->at + a->size - n, b->at + b->size - n, n) == 0) {
		a->size -= n;
		b->size -= n;
	}
}

static bool is_blank(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!strchr(" \t\r\n", text.at[i]))
			return false;
	return true;
}

/* A text as its lines. */
struct lines {
	struct span *items;
	size_t n;
};

static void lines_fini(struct lines *lines)
{
	free(lines->items);
}

static int lines_init(struct lines *lines, struct span text)
{
	struct span rest = text;
	size_t n;

	*lines = (struct lines){ .n = 0 };
	for (n = 0; line_length(rest) > 0; n++)
		cut_front(&rest, line_length(rest));
	lines->items = calloc(n + 1, sizeof(lines->items[0]));
	if (!lines->items)
		return -ENOMEM;
	for (; lines->n < n; lines->n++) {
		lines->items[lines->n] = (struct span){ text.at, line_length(text) };
		cut_front(&text, line_length(text));
	}
	return 0;
}

static bool is_same(struct span a, struct span b)
{
	return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

/* A brace alone is in every file: it is ours only right behind another line of ours. */
static bool has_word(struct span line)
{
	for (size_t i = 0; i < line.size; i++)
		if (isalnum((unsigned char)line.at[i]))
			return true;
	return false;
}

/* A line that asks for a code, as PAM reads it; or what take-pam-lines-out has put in
 * its place. */
static bool names_module(struct span line)
{
	const char *comment = memchr(line.at, '#', line.size);
	size_t active = comment ? (size_t)(comment - line.at) : line.size;

	return memmem(line.at, active, MODULE, strlen(MODULE)) ||
		memmem(line.at, line.size, REPLACED, strlen(REPLACED));
}

/* What is taken out of a text, and what of ours is found in it. */
struct taking {
	struct lines text;
	struct lines ours;
	unsigned *longest; /* of both from a line each: the most that they share */
	bool modules;      /* whatever names the module goes, however it was changed */
};

static void taking_fini(struct taking *taking)
{
	lines_fini(&taking->text);
	lines_fini(&taking->ours);
	free(taking->longest);
}

static unsigned *longest(const struct taking *taking, size_t i, size_t j)
{
	return &taking->longest[i * (taking->ours.n + 1) + j];
}

static int taking_init(struct taking *taking, struct span text, struct span ours)
{
	int r = lines_init(&taking->text, text);

	if (r == 0)
		r = lines_init(&taking->ours, ours);
	if (r < 0)
		return r;
	taking->longest = calloc((taking->text.n + 1) * (taking->ours.n + 1),
		sizeof(taking->longest[0]));
	if (!taking->longest)
		return -ENOMEM;
	for (size_t i = taking->text.n; i-- > 0;)
		for (size_t j = taking->ours.n; j-- > 0;) {
			unsigned a = *longest(taking, i + 1, j);
			unsigned b = *longest(taking, i, j + 1);

			if (is_same(taking->text.items[i], taking->ours.items[j]))
				*longest(taking, i, j) =
					*longest(taking, i + 1, j + 1) + 1;
			else
				*longest(taking, i, j) = a > b ? a : b;
		}
	return 0;
}

/*
 * The text without what is left of ours, in its order and with others' lines between;
 * old where the first was. Lines of ours that are gone or changed hide none behind
 * them.
 */
static bool take_lines(struct buffer *out, const struct taking *taking, struct span old)
{
	bool found = false, behind = false;

	for (size_t i = 0, j = 0; i < taking->text.n;) {
		struct span line = taking->text.items[i];
		bool same = j < taking->ours.n && is_same(line, taking->ours.items[j]);
		bool ours = same && (behind || has_word(line));

		if (!same &&
			j<taking->ours.n && * longest(taking, i, j + 1)> *
				longest(taking, i + 1, j)) {
			behind = false;
			j++;
			continue;
		}
		if (ours || (taking->modules && names_module(line))) {
			if (!found)
				buffer_add(out, old.at, old.size);
			found = true;
		} else
			buffer_add(out, line.at, line.size);
		behind = same ? ours : behind;
		j += same;
		i++;
	}
	return found;
}

int change_take_out(const struct change *change, const struct edit_file *now,
	struct edit_file *ret_file)
{
	CLEANUP(buffer_fini) struct buffer out = { 0 };
	CLEANUP(taking_fini)
	struct taking taking = {
		.modules = strncmp(change->path, PATH_PAM, strlen(PATH_PAM)) == 0 &&
			!strstr(change->before.text, MODULE),
	};
	struct span old = { change->before.text, change->before.size };
	struct span ours = { change->after.text, change->after.size };
	struct span left;
	bool found;
	int r;

	*ret_file = (struct edit_file){ 0 };
	cut_equal_ends(&ours, &old);
	r = taking_init(&taking, (struct span){ now->text, now->size }, ours);
	if (r < 0)
		return r;
	found = take_lines(&out, &taking, old);
	buffer_puts(&out, "");
	if (out.failed)
		return -ENOMEM;
	left = (struct span){ out.data, out.size };
	r = edit_file_set(ret_file, out.data, out.size, now->mode);
	if (r < 0)
		return r;
	ret_file->uid = now->uid;
	ret_file->gid = now->gid;
	if (!change->before.exists && is_blank(left))
		ret_file->exists = false;
	return found;
}
