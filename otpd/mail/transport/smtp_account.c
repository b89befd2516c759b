/* SPDX-License-Identifier: MIT */
/*
 * Where the relay is and how it knows us. The password is never in mail.conf: it is in
 * a file that only root and this daemon can read, or in a systemd credential.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "otpd/mail/transport/secret_file.h"
#include "otpd/mail/transport/smtp_account.h"

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
	return secret_file_read(config->title, "password_file", config->password_file,
		ret_password, error, error_size);
}
