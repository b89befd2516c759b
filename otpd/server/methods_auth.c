/* SPDX-License-Identifier: MIT */
/*
 * org.emailotp.Auth: the second step of a login.
 *
 * Root may begin for anybody; a listed client for its services; a user for himself,
 * under the name that his uid has. Whoever began a challenge is the only one who can go
 * on with it, by uid.
 */
#include <string.h>

#include "otpd/proto/idl.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/begin.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/reply.h"
#include "otpd/server/resend.h"
#include "otpd/store/challenges.h"
#include "otpd/store/spending.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

#define WHO_BEGINS (METHOD_ROOT | METHOD_SERVICE | METHOD_SELF)

static const struct field begin_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct begin_in, user), LIMIT_USER, false },
	{ "service", FIELD_STRING, offsetof(struct begin_in, service), LIMIT_SERVICE,
		false },
	{ "rhost", FIELD_STRING, offsetof(struct begin_in, rhost), LIMIT_RHOST, true },
	{ "tty", FIELD_STRING, offsetof(struct begin_in, tty), LIMIT_TTY, true },
	{ "unknown", FIELD_BOOL, offsetof(struct begin_in, unknown), 0, true },
	{ "nullok", FIELD_BOOL, offsetof(struct begin_in, nullok), 0, true },
	{ 0 },
};

static const struct field account_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct begin_in, user), LIMIT_USER, false },
	{ "service", FIELD_STRING, offsetof(struct begin_in, service), LIMIT_SERVICE,
		false },
	{ "rhost", FIELD_STRING, offsetof(struct begin_in, rhost), LIMIT_RHOST, true },
	{ 0 },
};

static void on_nss(struct nss_query *query)
{
	struct call *call = query->context;
	const struct begin_in *in = call->in;
	bool himself = query->want_name && query->result == 0 &&
		strcmp(query->user, in->user) == 0;

	if (query->want_name && !himself)
		call_finish(call, OUTCOME_DENIED);
	else if (query->result < 0 && query->result != -ENOENT)
		call_finish(call, query->result);
	else
		call->service->submit(call);
}

/* A client's users: those listed, or anybody but root. */
static bool may_speak_for(
	const struct client_section *client, const struct begin_in *in)
{
	if (!string_list_has(&client->services, in->service))
		return false;
	if (client->users.n > 0)
		return string_list_has(&client->users, in->user);
	return strcmp(in->user, "root") != 0;
}

static void clean(char *text, size_t size)
{
	char copy[LIMIT_RHOST + 1];

	text_copy_clean(copy, sizeof(copy), text);
	text_copy(text, size, copy); /* which is never longer */
}

/*
 * What stands in mails and logs besides the name. The remote host, unless root says it,
 * is the word of a program: it gets the letters of addresses and host names, and no
 * others.
 */
static void make_clean(struct begin_in *in, bool by_root)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789.:%_-";

	clean(in->service, sizeof(in->service));
	clean(in->tty, sizeof(in->tty));
	clean(in->rhost, sizeof(in->rhost));
	for (char *at = in->rhost; !by_root && *at; at++)
		if (!strchr(allowed, *at))
			*at = '?';
}

/*
 * Asks NSS for what has to be known first: the name of a caller who is nobody special,
 * and the groups of the user where the policy speaks of groups.
 */
static int begin_check(struct call *call)
{
	struct daemon *daemon = call_daemon(call);
	struct begin_in *in = call->in;
	struct begin_work *work = call->work;
	const struct client_section *client =
		config_client(daemon->config, call->peer.uid);
	struct nss_query *nss = &work->nss;

	if (!in->user[0] || !text_is_utf8(in->user) || text_has_control(in->user))
		return OUTCOME_BAD_NAME;
	if (client && !may_speak_for(client, in))
		return OUTCOME_DENIED;
	make_clean(in, call->peer.uid == 0);
	nss->want_name = call->peer.uid != 0 && !client;
	nss->want_groups = !in->unknown &&
		policy_needs_groups(config_policy(daemon->config, in->service));
	if (!nss->want_name && !nss->want_groups) {
		call->service->submit(call);
		return 0;
	}
	/* What a user says of where he comes from would be his own word. */
	if (nss->want_name)
		in->rhost[0] = '\0';
	nss->uid = call->peer.uid;
	text_copy(nss->user, sizeof(nss->user), in->user);
	nss->context = call;
	nss->done = on_nss;
	return nss_ask(&daemon->nss, &daemon->loop, call->peer.uid, nss);
}

