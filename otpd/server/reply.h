/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_REPLY_H
#define OTPD_SERVER_REPLY_H

#include "otpd/core/challenge.h"
#include "otpd/store/store.h"
#include "otpd/varlink/call.h"

struct attempt;

/* The word for what is known of the mail of a challenge; of a decoy, of the last mail.
 */
int reply_delivery(struct call *call, struct store *store,
	const struct challenge *challenge, const char **ret);

/* Answers with a live challenge; in the form of Self, or with all that Auth says. */
void reply_challenge(struct call *call, const struct challenge *challenge,
	int64_t resend_s, const char *delivery, bool is_self);

/* Answers that the budgets allow no code for so long. Returns OUTCOME_THROTTLED. */
int reply_throttled(struct call *call, int64_t wait_s);

/* The same for a lock; 0: until an administrator acts. Returns OUTCOME_LOCKED. */
int reply_locked(struct call *call, int64_t wait_s);

/*
 * Answers what became of a try that was not right: a wrong code's answer says how many
 * are left, how its mail is doing, and when another can be sent. Returns outcome.
 */
int reply_wrong(struct call *call, struct store *store, const struct attempt *attempt,
	int outcome);

#endif
