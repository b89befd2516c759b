/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_PROFILE_H
#define OTPD_SERVER_PROFILE_H

#include <jansson.h>

#include "otpd/proto/limits.h"

/*
 * Writes a profile as it is kept: compact JSON; that of NULL, which is one that was
 * left out, has no members. Returns NULL, or why it is not acceptable, as a clause for
 * people.
 */
const char *profile_read(const json_t *object, char out[LIMIT_PROFILE + 1]);

#endif
