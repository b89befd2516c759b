/* SPDX-License-Identifier: MIT */
/* One line of a PAM file: where it ends, what its words are, what a control means. */
#ifndef OTPD_HOST_PAMLINE_H
#define OTPD_HOST_PAMLINE_H

#include <stdbool.h>
#include <stdio.h>

#define PAMLINE_MAX 8192

/*
 * The next line that says something, without comment, with its continuations.
 * *line counts the lines of the file, and *ret_first is the one that it begins on. 1, 0
 * at the end, or -EBADMSG (ends within a continuation, or is longer than PAMLINE_MAX).
 */
int pamline_next(FILE *file, char buffer[static PAMLINE_MAX], unsigned *line,
	unsigned *ret_first);

/*
 * Cuts the next word off *rest, in place; what stands in brackets is one word without
 * them. NULL at the end.
 */
char *pamline_word(char **rest);

/* What libpam does about a value; a number above 0 is how many modules it skips. */
enum pam_action {
	PAM_DO_IGNORE = 0,
	PAM_DO_OK = -1,
	PAM_DO_DONE = -2,
	PAM_DO_BAD = -3,
	PAM_DO_DIE = -4,
	PAM_DO_RESET = -5,
};

/* The values that modules return, as they are numbered by libpam; those needed here. */
enum {
	PAM_VALUE_SUCCESS = 0,
	PAM_VALUE_PERM_DENIED = 6,
	PAM_VALUE_AUTH_ERR = 7,
	PAM_VALUE_AUTHINFO_UNAVAIL = 9,
	PAM_VALUE_MAXTRIES = 11,
	PAM_VALUE_NEW_AUTHTOK_REQD = 12,
	PAM_VALUE_IGNORE = 25,
	PAM_VALUE_MODULE_UNKNOWN = 28,
	PAM_VALUE_INCOMPLETE = 31,
	PAM_VALUES = 32,
};

/*
 * Reads a control, a word ("required") or what stands in brackets, into an action for
 * each value. False if it is malformed; libpam then takes all values as bad, and so
 * does this.
 */
bool pamline_control(const char *control, int actions[static PAM_VALUES]);

/* "auth_err" for 7. */
const char *pamline_value(int value);

#endif
