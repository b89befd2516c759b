/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_REQUEST_H
#define PAM_EMAILOTP_REQUEST_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "pam_emailotp/answer.h"
#include "pam_emailotp/options.h"
#include "pam_emailotp/who.h"

/* One call of PAM: all that its parts must know. It lives on the stack of that call. */
struct request {
	pam_handle_t *pamh;
	int flags;
	struct options options;
	struct who who;
	struct answer answer;
};

/* Whether the user is the login of an account of otpd's. */
static inline bool request_is_of_account(const struct request *request)
{
	return request->options.password == PASSWORD_ACCOUNT;
}

#endif
