/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_OPTIONS_H
#define OTPD_SERVER_OPTIONS_H

#include "otpd/config/settings.h"

/* The options of a section, for one that stands in no file; ended by a NULL name. */
extern const struct setting options_policy[];
extern const struct setting options_tenant[];

#endif
