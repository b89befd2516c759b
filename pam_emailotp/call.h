/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_CALL_H
#define PAM_EMAILOTP_CALL_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "otpd/proto/limits.h"
#include "pam_emailotp/options.h"
#include "pam_emailotp/who.h"

enum delivery {
	DELIVERY_QUEUED,
	DELIVERY_SENT,
	DELIVERY_DEFERRED,
	DELIVERY_FAILED
};

/* A code that was mailed and is to be asked for. */
struct challenge {
	char id[LIMIT_CHALLENGE + 1];
	char reference[LIMIT_REFERENCE + 1];
	int length;          /* characters of the code */
	bool letters;        /* of CODE_LETTERS, else digits */
	bool proves_address; /* the code verifies the address, it does not open the
				login */
	bool resumed;        /* mailed by an earlier call, not by this one */
	int expires_in_s;
	int tries_left;
	enum delivery delivery;
};

/* What otpd said last. Which members hold, the result of the call says. */
struct answer {
	struct challenge challenge; /* RESULT_CHALLENGE, OUTCOME_WRONG_CODE */
	int retry_after_s;          /* OUTCOME_LOCKED, OUTCOME_THROTTLED */
	bool undeliverable; /* RESULT_VERIFIED of call_verify: mails are being refused
			     */
	char error[80];     /* -EPROTO: the name of the error that we do not know */
};

/*
 * The methods of org.emailotp.Auth. Each returns an enum outcome, a RESULT_x that says
 * the state, or a negative errno: never 0.
 */
int call_begin(pam_handle_t *pamh, const struct options *options, const struct who *who,
	struct answer *answer);
int call_resend(
	pam_handle_t *pamh, const struct options *options, struct answer *answer);

/* Tries a code on answer->challenge. */
int call_verify(pam_handle_t *pamh, const struct options *options, const char *code,
	struct answer *answer);

int call_account(pam_handle_t *pamh, const struct options *options,
	const struct who *who, struct answer *answer);

#endif
