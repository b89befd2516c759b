/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_CHANGES_H
#define OTPD_CTL_SETUP_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "otpd/host/edit.h"

/* One file: what it was, and what it becomes. */
struct change {
	char *path;
	bool makes_directory; /* its directory was not there before */
	struct edit_file before;
	struct edit_file after;
};

struct changes {
	struct change *items;
	size_t n;
};

void changes_fini(struct changes *changes);

/* Adds one, which takes both files over (they are then empty). 0 or -ENOMEM. */
int changes_add(struct changes *changes, const char *path, bool makes_directory,
	struct edit_file *before, struct edit_file *after);

/* The one of this path, or NULL. */
struct change *changes_find(const struct changes *changes, const char *path);

/* Whether the text of a file must not be shown. */
bool change_is_secret(const struct change *change);

/*
 * Takes what a change has put into a text out of it again, for a file that was changed
 * otherwise meanwhile: the lines that after has and before has not, and what they
 * replaced comes back. ret_file is what the file becomes. 1 if there was anything of
 * it, 0 if not, -ENOMEM.
 */
int change_take_out(const struct change *change, const struct edit_file *now,
	struct edit_file *ret_file);

#endif
