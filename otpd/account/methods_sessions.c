/* SPDX-License-Identifier: MIT */
/*
 * The part of org.emailotp.Admin that is about tokens of all accounts: ending what they
 * came from, and signing with another key.
 *
 * Grants and remembered step-ups end with the sessions: a receipt or a reset that
 * somebody has in hand MUST NOT open another session a minute later, nor a password
 * alone.
 */
#include <stdio.h>

#include "otpd/account/designate.h"
#include "otpd/account/session.h"
#include "otpd/account/token_keys.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/record.h"
#include "otpd/server/reply.h"
#include "otpd/store/spending.h"
#include "otpd/util/log.h"

struct sessions_in {
	char tenant[LIMIT_TENANT + 1];
	char login[LIMIT_ADDRESS + 1];
	bool all;
};

struct sessions_work {
	struct record record;
};

static const struct field end_fields[] = {
	{ "login", FIELD_STRING, offsetof(struct sessions_in, login), LIMIT_ADDRESS,
		true },
	{ "tenant", FIELD_STRING, offsetof(struct sessions_in, tenant), LIMIT_TENANT,
		true },
	{ "all", FIELD_BOOL, offsetof(struct sessions_in, all), 0, true },
	{ 0 },
};

/* What is counted while a tenant's accounts are gone through. */
struct ending {
	struct daemon *daemon;
	struct store *store;
	int64_t n;
};

static int end_one(const struct account *account, void *arg)
{
	struct ending *ending = arg;
	int64_t n = 0;
	int r = session_end_all(ending->store, account->id, &n);

	ending->n += n;
	return r;
}

static int end_account(struct ending *ending, struct record *record,
	const struct sessions_in *in, int64_t uid)
{
	char principal[PRINCIPAL_SIZE];
	struct account account;
	int r = designate_account(
		ending->daemon, ending->store, in->tenant, in->login, &account);

	if (r != 0)
		return r;
	principal_of_account(principal, account.id);
	record_about(record, principal, "", "", uid);
	return end_one(&account, ending);
}

static int end_tenant(struct ending *ending, const char *name)
{
	const char *tenant;
	int r = designate_tenant(ending->daemon->moment.config, name, &tenant);

	return r != 0
		? r
		: accounts_list(ending->store, tenant, "", INT64_MAX, end_one, ending);
}

static int end_everywhere(struct ending *ending)
{
	int r = sessions_end_all(ending->store, &ending->n);
	bool more;

	if (r == 0)
		r = grace_forget_accounts(ending->store);
	return r < 0 ? r : grants_purge(ending->store, INT64_MAX, INT64_MAX, &more);
}

/* An empty name in somebody's script signs nobody out. */
static int end_check(struct call *call)
{
	const struct sessions_in *in = call->in;

	if (in->all)
		return in->login[0] ? OUTCOME_NOT_ALLOWED : 0;
	return in->login[0] ? 0 : OUTCOME_NO_USER;
}

static int end_apply(struct call *call, struct store *store)
{
	const struct sessions_in *in = call->in;
	struct sessions_work *work = call->work;
	struct ending ending = { .daemon = call_daemon(call), .store = store };
	int r;

	record_about(&work->record, "", "", "", call->peer.uid);
	if (in->login[0])
		r = end_account(&ending, &work->record, in, call->peer.uid);
	else if (in->tenant[0])
		r = end_tenant(&ending, in->tenant);
	else
		r = end_everywhere(&ending);
	if (r != 0)
		return r;
	call_out_int(call, "sessions", ending.n);
	snprintf(work->record.detail, sizeof(work->record.detail), "sessions=%lld",
		(long long)ending.n);
	return record_store(&work->record, store, ending.daemon->moment.now_s,
		"sessions_ended",
		in->login[0]            ? "sessions of an account ended"
			: in->tenant[0] ? "sessions of a tenant ended"
					: "sessions of all accounts ended",
		LOG_NOTICE);
}

static int rotate_apply(struct call *call, struct store *store)
{
	struct sessions_work *work = call->work;
	struct daemon *daemon = call_daemon(call);
	const struct token_keys *keys;
	int64_t number, wait;
	int r = token_keys_rotate(daemon, store, &number, &wait);

	if (r == OUTCOME_THROTTLED)
		return reply_throttled(call, wait);
	if (r == 0)
		r = token_keys_get(daemon, store, &keys);
	if (r != 0)
		return r;
	call_out_string(call, "kid", keys->keys[1].kid);
	record_about(&work->record, "", "", "", call->peer.uid);
	record_detail(&work->record, keys->keys[1].kid);
	return record_store(&work->record, store, daemon->moment.now_s,
		"token_key_rotated", "tokens are signed with the next key", LOG_NOTICE);
}

static void sessions_committed(struct call *call)
{
	struct sessions_work *work = call->work;

	record_log(&work->record);
}

const struct method sessions_methods[] = {
	{
		.name = "EndSessions",
		.flags = METHOD_ROOT,
		.in = end_fields,
		.in_size = sizeof(struct sessions_in),
		.work_size = sizeof(struct sessions_work),
		.check = end_check,
		.apply = end_apply,
		.committed = sessions_committed,
	},
	{
		.name = "RotateTokenKey",
		.flags = METHOD_ROOT,
		.work_size = sizeof(struct sessions_work),
		.apply = rotate_apply,
		.committed = sessions_committed,
	},
	{ 0 },
};
