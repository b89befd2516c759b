/* SPDX-License-Identifier: MIT */
/*
 * The checks of mail.conf that its table cannot make. Each problem is the end of a
 * sentence that begins with the file and the transport; NULL: there is none.
 */
#ifndef OTPD_MAIL_CONFIG_CHECK_H
#define OTPD_MAIL_CONFIG_CHECK_H

#include <stdbool.h>

#include "otpd/mail/config.h"

/*
 * Checks all of it and fills in what follows from other options: ports, and what
 * tenants take from the top. -EINVAL, and the whole sentence in error.
 */
int config_check(
	const char *path, struct mail_config *config, char *error, size_t size);

/* config_smtp.c: of type smtp and sendmail. */
const char *config_smtp_problem(const struct transport_config *transport);
void config_smtp_fill(
	struct transport_config *transport, const struct mail_config *config);

/* config_http.c: of type http and sms. */
const char *config_http_problem(const struct transport_config *transport);

/* localhost, 127.0.0.0/8 or ::1, where plain text never leaves the machine. */
bool config_is_this_machine(const char *host);

#endif
