/* SPDX-License-Identifier: MIT */
/*
 * Small files of the system that are changed while they are in use: sshd and PAM read
 * them at each login. There MUST be no moment at which half a file has the name, so a
 * draft is written beside it, synced, and renamed. Drafts begin with a dot and do not
 * end in .conf, so that neither Include nor PAM take one for a file of theirs.
 */
#include "otpd/host/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/host/run.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/secret.h"

#define DIFF_MS 10000

void edit_file_fini(struct edit_file *file)
{
	secret_free(file->text);
	*file = (struct edit_file){ 0 };
}

int edit_file_set(struct edit_file *file, const char *text, size_t size, mode_t mode)
{
	char *copy = secret_alloc(size + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	copy[size] = '\0';
	edit_file_fini(file);
	*file = (struct edit_file){ true, copy, size, mode, 0, 0 };
	return 0;
}

bool edit_same(const struct edit_file *a, const struct edit_file *b)
{
	if (!a->exists || !b->exists)
		return a->exists == b->exists;
	return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

/* Reads an open file whole. */
static int read_open(int fd, const struct stat *st, struct edit_file *ret)
{
	size_t n = 0;

	if (!S_ISREG(st->st_mode))
		return -ENOTSUP;
	if (st->st_size > (off_t)EDIT_MAX)
		return -EFBIG;
	ret->text = secret_alloc((size_t)st->st_size + 1);
	if (!ret->text)
		return -ENOMEM;
	while (n < (size_t)st->st_size) {
		ssize_t got = read(fd, ret->text + n, (size_t)st->st_size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	ret->text[n] = '\0';
	ret->size = n;
	ret->exists = true;
	ret->mode = st->st_mode & 07777;
	ret->uid = st->st_uid;
	ret->gid = st->st_gid;
	return 0;
}

int edit_read(const char *path, struct edit_file *ret)
{
	CLEANUP(closep)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	*ret = (struct edit_file){ 0 };
	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd < 0) {
		r = edit_file_set(ret, "", 0, 0);
		ret->exists = false;
		return r;
	}
	r = fstat(fd, &st) < 0 ? -errno : read_open(fd, &st, ret);
	if (r < 0)
		edit_file_fini(ret);
	return r;
}

int edit_directory(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');
	int n = slash > path ? (int)(slash - path) : 1;

	if (snprintf(out, size, "%.*s", n, slash ? path : ".") >= (int)size)
		return -ENAMETOOLONG;
	return 0;
}

static int draft_of(const char *path, char draft[static PATH_MAX])
{
	char directory[PATH_MAX - 64];
	const char *slash = strrchr(path, '/');
	int r = edit_directory(path, directory, sizeof(directory));

	if (r < 0)
		return r;
	if (snprintf(draft, PATH_MAX, "%s/.%.48s.otpctl-new", directory,
		    slash ? slash + 1 : path) >= PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

void edit_sweep(const char *path)
{
	char draft[PATH_MAX];

	if (draft_of(path, draft) == 0)
		(void)unlink(draft);
}

static int sync_directory(const char *path)
{
	CLEANUP(closep) int fd = -1;
	char directory[PATH_MAX];
	int r = edit_directory(path, directory, sizeof(directory));

	if (r < 0)
		return r;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

static int write_draft(const char *draft, const struct edit_file *file)
{
	CLEANUP(closep)
	int fd =
		open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_all(fd, file->text, file->size);
	if (r < 0)
		return r;
	if (fchown(fd, file->uid, file->gid) < 0 || fchmod(fd, file->mode) < 0 ||
		fsync(fd) < 0)
		return -errno;
	return 0;
}

/* Makes the last directory of path where it is missing. */
static int make_directory(const char *path)
{
	char directory[PATH_MAX];
	int r = edit_directory(path, directory, sizeof(directory));

	if (r < 0 || access(directory, F_OK) == 0)
		return r;
	if (mkdir(directory, 0755) < 0 || chmod(directory, 0755) < 0)
		return -errno;
	return sync_directory(directory);
}

int edit_replace(const char *path, const struct edit_file *file)
{
	char draft[PATH_MAX];
	int r;

	if (!file->exists) {
		if (unlink(path) < 0)
			return errno == ENOENT ? 0 : -errno;
		return sync_directory(path);
	}
	r = draft_of(path, draft);
	if (r == 0)
		r = make_directory(path);
	if (r < 0)
		return r;
	(void)unlink(draft);
	r = write_draft(draft, file);
	if (r == 0 && rename(draft, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(draft);
	return r < 0 ? r : sync_directory(path);
}

/* diff(1) compares what stands on standard input with a file that is open as fd. */
static int run_diff(const char *const argv[], const char *input, char **ret)
{
	struct run_output output;
	int r = run_with_input(argv, input, DIFF_MS, &output);

	/* 0: they are the same; 1: they differ. */
	if (r == 0 || r == 1) {
		*ret = TAKE_PTR(output.out);
		r = 0;
	} else if (r > 0)
		r = -EIO;
	run_output_fini(&output);
	return r;
}

int edit_diff(const char *path, const struct edit_file *before,
	const struct edit_file *after, char **ret)
{
	CLEANUP(closep) int fd = memfd_create("before", 0);
	char old_label[PATH_MAX], new_label[PATH_MAX], old[64];
	const char *const argv[] = { "diff", "-u", "--label", old_label, "--label",
		new_label, "--", old, "-", NULL };
	int r;

	*ret = NULL;
	if (fd < 0)
		return -errno;
	r = file_write_all(fd, before->text, before->size);
	if (r < 0)
		return r;
	snprintf(old_label, sizeof(old_label), "%s",
		before->exists ? path : "/dev/null");
	snprintf(
		new_label, sizeof(new_label), "%s", after->exists ? path : "/dev/null");
	/* The child has no descriptor but three; ours is open while it runs. */
	snprintf(old, sizeof(old), "/proc/%ld/fd/%d", (long)getpid(), fd);
	return run_diff(argv, after->text, ret);
}
