/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_WRAP_H
#define OTPD_CTL_WRAP_H

#include <stdio.h>

#define WRAP_WIDTH 79 /* columns: one less than a terminal has */

/*
 * Writes label and text, broken between words, each further line indented to where the
 * text begins. The text is cleaned as in a table; a word that is longer than a line
 * stands on one of its own, unbroken, so that it can be copied. No line ends in blanks.
 */
void wrap_write(FILE *out, const char *label, const char *text);

#endif
