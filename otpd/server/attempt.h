/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_ATTEMPT_H
#define OTPD_SERVER_ATTEMPT_H

#include "otpd/core/challenge.h"
#include "otpd/core/policy.h"
#include "otpd/server/outbox.h"
#include "otpd/server/record.h"
#include "otpd/store/users.h"

struct call;
struct daemon;
struct issue;

/*
 * For how long the wrong tries of a user allow no other: *ret_wait_s is 0 (they do),
 * the seconds, or -1 if only an administrator can help.
 */
int attempt_locked_s(struct daemon *daemon, struct store *store, const char *user,
	const struct policy *policy, int64_t *ret_wait_s);

/*
 * Whose wrong codes those of a purpose are, in the table: the user's, except that those
 * of resets are counted apart.
 */
#define ATTEMPT_BUDGET (LIMIT_USER + 4)
void attempt_budget(char out[ATTEMPT_BUDGET], const char *user, int64_t purpose);

/*
 * Before a code of an account's method is issued: 0; or, while wrong ones allow no
 * other, OUTCOME_LOCKED, or 0 with the issue made a decoy where the policy conceals it.
 */
int attempt_look_at_lock(struct call *call, struct store *store, struct issue *issue);

/* What one try did, besides what attempt_code returns. */
struct attempt {
	struct challenge challenge;
	struct record record;
	struct record lock;      /* set when this try used up a budget, or enrolled */
	struct outgoing *notice; /* the mail that says so */
	int64_t locked_s;        /* of OUTCOME_LOCKED; 0: until an administrator acts */
	int64_t refusals;        /* of the user's address, before this try */
	bool counts;             /* for the user, whether or not it is a decoy */
	bool ended;              /* the challenge is over: an unsent mail is dead */
};

/* A code that somebody typed, and for what. */
struct attempt_try {
	const uint8_t *id; /* CODE_ID bytes */
	int64_t peer;
	const char *code;
	enum code_realm realm; /* codes of one realm open nothing of another */
	bool keep;             /* one that is right stays live until attempt_pass() */
};

/*
 * Tries a code on a challenge: counts, compares, consumes. Returns 0 (right), an
 * outcome or -errno. All of it belongs to one savepoint.
 */
int attempt_code(struct daemon *daemon, struct store *store,
	const struct attempt_try *try, struct attempt *attempt);

/*
 * Uses up the challenge whose code was kept, for callers that have more to ask before
 * they let it pass. In the savepoint of the attempt_code() that said so.
 */
int attempt_pass(struct store *store, struct attempt *attempt);

/* After the COMMIT: stops or sends mails and writes the log lines. */
void attempt_committed(struct daemon *daemon, struct attempt *attempt);

#endif
