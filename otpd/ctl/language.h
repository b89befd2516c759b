/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_LANGUAGE_H
#define OTPD_CTL_LANGUAGE_H

#include <stdbool.h>

/*
 * Whether text has the form of a language tag ("de", "pt-BR"); if not, it says so, so
 * that the command ends with OUTPUT_USAGE. NULL, and "", are fine: there is none.
 */
bool language_check(const char *text, bool json);

#endif
