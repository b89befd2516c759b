/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_CALL_AUTH_H
#define PAM_EMAILOTP_CALL_AUTH_H

#include "pam_emailotp/request.h"

/*
 * The methods of org.emailotp.Auth. Each returns an enum outcome, a RESULT_x that says
 * the state, or a negative errno: never 0. What was answered is in request->answer.
 */
int call_begin(struct request *request);
int call_resend(struct request *request);

/* Tries a code on the challenge of the answer. */
int call_verify(struct request *request, const char *code);

/* Tries a recovery code, or a break-glass code, on the challenge of the answer. */
int call_recover(struct request *request, const char *code);

/* After RESULT_ENROL: RESULT_CHALLENGE, a code is on its way to the address. */
int call_enrol(struct request *request, const char *address);

/* RESULT_CODES: new ones, for the challenge of the answer, which has enrolled the user.
 */
int call_recovery_codes(struct request *request, struct codes *ret);

/* For the account phase. */
int call_account(struct request *request);

/* What a sign-in would meet: a code to come, or remembered after one, of this form. */
struct found {
	char id[LIMIT_CHALLENGE + 1]; /* "" if there is none alive */
	struct form form;
};

/*
 * RESULT_FOUND and *ret, RESULT_NOT_FOUND, an outcome, or a negative errno. It is a
 * hint of how to read what was typed: nobody gets in on its word.
 */
int call_find(struct request *request, struct found *ret);

#endif
