/* SPDX-License-Identifier: MIT */
/*
 * The part of org.emailotp.Admin that changes accounts. Every change is an event of the
 * audit, of the account's principal, with the uid of whoever made it.
 *
 * Whatever takes a right away MUST take it from those who are signed in or about to be,
 * too: sessions, grants, remembered step-ups and live challenges end with it.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "otpd/account/change.h"
#include "otpd/account/designate.h"
#include "otpd/account/gate.h"
#include "otpd/account/reset.h"
#include "otpd/core/address.h"
#include "otpd/core/language.h"
#include "otpd/core/login.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/record.h"
#include "otpd/store/registrations.h"
#include "otpd/store/spending.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

#define RESET_MAX_S 86400

struct accounts_in {
	char tenant[LIMIT_TENANT + 1];
	char login[LIMIT_ADDRESS + 1];
	char address[LIMIT_ADDRESS + 1];
	char language[LIMIT_LANGUAGE + 1];
	bool verified;
	int64_t seconds;
};

struct accounts_work {
	struct record record;
	char principal[PRINCIPAL_SIZE];
};

#define TENANT_FIELD                                                          \
	{                                                                     \
		"tenant", FIELD_STRING, offsetof(struct accounts_in, tenant), \
			LIMIT_TENANT, true                                    \
	}
#define LOGIN_FIELD                                                         \
	{                                                                   \
		"login", FIELD_STRING, offsetof(struct accounts_in, login), \
			LIMIT_ADDRESS, false                                \
	}

static const struct field add_fields[] = {
	{ "address", FIELD_STRING, offsetof(struct accounts_in, address), LIMIT_ADDRESS,
		false },
	{ "login", FIELD_STRING, offsetof(struct accounts_in, login), LIMIT_LOGIN,
		true },
	TENANT_FIELD,
	{ "verified", FIELD_BOOL, offsetof(struct accounts_in, verified), 0, true },
	{ "language", FIELD_STRING, offsetof(struct accounts_in, language),
		LIMIT_LANGUAGE, true },
	{ 0 },
};

static const struct field account_fields[] = {
	LOGIN_FIELD,
	TENANT_FIELD,
	{ 0 },
};

static const struct field allow_fields[] = {
	LOGIN_FIELD,
	TENANT_FIELD,
	{ "seconds", FIELD_INT, offsetof(struct accounts_in, seconds), RESET_MAX_S,
		false },
	{ 0 },
};

static int refuse(struct call *call, const char *reason, int outcome)
{
	call_out_string(call, "reason", reason);
	return outcome;
}

static int add_check(struct call *call)
{
	struct accounts_in *in = call->in;
	const char *problem = address_problem(in->address);
	char normal[LIMIT_ADDRESS + 1];

	if (problem)
		return refuse(call, problem, OUTCOME_BAD_ADDRESS);
	address_normalize(normal, sizeof(normal), in->address);
	memcpy(in->address, normal, sizeof(normal));
	problem = in->login[0] ? login_problem(in->login) : NULL;
	if (problem)
		return refuse(call, problem, OUTCOME_BAD_LOGIN);
	return language_is_good(in->language) ? 0 : OUTCOME_BAD_NAME;
}

/* Whom the event and what follows the COMMIT are about. */
static void note_whom(struct call *call, const struct account *account)
{
	struct accounts_work *work = call->work;

	principal_of_account(work->principal, account->id);
	record_about(&work->record, work->principal, "", "", call->peer.uid);
}

static int find(struct call *call, struct store *store, struct account *ret)
{
	const struct accounts_in *in = call->in;
	int r = designate_account(call_daemon(call), store, in->tenant, in->login, ret);

	if (r == 0)
		note_whom(call, ret);
	return r;
}

static int note(
	struct call *call, struct store *store, const char *event, const char *phrase)
{
	struct accounts_work *work = call->work;

	return record_store(&work->record, store, call_daemon(call)->moment.now_s,
		event, phrase, LOG_NOTICE);
}

static void accounts_committed(struct call *call)
{
	struct accounts_work *work = call->work;

	record_log(&work->record);
}

/* Codes on their way to somebody who may not use them any more are not sent. */
static void cancelled_committed(struct call *call)
{
	struct accounts_work *work = call->work;

	accounts_committed(call);
	outbox_forget_user(&call_daemon(call)->outbox, work->principal);
}

static void fill(struct account *account, const struct accounts_in *in, int64_t now)
{
	*account = (struct account){ .state = ACCOUNT_ACTIVE,
		.verified_at = in->verified ? now : 0,
		.created_at = now };
	randombytes_buf(account->id, sizeof(account->id));
	text_copy(account->address, sizeof(account->address), in->address);
	text_copy(account->login, sizeof(account->login), in->login);
	login_lower(account->login);
	text_copy(account->profile, sizeof(account->profile), "{}");
	text_copy(account->language, sizeof(account->language), in->language);
}

