/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_ACCOUNT_H
#define PAM_EMAILOTP_ACCOUNT_H

#include "pam_emailotp/request.h"

/*
 * password=account. account_sign_in() takes PAM_AUTHTOK or asks for the password, signs
 * in by it and by the code, and leaves it in PAM_AUTHTOK if it was right.
 * account_check() is the account phase, in which a refusal is told. Both return a
 * RESULT_x, an enum outcome or a negative errno; RESULT_VERIFIED only on otpd's word.
 */
int account_sign_in(struct request *request);
int account_check(struct request *request);

#endif
