/* SPDX-License-Identifier: MIT */
/*
 * The new password that a grant allows.
 *
 * One phase reads, and says what is wrong with it; then it is hashed; then one writes.
 * The grant is used up by the second and by nothing else, so that whoever was refused
 * can try again. Wrong passwords and wrong codes of resets are forgotten then; wrong
 * codes of sign-ins are not, since a code was never guessed wrong by this.
 *
 * A disabled account stays disabled. One that must be reset has been, and an address
 * that was never proven is: the code that gave the grant went there.
 */
#include "otpd/account/new_password.h"

#include <errno.h>
#include <string.h>

#include "otpd/account/change.h"
#include "otpd/account/session.h"
#include "otpd/core/token.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/daemon.h"
#include "otpd/server/speaker.h"
#include "otpd/store/spending.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

int new_password_check(struct call *call)
{
	struct new_password_in *in = call->in;

	speaker_clean(call, &in->from);
	call->reading = true;
	return 0;
}

/* Root has no tenant here but that of the grant, and only grants that it began. */
static int root_of_grant(struct call *call, struct store *store,
	struct account_caller *caller, struct grant *grant)
{
	struct daemon *daemon = call_daemon(call);
	const struct new_password_in *in = call->in;
	uint8_t hash[GRANT_HASH];
	int r;

	token_hash(hash, daemon->key, in->grant);
	r = grants_get(store, hash, GRANT_PASSWORD, daemon->moment.now_s, grant);
	if (r < 0)
		return r == -ENOENT ? OUTCOME_BAD_TOKEN : r;
	*caller = (struct account_caller){
		.client = "",
		.tenant = grant->tenant,
		.service = "",
		.audience = "",
		.rules = config_tenant(daemon->moment.config, grant->tenant),
		.policy = config_policy(daemon->moment.config, ""),
	};
	return 0;
}

/* caller may borrow from grant. */
static int find_grant(struct call *call, struct store *store,
	struct account_caller *caller, struct grant *grant, struct account *account)
{
	struct daemon *daemon = call_daemon(call);
	const struct config *config = daemon->moment.config;
	const struct new_password_in *in = call->in;
	struct grant found;
	int r;

	if (call->peer.uid == 0 && !config_client(config, 0))
		r = root_of_grant(call, store, caller, grant);
	else
		r = account_caller(config, call->peer.uid, "",
			(enum account_purpose)(ACCOUNT_RESET | ACCOUNT_CHANGE), caller);
	if (r == 0)
		r = session_take_grant(
			daemon, store, in->grant, GRANT_PASSWORD, caller, &found);
	if (r == 0)
		r = accounts_get(store, found.account, account);
	if (r == -ENOENT || (r == 0 && strcmp(account->tenant, caller->tenant) != 0))
		return OUTCOME_BAD_TOKEN;
	if (r == 0)
		*grant = found;
	return r;
}

static int look_at_password(struct call *call, const struct account *account)
{
	struct new_password_work *work = call->work;
	const struct new_password_in *in = call->in;
	const char *problem =
		password_problem(in->password, account->address, account->login);

	if (problem) {
		call_out_string(call, "reason", problem);
		return OUTCOME_BAD_PASSWORD;
	}
	work->hashed.hashing.password = in->password;
	work->hashed.hashing.make = true;
	hashed_ask_then(call, &work->hashed);
	return 0;
}

static int forget_wrong(struct store *store, const char *principal)
{
	char resets[ATTEMPT_BUDGET];
	int r = gate_forget_wrong(store, principal);

	attempt_budget(resets, principal, CODE_RESET);
	return r < 0 ? r : spending_forget_wrong(store, resets);
}

static int tell_owner(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account)
{
	struct new_password_work *work = call->work;
	const struct new_password_in *in = call->in;
	struct account_issue to;
	int r;

	account_issue(
		&to, caller, account, in->from.rhost, call->peer.uid, CODE_NOTICE);
	r = issue_notice(call_daemon(call), store, &to.issue, ISSUE_PASSWORD_CHANGED, 0,
		&work->notice);
	return issue_courtesy(r);
}

static int write_account(struct daemon *daemon, struct store *store, const char *hash,
	const struct grant *grant, const struct account *account)
{
	int64_t now_s = daemon->moment.now_s;
	int r = accounts_set_password(store, account->id, hash, now_s);

	if (r == 0 && account->state == ACCOUNT_MUST_RESET)
		r = accounts_set_state(store, account->id, ACCOUNT_ACTIVE);
	if (r == 0 && account->verified_at == 0 &&
		strcmp(grant->address, account->address) == 0)
		r = accounts_set_verified(store, account->id, now_s);
	if (r == 0 && account->reset_until > 0)
		r = accounts_set_reset_until(store, account->id, 0);
	return r;
}

static int set(struct call *call, struct store *store,
	const struct account_caller *caller, const struct grant *grant,
	const struct account *account)
{
	struct new_password_work *work = call->work;
	const struct new_password_in *in = call->in;
	struct daemon *daemon = call_daemon(call);
	char id[LIMIT_ACCOUNT + 1];
	int r = grants_delete(store, grant->hash);

	if (r == -ENOENT)
		return OUTCOME_BAD_TOKEN;
	principal_of_account(work->cancelled, account->id);
	if (r == 0)
		r = write_account(
			daemon, store, work->hashed.hashing.hash, grant, account);
	if (r == 0)
		r = change_end_all(store, account);
	if (r == 0)
		r = forget_wrong(store, work->cancelled);
	if (r == 0)
		r = tell_owner(call, store, caller, account);
	if (r < 0)
		return r;
	hex_encode(id, account->id, sizeof(account->id));
	call_out_string(call, "account", id);
	record_about(&work->record, work->cancelled, caller->service, in->from.rhost,
		call->peer.uid);
	return record_store(&work->record, store, daemon->moment.now_s, "password_set",
		"password set", LOG_NOTICE);
}

int new_password_apply(struct call *call, struct store *store)
{
	const struct new_password_work *work = call->work;
	struct account_caller caller;
	struct grant grant;
	struct account account;
	int r = find_grant(call, store, &caller, &grant, &account);

	if (r != 0)
		return r;
	return work->hashed.asked ? set(call, store, &caller, &grant, &account)
				  : look_at_password(call, &account);
}

void new_password_committed(struct call *call)
{
	struct daemon *daemon = call_daemon(call);
	struct new_password_work *work = call->work;

	if (work->cancelled[0])
		outbox_forget_user(&daemon->outbox, work->cancelled);
	outbox_add(&daemon->outbox, TAKE_PTR(work->notice));
	record_log(&work->record);
}

void new_password_release(struct call *call)
{
	struct new_password_work *work = call->work;

	outgoing_free(work->notice);
}
