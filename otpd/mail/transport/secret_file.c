/* SPDX-License-Identifier: MIT */
/*
 * Secrets of transports are never in mail.conf: each is in a file that only root and
 * this daemon can read, or in a systemd credential, which is a file, too.
 *
 * MUST NOT let a secret into an error: the file's name and what is wrong with it are
 * enough.
 */
#include "otpd/mail/transport/secret_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

DEFINE_CLEANUP(char *, secret_free);

bool secret_file_sees_credentials(void)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");

	return directory && access(directory, R_OK | X_OK) == 0;
}

int secret_file_path(const char *file, char *out, size_t size)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (file[0] == '/')
		n = snprintf(out, size, "%s", file);
	else if (!file[0] || strchr(file, '/') || !directory)
		return -ENOENT;
	else
		n = snprintf(out, size, "%s/%s", directory, file);
	return n < (int)size ? 0 : -ENAMETOOLONG;
}

/* 0, or -errno and why, which may be written to room. */
static int read_first_line(
	const char *file, char **ret, char room[FILE_WHY], const char **ret_why)
{
	CLEANUP(secret_freep) char *secret = NULL;
	char path[PATH_MAX];
	int r;

	r = secret_file_path(file, path, sizeof(path));
	if (r < 0) {
		*ret_why =
			"neither an absolute path nor the name of a systemd credential";
		return r;
	}
	r = file_read_safe(path, FILE_SECRET, SECRET_FILE_MAX, &secret, NULL);
	if (r < 0) {
		*ret_why = file_explain(room, path, r, FILE_SECRET);
		return r;
	}
	secret[strcspn(secret, "\r\n")] = '\0';
	if (!secret[0] || text_has_control(secret)) {
		*ret_why = "does not hold a secret on its first line";
		return -EINVAL;
	}
	*ret = secret_guard(TAKE_PTR(secret));
	if (!*ret) {
		*ret_why = "no memory";
		return -ENOMEM;
	}
	return 0;
}

int secret_file_read(const char *title, const char *option, const char *file,
	char **ret, char *error, size_t error_size)
{
	const char *why = NULL;
	char room[FILE_WHY];
	int r = read_first_line(file, ret, room, &why);

	if (r < 0)
		snprintf(error, error_size, "transport %s: %s %s: %s", title, option,
			file, why);
	return r;
}
