/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_APPEND_H
#define PAM_EMAILOTP_APPEND_H

#include "pam_emailotp/request.h"

/*
 * Option append, for clients with one box: takes PAM_AUTHTOK or asks once, and signs in
 * by the password and the code behind it, if a code is due. Leaves the password alone
 * in PAM_AUTHTOK. Returns a RESULT_x, an enum outcome or a negative errno;
 * RESULT_VERIFIED only on otpd's word; RESULT_CODE_MAILED: right, and the code is to
 * come with the next try.
 */
int append_run(struct request *request);

#endif
