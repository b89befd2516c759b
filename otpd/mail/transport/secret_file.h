/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_SECRET_FILE_H
#define OTPD_MAIL_TRANSPORT_SECRET_FILE_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_FILE_MAX 8192 /* bytes; refresh tokens are longer than passwords */

/*
 * Reads the secret (a password, a key, a token) on the first line of the file that an
 * option of transport title names: an absolute path, or the bare name of a systemd
 * credential. 0 and *ret, never empty and without control characters, for
 * secret_free(); or -errno and a whole sentence in error.
 */
int secret_file_read(const char *title, const char *option, const char *file,
	char **ret, char *error, size_t error_size);

/*
 * Whether credentials can be read at all: systemd 252 names their directory to what
 * ExecReload= runs, and keeps it closed to it.
 */
bool secret_file_sees_credentials(void);

/*
 * Where such a file is. -ENOENT: neither an absolute path nor a credential of ours;
 * -ENAMETOOLONG.
 */
int secret_file_path(const char *file, char *out, size_t size);

#endif
