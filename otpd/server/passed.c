/* SPDX-License-Identifier: MIT */
/* What a right code leaves behind, of Unix users and of accounts. */
#include "otpd/server/passed.h"

#include <string.h>

#include "otpd/account/gate.h"
#include "otpd/account/session.h"
#include "otpd/core/principal.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/store/principals.h"
#include "otpd/store/spending.h"
#include "otpd/util/log.h"

int passed_step_up(
	struct daemon *daemon, struct store *store, const struct challenge *c)
{
	const struct policy *policy = config_policy(daemon->moment.config, c->service);
	int64_t now = daemon->moment.now_s;
	int r = principals_set_login(store, c->user, now);

	if (r == 0 && policy->grace_s > 0)
		r = grace_put(store, c->user, c->service, c->rhost, c->tty, c->peer,
			now + policy->grace_s, c->length, c->alphabet);
	return r;
}

int passed_login(struct daemon *daemon, struct store *store, struct attempt *attempt)
{
	int r = passed_step_up(daemon, store, &attempt->challenge);

	return r < 0 ? r
		     : record_store(&attempt->record, store, daemon->moment.now_s,
			       "verified", "code verified", LOG_NOTICE);
}

int passed_address(struct daemon *daemon, struct store *store, struct attempt *attempt)
{
	const struct challenge *c = &attempt->challenge;
	int64_t now = daemon->moment.now_s;
	struct user user;
	int r = principals_get(store, c->user, &user);

	if (r < 0)
		return r;
	/* It may have been changed while the code was on its way. */
	if (strcmp(user.address, c->address) != 0)
		return OUTCOME_NO_CHALLENGE;
	r = principals_set_verified(store, c->user, now);
	return r < 0
		? r
		: record_store(&attempt->record, store, now, "address_verified",
			  "address verified, the login must begin again", LOG_NOTICE);
}

/* The receipt of a step-up: of an account, as its client has it; or of a Unix user. */
int passed_receipt(struct call *call, struct store *store, const struct challenge *c)
{
	const struct config *config = call_daemon(call)->moment.config;
	struct account_caller caller;
	struct account account;
	uint8_t id[ACCOUNT_ID];
	int r;

	if (!principal_is_account(c->user, id))
		return session_receipt(
			call, store, NULL, NULL, c->user, c->service, "otp");
	r = account_caller(config, call->peer.uid, c->service, ACCOUNT_LOGIN, &caller);
	if (r == 0)
		r = account_of(store, &caller, id, OUTCOME_NO_CHALLENGE, &account);
	if (r == 0)
		r = gate_state(&account);
	return r != 0 ? r
		      : session_receipt(call, store, &caller, &account, "", c->service,
				"pwd otp");
}
