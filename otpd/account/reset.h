/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_RESET_H
#define OTPD_SERVER_RESET_H

#include "otpd/account/account.h"
#include "otpd/server/begin.h"

/*
 * The transaction of Account.RequestReset; begin_committed() goes on with call->work,
 * which is a struct begin_work.
 */
int reset_begin(struct call *call, struct store *store,
	const struct account_caller *caller, const char *login, const char *rhost);

/*
 * After the right code of a reset, which was kept. Where the tenant wants a recovery
 * code as well, it is checked in a further phase of the call, outside of the
 * transaction: then this returns 0, call->then is set, and the call comes back.
 * call->work is a struct confirm_work.
 */
int reset_confirm(
	struct call *call, struct store *store, const struct account_caller *caller);

/* Forgets wrong codes of resets, and wrong recovery codes. */
int reset_forget_wrong(struct store *store, const char *principal);

#endif
