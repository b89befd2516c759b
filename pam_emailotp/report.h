/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_REPORT_H
#define PAM_EMAILOTP_REPORT_H

#include <security/pam_modules.h>
#include <stddef.h>

#include "pam_emailotp/who.h"

/*
 * The one line that the end of a call leaves in the log. reference is "" without a
 * challenge; detail is "" or what otpd said that we do not know. What is in order is
 * said only with debug.
 */
void report_result(pam_handle_t *pamh, const struct who *who, const char *reference,
	const char *detail, int result, int pam, bool debug);

#endif
