/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_GATE_H
#define OTPD_SERVER_GATE_H

#include "otpd/account/account.h"
#include "otpd/server/hasher.h"
#include "otpd/server/outbox.h"
#include "otpd/server/record.h"

/* Before a principal, whose wrong passwords are meant: its wrong codes are others. */
#define GATE_BUDGET      "pw:"
#define GATE_BUDGET_SIZE (sizeof(GATE_BUDGET) - 1 + PRINCIPAL_SIZE)

/* The first factor of an account: the state of a call that checks a password. */
struct gate {
	struct hashing hashing;
	bool asked; /* the hasher has been asked, and the next phase knows its answer */
	bool open;  /* the password is right, and known holds */
	bool known; /* there is such an account */
	struct account account;         /* as it is in this transaction */
	char principal[PRINCIPAL_SIZE]; /* of the account, or of nobody */
	int64_t locked_s;               /* of OUTCOME_LOCKED */
	struct record record;           /* of a wrong password */
	struct record lock;             /* set when that used up the budget */
	struct outgoing *notice;        /* the mail that says so */
};

/* For the method's check: the first phase reads only. */
void gate_prepare(struct call *call);

/*
 * For the method's apply, first of all and in each phase. Returns 0 with gate->open
 * false when the password is still to be looked at: the apply returns 0 as well, and
 * the call comes back by itself. 0 with gate->open true: go on. Else an outcome
 * (WRONG_PASSWORD, LOCKED with retry_after in the answer, BUSY with retry_after) or
 * -errno. The same work is done for a login that nobody has. What an account's state
 * forbids is for the method to say, by gate_state().
 */
int gate_pass(struct call *call, struct store *store, struct gate *gate,
	const struct account_caller *caller, const char *login, const char *password,
	const char *rhost);

/* Forgets the wrong passwords of a principal, and with them the lock. */
int gate_forget_wrong(struct store *store, const char *principal);

/* 0, OUTCOME_DISABLED or OUTCOME_MUST_RESET. */
int gate_state(const struct account *account);

/*
 * The same for a sign-in, which may go on to a recovery code where the monthly budget
 * of mailed ones has locked the account.
 */
int gate_login_state(const struct account *account);

/* For committed and release. */
void gate_committed(struct daemon *daemon, struct gate *gate);
void gate_release(struct gate *gate);

#endif
