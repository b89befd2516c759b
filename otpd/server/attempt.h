/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_ATTEMPT_H
#define OTPD_SERVER_ATTEMPT_H

#include "otpd/core/challenge.h"
#include "otpd/core/policy.h"
#include "otpd/server/outbox.h"
#include "otpd/server/record.h"
#include "otpd/store/users.h"

struct daemon;

/*
 * For how long the wrong tries of a user allow no other: *ret_wait_s is 0 (they do),
 * the seconds, or -1 if only an administrator can help.
 */
int attempt_locked_s(struct daemon *daemon, struct store *store, const char *user,
	const struct policy *policy, int64_t *ret_wait_s);

/* What one try did, besides what attempt_code returns. */
struct attempt {
	struct challenge challenge;
	struct record record;
	struct record lock;      /* set when this try used up a budget */
	struct outgoing *notice; /* the mail that says so */
	int64_t locked_s;        /* of OUTCOME_LOCKED; 0: until an administrator acts */
	int64_t refusals;        /* of the user's address, before this try */
	bool ended;              /* the challenge is over: an unsent mail is dead */
};

/* A code that somebody typed, and for what. */
struct attempt_try {
	const uint8_t *id; /* CODE_ID bytes */
	int64_t peer;
	const char *code;
	bool is_self; /* of an enrolment; those codes open nothing else, and no others
			 this */
};

/*
 * Tries a code on a challenge: counts, compares, consumes. Returns 0 (right), an
 * outcome or -errno. All of it belongs to one savepoint.
 */
int attempt_code(struct daemon *daemon, struct store *store,
	const struct attempt_try *try, struct attempt *attempt);

/* After the COMMIT: stops or sends mails and writes the log lines. */
void attempt_committed(struct daemon *daemon, struct attempt *attempt);

#endif
