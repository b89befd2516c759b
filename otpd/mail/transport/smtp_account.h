/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_SMTP_ACCOUNT_H
#define OTPD_MAIL_TRANSPORT_SMTP_ACCOUNT_H

#include <stddef.h>

#include "otpd/mail/config.h"

#define SMTP_URL_MAX 640

/* The relay and our name, as libcurl wants them. */
void smtp_account_url(char *out, size_t size, const struct transport_config *config);

/*
 * Whether the files of a configuration can be read, for --check, too. The password is
 * for secret_free(), and untouched if there is none.
 */
int smtp_account_load(const struct transport_config *config, char **ret_password,
	char *error, size_t error_size);

#endif
