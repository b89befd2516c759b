/* SPDX-License-Identifier: MIT */
/*
 * org.emailotp.Auth: Find, for clients with one box. Who may ask is who may begin.
 *
 * Nothing is counted, written or logged: such clients ask at each of their requests.
 */
#include <errno.h>

#include "otpd/account/account.h"
#include "otpd/account/gate.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/offer.h"
#include "otpd/server/speaker.h"
#include "otpd/store/challenges.h"
#include "otpd/store/principals.h"
#include "otpd/util/hex.h"
#include "otpd/util/text.h"

/* who comes first, so that speaker.c finds it. */
struct find_in {
	struct begin_in who;
	bool account;
};

static const struct field find_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct find_in, who.user), LIMIT_USER, false },
	{ "service", FIELD_STRING, offsetof(struct find_in, who.service), LIMIT_SERVICE,
		false },
	{ "rhost", FIELD_STRING, offsetof(struct find_in, who.rhost), LIMIT_RHOST,
		true },
	{ "tty", FIELD_STRING, offsetof(struct find_in, who.tty), LIMIT_TTY, true },
	{ "account", FIELD_BOOL, offsetof(struct find_in, account), 0, true },
	{ 0 },
};

static int find_check(struct call *call)
{
	struct find_in *in = call->in;
	struct account_caller caller;
	int r;

	if (!in->account)
		return speaker_check(call);
	if (!speaker_is_name(in->who.user))
		return OUTCOME_BAD_NAME;
	speaker_clean(call, &in->who);
	r = account_caller(call_daemon(call)->config, call->peer.uid, in->who.service,
		ACCOUNT_LOGIN, &caller);
	if (r != 0)
		return r;
	if (!in->who.service[0])
		text_copy(in->who.service, sizeof(in->who.service), caller.service);
	call->service->submit(call);
	return 0;
}

static int answer_form(
	struct call *call, const char *state, int64_t length, int64_t alphabet)
{
	call_out_string(call, "state", state);
	call_out_int(call, "length", length);
	call_out_string(
		call, "alphabet", alphabet == CODE_DIGITS ? "digits" : "letters");
	return 0;
}

static int answer_none(struct call *call)
{
	call_out_string(call, "state", "none");
	return 0;
}

/* What a login of this user or account would meet. */
static int find_for(struct call *call, struct store *store, const struct user *user)
{
	const struct find_in *in = call->in;
	char id[LIMIT_CHALLENGE + 1];
	struct challenge live;
	int64_t length, alphabet;
	int r = offer_remembered(call, store, user, &in->who, &length, &alphabet);

	/* An older otpd has remembered no form. */
	if (r > 0 && length > 0)
		return answer_form(call, "verified", length, alphabet);
	if (r < 0)
		return r;
	r = challenges_find_login(store, user->name, in->who.service, in->who.rhost,
		call->peer.uid, call_daemon(call)->moment.now_s, &live);
	if (r < 0)
		return r == -ENOENT ? answer_none(call) : r;
	hex_encode(id, live.id, sizeof(live.id));
	call_out_string(call, "challenge", id);
	return answer_form(call, "challenge", live.length, live.alphabet);
}

static int find_account(struct call *call, struct store *store)
{
	const struct find_in *in = call->in;
	char principal[PRINCIPAL_SIZE];
	struct account_caller caller;
	struct account account;
	struct user user;
	int r = account_caller(call_daemon(call)->moment.config, call->peer.uid,
		in->who.service, ACCOUNT_LOGIN, &caller);

	if (r != 0)
		return r;
	r = accounts_find(store, caller.tenant, in->who.user, &account);
	if (r < 0)
		return r == -ENOENT ? answer_none(call) : r;
	/* Login would refuse him whatever he has. */
	if (gate_login_state(&account) != 0)
		return answer_none(call);
	principal_of_account(principal, account.id);
	r = principals_get(store, principal, &user);
	return r < 0 ? r : find_for(call, store, &user);
}

static int find_user(struct call *call, struct store *store)
{
	const struct find_in *in = call->in;
	const struct begin_work *work = call->work;
	struct user user = { .state = USER_DISABLED };
	int r;

	if (policy_exempts(
		    config_policy(call_daemon(call)->moment.config, in->who.service),
		    in->who.user, true, work->nss.has_groups ? &work->nss.groups : NULL,
		    in->who.rhost))
		return answer_none(call);
	r = users_get(store, in->who.user, &user);
	if (r < 0 && r != -ENOENT)
		return r;
	/* There are live decoys for those whom nobody knows. */
	if (r == -ENOENT)
		text_copy(user.name, sizeof(user.name), in->who.user);
	return find_for(call, store, &user);
}

static int find_apply(struct call *call, struct store *store)
{
	const struct find_in *in = call->in;

	return in->account ? find_account(call, store) : find_user(call, store);
}

const struct method find_methods[] = {
	{
		.name = "Find",
		.flags = METHOD_ROOT | METHOD_SERVICE | METHOD_SELF | METHOD_ASYNC |
			METHOD_READ,
		.in = find_fields,
		.in_size = sizeof(struct find_in),
		.work_size = sizeof(struct begin_work),
		.check = find_check,
		.apply = find_apply,
		.release = begin_release,
	},
	{ 0 },
};
