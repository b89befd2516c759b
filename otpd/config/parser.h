/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CONFIG_PARSER_H
#define OTPD_CONFIG_PARSER_H

#include <confuse.h>

#include "otpd/config/settings.h"

/* A setting of the top level that every file gets at its end. */
#define PARSER_END_MARK "end_of_file"

/* A parser that hands every value to on_value; NULL without memory. For cfg_free(). */
cfg_t *parser_new(const struct settings_schema *schema,
	cfg_validate_callback_t on_value, cfg_errfunc_t on_error);

#endif
