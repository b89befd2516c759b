/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_CHANGE_H
#define PAM_EMAILOTP_CHANGE_H

#include "pam_emailotp/request.h"

/*
 * A new password for an account of otpd's. change_check() is the first pass of
 * pam_sm_chauthtok: RESULT_MAY_CHANGE, or why not. change_run() is the second one: the
 * old password and a code, or (PAM_CHANGE_EXPIRED_AUTHTOK) a code alone, then the new
 * password: RESULT_PASSWORD_SET, or why not, which the user has been told.
 */
int change_check(struct request *request);
int change_run(struct request *request);

#endif
