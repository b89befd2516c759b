/* SPDX-License-Identifier: MIT */
/*
 * Sessions of accounts: the tokens that a sign-in brings, and what ends them.
 *
 * A session is a row, and a refresh token is its newest generation, of which the row
 * has the hash. One that comes a second time, or an older one, means that two have it,
 * and one of them is a thief, so the session MUST end (RFC 9700 4.14.2). Access tokens
 * are signed and stand in no row; they hold until they expire for whoever only looks at
 * the signature, and as long as their session for whoever asks here.
 *
 * Sessions outlive a reboot: their times are those of the wall clock. keeper.c says
 * what becomes of them when it is set back.
 *
 * A session belongs to the client that opened it, and to its account's tenant. Whoever
 * has another tenant in otpd.conf MUST find none, whatever the token says.
 */
#include "otpd/account/session.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "otpd/account/claims.h"
#include "otpd/account/gate.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/store/spending.h"
#include "otpd/util/hex.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What is missing is a token that is not good. */
static int of_lookup(int r)
{
	return r == -ENOENT ? OUTCOME_BAD_TOKEN : r;
}

/* It lives no longer than its session; where there is no other, as long. */
static int add_access(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account,
	const struct session *session)
{
	const struct daemon *daemon = call_daemon(call);
	struct token_claims claims;
	uint8_t unused[32];
	int r;

	claims_begin(&claims, daemon, caller->audience, session->amr);
	claims_account(&claims, account);
	hex_encode(claims.sid, session->id, sizeof(session->id));
	claims.auth_time = session->auth_time;
	claims.exp = session->expires_at;
	if (session->generation > 0)
		claims.exp = smaller(claims.exp, claims.iat + caller->rules->access_s);
	r = claims_add(call, store, "access_token", TOKEN_ACCESS, &claims, unused);
	call_out_string(call, "account", claims.sub);
	call_out_int(call, "expires_in", claims.exp - claims.iat);
	return r;
}

/* The next generation, and how long it is good. */
static void add_refresh(
	struct call *call, const struct account_caller *caller, struct session *session)
{
	const struct daemon *daemon = call_daemon(call);
	int64_t now = daemon->moment.now_s;
	char token[TOKEN_REFRESH + 1];
	SECRET_SCOPE(token);

	session->generation++;
	session->used_at = now;
	session->expires_at = smaller(
		now + caller->rules->refresh_s, session->auth_time + SESSION_LIFE_MAX);
	token_make_refresh(token, daemon->key, session->id, session->generation);
	token_hash(session->hash, daemon->key, token);
	call_out_string(call, "refresh_token", token);
	call_out_int(call, "refresh_expires_in", session->expires_at - now);
}

static void about(struct record *record, const struct call *call,
	const struct account_caller *caller, const struct account *account)
{
	char principal[PRINCIPAL_SIZE];

	principal_of_account(principal, account->id);
	record_about(record, principal, caller->service, NULL, call->peer.uid);
}

static int open_since(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account,
	const char *amr, int64_t auth_time, struct record *record)
{
	int64_t now = call_daemon(call)->moment.now_s;
	struct session session = {
		.auth_time = auth_time,
		.used_at = now,
		.expires_at = now + caller->rules->single_s,
	};
	int r;

	randombytes_buf(session.id, sizeof(session.id));
	memcpy(session.account, account->id, sizeof(session.account));
	text_copy(session.client, sizeof(session.client), caller->client);
	text_copy(session.amr, sizeof(session.amr), amr);
	if (caller->rules->tokens == TENANT_TOKENS_REFRESH)
		add_refresh(call, caller, &session);
	/* Before it is there, so that it is never the one that goes. */
	r = sessions_trim(store, account->id, caller->rules->sessions_max - 1);
	if (r == 0)
		r = sessions_insert(store, &session);
	if (r == 0)
		r = add_access(call, store, caller, account, &session);
	about(record, call, caller, account);
	return r < 0 ? r
		     : record_store(record, store, now, "session_opened",
			       "session opened", LOG_INFO);
}

int session_open(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account,
	const char *amr, struct record *record)
{
	return open_since(call, store, caller, account, amr,
		call_daemon(call)->moment.now_s, record);
}

int session_exchange(struct call *call, struct store *store,
	const struct account_caller *caller, const char *receipt, struct record *record)
{
	struct grant grant;
	struct account account;
	int r = session_take_grant(
		call_daemon(call), store, receipt, GRANT_RECEIPT, caller, &grant);

	if (r == 0)
		r = account_of(
			store, caller, grant.account, OUTCOME_BAD_TOKEN, &account);
	if (r == 0)
		r = gate_state(&account);
	if (r == 0)
		r = grants_delete(store, grant.hash);
	return r != 0 ? r
		      : open_since(call, store, caller, &account, grant.amr,
				grant.auth_time, record);
}

/*
 * The session of a refresh token of ours, be it the newest or not, and its account.
 * -ENOENT if it has ended.
 */