/* The state of the account phase: no mail, no challenge. */
static int account_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	const struct begin_in *in = call->in;
	struct begin_work *work = call->work;
	const struct policy *policy = config_policy(daemon->moment.config, in->service);
	struct user user;
	int64_t wait;
	int r;

	if (policy_exempts(policy, in->user, true,
		    work->nss.has_groups ? &work->nss.groups : NULL, in->rhost)) {
		call_out_string(call, "state", "exempt");
		return 0;
	}
	r = users_get(store, in->user, &user);
	if (r == -ENOENT) {
		call_out_string(call, "state", "not_enrolled");
		return 0;
	}
	if (r == 0)
		r = attempt_locked_s(daemon, store, in->user, policy, &wait);
	if (r < 0)
		return r;
	if (user.state != USER_ACTIVE || wait != 0) {
		call_out_int(call, "retry_after", wait > 0 ? wait : 0);
		return OUTCOME_LOCKED;
	}
	call_out_string(call, "state", "verified");
	return 0;
}

struct challenge_in {
	char challenge[LIMIT_CHALLENGE + 1];
	char code[LIMIT_CODE + 1];
	uint8_t id[CODE_ID];
};

static const struct field challenge_fields[] = {
	{ "challenge", FIELD_STRING, offsetof(struct challenge_in, challenge),
		LIMIT_CHALLENGE, false },
	{ 0 },
};

static const struct field verify_fields[] = {
	{ "challenge", FIELD_STRING, offsetof(struct challenge_in, challenge),
		LIMIT_CHALLENGE, false },
	{ "code", FIELD_STRING, offsetof(struct challenge_in, code), LIMIT_CODE,
		false },
	{ 0 },
};

/* An identifier that is none cannot be that of a challenge. */
static int challenge_in_check(struct call *call)
{
	struct challenge_in *in = call->in;

	return hex_decode(in->id, sizeof(in->id), in->challenge) < 0
		? OUTCOME_NO_CHALLENGE
		: 0;
}

static int auth_resend_apply(struct call *call, struct store *store)
{
	const struct challenge_in *in = call->in;

	return resend_apply(call, store, in->id, false);
}

/* What a right code of a login brings besides the answer. */
static int pass_login(
	struct daemon *daemon, struct store *store, struct attempt *attempt)
{
	const struct challenge *c = &attempt->challenge;
	const struct policy *policy = config_policy(daemon->moment.config, c->service);
	int64_t now = daemon->moment.now_s;
	int r = users_set_login(store, c->user, now);

	if (r == 0 && policy->grace_s > 0)
		r = grace_put(store, c->user, c->service, c->rhost, c->tty, c->peer,
			now + policy->grace_s);
	return r < 0 ? r
		     : record_store(&attempt->record, store, now, "verified",
			       "code verified", LOG_NOTICE);
}

/*
 * The code has arrived. If not by the second route, the address works after all; else
 * the user, who is let in now, is to be told that his mails are refused.
 */
static int tell_undeliverable(
	struct call *call, struct store *store, const struct attempt *attempt)
{
	struct user user;
	int r;

	if (attempt->refusals == 0)
		return 0;
	r = users_proven_by_mail(store, attempt->challenge.mail);
	if (r == 0)
		r = users_get(store, attempt->challenge.user, &user);
	if (r == 0 && USER_IS_UNDELIVERABLE(&user))
		call_out_bool(call, "undeliverable", true);
	return r;
}

static int pass_address(
	struct daemon *daemon, struct store *store, struct attempt *attempt)
{
	const struct challenge *c = &attempt->challenge;
	int64_t now = daemon->moment.now_s;
	struct user user;
	int r = users_get(store, c->user, &user);

