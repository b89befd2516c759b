/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_PASSWORD_H
#define PAM_EMAILOTP_PASSWORD_H

#include "pam_emailotp/request.h"

/*
 * The first factor with password=system: takes the item (PAM_AUTHTOK, or PAM_OLDAUTHTOK
 * where a password is to be changed) or asks, and checks. Returns RESULT_PASSWORD_RIGHT
 * with the item set for later modules, RESULT_WRONG_PASSWORD, RESULT_NO_CONVERSATION,
 * or a negative errno (-ENOEXEC: unix_chkpwd did not run).
 */
int password_check(const struct request *request, int item);

/* Checks this one: RESULT_PASSWORD_RIGHT, RESULT_WRONG_PASSWORD, or an errno. */
int password_try(const struct request *request, const char *password);

#endif
