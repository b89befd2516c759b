/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_CHANGE_H
#define OTPD_SERVER_CHANGE_H

#include "otpd/account/account.h"
#include "otpd/account/gate.h"
#include "otpd/server/begin.h"

/* The work of methods that begin a change: begin comes first, for begin_committed(). */
struct change_work {
	struct begin_work begin;
	struct gate gate;
};

/*
 * The code of a change, and whom it goes to. issue borrows from here: it stays where it
 * is.
 */
struct change_issue {
	struct account account;  /* whose change it is */
	struct account owner;    /* of the new address, if issue.taken */
	struct account_issue to; /* with the issue */
};

/*
 * Fills out->to for out->account; address is the new one (of CODE_CHANGE_ADDRESS; else
 * NULL). Where another account has it, the code is nobody's and that owner is told.
 */
int change_issue(struct store *store, const struct account_caller *caller,
	const char *rhost, int64_t peer, int64_t purpose, const char *address,
	struct change_issue *out);

/*
 * Resumes the live challenge of the same user, purpose, service, remote host, caller
 * and address, or issues a code. Answers with it, or refuses with OUTCOME_LOCKED
 * (unless the policy conceals it: then it becomes a decoy) or OUTCOME_THROTTLED.
 */
int change_begin(struct call *call, struct store *store, struct begin_work *work,
	struct issue *issue);

/*
 * The transactions of ChangePassword (address NULL) and ChangeAddress, once the gate is
 * open. call->work is a struct change_work.
 */
int change_apply(struct call *call, struct store *store,
	const struct account_caller *caller, const char *rhost, const char *address);

/*
 * After a right code, which was kept. call->work is a struct confirm_work, whose
 * challenge's account change_load() reads; OUTCOME_NO_CHALLENGE if it is gone.
 */
int change_confirm_password(
	struct call *call, struct store *store, const struct account_caller *caller);
int change_confirm_address(
	struct call *call, struct store *store, const struct account_caller *caller);
int change_load(struct call *call, struct store *store,
	const struct account_caller *caller, struct account *ret);

/* Lets the code pass, and adds account and a grant for another password. */
int change_grant(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account);

/*
 * Ends what stood on the account as it was: sessions, grants, step-ups that are
 * remembered, and codes on their way.
 */
int change_end_all(struct store *store, const struct account *account);

#endif
