/* SPDX-License-Identifier: MIT */
/*
 * A run of setup as a transaction over files. Before a file is touched what it was MUST
 * be on the disk (pending.json), and what is in pending.json MUST be put back by
 * whoever finds it, unless the manifest has the same run: then only the last step was
 * missing.
 */
#include "otpd/ctl/setup/transaction.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/ctl/setup/paths.h"
#include "otpd/util/buffer.h"
#include "otpd/util/cleanup.h"

static int take_lock(struct transaction *transaction)
{
	struct stat st;

	if (mkdir(PATH_STATE, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (lstat(PATH_STATE, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) || st.st_uid != 0 || (st.st_mode & 077))
		return -EPERM;
	transaction->lock =
		open(PATH_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (transaction->lock < 0)
		return -errno;
	if (flock(transaction->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

int transaction_open(struct transaction *transaction)
{
	int r;

	*transaction = (struct transaction){ .lock = -1 };
	r = take_lock(transaction);
	if (r < 0)
		return r;
	r = manifest_read(PATH_MANIFEST, &transaction->done);
	if (r < 0 && r != -ENOENT)
		return r;
	r = manifest_read(PATH_PENDING, &transaction->pending);
	if (r == -ENOENT)
		return manifest_name(&transaction->pending);
	if (r == 0)
		transaction->written = transaction->pending.changes.n;
	return r;
}

void transaction_close(struct transaction *transaction)
{
	manifest_fini(&transaction->done);
	manifest_fini(&transaction->pending);
	closep(&transaction->lock);
}

bool transaction_was_cut_short(const struct transaction *transaction)
{
	return transaction->written > 0;
}

static int copy(struct edit_file *to, const struct edit_file *from)
{
	int r = edit_file_set(to, from->text, from->size, from->mode);

	to->exists = from->exists;
	to->uid = from->uid;
	to->gid = from->gid;
	return r;
}

int transaction_base(
	const struct transaction *transaction, const char *path, struct edit_file *ret)
{
	const struct change *known = changes_find(&transaction->done.changes, path);
	int r = edit_read(path, ret);

	if (r < 0 || !known || !edit_same(ret, &known->after))
		return r;
	return copy(ret, &known->before);
}

static bool lacks_directory(const char *path)
{
	char directory[PATH_MAX];

	return edit_directory(path, directory, sizeof(directory)) == 0 &&
		access(directory, F_OK) < 0;
}

int transaction_plan(
	struct transaction *transaction, const char *path, struct edit_file *file)
{
	CLEANUP(edit_file_fini) struct edit_file now = { 0 };
	int r = edit_read(path, &now);

	if (r == 0 && !edit_same(&now, file)) {
		/* The password's mode is ours: otpd-mail must be able to read it. */
		if (now.exists && file->exists && strcmp(path, PATH_PASSWORD) != 0) {
			file->uid = now.uid;
			file->gid = now.gid;
			file->mode = now.mode;
		}
		r = changes_add(&transaction->pending.changes, path,
			lacks_directory(path), &now, file);
	}
	edit_file_fini(file);
	return r;
}

size_t transaction_count(const struct transaction *transaction)
{
	return transaction->pending.changes.n;
}

int transaction_diff(const struct transaction *transaction, char **ret)
{
	CLEANUP(buffer_fini) struct buffer out = { 0 };

	buffer_puts(&out, "");
	for (size_t i = 0; i < transaction->pending.changes.n; i++) {
		const struct change *change = &transaction->pending.changes.items[i];
		CLEANUP(freep) char *diff = NULL;
		int r;

		if (change_is_secret(change)) {
			buffer_puts(&out, "(" PATH_PASSWORD " gets the password)\n");
			continue;
		}
		r = edit_diff(change->path, &change->before, &change->after, &diff);
		if (r < 0)
			return r;
		buffer_puts(&out, diff);
	}
	*ret = out.failed ? NULL : strdup(out.data);
	return *ret ? 0 : -ENOMEM;
}

static void drop_last(struct changes *changes)
{
	struct change *last = &changes->items[--changes->n];

	free(last->path);
	edit_file_fini(&last->before);
	edit_file_fini(&last->after);
}

void transaction_forget(struct transaction *transaction)
{
	while (transaction->pending.changes.n > transaction->written)
		drop_last(&transaction->pending.changes);
}

int transaction_apply(struct transaction *transaction, const char **ret_path)
{
	struct changes *changes = &transaction->pending.changes;
	int r;

	*ret_path = PATH_PENDING;
	if (transaction->written == changes->n)
		return 0;
	r = manifest_write(PATH_PENDING, &transaction->pending);
	while (r == 0 && transaction->written < changes->n) {
		struct change *change = &changes->items[transaction->written++];

		*ret_path = change->path;
		/* What stood there before the first run is the one to keep. */
		if (!changes_find(&transaction->done.changes, change->path))
			r = manifest_back_up(change);
		if (r == 0)
			r = edit_replace(change->path, &change->after);
	}
	return r;
}

int transaction_take_back(struct transaction *transaction, const char *path)
{
	struct change *change = changes_find(&transaction->pending.changes, path);
	int r;

	if (!change)
		return 0;
	r = edit_replace(path, &change->before);
	if (r < 0)
		return r;
	edit_file_fini(&change->after);
	return copy(&change->after, &change->before);
}

static int remove_file(const char *path)
{
	const struct edit_file none = { 0 };

	return edit_replace(path, &none);
}

int transaction_roll_back(struct transaction *transaction, unsigned *ret_touched)
{
	int r = 0;

	*ret_touched = 0;
	transaction_forget(transaction);
	if (transaction->written == 0)
		return 0;
	if (strcmp(transaction->done.run, transaction->pending.run) != 0)
		r = restore_changes(&transaction->pending.changes, ret_touched);
	if (r == 0)
		r = remove_file(PATH_PENDING);
	if (r < 0)
		return r;
	manifest_fini(&transaction->pending);
	transaction->written = 0;
	return manifest_name(&transaction->pending);
}

int transaction_commit(struct transaction *transaction)
{
	int r;

	if (transaction->written == 0)
		return 0;
	r = manifest_merge(&transaction->done, &transaction->pending);
	if (r == 0)
		r = manifest_write(PATH_MANIFEST, &transaction->done);
	if (r < 0) {
		transaction->done.run[0] = '\0'; /* it does not hold */
		return r;
	}
	transaction->written = 0;
	/* If this fails, the next run sees that the manifest has it already. */
	(void)remove_file(PATH_PENDING);
	return 0;
}

int transaction_undo(struct transaction *transaction, unsigned *ret_touched)
{
	int r;

	*ret_touched = 0;
	if (transaction->done.run[0] == '\0')
		return 1;
	r = restore_changes(&transaction->done.changes, ret_touched);
	if (r == 0)
		r = remove_file(PATH_MANIFEST);
	if (r == 0)
		manifest_fini(&transaction->done);
	return r;
}
