/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_LANGUAGE_H
#define OTPD_CORE_LANGUAGE_H

#include <stdbool.h>

/*
 * Whether text is a language tag as RFC 5646 2.1 forms them ("de", "pt-BR",
 * "zh-Hant-TW"), of at most LIMIT_LANGUAGE bytes. "" is good too: it names none.
 * Whether there are texts in it is not known here.
 */
bool language_is_good(const char *text);

#endif
