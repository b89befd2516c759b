/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_ACCOUNTS_H
#define OTPD_CTL_ACCOUNTS_H

#include "otpd/ctl/arguments.h"
#include "otpd/ctl/session.h"

/* What otpd's refusals mean where accounts are meant, and not users. */
extern const struct session_words accounts_words[];

/*
 * Whether an account or the tenant is an empty string, as a variable that is not set
 * leaves it, and would be taken for one that was left out. 0, or the exit code.
 */
int accounts_check(const struct session *session, const struct arguments *arguments);

#endif
