/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_HEX_H
#define OTPD_UTIL_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Lower-case hexadecimal; out has 2 * size + 1 bytes. */
void hex_encode(char *out, const uint8_t *bytes, size_t size);

/* Exactly 2 * size lower-case digits and no more; -EINVAL otherwise. */
int hex_decode(uint8_t *out, size_t size, const char *text);

#endif