/* A registration of that address that waits would only end in Exists. */
static int add_apply(struct call *call, struct store *store)
{
	const struct accounts_in *in = call->in;
	struct daemon *daemon = call_daemon(call);
	char id[LIMIT_ACCOUNT + 1];
	struct account account;
	const char *tenant;
	int r = designate_tenant(daemon->moment.config, in->tenant, &tenant);

	if (r != 0)
		return r;
	fill(&account, in, daemon->moment.now_s);
	text_copy(account.tenant, sizeof(account.tenant), tenant);
	r = accounts_insert(store, &account);
	if (r == 0)
		r = registrations_delete_address(store, tenant, account.address);
	if (r < 0)
		return r == -EEXIST ? OUTCOME_EXISTS : r;
	hex_encode(id, account.id, sizeof(account.id));
	call_out_string(call, "account", id);
	call_out_string(call, "tenant", tenant);
	note_whom(call, &account);
	return note(call, store, "account_created", "account made by an administrator");
}

static int verify_account_apply(struct call *call, struct store *store)
{
	struct account account;
	int r = find(call, store, &account);

	if (r == 0)
		r = accounts_set_verified(
			store, account.id, call_daemon(call)->moment.now_s);
	return r != 0 ? r
		      : note(call, store, "account_verified",
				"address of an account declared verified by an "
				"administrator");
}

/* By an administrator, or by the monthly budget: a reset helps neither. */
static bool is_shut(const struct account *account)
{
	return account->state == ACCOUNT_DISABLED || account->state == ACCOUNT_LOCKED;
}

/* A password that had to be reset is gone for good: unlocking must not bring it back.
 */
static int disable_apply(struct call *call, struct store *store)
{
	struct account account;
	int r = find(call, store, &account);

	if (r == 0 && account.state == ACCOUNT_MUST_RESET)
		r = accounts_set_password(store, account.id, "", account.password_at);
	if (r == 0)
		r = accounts_set_state(store, account.id, ACCOUNT_DISABLED);
	if (r == 0)
		r = change_end_all(store, &account);
	return r != 0 ? r : note(call, store, "account_disabled", "account disabled");
}

/* One that must reset its password goes on having to: as MUST_RESET, or without one. */
static int unlock_apply(struct call *call, struct store *store)
{
	const struct accounts_work *work = call->work;
	struct account account;
	int r = find(call, store, &account);

	if (r == 0 && is_shut(&account))
		r = accounts_set_state(store, account.id, ACCOUNT_ACTIVE);
	if (r == 0)
		r = spending_forget_wrong(store, work->principal);
	if (r == 0)
		r = gate_forget_wrong(store, work->principal);
	if (r == 0)
		r = reset_forget_wrong(store, work->principal);
	return r != 0 ? r : note(call, store, "account_unlocked", "account unlocked");
}

static int require_apply(struct call *call, struct store *store)
{
	struct account account;
	int r = find(call, store, &account);

	if (r == 0 && is_shut(&account))
		r = OUTCOME_DISABLED;
	if (r == 0)
		r = accounts_set_state(store, account.id, ACCOUNT_MUST_RESET);
	if (r == 0)
		r = change_end_all(store, &account);
	return r != 0 ? r
		      : note(call, store, "reset_required",
				"reset of a password required by an administrator");
}

static int allow_apply(struct call *call, struct store *store)
{
	const struct accounts_in *in = call->in;
	const struct daemon *daemon = call_daemon(call);
	int64_t until = in->seconds > 0 ? daemon->moment.now_s + in->seconds : 0;
	struct accounts_work *work = call->work;
	struct account account;
	int r = find(call, store, &account);

	if (r != 0)
		return r;
	if (config_tenant(daemon->moment.config, account.tenant)->reset ==
		TENANT_RESET_MAIL)
		return OUTCOME_NOT_ALLOWED;
	if (is_shut(&account))
		return OUTCOME_DISABLED;
	r = accounts_set_reset_until(store, account.id, until);
	call_out_int(call, "reset_until", until);
	if (r < 0)
		return r;
	if (until == 0)
		record_detail(&work->record, "no_more");
	return note(call, store, "reset_allowed",
		"reset of a password allowed by an administrator");
}

static int remove_apply(struct call *call, struct store *store)
{
	struct account account;
	int r = find(call, store, &account);

	if (r == 0)
		r = change_end_all(store, &account);
	if (r == 0)
		r = accounts_delete(store, account.id);
	return r != 0 ? r : note(call, store, "account_removed", "account removed");
}

/* clang-format off */
#define METHOD(method, fields, then, ...) { \
	.name = method, .flags = METHOD_ROOT, .in = fields, \
	.in_size = sizeof(struct accounts_in), .work_size = sizeof(struct accounts_work), \
	.committed = then, __VA_ARGS__ }
/* clang-format on */

const struct method accounts_methods[] = {
	METHOD("AddAccount", add_fields, accounts_committed, .check = add_check,
		.apply = add_apply),
	METHOD("VerifyAccount", account_fields, accounts_committed,
		.apply = verify_account_apply),
	METHOD("DisableAccount", account_fields, cancelled_committed,
		.apply = disable_apply),
	METHOD("UnlockAccount", account_fields, accounts_committed,
		.apply = unlock_apply),
	METHOD("RequireReset", account_fields, cancelled_committed,
		.apply = require_apply),
	METHOD("AllowReset", allow_fields, accounts_committed, .apply = allow_apply),
	METHOD("RemoveAccount", account_fields, cancelled_committed,
		.apply = remove_apply),
	{ 0 },
};
