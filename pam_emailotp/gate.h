/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_GATE_H
#define PAM_EMAILOTP_GATE_H

#include "pam_emailotp/request.h"

/*
 * The password phase of a user of the system: a code before another module changes his
 * password. RESULT_VERIFIED or RESULT_EXEMPT in the first pass, RESULT_SECOND_PASS in
 * the second one; otherwise an enum outcome, a RESULT_x or a negative errno.
 */
int gate_run(struct request *request);

#endif
