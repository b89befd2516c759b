/* SPDX-License-Identifier: MIT */
/*
 * What a daemon gives up once it has everything that it serves with: configuration,
 * key, store, socket. The unit takes most of this away, too; the two are meant to hold
 * each alone, and a daemon without systemd has this one.
 *
 * MUST be complete before the first request is read, and MUST end the start if the
 * kernel refuses. A kernel without Landlock is no refusal: it is logged. There is no
 * option to leave it out: strace(1) and gdb(1), as root, work as they do elsewhere.
 *
 * Built with a sanitizer, whose checks start processes and trace them, a daemon has no
 * filter of system calls; the rest holds.
 */
#include "otpd/sandbox/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "otpd/sandbox/filter.h"
#include "otpd/sandbox/landlock.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/log.h"

#ifdef OTPD_SANITIZED
static const bool has_filter = false;
#else
static const bool has_filter = true;
#endif

int sandbox_begin(void)
{
	int r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;

	if (r == 0 && has_filter)
		r = filter_begin();
	if (r < 0)
		return log_errno(LOG_ERR, r,
			"cannot begin the sandbox: kernel, container and "
			"SystemCallFilter= must allow seccomp(2)");
	return 0;
}

static int keep(struct sandbox *sandbox, const char *directory, bool only_remove)
{
	CLEANUP(freep) char *path = realpath(directory, NULL);

	if (!path && errno == ENOMEM)
		return -ENOMEM;
	if (!path) {
		log_errno(LOG_WARNING, -errno,
			"sandbox: %s stays closed until a restart", directory);
		return 0;
	}
	if (sandbox->n == SANDBOX_PLACES)
		return -ENOSPC;
	sandbox->places[sandbox->n++] = (struct sandbox_place){
		.path = TAKE_PTR(path),
		.only_remove = only_remove,
	};
	return 0;
}

int sandbox_keep(struct sandbox *sandbox, const char *directory)
{
	return keep(sandbox, directory, false);
}

/* Cuts the last component off: "." where there is no other. */
static const char *cut_name(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	slash[slash == path] = '\0';
	return path;
}

int sandbox_keep_parent(struct sandbox *sandbox, const char *path, bool only_remove)
{
	CLEANUP(freep) char *copy = strdup(path);

	return copy ? keep(sandbox, cut_name(copy), only_remove) : -ENOMEM;
}

/* Landlock binds the thread that asks for it. */
static bool is_alone(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int n = 0;

	if (!tasks)
		return true; /* without /proc nobody can tell */
	for (const struct dirent *at; (at = readdir(tasks));)
		n += at->d_name[0] != '.';
	closedir(tasks);
	return n == 1;
}

static void log_state(const struct sandbox *sandbox)
{
	char landlock[64] = "no landlock (there is none here)";

	if (sandbox->landlock > 0)
		snprintf(landlock, sizeof(landlock), "landlock %d", sandbox->landlock);
	log_msg(LOG_INFO, "sandbox: %s, %s, no new privileges, not dumpable",
		has_filter ? "seccomp" : "no seccomp (built with a sanitizer)",
		landlock);
}

int sandbox_enter(struct sandbox *sandbox, enum sandbox_program program)
{
	int r;

	if (!is_alone()) {
		log_msg(LOG_ERR, "a thread has started before the sandbox");
		return -EBUSY;
	}
	r = landlock_enter(sandbox, program);
	if (r < 0)
		return log_errno(LOG_ERR, r, "cannot enter the sandbox (Landlock)");
	sandbox->landlock = r;
	r = has_filter ? filter_enter(program) : 0;
	if (r < 0)
		return log_errno(LOG_ERR, r, "cannot enter the sandbox (seccomp)");
	log_state(sandbox);
	return 0;
}

static bool is_below(const char *path, const char *place)
{
	size_t length = strlen(place);

	return strncmp(path, place, length) == 0 &&
		(path[length] == '\0' || path[length] == '/' || length == 1);
}

bool sandbox_may_write(const struct sandbox *sandbox, const char *directory)
{
	CLEANUP(freep) char *copy = strdup(directory);
	CLEANUP(freep) char *path = realpath(directory, NULL);

	if (sandbox->landlock == 0)
		return true;
	/* One that is to be made: its parent must be there. */
	if (!path && copy)
		path = realpath(cut_name(copy), NULL);
	for (size_t i = 0; path && i < sandbox->n; i++)
		if (!sandbox->places[i].only_remove &&
			is_below(path, sandbox->places[i].path))
			return true;
	return false;
}

void sandbox_fini(struct sandbox *sandbox)
{
	for (size_t i = 0; i < sandbox->n; i++)
		free(sandbox->places[i].path);
	sandbox->n = 0;
}
