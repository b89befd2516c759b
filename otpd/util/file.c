/* SPDX-License-Identifier: MIT */
/*
 * Configuration and key files. Whoever can write one of them owns the door, so
 * everything is checked on the descriptor that is then read: MUST be a regular file,
 * MUST belong to root or to us, MUST NOT be writable by anybody else; a key MUST NOT be
 * readable by others. A FIFO in its place does not block (O_NONBLOCK), a link is not
 * followed.
 */
#include "otpd/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"

int file_open_safe(const char *path, enum file_rule rule)
{
	mode_t forbidden = rule == FILE_SECRET ? S_IWGRP | S_IRWXO : S_IWGRP | S_IWOTH;
	CLEANUP(closep) int fd = -1;
	struct stat st;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & forbidden))
		return -EPERM;
	return take_fd(&fd);
}

const char *file_error(int r, enum file_rule rule)
{
	switch (r) {
	case -EPERM:
		return rule == FILE_SECRET
			? "must belong to root or this user, mode 0600 or 0640"
			: "must belong to root or this user and be writable by nobody else";
	case -ENOTSUP:
		return "is not a regular file";
	case -ELOOP:
		return "is a symbolic link; name the file itself";
	case -EFBIG:
		return "is larger than such a file can be";
	default:
		return strerror(-r);
	}
}

const char *file_explain(
	char out[FILE_WHY], const char *path, int r, enum file_rule rule)
{
	const char *right = rule == FILE_SECRET ? "g-w,o=" : "go-w";
	struct stat st;
	bool is_foreign;

	snprintf(out, FILE_WHY, "%s", file_error(r, rule));
	if (r != -EPERM || lstat(path, &st) < 0)
		return out;
	is_foreign = st.st_uid != 0 && st.st_uid != geteuid();
	snprintf(out, FILE_WHY,
		"%s; it belongs to user %u and has mode %04o: %s%s%schmod %s %s",
		file_error(r, rule), (unsigned)st.st_uid,
		(unsigned)(st.st_mode & 07777), is_foreign ? "chown root " : "",
		is_foreign ? path : "", is_foreign ? " && " : "", right, path);
	return out;
}

/* Reads to the end; 1 if there is more than size bytes. */
static int read_whole(int fd, char *buffer, size_t size, size_t *ret_size)
{
	size_t n = 0;

	for (;;) {
		char more;
		ssize_t got =
			n < size ? read(fd, buffer + n, size - n) : read(fd, &more, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		if (n == size)
			return -EFBIG;
		n += (size_t)got;
	}
	*ret_size = n;
	return 0;
}

DEFINE_CLEANUP(char *, secret_free);

int file_read_safe(
	const char *path, enum file_rule rule, size_t max, char **ret, size_t *ret_size)
{
	CLEANUP(secret_freep) char *buffer = NULL;
	CLEANUP(closep) int fd = -1;
	size_t size = 0;
	int r;

	fd = file_open_safe(path, rule);
	if (fd < 0)
		return fd;
	buffer = secret_alloc(max + 1);
	if (!buffer)
		return -ENOMEM;
	r = read_whole(fd, buffer, max, &size);
	if (r < 0)
		return r;
	buffer[size] = '\0';
	*ret = TAKE_PTR(buffer);
	if (ret_size)
		*ret_size = size;
	return 0;
}

int file_write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Syncs the directory that holds path, so that the new name survives a power cut. */
static int sync_directory_of(const char *path)
{
	CLEANUP(closep) int fd = -1;
	char directory[PATH_MAX];
	char *slash;

	if (snprintf(directory, sizeof(directory), "%s", path) >=
		(int)sizeof(directory))
		return -ENAMETOOLONG;
	slash = strrchr(directory, '/');
	if (!slash)
		snprintf(directory, sizeof(directory), ".");
	else
		slash[slash == directory] = '\0';
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

int file_create_secret(const char *path, const void *data, size_t size)
{
	CLEANUP(closep) int fd = -1;
	char draft[PATH_MAX];
	int r;

	if (snprintf(draft, sizeof(draft), "%s.new", path) >= (int)sizeof(draft))
		return -ENAMETOOLONG;
	if (unlink(draft) < 0 && errno != ENOENT)
		return -errno;
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = file_write_all(fd, data, size);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	/* link(2), unlike rename(2), never replaces a key that is there. */
	if (r == 0 && link(draft, path) < 0)
		r = -errno;
	(void)unlink(draft);
	return r < 0 ? r : sync_directory_of(path);
}
