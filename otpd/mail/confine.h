/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_CONFINE_H
#define OTPD_MAIL_CONFINE_H

#include <stddef.h>

#include "otpd/mail/config.h"
#include "otpd/sandbox/sandbox.h"

/* Enters the sandbox with what this configuration needs. 0, or -errno after logging. */
int confine(struct sandbox *sandbox, const struct mail_config *config);

/* Whether this configuration can be served without a restart; if not, -EACCES and which
 * directory it is in error. */
int confine_check(const struct sandbox *sandbox, const struct mail_config *config,
	char *error, size_t error_size);

#endif
