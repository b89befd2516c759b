/* SPDX-License-Identifier: MIT */
/*
 * Looks at a Maildir before the first mail needs it. What is missing may still come:
 * the state directory with the first start of the service, a Maildir for reports with
 * the first one that is delivered. Makes nothing.
 */
#include "otpd/mail/transport/maildir_check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0 for a directory that we can make files in; else -errno. */
static int look_at(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

/* What is wrong with a directory that is there, and what to do. */
static int complain(const char *name, const char *path, int r, char *said, size_t size)
{
	if (r == -EACCES || r == -EROFS)
		snprintf(said, size,
			"%s %s: this user (%d) cannot write there: %s; give it to the user "
			"that otpd-mail runs as, mode 0700, in a place that its unit lets "
			"it write to",
			name, path, (int)geteuid(), strerror(-r));
	else
		snprintf(said, size, "%s %s: %s", name, path,
			r == -ENOTDIR ? "is not a directory" : strerror(-r));
	return r;
}

/* The directory that holds path, which is absolute. */
static void parent_of(const char *path, char out[static PATH_MAX])
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n > 1 && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	snprintf(out, PATH_MAX, "%.*s", (int)n, path);
}

static int check_parent(const char *name, const char *path, char *said, size_t size)
{
	char parent[PATH_MAX];
	int r;

	parent_of(path, parent);
	r = look_at(parent);
	if (r == 0)
		return 0;
	if (r != -ENOENT)
		return complain(name, path, r, said, size);
	snprintf(said, size,
		"%s %s: %s does not exist, and otpd-mail makes the last directory only; it "
		"does not start until somebody makes it",
		name, path, parent);
	return 0;
}

int maildir_check_drop(const char *name, const char *path, char *said, size_t size)
{
	static const char *const parts[] = { "tmp", "new", "cur" };
	int r = look_at(path);

	said[0] = '\0';
	if (r == -ENOENT)
		return check_parent(name, path, said, size);
	if (r < 0)
		return complain(name, path, r, said, size);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char part[PATH_MAX];

		snprintf(part, sizeof(part), "%s/%s", path, parts[i]);
		r = look_at(part);
		if (r < 0 && r != -ENOENT) /* those that are missing are made */
			return complain(name, part, r, said, size);
	}
	return 0;
}

int maildir_check_bounces(const char *name, const char *path, char *said, size_t size)
{
	static const char *const parts[] = { "new", "cur" };
	int r = look_at(path);

	said[0] = '\0';
	if (r == -ENOENT) {
		snprintf(said, size,
			"%s %s does not exist: mails that come back are not seen until the "
			"mail server makes it, or somebody does, with new, cur and tmp in it, "
			"as the user that otpd-mail runs as",
			name, path);
		return 0;
	}
	if (r < 0 && r != -EACCES)
		return complain(name, path, r, said, size);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char part[PATH_MAX];

		snprintf(part, sizeof(part), "%s/%s", path, parts[i]);
		r = look_at(part);
		if (r == -ENOENT)
			snprintf(said, size, "%s %s is not a Maildir: it has no %s",
				name, path, parts[i]);
		else if (r < 0)
			complain(name, part, r, said, size);
		if (r < 0)
			return r;
	}
	return 0;
}
