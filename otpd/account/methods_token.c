/* SPDX-License-Identifier: MIT */
/*
 * org.emailotp.Account: sessions and tokens.
 *
 * Whoever asks with a token speaks for the account of the token, and for nothing else;
 * RevokeAll takes an account of the client's tenant. All but Keys is for listed
 * clients.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "otpd/account/profile.h"
#include "otpd/account/recovery_codes.h"
#include "otpd/account/session.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/store/recovery.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/hex.h"
#include "otpd/util/text.h"

struct token_in {
	char token[LIMIT_TOKEN + 1];
	const json_t *profile;
	char account[LIMIT_ACCOUNT + 1];
};

static const struct field token_fields[] = {
	{ "token", FIELD_STRING, offsetof(struct token_in, token), LIMIT_TOKEN, false },
	{ 0 },
};

static const struct field refresh_fields[] = {
	{ "refresh_token", FIELD_STRING, offsetof(struct token_in, token), LIMIT_TOKEN,
		false },
	{ 0 },
};

static const struct field account_fields[] = {
	{ "account", FIELD_STRING, offsetof(struct token_in, account), LIMIT_ACCOUNT,
		false },
	{ 0 },
};

static const struct field profile_fields[] = {
	{ "token", FIELD_STRING, offsetof(struct token_in, token), LIMIT_TOKEN, false },
	{ "profile", FIELD_OBJECT, offsetof(struct token_in, profile), 0, false },
	{ 0 },
};

static const struct field recovery_fields[] = {
	{ "token", FIELD_STRING, offsetof(struct recovery_in, token), LIMIT_TOKEN,
		false },
	{ "rhost", FIELD_STRING, offsetof(struct recovery_in, from.rhost), LIMIT_RHOST,
		true },
	{ 0 },
};

static int find_caller(const struct call *call, enum account_purpose purpose,
	struct account_caller *ret)
{
	return account_caller(
		call_daemon(call)->moment.config, call->peer.uid, "", purpose, ret);
}

/* The account of the token of this call. */
static int find_account(const struct call *call, struct store *store,
	enum account_purpose purpose, struct account *ret, struct token_claims *claims)
{
	const struct token_in *in = call->in;
	struct account_caller caller;
	int r = find_caller(call, purpose, &caller);

	return r != 0 ? r
		      : session_access(call_daemon(call), store, in->token, &caller,
				ret, claims);
}

static int exchange_apply(struct call *call, struct store *store)
{
	const struct token_in *in = call->in;
	struct account_caller caller;
	int r = find_caller(call, ACCOUNT_TOKEN, &caller);

	return r != 0 ? r
		      : session_exchange(call, store, &caller, in->token, call->work);
}

static int refresh_apply(struct call *call, struct store *store)
{
	const struct token_in *in = call->in;
	struct account_caller caller;
	int r = find_caller(call, ACCOUNT_TOKEN, &caller);

	return r != 0 ? r
		      : session_refresh(call, store, &caller, in->token, call->work);
}

static int revoke_apply(struct call *call, struct store *store)
{
	const struct token_in *in = call->in;
	struct account_caller caller;
	int r = find_caller(call, ACCOUNT_TOKEN, &caller);

	return r != 0 ? r : session_revoke(call, store, &caller, in->token, call->work);
}

static int get_account(struct store *store, const char *text,
	const struct account_caller *caller, struct account *ret)
{
	uint8_t id[ACCOUNT_ID];

	return hex_decode(id, sizeof(id), text) < 0
		? OUTCOME_NO_USER
		: account_of(store, caller, id, OUTCOME_NO_USER, ret);
}

static int revoke_all_apply(struct call *call, struct store *store)
{
	const struct token_in *in = call->in;
	struct record *record = call->work;
	struct account_caller caller;
	struct account account;
	char principal[PRINCIPAL_SIZE];
	int64_t n = 0;
	int r = find_caller(call, ACCOUNT_TOKEN, &caller);

	if (r == 0)
		r = get_account(store, in->account, &caller, &account);
	if (r == 0)
		r = session_end_all(store, account.id, &n);
	if (r != 0)
		return r;
	call_out_int(call, "sessions", n);
	principal_of_account(principal, account.id);
	record_about(record, principal, caller.service, NULL, call->peer.uid);
	snprintf(record->detail, sizeof(record->detail), "%lld", (long long)n);
	return record_store(record, store, call_daemon(call)->moment.now_s,
		"sessions_ended", "all sessions ended", LOG_NOTICE);
}

/* NULL if there is no memory. */
static json_t *words_of(const char *text)
{
	CLEANUP(json_decrefp) json_t *words = json_array();
	int r = 0;

	while (*text && r == 0) {
		size_t length = strcspn(text, " ");

		if (length > 0)
			r = json_array_append_new(words, json_stringn(text, length));
		text += length + strspn(text + length, " ");
	}
	return r == 0 ? TAKE_PTR(words) : NULL;
}

static json_t *claims_json(const struct token_claims *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o}", "iss",
		c->iss, "aud", c->aud, "sub", c->sub, "jti", c->jti, "sid", c->sid,
		"tenant", c->tenant, "iat", (json_int_t)c->iat, "exp",
		(json_int_t)c->exp, "auth_time", (json_int_t)c->auth_time, "amr",
		words_of(c->amr));
}

static int introspect_apply(struct call *call, struct store *store)
{
	struct account account;
	struct token_claims claims;
	int r = find_account(call, store, ACCOUNT_TOKEN, &account, &claims);

	if (r != 0 && r != OUTCOME_BAD_TOKEN)
		return r;
	call_out_bool(call, "active", r == 0);
	if (r == 0)
		call_out_json(call, "claims", claims_json(&claims));
	return 0;
}

