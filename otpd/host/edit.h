/* SPDX-License-Identifier: MIT */
#ifndef OTPD_HOST_EDIT_H
#define OTPD_HOST_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define EDIT_MAX ((size_t)256 * 1024) /* bytes of a file; more is no configuration */

/* A small file as it is, or as it is to be. */
struct edit_file {
	bool exists;
	char *text; /* of secret_alloc(), ended by NUL; "" where it does not exist */
	size_t size;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/*
 * Reads a file. 0 also where there is none. -ELOOP a symbolic link, -ENOTSUP no regular
 * file, -EFBIG, or another -errno.
 */
int edit_read(const char *path, struct edit_file *ret);
void edit_file_fini(struct edit_file *file);

/* A file with this text and mode, of root. 0 or -ENOMEM. */
int edit_file_set(struct edit_file *file, const char *text, size_t size, mode_t mode);

/* Whether two are the same to a reader: both absent, or the same bytes. */
bool edit_same(const struct edit_file *a, const struct edit_file *b);

/*
 * Makes the file what file says, with owner and mode, or removes it if it is not to
 * exist. At every moment, and after a power cut, there is the old one or the new one,
 * whole. A directory that is missing is made, with mode 0755.
 */
int edit_replace(const char *path, const struct edit_file *file);

/* Removes what an edit_replace() that was killed has left beside path. */
void edit_sweep(const char *path);

/* The directory of path, without the last slash. -ENAMETOOLONG or 0. */
int edit_directory(const char *path, char *out, size_t size);

/* A unified diff, "" where nothing differs; the caller frees. 0 or -errno. */
int edit_diff(const char *path, const struct edit_file *before,
	const struct edit_file *after, char **ret);

#endif
