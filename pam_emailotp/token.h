/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_TOKEN_H
#define PAM_EMAILOTP_TOKEN_H

#include "pam_emailotp/request.h"

/*
 * The receipt of a sign-in, as EMAILOTP_TOKEN in PAM's environment. token_clear() takes
 * away what an earlier call has left there, token_hand_over() puts the one of the
 * answer there, if it has one. 0, or -ENOMEM.
 */
int token_clear(const struct request *request);
int token_hand_over(const struct request *request);

#endif
