/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_COMMON_PASSWORDS_H
#define OTPD_CORE_COMMON_PASSWORDS_H

#include <stddef.h>

/* The words of common_passwords.txt, sorted by their bytes. */
extern const char *const common_passwords[];
extern const size_t common_passwords_count;

#endif
