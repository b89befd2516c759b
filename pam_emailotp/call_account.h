/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_CALL_ACCOUNT_H
#define PAM_EMAILOTP_CALL_ACCOUNT_H

#include "pam_emailotp/request.h"

/*
 * The methods of org.emailotp.Account that PAM has a place for. Each returns an enum
 * outcome, a RESULT_x, or a negative errno: never 0. What was answered is in
 * request->answer. Passwords and codes are UTF-8.
 */

/* RESULT_CHALLENGE, or RESULT_VERIFIED where a step-up is remembered. */
int call_login(struct request *request, const char *password);

/* RESULT_VERIFIED: the account is in order. */
int call_status(struct request *request);

/* RESULT_CHALLENGE: a code for a new password is on its way. */
int call_change_password(struct request *request, const char *password);
int call_request_reset(struct request *request);
int call_resend_change(struct request *request);

/* RESULT_GRANTED. recovery: NULL, or a recovery code. */
int call_confirm(struct request *request, const char *code, const char *recovery);

/* Uses the grant of the answer: RESULT_PASSWORD_SET. */
int call_set_password(struct request *request, const char *password);

#endif
