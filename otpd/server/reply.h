/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_REPLY_H
#define OTPD_SERVER_REPLY_H

#include "otpd/core/challenge.h"
#include "otpd/store/store.h"
#include "otpd/varlink/call.h"

struct attempt;
struct issue;

/* Answers with a live challenge; in the form of the interface that the realm says. */
void reply_challenge(struct call *call, const struct challenge *challenge,
	int64_t resend_s, const char *delivery, enum code_realm realm);

/* The same of one that goes on, with no mail for it; issue is what another would be. */
int reply_resumed(struct call *call, struct store *store,
	const struct challenge *challenge, const struct issue *issue,
	enum code_realm realm);

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
