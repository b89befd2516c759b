/* SPDX-License-Identifier: MIT */
/*
 * What is good once: the receipt of a step-up, for a session, and the grant of a code,
 * for what the code allowed.
 *
 * The store has a keyed hash of each and never the token, and MUST give none to a
 * client that is not the one it was made for. The receipt of a Unix user has no row: it
 * opens no session, and whoever reads it looks at its signature.
 */
#include <errno.h>
#include <string.h>

#include "otpd/account/claims.h"
#include "otpd/account/session.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

int session_receipt(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account,
	const char *user, const char *service, const char *amr)
{
	const struct daemon *daemon = call_daemon(call);
	struct token_claims claims;
	struct grant grant = { .purpose = GRANT_RECEIPT };
	int r;

	claims_begin(&claims, daemon, account ? caller->audience : service, amr);
	text_copy(claims.service, sizeof(claims.service), service);
	claims.auth_time = claims.iat;
	claims.exp = claims.iat + LIMIT_RECEIPT_S;
	if (account)
		claims_account(&claims, account);
	else
		text_copy(claims.sub, sizeof(claims.sub), user);
	r = claims_add(call, store, "token", TOKEN_RECEIPT, &claims, grant.hash);
	if (r < 0 || !account)
		return r;
	text_copy(grant.tenant, sizeof(grant.tenant), account->tenant);
	text_copy(grant.client, sizeof(grant.client), caller->client);
	memcpy(grant.account, account->id, sizeof(grant.account));
	text_copy(grant.amr, sizeof(grant.amr), amr);
	grant.auth_time = claims.auth_time;
	grant.expires_at = claims.exp;
	return grants_insert(store, &grant);
}

int session_grant(struct call *call, struct store *store, struct grant *grant)
{
	const struct daemon *daemon = call_daemon(call);
	char token[TOKEN_OPAQUE + 1];
	SECRET_SCOPE(token);

	token_draw(token, 'g');
	token_hash(grant->hash, daemon->key, token);
	grant->auth_time = daemon->moment.now_s;
	grant->expires_at = daemon->moment.now_s + LIMIT_GRANT_S;
	call_out_string(call, "grant", token);
	call_out_int(call, "grant_expires_in", LIMIT_GRANT_S);
	return grants_insert(store, grant);
}

int session_take_grant(struct daemon *daemon, struct store *store, const char *token,
	enum grant_purpose purpose, const struct account_caller *caller,
	struct grant *ret)
{
	uint8_t hash[GRANT_HASH];
	int r;

	token_hash(hash, daemon->key, token);
	r = grants_get(store, hash, purpose, daemon->moment.now_s, ret);
	if (r < 0)
		return r == -ENOENT ? OUTCOME_BAD_TOKEN : r;
	return strcmp(ret->tenant, caller->tenant) == 0 &&
			strcmp(ret->client, caller->client) == 0
		? 0
		: OUTCOME_BAD_TOKEN;
}
