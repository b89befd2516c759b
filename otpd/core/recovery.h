/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_RECOVERY_H
#define OTPD_CORE_RECOVERY_H

#include <stdbool.h>

#define RECOVERY_CODES    10
#define RECOVERY_SELECTOR 4  /* letters that say which one it is */
#define RECOVERY_SECRET   16 /* letters of Crockford's base 32: 80 bits */

/* One code; RECOVERY_SELECTOR + RECOVERY_SECRET letters in capitals, no separators. */
#define RECOVERY_SIZE (RECOVERY_SELECTOR + RECOVERY_SECRET + 1)

void recovery_draw(char out[RECOVERY_SIZE]);

/* As people see it: groups of four with hyphens. */
#define RECOVERY_SHOWN (RECOVERY_SIZE + 4)
void recovery_show(char out[RECOVERY_SHOWN], const char *code);

/*
 * What was typed: blanks and hyphens out, capitals, and Crockford's look-alikes (O is
 * 0, I and L are 1). False if it cannot be one.
 */
bool recovery_read(char out[RECOVERY_SIZE], const char *typed);

#endif
