/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SHEET_H
#define OTPD_CTL_SHEET_H

#include <stddef.h>
#include <stdio.h>

/* Writes one line of CSV (RFC 4180, lines ended by LF); "-", as for an empty cell, is
 * written as nothing. */
void sheet_row(FILE *out, const char *const *cells, size_t n);

#endif
