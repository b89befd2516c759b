/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_PLACE_H
#define TESTS_BENCH_PLACE_H

#include <stddef.h>
#include <sys/types.h>

/* Paths below the one directory; short enough for a socket's address. */
#define PLACE_PATH 108

/*
 * Makes the one temporary directory of this run, below dir or the first of $TMPDIR,
 * build and /var/tmp that lies on a disk. It is removed when the process ends.
 */
void place_open(const char *dir);

/* The path of a name in it. */
void place_path(char out[PLACE_PATH], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Makes a directory of that name in it. */
void place_dir(const char *name);

/*
 * Copies the tree's templates to a directory of that name in it, for mail.conf: the
 * tree may belong to somebody whose files otpd-mail does not take.
 */
void place_templates(const char *name);

/* Makes a file with this text. */
void place_write(const char *path, mode_t mode, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