	if (r < 0)
		return r;
	/* The administrator may have changed it while the code was on its way. */
	if (strcmp(user.address, c->address) != 0)
		return OUTCOME_NO_CHALLENGE;
	r = users_set_verified(store, c->user, now);
	return r < 0
		? r
		: record_store(&attempt->record, store, now, "address_verified",
			  "address verified, the login must begin again", LOG_NOTICE);
}

static int verify_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	const struct challenge_in *in = call->in;
	struct attempt *attempt = call->work;
	struct attempt_try try = { in->id, call->peer.uid, in->code, false };
	int r = attempt_code(daemon, store, &try, attempt);

	if (r != 0)
		return reply_wrong(call, store, attempt, r);
	switch ((enum code_purpose)attempt->challenge.purpose) {
	case CODE_LOGIN:
		call_out_string(call, "state", "verified");
		r = pass_login(daemon, store, attempt);
		return r != 0 ? r : tell_undeliverable(call, store, attempt);
	case CODE_VERIFY_ADDRESS:
		call_out_string(call, "state", "address_verified");
		return pass_address(daemon, store, attempt);
	case CODE_ENROL:
	case CODE_SECOND:
	case CODE_NOTICE:
	case CODE_TEST:
		break;
	}
	/* attempt_code lets no other through. */
	return -EINVAL;
}

static void verify_committed(struct call *call)
{
	attempt_committed(call_daemon(call), call->work);
}

static void verify_release(struct call *call)
{
	struct attempt *attempt = call->work;

	outgoing_free(attempt->notice);
}

static int cancel_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	const struct challenge_in *in = call->in;
	struct begin_work *work = call->work;
	struct challenge *challenge = &work->challenge;
	int r = challenges_get(store, in->id, challenge);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (challenge_check(challenge, call->peer.uid, daemon->moment.now_s) != 0)
		return 0;
	challenge_set_state(challenge, CHALLENGE_CANCELLED);
	r = challenges_update(store, challenge);
	if (r == 0)
		r = mails_kill(store, challenge->mail);
	work->dead_mail = challenge->mail;
	record_about(&work->record, challenge->user, challenge->service,
		challenge->rhost, call->peer.uid);
	record_refer(&work->record, challenge->reference);
	return r < 0 ? r
		     : record_store(&work->record, store, daemon->moment.now_s,
			       "cancelled", "challenge cancelled", LOG_INFO);
}

static const struct method auth_methods[] = {
	{
		.name = "Begin",
		.flags = WHO_BEGINS | METHOD_ASYNC,
		.in = begin_fields,
		.in_size = sizeof(struct begin_in),
		.work_size = sizeof(struct begin_work),
		.check = begin_check,
		.apply = begin_apply,
		.committed = begin_committed,
		.release = begin_release,
	},
	{
		.name = "Resend",
		.flags = WHO_BEGINS,
		.in = challenge_fields,
		.in_size = sizeof(struct challenge_in),
		.work_size = sizeof(struct begin_work),
		.check = challenge_in_check,
		.apply = auth_resend_apply,
		.committed = begin_committed,
		.release = begin_release,
	},
	{
		.name = "Verify",
		.flags = WHO_BEGINS,
		.in = verify_fields,
		.in_size = sizeof(struct challenge_in),
		.work_size = sizeof(struct attempt),
		.check = challenge_in_check,
		.apply = verify_apply,
		.committed = verify_committed,
		.release = verify_release,
	},
	{
		.name = "Cancel",
		.flags = WHO_BEGINS,
		.in = challenge_fields,
		.in_size = sizeof(struct challenge_in),
		.work_size = sizeof(struct begin_work),
		.check = challenge_in_check,
		.apply = cancel_apply,
		.committed = begin_committed,
		.release = begin_release,
	},
	{
		.name = "Account",
		.flags = WHO_BEGINS | METHOD_ASYNC | METHOD_READ,
		.in = account_fields,
		.in_size = sizeof(struct begin_in),
		.work_size = sizeof(struct begin_work),
		.check = begin_check,
		.apply = account_apply,
		.release = begin_release,
	},
	{ 0 },
};

static const struct method *const auth_tables[] = { auth_methods, NULL };

const struct interface auth_interface = {
	.name = "org.emailotp.Auth",
	.description = idl_auth,
	.methods = auth_tables,
};
