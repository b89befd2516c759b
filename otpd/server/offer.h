/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_OFFER_H
#define OTPD_SERVER_OFFER_H

#include "otpd/server/begin.h"
#include "otpd/server/issue.h"

/* What a login gets whose first factor was right: a challenge, live or new. */
struct offer {
	struct begin_work *work;
	struct issue issue; /* for a new one; its decoy follows from the next member */
	const char *decoy;  /* why it can only be one, for the log; NULL: a real one */
	int64_t locked_s;   /* of a decoy for that; 0: until an administrator acts */
	bool recovers; /* where no mail can be had, a challenge for Auth.Recover is */
	bool has_code; /* and there is a recovery code or a break-glass code */
};

/*
 * Whether a step-up of this user (a principal) is remembered where he comes from: 1,
 * and the form of its code; 0; -errno. in says from where; its user is not looked at.
 */
int offer_remembered(struct call *call, struct store *store, const struct user *user,
	const struct begin_in *in, int64_t *ret_length, int64_t *ret_alphabet);

/* Makes a decoy of it if wrong codes have locked the user. */
int offer_look_at_lock(struct call *call, struct store *store, struct offer *offer);

/*
 * Resumes the live challenge of the same user, service, remote host and caller, or
 * issues a code. Answers with it, or refuses with OUTCOME_LOCKED (unless the policy
 * conceals it), OUTCOME_THROTTLED or OUTCOME_UNAVAILABLE, and records which. With
 * recovers, these three become challenges that only a recovery code opens.
 */
int offer_code(struct call *call, struct store *store, struct offer *offer);

#endif
