/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CONFIG_REPORT_H
#define OTPD_CONFIG_REPORT_H

#include <jansson.h>

#include "otpd/config/origins.h"
#include "otpd/config/settings.h"

/*
 * At most limit settings behind the first after ones, in the order of the table, as
 * {section, name, value, origin}: section is "" or "policy sshd", value as it would
 * stand in the file, origin FILE:LINE or "default". So many that they fit an answer;
 * *ret_next is what to give as after then, or 0 at the end. NULL without memory.
 */
json_t *report_page(const struct settings_schema *schema, const void *root,
	int64_t after, int64_t limit, int64_t *ret_next);

/* The files that are not as they were read, as an array of their names. NULL without
 * memory. */
json_t *report_changed(const struct origins *origins);

#endif
