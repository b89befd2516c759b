/* SPDX-License-Identifier: MIT */
/*
 * Where the relay is and how it knows us. Keys and certificates are read once, so that
 * what is used is what was checked.
 */
#include "otpd/mail/transport/smtp_account.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/mail/transport/oauth.h"
#include "otpd/mail/transport/secret_echo.h"
#include "otpd/mail/transport/secret_file.h"
#include "otpd/util/buffer.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/secret.h"

#define PEM_MAX 65536

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

static int say(char *error, size_t error_size, const struct transport_config *config,
	const char *option, const char *file, const char *why)
{
	snprintf(error, error_size, "transport %s: %s %s: %s", config->title, option,
		file, why);
	return -EINVAL;
}

/* libcurl reads it again for each connection; it is large. */
static int check_ca_file(
	const struct transport_config *config, char *error, size_t error_size)
{
	CLEANUP(fclosep) FILE *file = NULL;
	char line[256];
	int r;

	if (!config->ca_file[0])
		return 0;
	file = fopen(config->ca_file, "re");
	r = file ? 0 : -errno;
	if (r < 0) {
		say(error, error_size, config, "ca_file", config->ca_file,
			strerror(-r));
		return r;
	}
	while (fgets(line, sizeof(line), file))
		if (strstr(line, "-----BEGIN ") && strstr(line, "CERTIFICATE-----"))
			return 0;
	return say(error, error_size, config, "ca_file", config->ca_file,
		"holds no certificate (PEM)");
}

static int read_certificate(const struct transport_config *config,
	struct smtp_account *account, char *error, size_t error_size)
{
	const char *file = config->certificate_file;
	int r;

	r = file_read_safe(file, FILE_CONFIG, PEM_MAX, &account->certificate,
		&account->certificate_size);
	if (r < 0) {
		say(error, error_size, config, "certificate_file", file,
			file_error(r, FILE_CONFIG));
		return r;
	}
	if (!strstr(account->certificate, "-----BEGIN CERTIFICATE-----"))
		return say(error, error_size, config, "certificate_file", file,
			"holds no certificate (PEM)");
	return 0;
}

static int read_key(const struct transport_config *config, struct smtp_account *account,
	char *error, size_t error_size)
{
	const char *file = config->certificate_key_file;
	char path[PATH_MAX], why[FILE_WHY];
	int r = secret_file_path(file, path, sizeof(path));

	if (r < 0) {
		say(error, error_size, config, "certificate_key_file", file,
			"neither an absolute path nor the name of a systemd credential");
		return r;
	}
	r = file_read_safe(
		path, FILE_SECRET, PEM_MAX, &account->key, &account->key_size);
	if (r < 0) {
		say(error, error_size, config, "certificate_key_file", file,
			file_explain(why, path, r, FILE_SECRET));
		return r;
	}
	if (!strstr(account->key, "PRIVATE KEY-----"))
		return say(error, error_size, config, "certificate_key_file", file,
			"holds no private key (PEM)");
	if (strstr(account->key, "ENCRYPTED"))
		return say(error, error_size, config, "certificate_key_file", file,
			"is encrypted, and nobody is there to type a passphrase");
	return 0;
}

/* The initial response of AUTH PLAIN (RFC 4616), and what AUTH LOGIN says. */
static int encode(const struct transport_config *config, struct smtp_account *account)
{
	CLEANUP(buffer_fini) struct buffer plain = { 0 };
	const char *password = account->password;

	buffer_add(&plain, "", 1);
	buffer_puts(&plain, config->user);
	buffer_add(&plain, "", 1);
	buffer_puts(&plain, password);
	if (plain.failed)
		return -ENOMEM;
	account->encoded[0] = secret_echo_base64(plain.data, plain.size);
	account->encoded[1] = secret_echo_base64(password, strlen(password));
	account->encoded[2] = secret_echo_base64(config->user, strlen(config->user));
	for (size_t i = 0; i < SMTP_ENCODED; i++)
		if (!account->encoded[i])
			return -ENOMEM;
	return 0;
}

int smtp_account_load(const struct transport_config *config,
	struct smtp_account *account, char *error, size_t error_size)
{
	int r = check_ca_file(config, error, error_size);

	if (r == 0 && config->password_file[0])
		r = secret_file_read(config->title, "password_file",
			config->password_file, &account->password, error, error_size);
	if (r == 0 && account->password)
		r = encode(config, account);
	if (r == 0 && config->certificate_file[0])
		r = read_certificate(config, account, error, error_size);
	if (r == 0 && config->certificate_key_file[0])
		r = read_key(config, account, error, error_size);
	if (r == 0)
		r = oauth_new(config, &account->oauth, error, error_size);
	return r;
}

void smtp_account_fini(struct smtp_account *account)
{
	secret_free(account->password);
	for (size_t i = 0; i < SMTP_ENCODED; i++)
		secret_free(account->encoded[i]);
	secret_free(account->certificate);
	secret_free(account->key);
	oauth_free(account->oauth);
	*account = (struct smtp_account){ 0 };
}

const char *smtp_account_hide(const struct smtp_account *account, const char *said)
{
	bool has = secret_echo_has(said, account->password) ||
		(account->oauth && oauth_has_secret(account->oauth, said));

	for (size_t i = 0; i < SMTP_ENCODED; i++)
		has = has || secret_echo_has(said, account->encoded[i]);
	return has ? "(the server repeated a secret)" : said;
}

/* Takes out of the configuration what only the service can read. */
static void skip_credential(struct transport_config *config, const char *option,
	char *file, char *error, size_t error_size)
{
	if (!file[0] || strchr(file, '/') || secret_file_sees_credentials())
		return;
	snprintf(error, error_size,
		"transport %s: %s %s: a systemd credential, which only the service can "
		"read",
		config->title, option, file);
	file[0] = '\0';
}

int smtp_check_files(
	const struct transport_config *config, char *error, size_t error_size)
{
	CLEANUP(smtp_account_fini) struct smtp_account account = { 0 };
	struct transport_config seen = *config;

	error[0] = '\0';
	skip_credential(&seen, "password_file", seen.password_file, error, error_size);
	skip_credential(&seen, "certificate_key_file", seen.certificate_key_file, error,
		error_size);
	skip_credential(&seen, "client_secret_file", seen.client_secret_file, error,
		error_size);
	skip_credential(&seen, "refresh_token_file", seen.refresh_token_file, error,
		error_size);
	return smtp_account_load(&seen, &account, error, error_size);
}
