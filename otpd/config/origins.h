/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CONFIG_ORIGINS_H
#define OTPD_CONFIG_ORIGINS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Where one setting of a section was given last. */
struct origin {
	char *section; /* "" at the top, and so is title */
	char *title;
	char *name;
	char *file;
	int line;
};

/* A file as it was when it was read. */
struct origin_file {
	char *path;
	struct stat st;
};

/* Of a whole configuration. */
struct origins {
	struct origin *items;
	size_t n;
	struct origin_file *files; /* the configuration's own first */
	size_t n_files;
};

/* Replaces what was noted of the same setting. -ENOMEM */
int origins_note(struct origins *origins, const char *section, const char *title,
	const char *name, const char *file, int line);

/* A file that cannot be looked at is no error here. -ENOMEM */
int origins_note_file(struct origins *origins, const char *path);

/* NULL: the setting stands in no file. */
const struct origin *origins_find(const struct origins *origins, const char *section,
	const char *title, const char *name);

/*
 * Calls each for every file that is not as it was read: changed, gone, or come to its
 * directory FILE.d since. Looks at names and times, and opens none. Returns what each
 * returned if that is not 0.
 */
int origins_each_changed(const struct origins *origins,
	int (*each)(const char *path, void *arg), void *arg);

void origins_fini(struct origins *origins);

#endif