static json_t *profile_json(const struct account *account)
{
	json_t *profile = json_loads(account->profile, JSON_REJECT_DUPLICATES, NULL);

	return profile ? profile : json_object();
}

static json_t *account_json(
	const struct account *a, int64_t n_sessions, int64_t n_recovery)
{
	char id[LIMIT_ACCOUNT + 1];

	hex_encode(id, a->id, sizeof(a->id));
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:b, s:s, s:I, s:I, s:I, s:I, s:I}",
		"account", id, "address", a->address, "login", a->login, "profile",
		profile_json(a), "language", a->language, "verified",
		a->verified_at > 0, "state", account_state_name(a->state), "created_at",
		(json_int_t)a->created_at, "last_login_at", (json_int_t)a->login_at,
		"password_at", (json_int_t)a->password_at, "sessions",
		(json_int_t)n_sessions, "recovery_codes", (json_int_t)n_recovery);
}

static int show_apply(struct call *call, struct store *store)
{
	struct account account;
	struct token_claims claims;
	char principal[PRINCIPAL_SIZE];
	int64_t n_sessions = 0, n_recovery = 0;
	int r = find_account(call, store, ACCOUNT_TOKEN, &account, &claims);

	if (r != 0)
		return r;
	principal_of_account(principal, account.id);
	r = sessions_count_account(
		store, account.id, call_daemon(call)->moment.now_s, &n_sessions);
	if (r == 0)
		r = recovery_count(store, principal, &n_recovery);
	call_out_json(call, "account", account_json(&account, n_sessions, n_recovery));
	return r;
}

/* What the profile becomes is written once, where it is read. */
static int set_profile_check(struct call *call)
{
	const struct token_in *in = call->in;
	const char *problem = profile_read(in->profile, call->work);

	if (!problem)
		return 0;
	call_out_string(call, "reason", problem);
	return OUTCOME_BAD_PROFILE;
}

static int set_profile_apply(struct call *call, struct store *store)
{
	struct account account;
	struct token_claims claims;
	int r = find_account(call, store, ACCOUNT_CHANGE, &account, &claims);

	return r != 0 ? r : accounts_set_profile(store, account.id, call->work);
}

/* Everybody may, and so nobody without end. */
static int keys_check(struct call *call)
{
	return config_client(call_daemon(call)->config, call->peer.uid)
		? 0
		: methods_check_allowance(call);
}

/* The one that signs is told first, then the next one: the two change places. */
static size_t told(size_t i)
{
	return i < 2 ? 1 - i : i;
}

static int keys_apply(struct call *call, struct store *store)
{
	const struct token_keys *keys;
	json_t *array = json_array();
	int r = token_keys_get(call_daemon(call), store, &keys);

	for (size_t i = 0; r == 0 && i < keys->n; i++) {
		char text[TOKEN_JWK];

		token_jwk(text, &keys->keys[told(i)]);
		if (json_array_append_new(array, json_loads(text, 0, NULL)) < 0)
			r = -ENOMEM;
	}
	call_out_json(call, "keys", array);
	return r;
}

static void record_committed(struct call *call)
{
	record_log(call->work);
}

const struct method token_methods[] = {
	{
		.name = "Exchange",
		.flags = METHOD_SERVICE,
		.in = token_fields,
		.in_size = sizeof(struct token_in),
		.work_size = sizeof(struct record),
		.apply = exchange_apply,
		.committed = record_committed,
	},
	{
		.name = "Refresh",
		.flags = METHOD_SERVICE,
		.in = refresh_fields,
		.in_size = sizeof(struct token_in),
		.work_size = sizeof(struct record),
		.apply = refresh_apply,
		.committed = record_committed,
	},
	{
		.name = "Revoke",
		.flags = METHOD_SERVICE,
		.in = token_fields,
		.in_size = sizeof(struct token_in),
		.work_size = sizeof(struct record),
		.apply = revoke_apply,
		.committed = record_committed,
	},
	{
		.name = "RevokeAll",
		.flags = METHOD_SERVICE,
		.in = account_fields,
		.in_size = sizeof(struct token_in),
		.work_size = sizeof(struct record),
		.apply = revoke_all_apply,
		.committed = record_committed,
	},
	{
		.name = "Introspect",
		.flags = METHOD_SERVICE | METHOD_READ,
		.in = token_fields,
		.in_size = sizeof(struct token_in),
		.apply = introspect_apply,
	},
	{
		.name = "Show",
		.flags = METHOD_SERVICE | METHOD_READ,
		.in = token_fields,
		.in_size = sizeof(struct token_in),
		.apply = show_apply,
	},
	{
		.name = "SetProfile",
		.flags = METHOD_SERVICE,
		.in = profile_fields,
		.in_size = sizeof(struct token_in),
		.work_size = LIMIT_PROFILE + 1,
		.check = set_profile_check,
		.apply = set_profile_apply,
	},
	{
		.name = "RecoveryCodes",
		.flags = METHOD_SERVICE,
		.in = recovery_fields,
		.in_size = sizeof(struct recovery_in),
		.work_size = sizeof(struct recovery_work),
		.check = recovery_codes_check,
		.apply = recovery_codes_apply,
		.committed = recovery_codes_committed,
		.release = recovery_codes_release,
	},
	{
		.name = "Keys",
		.flags = METHOD_ANY | METHOD_READ,
		.check = keys_check,
		.apply = keys_apply,
	},
	{ 0 },
};