static int find_family(const struct daemon *daemon, struct store *store,
	const struct account_caller *caller, const char *token, struct session *ret,
	struct account *ret_account, bool *ret_newest)
{
	uint8_t id[SESSION_ID], hash[SESSION_HASH];
	int64_t unused; /* the hash is of the generation, too */
	int r;

	if (token_read_refresh(token, daemon->key, id, &unused) < 0)
		return OUTCOME_BAD_TOKEN;
	r = sessions_get(store, id, daemon->moment.now_s, ret);
	if (r == 0 && strcmp(ret->client, caller->client) != 0)
		return OUTCOME_BAD_TOKEN;
	if (r == 0)
		r = account_of(
			store, caller, ret->account, OUTCOME_BAD_TOKEN, ret_account);
	if (r != 0)
		return r;
	token_hash(hash, daemon->key, token);
	*ret_newest = sodium_memcmp(hash, ret->hash, sizeof(hash)) == 0;
	return 0;
}

static int end(struct call *call, struct store *store, const struct session *session,
	const char *event, const char *phrase, int level, struct record *record)
{
	int r = sessions_end(store, session->id);

	return r < 0 ? r
		     : record_store(record, store, call_daemon(call)->moment.now_s,
			       event, phrase, level);
}

int session_refresh(struct call *call, struct store *store,
	const struct account_caller *caller, const char *token, struct record *record)
{
	struct session session;
	struct account account;
	bool newest = false;
	int r = find_family(
		call_daemon(call), store, caller, token, &session, &account, &newest);

	if (r != 0)
		return of_lookup(r);
	about(record, call, caller, &account);
	if (!newest) {
		r = end(call, store, &session, "session_reused",
			"an old refresh token came, session ended", LOG_WARNING,
			record);
		return r < 0 ? r : OUTCOME_BAD_TOKEN;
	}
	r = gate_state(&account);
	if (r != 0)
		return r;
	add_refresh(call, caller, &session);
	r = sessions_rotate(store, &session);
	if (r == 0)
		r = add_access(call, store, caller, &account, &session);
	/* The log may have it; the table of decisions would be full of nothing else. */
	record->event = "session_refreshed";
	record->phrase = "session refreshed";
	record->level = LOG_DEBUG;
	return r;
}

int session_end_all(
	struct store *store, const uint8_t account[ACCOUNT_ID], int64_t *ret_n)
{
	char principal[PRINCIPAL_SIZE];
	int r = grants_delete_account(store, account);

	principal_of_account(principal, account);
	/* Whoever was signed in where it was not the owner has stepped up there, too.
	 */
	if (r == 0)
		r = grace_forget(store, principal);
	return r < 0 ? r : sessions_end_account(store, account, ret_n);
}

/* The session of an access token, and the account of both. -ENOENT if it has ended. */
static int find_session(struct daemon *daemon, struct store *store,
	const struct account_caller *caller, const struct token_claims *claims,
	struct session *ret, struct account *ret_account)
{
	uint8_t id[SESSION_ID];
	char account[LIMIT_ACCOUNT + 1];
	int r;

	if (hex_decode(id, sizeof(id), claims->sid) < 0)
		return OUTCOME_BAD_TOKEN;
	r = sessions_get(store, id, daemon->moment.now_s, ret);
	if (r != 0)
		return r;
	hex_encode(account, ret->account, sizeof(ret->account));
	return strcmp(account, claims->sub) == 0
		? account_of(
			  store, caller, ret->account, OUTCOME_BAD_TOKEN, ret_account)
		: OUTCOME_BAD_TOKEN;
}

int session_access(struct daemon *daemon, struct store *store, const char *token,
	const struct account_caller *caller, struct account *ret_account,
	struct token_claims *ret_claims)
{
	struct session session;
	int r = claims_read(daemon, store, token, caller, ret_claims);

	if (r == -ETIME)
		return OUTCOME_BAD_TOKEN;
	if (r == 0)
		r = find_session(
			daemon, store, caller, ret_claims, &session, ret_account);
	if (r == 0 && gate_state(ret_account) != 0)
		return OUTCOME_BAD_TOKEN;
	return of_lookup(r);
}

/* Of a token of either kind, whose time may be over. -ENOENT if it has ended. */
static int find_any(struct daemon *daemon, struct store *store,
	const struct account_caller *caller, const char *token, struct session *ret,
	struct account *ret_account)
{
	struct token_claims claims;
	bool newest;
	int r;

	if (strncmp(token, "r_", 2) == 0)
		return find_family(
			daemon, store, caller, token, ret, ret_account, &newest);
	r = claims_read(daemon, store, token, caller, &claims);
	return r != 0 && r != -ETIME
		? r
		: find_session(daemon, store, caller, &claims, ret, ret_account);
}

int session_revoke(struct call *call, struct store *store,
	const struct account_caller *caller, const char *token, struct record *record)
{
	struct session session;
	struct account account;
	int r = find_any(call_daemon(call), store, caller, token, &session, &account);

	if (r != 0)
		return r == -ENOENT ? 0 : r;
	about(record, call, caller, &account);
	return end(call, store, &session, "session_ended", "session ended", LOG_INFO,
		record);
}
