/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_FILE_H
#define OTPD_UTIL_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Who may have written the file, and whether others may read it. */
enum file_rule {
	FILE_CONFIG, /* owner root or us; not writable by group or others */
	FILE_SECRET, /* the same, and no access at all for others; group may read */
};

/*
 * Opens a regular file, without following a symbolic link in the last component, and
 * checks owner and mode on the open descriptor. Returns the descriptor (O_CLOEXEC) or
 * -errno: -EPERM owner or mode, -ENOTSUP not a regular file, -ELOOP a symbolic link.
 */
int file_open_safe(const char *path, enum file_rule rule);

/* What is wrong, for people, for an error of file_open_safe or file_read_safe. */
const char *file_error(int r, enum file_rule rule);

#define FILE_WHY 512

/*
 * The same, and where owner or mode are wrong what they are now and the command that
 * puts them right. Looks at path once more, for these words only. Returns out.
 */
const char *file_explain(
	char out[FILE_WHY], const char *path, int r, enum file_rule rule);

/*
 * Reads such a file whole into memory of secret_alloc(), with a NUL behind it. -EFBIG
 * if it has more than max bytes. The caller frees with secret_free(). ret_size may be
 * NULL.
 */
int file_read_safe(const char *path, enum file_rule rule, size_t max, char **ret,
	size_t *ret_size);

/*
 * Makes a file that must not exist yet, mode 0600, whole and on the disk (file and
 * directory are synced) before it gets its name. -EEXIST if it exists.
 */
int file_create_secret(const char *path, const void *data, size_t size);

/* Writes all bytes, over interruptions. 0 or -errno. */
int file_write_all(int fd, const void *data, size_t size);

#endif
