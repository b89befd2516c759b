/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_MESSAGE_OVERRIDES_H
#define OTPD_MAIL_MESSAGE_OVERRIDES_H

#include <stdbool.h>
#include <stddef.h>

struct mail_config;

/*
 * Writes the i-th warning on the directory of template_overrides; false if there are
 * fewer. Reads the directory each time.
 */
bool overrides_warning(
	const struct mail_config *config, unsigned i, char *out, size_t size);

#endif
