/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_SMTP_ACCOUNT_H
#define OTPD_MAIL_TRANSPORT_SMTP_ACCOUNT_H

#include <stddef.h>

#include "otpd/mail/config.h"

#define SMTP_URL_MAX 640
#define SMTP_ENCODED 3

struct oauth;

/* How a relay knows us. What is not configured is NULL. */
struct smtp_account {
	char *password;              /* these are of secret_alloc() */
	char *encoded[SMTP_ENCODED]; /* what is said of it on the wire */
	char *certificate;
	size_t certificate_size;
	char *key;
	size_t key_size;
	struct oauth *oauth;
};

/* The relay and our name, as libcurl wants them. */
void smtp_account_url(char *out, size_t size, const struct transport_config *config);

/*
 * Reads the files of a configuration. 0, or -errno and a sentence in error; in both
 * cases for smtp_account_fini().
 */
int smtp_account_load(const struct transport_config *config,
	struct smtp_account *account, char *error, size_t error_size);
void smtp_account_fini(struct smtp_account *account);

/*
 * What a server has said, for logs, traces and answers; something else if a secret is
 * in it, or a piece of one, as it is or as AUTH says it, in base64.
 */
const char *smtp_account_hide(const struct smtp_account *account, const char *said);

/*
 * For --check: whether the files of a transport of type smtp or sendmail can be read
 * and hold what they must. -errno, and a sentence in error. 0 with a sentence there: a
 * secret is a systemd credential, which only the service can read.
 */
int smtp_check_files(
	const struct transport_config *config, char *error, size_t error_size);

#endif
