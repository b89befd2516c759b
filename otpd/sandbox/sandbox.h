/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SANDBOX_SANDBOX_H
#define OTPD_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_program {
	SANDBOX_CORE,
	SANDBOX_MAILER,
};

#define SANDBOX_PLACES 24 /* a state directory, Maildirs, the directory of a socket */

/* A directory below which something may still be changed. */
struct sandbox_place {
	char *path;       /* without links */
	bool only_remove; /* files may be taken away, nothing else */
};

/* What one daemon keeps for itself when it gives up the rest; begins zeroed. */
struct sandbox {
	struct sandbox_place places[SANDBOX_PLACES];
	size_t n;
	int landlock; /* the version in force, 0 if none is */
};

/*
 * The first thing a daemon does: no new privileges, and io_uring is as if the kernel
 * had none. Before the loop is made, which would ask for a ring. 0, or -errno after it
 * has been logged.
 */
int sandbox_begin(void);

/*
 * Names a directory for sandbox_enter(). One that is not there cannot be named, which
 * is logged; it stays closed. -ENOMEM, -ENOSPC.
 */
int sandbox_keep(struct sandbox *sandbox, const char *directory);
/* The directory that holds path. */
int sandbox_keep_parent(struct sandbox *sandbox, const char *path, bool only_remove);

/*
 * Gives up the rest, for this thread and all that it starts: it MUST be the only one.
 * Logs what is in force. 0, or -errno after it has been logged: then do not serve.
 */
int sandbox_enter(struct sandbox *sandbox, enum sandbox_program program);

/* Whether a directory, which need not be there yet, is one that was kept or below it;
 * true where nothing keeps us out. */
bool sandbox_may_write(const struct sandbox *sandbox, const char *directory);

void sandbox_fini(struct sandbox *sandbox);

#endif
