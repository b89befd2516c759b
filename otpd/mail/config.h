/* SPDX-License-Identifier: MIT */
/* What stands in mail.conf. */
#ifndef OTPD_MAIL_CONFIG_H
#define OTPD_MAIL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "otpd/config/origins.h"
#include "otpd/config/settings.h"
#include "otpd/proto/limits.h"

#define MAIL_CONFIG      "/etc/otpd/mail.conf"
#define MAIL_OVERRIDES   "/etc/otpd/templates" /* the default of template_overrides */
#define MAIL_FROM_MAX    75 /* "<address>" on a line of 78 (RFC 5322 2.1.1) */
#define MAIL_PATH_MAX    255
#define MAIL_HOST_MAX    253 /* RFC 1035 */
#define MAIL_ACCOUNT_MAX 255

#define MAIL_URL_MAX    511
#define MAIL_LANGUAGE   15 /* "pt-BR" (BCP 47) */
#define MAIL_TRANSPORTS 16 /* in one mail.conf */

enum transport_type {
	TRANSPORT_SMTP,
	TRANSPORT_SENDMAIL, /* SMTP to the MTA of this host */
	TRANSPORT_HTTP,
	TRANSPORT_SMS, /* the same to an SMS gateway, for second routes */
	TRANSPORT_MAILDIR,
	TRANSPORT_CONSOLE,
};

enum transport_tls {
	TLS_STARTTLS,
	TLS_IMPLICIT,
	TLS_NONE,
};

enum transport_auth {
	AUTH_PASSWORD,
	AUTH_OAUTH2, /* XOAUTH2 with an access token from token_url */
};

enum transport_preset {
	PRESET_NONE,
	PRESET_MAILJET,
	PRESET_SENDGRID,
	PRESET_POSTMARK,
	PRESET_MAILGUN,
	PRESET_SES,
	PRESET_WEBHOOK,
};

struct transport_config {
	char title[SETTINGS_TITLE];
	int64_t type; /* enum transport_type */
	int64_t connections;
	int64_t timeout_s;
	int64_t per_minute; /* mails; 0: no limit */

	/* smtp, sendmail */
	char host[MAIL_HOST_MAX + 1];
	int64_t port; /* after config_load never 0 for smtp and sendmail over TCP */
	int64_t tls;  /* enum transport_tls */
	char source[MAIL_HOST_MAX + 1];
	int64_t auth; /* enum transport_auth */
	char token_url[MAIL_URL_MAX + 1];
	char client_id[MAIL_ACCOUNT_MAX + 1];
	char client_secret_file[MAIL_PATH_MAX + 1];
	char refresh_token_file[MAIL_PATH_MAX + 1];
	char scope[MAIL_URL_MAX + 1];

	/* smtp, http, sms */
	char user[MAIL_ACCOUNT_MAX + 1];
	char password_file[MAIL_PATH_MAX + 1];
	char ca_file[MAIL_PATH_MAX + 1];
	char certificate_file[MAIL_PATH_MAX + 1];
	char certificate_key_file[MAIL_PATH_MAX + 1];

	/* http, sms */
	int64_t preset; /* enum transport_preset */
	char url[MAIL_URL_MAX + 1];
	int64_t method; /* 0: POST, 1: PUT */
	struct string_list headers;
	char content_type[64];
	char body_file[MAIL_PATH_MAX + 1];
	char api_key_file[MAIL_PATH_MAX + 1];
	char signing_secret_file[MAIL_PATH_MAX + 1];
	char region[64];
	char domain[MAIL_HOST_MAX + 1];
	struct string_list accepted;
	struct string_list refused;
	char accepted_field[128];

	/* sendmail: its socket; maildir: the directory */
	char path[MAIL_PATH_MAX + 1];

	/* No option: the directory of key_file, where otpd-mail may write. */
	char state_directory[MAIL_PATH_MAX + 1];
};

/* Whose name mails bear. What is empty in one of mail.conf's is taken from the top. */
struct tenant_config {
	char title[SETTINGS_TITLE];
	char from[MAIL_FROM_MAX + 1];
	char from_name[LIMIT_NAME + 1];
	char reply_to[MAIL_FROM_MAX + 1];
	char organisation[LIMIT_NAME + 1];
	char colour[8]; /* "#1a4fd0" */
	char language[MAIL_LANGUAGE + 1];
};

struct mail_config {
	char socket[MAIL_PATH_MAX + 1];
	int64_t socket_mode;
	char otpd_user[33];
	char key_file[MAIL_PATH_MAX + 1];
	int64_t log_level;           /* LOG_ERR + this */
	struct tenant_config common; /* what holds without a tenant; its title is "" */
	bool code_in_subject;
	char templates[MAIL_PATH_MAX + 1];
	char template_overrides[MAIL_PATH_MAX + 1];
	char bounce_maildir[MAIL_PATH_MAX + 1];
	struct settings_array transports; /* of struct transport_config, in order */
	struct settings_array tenants;    /* of struct tenant_config, complete */
	struct origins origins;
};

/*
 * Reads and checks the file. 0 and *ret for config_free(), or -errno and what is wrong
 * in error.
 */
int config_load(
	const char *path, struct mail_config **ret, char *error, size_t error_size);
void config_free(struct mail_config *config);

/* The i-th transport. */
const struct transport_config *config_transport(
	const struct mail_config *config, size_t i);

/* The tenant of this name; without one, or with "", what holds for all. */
const struct tenant_config *config_tenant(
	const struct mail_config *config, const char *name);
int config_log_level(const struct mail_config *config);

void config_print(const struct mail_config *config, FILE *out);

#define MAIL_WARNING_MAX 512

/*
 * What works but is likely a mistake: writes the i-th sentence, from 0, and returns
 * true; false when there are no more.
 */
bool config_warning(
	const struct mail_config *config, unsigned i, char *out, size_t size);

/* The table behind it, for the test that holds mail.conf(5) against it. */
extern const struct settings_schema mail_schema;

#endif
