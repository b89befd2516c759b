/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CONFIG_UNKNOWN_H
#define OTPD_CONFIG_UNKNOWN_H

#include "otpd/config/settings.h"

/*
 * Adds to error, where libconfuse's text says that an option does not exist, the
 * setting that was likely meant, if one is near.
 */
void unknown_hint(const struct setting *settings, const char *text, char *error,
	size_t error_size);

#endif
