/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_HTTP_SPEC_H
#define OTPD_MAIL_TRANSPORT_HTTP_SPEC_H

#include <limits.h>

#include "otpd/mail/config.h"
#include "otpd/mail/transport/http_answer.h"
#include "otpd/mail/transport/http_template.h"
#include "otpd/mail/transport/preset.h"

#define HTTP_URL_MAX  1024
#define HTTP_HEADERS  (16 + PRESET_HEADERS)
#define HTTP_TEMPLATE 65536 /* bytes of a body_file */
#define HTTP_SECRETS  4

struct http_header {
	char *name;
	char *value; /* a template */
};

/*
 * What the requests of a transport are made from: its section, its preset, and its
 * files, read, checked, and put together.
 */
struct http_spec {
	char title[SETTINGS_TITLE];
	bool is_sms;
	char url[HTTP_URL_MAX];
	bool is_put;
	struct http_header headers[HTTP_HEADERS];
	size_t n_headers;
	char content_type[64];
	char *body;                  /* a template; NULL: no body */
	enum template_escape escape; /* of its values */
	struct http_rules rules;
	char accepted_field[128]; /* of the section, where rules points here */

	enum preset_auth auth;
	char user[MAIL_ACCOUNT_MAX + 1]; /* "": none */
	char *password;                  /* NULL: none */
	char region[64];
	char *key;            /* {{key}}, or NULL */
	uint8_t *signing_key; /* or NULL */
	size_t signing_key_size;
	char *secrets[HTTP_SECRETS]; /* what servers must not make us say */

	char ca_path[PATH_MAX];
	char certificate_path[PATH_MAX];
	char certificate_key_path[PATH_MAX];

	int64_t connections;
	int64_t timeout_s;
};

/*
 * From a configuration that has passed config_http_problem(). 0 and *ret for
 * http_spec_free(), or -errno and a whole sentence in error. If forgiving, credentials
 * of systemd that cannot be found, since there is no service around, are gone without;
 * *ret_unseen is then the option that names the first of them, or NULL.
 */
int http_spec_load(const struct transport_config *config, bool forgiving,
	struct http_spec **ret, const char **ret_unseen, char *error,
	size_t error_size);
void http_spec_free(struct http_spec *spec);

/*
 * Overwrites with asterisks whatever of text (size bytes, and a NUL) is a secret, or at
 * its end the begin of one.
 */
void http_spec_mask(const struct http_spec *spec, char *text, size_t size);

#endif
