/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_ENROL_H
#define PAM_EMAILOTP_ENROL_H

#include "pam_emailotp/request.h"

/*
 * Enrolment at a login, around the code that proves the address. enrol_begin() asks for
 * an address until one is taken: RESULT_CHALLENGE, an enum outcome, another RESULT_x or
 * a negative errno. enrol_end() is for who has just proven it: shows him his recovery
 * codes, or that there are none: 0, or why nobody saw them.
 */
int enrol_begin(struct request *request);
int enrol_end(struct request *request);

#endif
