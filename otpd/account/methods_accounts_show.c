/* SPDX-License-Identifier: MIT */
/* The part of org.emailotp.Admin that shows accounts, and what their budgets allow. */
#include <errno.h>
#include <string.h>

#include "otpd/account/designate.h"
#include "otpd/account/gate.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/counters.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/recovery_try.h"
#include "otpd/store/recovery.h"
#include "otpd/store/sessions.h"
#include "otpd/store/spending.h"
#include "otpd/util/hex.h"
#include "otpd/util/text.h"

struct accounts_show_in {
	char tenant[LIMIT_TENANT + 1];
	char login[LIMIT_ADDRESS + 1];
	char after[LIMIT_ADDRESS + 1];
	int64_t limit;
};

static const struct field list_fields[] = {
	{ "tenant", FIELD_STRING, offsetof(struct accounts_show_in, tenant),
		LIMIT_TENANT, true },
	{ "after", FIELD_STRING, offsetof(struct accounts_show_in, after),
		LIMIT_ADDRESS, true },
	{ "limit", FIELD_INT, offsetof(struct accounts_show_in, limit), LIMIT_PAGE,
		true },
	{ 0 },
};

static const struct field show_fields[] = {
	{ "login", FIELD_STRING, offsetof(struct accounts_show_in, login),
		LIMIT_ADDRESS, false },
	{ "tenant", FIELD_STRING, offsetof(struct accounts_show_in, tenant),
		LIMIT_TENANT, true },
	{ 0 },
};

/* What the row does not have itself. */
static int counts(struct store *store, const struct account *account, int64_t now_s,
	int64_t *ret_sessions, int64_t *ret_codes)
{
	char principal[PRINCIPAL_SIZE];
	int r = sessions_count_account(store, account->id, now_s, ret_sessions);

	principal_of_account(principal, account->id);
	return r < 0 ? r : recovery_count(store, principal, ret_codes);
}

static int account_json(
	struct store *store, const struct account *account, int64_t now_s, json_t **ret)
{
	int64_t reset_until = account->reset_until > now_s ? account->reset_until : 0;
	int64_t sessions = 0, codes = 0;
	char id[LIMIT_ACCOUNT + 1];
	int r = counts(store, account, now_s, &sessions, &codes);

	if (r < 0)
		return r;
	hex_encode(id, account->id, sizeof(account->id));
	*ret = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:I, s:I, s:I, s:b, s:I, "
			 "s:I, s:I}",
		"account", id, "tenant", account->tenant, "address", account->address,
		"login", account->login, "language", account->language, "verified",
		account->verified_at > 0, "state", account_state_name(account->state),
		"created_at", (json_int_t)account->created_at, "last_login_at",
		(json_int_t)account->login_at, "password_at",
		(json_int_t)account->password_at, "has_password",
		account->password[0] != '\0', "reset_until", (json_int_t)reset_until,
		"sessions", (json_int_t)sessions, "recovery_codes", (json_int_t)codes);
	return *ret ? 0 : -ENOMEM;
}

struct accounts_listing {
	struct store *store;
	int64_t now_s;
	json_t *accounts;
	char last[LIMIT_ADDRESS + 1];
};

static int list_one(const struct account *account, void *arg)
{
	struct accounts_listing *listing = arg;
	json_t *row = NULL;
	int r = account_json(listing->store, account, listing->now_s, &row);

	if (r < 0)
		return r;
	text_copy(listing->last, sizeof(listing->last), account->address);
	return json_array_append_new(listing->accounts, row) < 0 ? -ENOMEM : 0;
}

static int list_apply(struct call *call, struct store *store)
{
	const struct accounts_show_in *in = call->in;
	const struct daemon *daemon = call_daemon(call);
	int64_t limit = in->limit > 0 ? in->limit : LIMIT_PAGE;
	struct accounts_listing listing = { .store = store,
		.now_s = daemon->moment.now_s };
	const char *tenant;
	int r = designate_tenant(daemon->moment.config, in->tenant, &tenant);

	if (r != 0)
		return r;
	listing.accounts = json_array();
	r = accounts_list(store, tenant, in->after, limit, list_one, &listing);
	if (r == 0 && json_array_size(listing.accounts) == (size_t)limit)
		call_out_string(call, "next", listing.last);
	call_out_json(call, "accounts", listing.accounts);
	return r;
}

