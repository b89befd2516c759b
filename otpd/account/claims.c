/* SPDX-License-Identifier: MIT */
/*
 * Signed tokens between core/token.h, which knows their form, and the daemon, which
 * knows the time, the keys and on whose behalf it is.
 *
 * What is read MUST be of the caller's audience and of the caller's tenant, both of
 * which come from otpd.conf.
 */
#include "otpd/account/claims.h"

#include <errno.h>
#include <string.h>

#include "otpd/account/token_keys.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/util/hex.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

void claims_begin(struct token_claims *claims, const struct daemon *daemon,
	const char *audience, const char *amr)
{
	*claims = (struct token_claims){ .iat = daemon->moment.now_s };
	text_copy(claims->iss, sizeof(claims->iss), daemon->moment.config->issuer);
	text_copy(claims->aud, sizeof(claims->aud), audience);
	text_copy(claims->amr, sizeof(claims->amr), amr);
	token_draw_jti(claims->jti);
}

void claims_account(struct token_claims *claims, const struct account *account)
{
	hex_encode(claims->sub, account->id, sizeof(account->id));
	text_copy(claims->tenant, sizeof(claims->tenant), account->tenant);
}

int claims_add(struct call *call, struct store *store, const char *name,
	const char *typ, const struct token_claims *claims, uint8_t ret_hash[32])
{
	struct daemon *daemon = call_daemon(call);
	const struct token_keys *keys;
	char token[LIMIT_TOKEN + 1];
	int r = token_keys_get(daemon, store, &keys);
	SECRET_SCOPE(token);

	if (r == 0)
		r = token_sign(token, &keys->keys[1], typ, claims);
	if (r < 0)
		return r;
	token_hash(ret_hash, daemon->key, token);
	call_out_string(call, name, token);
	return 0;
}

int claims_read(struct daemon *daemon, struct store *store, const char *token,
	const struct account_caller *caller, struct token_claims *ret)
{
	const struct moment *moment = &daemon->moment;
	const struct token_keys *keys;
	int r = token_keys_get(daemon, store, &keys);

	if (r < 0)
		return r;
	/* The next key has signed nothing. */
	r = token_check(token, keys->keys + 1, keys->n - 1, TOKEN_ACCESS,
		moment->config->issuer, caller->audience, moment->now_s, ret);
	if (r < 0 && r != -ETIME)
		return OUTCOME_BAD_TOKEN;
	return strcmp(ret->tenant, caller->tenant) == 0 ? r : OUTCOME_BAD_TOKEN;
}
