/* SPDX-License-Identifier: MIT */
/*
 * Where the relay is and how it knows us. The password is never in mail.conf: it is in
 * a file that only root and this daemon can read, or in a systemd credential.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/mail/transport/smtp_account.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define PASSWORD_MAX 1024 /* tokens of mail services are longer than passwords */

DEFINE_CLEANUP(char *, secret_free);

/*
 * The name for EHLO (RFC 5321 4.1.1.1): this host's if it is a full one, else an
 * address literal, as mail programs do; a bare name is refused by some relays.
 */
static void ehlo_name(char *out, size_t size)
{
	char name[256] = "";

	(void)gethostname(name, sizeof(name) - 1);
	if (strchr(name, '.') && name[0] != '.' &&
		name[strspn(name,
			"abcdefghijklmnopqrstuvwxyz"
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] == '\0')
		snprintf(out, size, "%s", name);
	else
		snprintf(out, size, "%%5B127.0.0.1%%5D");
}

void smtp_account_url(char *out, size_t size, const struct transport_config *config)
{
	bool is_v6 = strchr(config->host, ':') != NULL;
	char ehlo[300];

	ehlo_name(ehlo, sizeof(ehlo));
	snprintf(out, size, "%s://%s%s%s:%d/%s",
		config->tls == TLS_IMPLICIT ? "smtps" : "smtp", is_v6 ? "[" : "",
		config->host, is_v6 ? "]" : "", (int)config->port, ehlo);
}

/* A bare name is a systemd credential, which is a file, too. */
static int password_path(const char *file, char *out, size_t size)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (file[0] == '/')
		n = snprintf(out, size, "%s", file);
	else if (strchr(file, '/') || !directory)
		return -ENOENT;
	else
		n = snprintf(out, size, "%s/%s", directory, file);
	return n < (int)size ? 0 : -ENAMETOOLONG;
}

static int read_password(const struct transport_config *config, char **ret, char *error,
	size_t error_size)
{
	CLEANUP(secret_freep) char *password = NULL;
	char path[PATH_MAX];
	const char *why = NULL;
	int r;

	r = password_path(config->password_file, path, sizeof(path));
	if (r < 0)
		why = "neither an absolute path nor the name of a systemd credential";
	else
		r = file_read_safe(path, FILE_SECRET, PASSWORD_MAX, &password, NULL);
	if (r < 0 && !why)
		why = file_error(r, FILE_SECRET);
	if (r == 0) {
		password[strcspn(password, "\r\n")] = '\0';
		if (!password[0] || text_has_control(password)) {
			why = "does not hold a password on its first line";
			r = -EINVAL;
		}
	}
	if (r < 0) {
		snprintf(error, error_size, "transport %s: password_file %s: %s",
			config->title, config->password_file, why);
		return r;
	}
	*ret = TAKE_PTR(password);
	return 0;
}

int smtp_account_load(const struct transport_config *config, char **ret_password,
	char *error, size_t error_size)
{
	int r;

	if (config->ca_file[0] && access(config->ca_file, R_OK) < 0) {
		r = -errno;
		snprintf(error, error_size, "transport %s: ca_file %s: %s",
			config->title, config->ca_file, strerror(-r));
		return r;
	}
	if (!config->password_file[0])
		return 0;
	return read_password(config, ret_password, error, error_size);
}