/* Wrong passwords have a table's rows of their own, and the tenant's limits. */
static int password_counters(
	struct call *call, struct store *store, const struct account *account)
{
	const struct daemon *daemon = call_daemon(call);
	const struct tenant_section *rules =
		config_tenant(daemon->moment.config, account->tenant);
	const struct budget_window windows[] = {
		{ BUDGET_HOUR, rules->passwords_per_hour },
		{ BUDGET_DAY, rules->passwords_per_day },
	};
	char principal[PRINCIPAL_SIZE], name[GATE_BUDGET_SIZE];
	int64_t now = daemon->moment.now_s;
	struct spending wrong;
	int r;

	principal_of_account(principal, account->id);
	snprintf(name, sizeof(name), GATE_BUDGET "%s", principal);
	r = spending_wrong(store, name, BUDGET_DAY, SPENDING_MAX, now, &wrong);
	if (r < 0)
		return r;
	call_out_int(call, "wrong_passwords_hour",
		budget_count(wrong.at, wrong.n, BUDGET_HOUR, now));
	call_out_int(call, "wrong_passwords_day", (int64_t)wrong.n);
	call_out_int(call, "passwords_locked_for",
		budget_wait_s(wrong.at, wrong.n, windows, 2, now));
	return 0;
}

/* Of resets, the longest of what any service's policy and wrong recovery codes lock. */
static int reset_counters(struct call *call, struct store *store, const char *principal)
{
	struct daemon *daemon = call_daemon(call);
	const struct config *config = daemon->moment.config;
	const struct policy *policies = config->policies.items;
	int64_t now = daemon->moment.now_s, longest = 0;
	struct budget_window windows[3];
	struct recovery_left left;
	char name[ATTEMPT_BUDGET];
	struct spending wrong;
	int r = recovery_left(daemon, store, principal, &left);

	attempt_budget(name, principal, CODE_RESET);
	if (r == 0)
		longest = left.wait_s;
	if (r == 0)
		r = spending_wrong(
			store, name, BUDGET_MONTH, SPENDING_MAX, now, &wrong);
	for (size_t i = 0; r == 0 && i <= config->policies.n; i++) {
		int64_t wait;

		policy_wrong_windows(i < config->policies.n ? &policies[i]
							    : config_policy(config, ""),
			windows);
		wait = budget_wait_s(wrong.at, wrong.n, windows, 3, now);
		longest = wait > longest ? wait : longest;
	}
	if (r < 0)
		return r;
	call_out_int(call, "wrong_resets_month", (int64_t)wrong.n);
	call_out_int(call, "resets_locked_for", longest);
	return 0;
}

static int show_apply(struct call *call, struct store *store)
{
	const struct accounts_show_in *in = call->in;
	struct daemon *daemon = call_daemon(call);
	char principal[PRINCIPAL_SIZE];
	struct account account;
	json_t *shown = NULL;
	int r = designate_account(daemon, store, in->tenant, in->login, &account);

	if (r == 0)
		r = account_json(store, &account, daemon->moment.now_s, &shown);
	if (r != 0)
		return r;
	call_out_json(call, "account", shown);
	principal_of_account(principal, account.id);
	r = counters_reply(call, store, principal);
	if (r == 0)
		r = password_counters(call, store, &account);
	return r < 0 ? r : reset_counters(call, store, principal);
}

const struct method accounts_show_methods[] = {
	{
		.name = "ListAccounts",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = list_fields,
		.in_size = sizeof(struct accounts_show_in),
		.apply = list_apply,
	},
	{
		.name = "ShowAccount",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = show_fields,
		.in_size = sizeof(struct accounts_show_in),
		.apply = show_apply,
	},
	{ 0 },
};
