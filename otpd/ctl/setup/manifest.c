/* SPDX-License-Identifier: MIT */
/*
 * The manifests. The texts of the files stand in them whole, as hexadecimal digits
 * since a file of /etc need not be UTF-8, so that a manifest and what it is about
 * cannot come apart. One may hold a password: the directory MUST be root's alone.
 */
#include "otpd/ctl/setup/manifest.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/ctl/setup/paths.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/hex.h"
#include "otpd/util/secret.h"

#define MANIFEST_MAX ((size_t)8 * 1024 * 1024)
#define VERSION      1

DEFINE_CLEANUP(char *, secret_free);

void manifest_fini(struct manifest *manifest)
{
	changes_fini(&manifest->changes);
	manifest->run[0] = '\0';
}

int manifest_name(struct manifest *manifest)
{
	uint8_t bytes[MANIFEST_RUN / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	hex_encode(manifest->run, bytes, sizeof(bytes));
	return 0;
}

static json_t *file_to_json(const struct edit_file *file)
{
	CLEANUP(secret_freep) char *hex = NULL;

	if (!file->exists)
		return json_null();
	hex = secret_alloc(2 * file->size + 1);
	if (!hex)
		return NULL;
	hex_encode(hex, (const uint8_t *)file->text, file->size);
	return json_pack("{s:s, s:i, s:i, s:i}", "text", hex, "mode", (int)file->mode,
		"uid", (int)file->uid, "gid", (int)file->gid);
}

static int file_from_json(const json_t *json, struct edit_file *ret)
{
	CLEANUP(secret_freep) char *text = NULL;
	const char *hex;
	json_int_t mode, uid, gid;
	size_t size;
	int r;

	*ret = (struct edit_file){ 0 };
	if (json_is_null(json)) {
		r = edit_file_set(ret, "", 0, 0);
		ret->exists = false;
		return r;
	}
	if (json_unpack((json_t *)(uintptr_t)json, "{s:s, s:I, s:I, s:I}", "text", &hex,
		    "mode", &mode, "uid", &uid, "gid", &gid) < 0)
		return -EBADMSG;
	size = strlen(hex) / 2;
	text = secret_alloc(size + 1);
	if (!text)
		return -ENOMEM;
	if (hex_decode((uint8_t *)text, size, hex) < 0)
		return -EBADMSG;
	r = edit_file_set(ret, text, size, (mode_t)mode & 07777);
	ret->uid = (uid_t)uid;
	ret->gid = (gid_t)gid;
	return r;
}

static int read_change(struct changes *changes, const json_t *json)
{
	const char *path = json_string_value(json_object_get(json, "path"));
	CLEANUP(edit_file_fini) struct edit_file before = { 0 };
	CLEANUP(edit_file_fini) struct edit_file after = { 0 };
	int r;

	if (!path || path[0] != '/')
		return -EBADMSG;
	r = file_from_json(json_object_get(json, "before"), &before);
	if (r == 0)
		r = file_from_json(json_object_get(json, "after"), &after);
	if (r == 0)
		r = changes_add(changes, path,
			json_is_true(json_object_get(json, "makes_directory")), &before,
			&after);
	return r;
}

int manifest_read(const char *path, struct manifest *ret)
{
	CLEANUP(json_decrefp) json_t *json = NULL;
	CLEANUP(secret_freep) char *text = NULL;
	const json_t *files, *file;
	const char *run;
	size_t i;
	int r;

	*ret = (struct manifest){ 0 };
	r = file_read_safe(path, FILE_SECRET, MANIFEST_MAX, &text, NULL);
	if (r < 0)
		return r;
	json = json_loads(text, 0, NULL);
	run = json_string_value(json_object_get(json, "run"));
	files = json_object_get(json, "files");
	if (json_integer_value(json_object_get(json, "version")) != VERSION || !run ||
		strlen(run) != MANIFEST_RUN - 1 || !json_is_array(files))
		return -EBADMSG;
	memcpy(ret->run, run, MANIFEST_RUN);
	json_array_foreach(files, i, file) {
		r = read_change(&ret->changes, file);
		if (r < 0) {
			manifest_fini(ret);
			return r;
		}
	}
	return 0;
}

static json_t *to_json(const struct manifest *manifest)
{
	CLEANUP(json_decrefp) json_t *files = json_array();

	for (size_t i = 0; i < manifest->changes.n; i++) {
		const struct change *change = &manifest->changes.items[i];
		json_t *file = json_pack("{s:s, s:b, s:o, s:o}", "path", change->path,
			"makes_directory", change->makes_directory, "before",
			file_to_json(&change->before), "after",
			file_to_json(&change->after));

		if (json_array_append_new(files, file) < 0)
			return NULL;
	}
	return json_pack("{s:i, s:s, s:O}", "version", VERSION, "run", manifest->run,
		"files", files);
}

int manifest_write(const char *path, const struct manifest *manifest)
{
	CLEANUP(json_decrefp) json_t *json = to_json(manifest);
	CLEANUP(secret_freep)
	char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	CLEANUP(edit_file_fini) struct edit_file file = { 0 };
	int r;

	if (!text)
		return -ENOMEM;
	r = edit_file_set(&file, text, strlen(text), 0600);
	file.uid = geteuid();
	file.gid = getegid();
	return r < 0 ? r : edit_replace(path, &file);
}

static int copy_file(struct edit_file *to, const struct edit_file *from)
{
	int r = edit_file_set(to, from->text, from->size, from->mode);

	to->exists = from->exists;
	to->uid = from->uid;
	to->gid = from->gid;
	return r;
}

static int merge_one(struct changes *done, const struct change *change)
{
	struct change *known = changes_find(done, change->path);
	CLEANUP(edit_file_fini) struct edit_file before = { 0 };
	CLEANUP(edit_file_fini) struct edit_file after = { 0 };
	int r;

	/* As a file of the trial, which came and went. */
	if (!known && edit_same(&change->before, &change->after))
		return 0;
	r = copy_file(&after, &change->after);
	if (r < 0)
		return r;
	if (known) {
		edit_file_fini(&known->after);
		known->after = after;
		after = (struct edit_file){ 0 };
		return 0;
	}
	r = copy_file(&before, &change->before);
	return r < 0 ? r
		     : changes_add(done, change->path, change->makes_directory, &before,
			       &after);
}

int manifest_merge(struct manifest *done, const struct manifest *pending)
{
	int r = 0;

	memcpy(done->run, pending->run, MANIFEST_RUN);
	for (size_t i = 0; r == 0 && i < pending->changes.n; i++)
		r = merge_one(&done->changes, &pending->changes.items[i]);
	return r;
}

/* Makes the directories of a path below PATH_BACKUP, for root alone. */
static int make_directories(char *path)
{
	for (char *slash = path + strlen(PATH_STATE) + 1; (slash = strchr(slash, '/'));
		slash++) {
		*slash = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

int manifest_back_up(const struct change *change)
{
	char path[PATH_MAX];
	int r;

	if (!change->before.exists)
		return 0;
	if (snprintf(path, sizeof(path), PATH_BACKUP "%s", change->path) >=
		(int)sizeof(path))
		return -ENAMETOOLONG;
	r = make_directories(path);
	return r < 0 ? r : edit_replace(path, &change->before);
}
