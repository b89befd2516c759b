/* SPDX-License-Identifier: MIT */
/* What stands in mail.conf. */
#ifndef OTPD_MAIL_CONFIG_H
#define OTPD_MAIL_CONFIG_H

#include <stdint.h>
#include <stdio.h>

#include "otpd/config/settings.h"
#include "otpd/proto/limits.h"

#define MAIL_CONFIG      "/etc/otpd/mail.conf"
#define MAIL_FROM_MAX    75 /* "<address>" on a line of 78 (RFC 5322 2.1.1) */
#define MAIL_PATH_MAX    255
#define MAIL_HOST_MAX    253 /* RFC 1035 */
#define MAIL_ACCOUNT_MAX 255

enum transport_type {
	TRANSPORT_SMTP,
	TRANSPORT_MAILDIR,
	TRANSPORT_CONSOLE,
};

enum transport_tls {
	TLS_STARTTLS,
	TLS_IMPLICIT,
	TLS_NONE,
};

struct transport_config {
	char title[SETTINGS_TITLE];
	int64_t type; /* enum transport_type */
	char host[MAIL_HOST_MAX + 1];
	int64_t port; /* after config_load never 0 for smtp */
	int64_t tls;  /* enum transport_tls */
	char user[MAIL_ACCOUNT_MAX + 1];
	char password_file[MAIL_PATH_MAX + 1];
	char ca_file[MAIL_PATH_MAX + 1];
	int64_t connections;
	int64_t timeout_s;
	char path[MAIL_PATH_MAX + 1];
};

struct mail_config {
	char socket[MAIL_PATH_MAX + 1];
	int64_t socket_mode;
	char otpd_user[33];
	char key_file[MAIL_PATH_MAX + 1];
	int64_t log_level; /* LOG_ERR + this */
	char from[MAIL_FROM_MAX + 1];
	char from_name[LIMIT_NAME + 1];
	char organisation[LIMIT_NAME + 1];
	struct settings_array transports; /* of struct transport_config */
};

/*
 * Reads and checks the file. 0 and *ret for config_free(), or -errno and what is wrong
 * in error.
 */
int config_load(
	const char *path, struct mail_config **ret, char *error, size_t error_size);
void config_free(struct mail_config *config);

const struct transport_config *config_transport(const struct mail_config *config);
int config_log_level(const struct mail_config *config);

void config_print(const struct mail_config *config, FILE *out);

/*
 * What works but is likely a mistake, one sentence for each call with i from 0; NULL
 * when there are no more.
 */
const char *config_warning(const struct mail_config *config, unsigned i);

/* The table behind it, for the test that holds mail.conf(5) against it. */
extern const struct settings_schema mail_schema;

#endif
