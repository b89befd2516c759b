/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_PASSWORD_H
#define PAM_EMAILOTP_PASSWORD_H

#include <security/pam_modules.h>

#include "pam_emailotp/options.h"
#include "pam_emailotp/who.h"

/*
 * The first factor with password=system: takes PAM_AUTHTOK or asks, and checks. Returns
 * RESULT_PASSWORD_RIGHT with PAM_AUTHTOK set for later modules, RESULT_WRONG_PASSWORD,
 * RESULT_NO_CONVERSATION, or a negative errno (-ENOEXEC: unix_chkpwd did not run).
 */
int password_check(
	pam_handle_t *pamh, const struct options *options, const struct who *who);

#endif
