/* SPDX-License-Identifier: MIT */
/*
 * What setup has changed, on the disk. There are two: what a run is about to change
 * (pending.json), written before the first file is touched, and what holds since the
 * last run that succeeded (manifest.json), where "before" is what stood there before
 * the first run.
 */
#ifndef OTPD_CTL_SETUP_MANIFEST_H
#define OTPD_CTL_SETUP_MANIFEST_H

#include <stdbool.h>

#include "otpd/ctl/setup/changes.h"

#define MANIFEST_RUN 33 /* the name of a run: 32 hexadecimal digits */

struct manifest {
	char run[MANIFEST_RUN];
	struct changes changes;
};

void manifest_fini(struct manifest *manifest);

/* 0, -ENOENT there is none, -EBADMSG it cannot be read, or another -errno. */
int manifest_read(const char *path, struct manifest *ret);

/* Whole and on the disk when it returns 0. */
int manifest_write(const char *path, const struct manifest *manifest);

/* Gives it a name that no other has. 0 or -errno. */
int manifest_name(struct manifest *manifest);

/* What holds after a run: done with the changes of pending laid over it. 0 or -ENOMEM.
 */
int manifest_merge(struct manifest *done, const struct manifest *pending);

/* A copy of what stood in a file before, for people, below PATH_BACKUP. */
int manifest_back_up(const struct change *change);

#endif
