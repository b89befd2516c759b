/* SPDX-License-Identifier: MIT */
/* What a right code leaves behind, of Unix users and of accounts. */
#include "otpd/server/passed.h"

#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/store/principals.h"
#include "otpd/store/spending.h"
#include "otpd/util/log.h"

int passed_login(struct daemon *daemon, struct store *store, struct attempt *attempt)
{
	const struct challenge *c = &attempt->challenge;
	const struct policy *policy = config_policy(daemon->moment.config, c->service);
	int64_t now = daemon->moment.now_s;
	int r = principals_set_login(store, c->user, now);

	if (r == 0 && policy->grace_s > 0)
		r = grace_put(store, c->user, c->service, c->rhost, c->tty, c->peer,
			now + policy->grace_s, c->length, c->alphabet);
	return r < 0 ? r
		     : record_store(&attempt->record, store, now, "verified",
			       "code verified", LOG_NOTICE);
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
