/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_ROUTE_H
#define OTPD_CTL_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "otpd/proto/limits.h"

/* Room for a mail address or a telephone number, with one byte more than either may
 * have: what is too long is then still seen to be. */
#define ROUTE_SIZE (LIMIT_ADDRESS + 2)

/*
 * Reads where a mail goes, as people type it: an address, or a telephone number with
 * its country (ITU-T E.164: '+' and at most 15 digits), in which blanks, hyphens, dots,
 * slashes and brackets are left out. NULL, with it in out; or why it is neither, as a
 * clause for people. The daemon checks again.
 */
const char *route_read(char out[static ROUTE_SIZE], const char *text);

/* Whether a good route is a telephone number. */
bool route_is_number(const char *route);

#endif
