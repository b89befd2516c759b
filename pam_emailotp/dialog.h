/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_DIALOG_H
#define PAM_EMAILOTP_DIALOG_H

#include <security/pam_modules.h>

#include "pam_emailotp/call.h"
#include "pam_emailotp/options.h"
#include "pam_emailotp/who.h"

/*
 * The whole second step: begins a challenge, asks, tries codes, tells the user why it
 * failed. Returns a RESULT_x, an enum outcome or a negative errno; RESULT_VERIFIED only
 * on otpd's word and never for an unknown user. What otpd said last is in *answer, for
 * the log.
 */
int dialog_run(pam_handle_t *pamh, int flags, const struct options *options,
	const struct who *who, struct answer *answer);

/* A result as it is for this user: nothing lets in whom NSS does not know. */
int dialog_settle(int result, const struct options *options, const struct who *who);

#endif
