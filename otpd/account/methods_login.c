/* SPDX-License-Identifier: MIT */
/*
 * org.emailotp.Account: signing in. What the transaction of Login does is in signin.c.
 *
 * A challenge is gone on with by the uid that began it, and only if it is about an
 * account of the tenant that this uid has now; of any other tenant, and of Unix users,
 * there MUST be no sign here.
 */
#include <errno.h>

#include "otpd/account/session.h"
#include "otpd/account/signin.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/named.h"
#include "otpd/server/passed.h"
#include "otpd/server/reply.h"
#include "otpd/server/resend.h"
#include "otpd/server/speaker.h"
#include "otpd/store/challenges.h"
#include "otpd/store/registrations.h"

#define WHO_SIGNS_IN (METHOD_ROOT | METHOD_SERVICE)

static const struct field login_fields[] = {
	{ "login", FIELD_STRING, offsetof(struct signin_in, who.user), LIMIT_ADDRESS,
		false },
	{ "password", FIELD_STRING, offsetof(struct signin_in, password),
		LIMIT_PASSWORD, false },
	{ "service", FIELD_STRING, offsetof(struct signin_in, who.service),
		LIMIT_SERVICE, true },
	{ "rhost", FIELD_STRING, offsetof(struct signin_in, who.rhost), LIMIT_RHOST,
		true },
	{ "tty", FIELD_STRING, offsetof(struct signin_in, who.tty), LIMIT_TTY, true },
	{ "token", FIELD_BOOL, offsetof(struct signin_in, token), 0, true },
	{ 0 },
};

static const struct field status_fields[] = {
	{ "login", FIELD_STRING, offsetof(struct begin_in, user), LIMIT_ADDRESS,
		false },
	{ "service", FIELD_STRING, offsetof(struct begin_in, service), LIMIT_SERVICE,
		true },
	{ "rhost", FIELD_STRING, offsetof(struct begin_in, rhost), LIMIT_RHOST, true },
	{ 0 },
};

/* Which purpose of a client a challenge belongs to. */
static enum account_purpose purpose_of(const struct challenge *c)
{
	switch ((enum code_purpose)c->purpose) {
	case CODE_REGISTER:
		return ACCOUNT_REGISTER;
	case CODE_RESET:
		return ACCOUNT_RESET;
	case CODE_CHANGE_PASSWORD:
	case CODE_CHANGE_ADDRESS:
		return ACCOUNT_CHANGE;
	case CODE_LOGIN:
	case CODE_VERIFY_ADDRESS:
	case CODE_ENROL:
	case CODE_SECOND:
	case CODE_NOTICE:
	case CODE_TEST:
	case CODE_ENROL_LOGIN:
	case CODE_RECOVERY:
		break;
	}
	return ACCOUNT_LOGIN;
}

/*
 * The caller of a challenge that he may go on with: about an account of his tenant
 * (account is then filled in), or about an address that has none.
 */
static int find_caller(struct call *call, struct store *store,
	struct account_caller *ret, struct account *ret_account)
{
	const struct config *config = call_daemon(call)->moment.config;
	const struct named_in *in = call->in;
	struct challenge challenge;
	uint8_t id[ACCOUNT_ID];
	int r = challenges_get(store, in->id, &challenge);

	if (r < 0)
		return r == -ENOENT ? OUTCOME_NO_CHALLENGE : r;
	if (challenge.peer != call->peer.uid || !principal_is_reserved(challenge.user))
		return OUTCOME_NO_CHALLENGE;
	r = account_caller(
		config, call->peer.uid, challenge.service, purpose_of(&challenge), ret);
	if (r == 0 && principal_is_account(challenge.user, id))
		r = account_of(store, ret, id, OUTCOME_NO_CHALLENGE, ret_account);
	return r;
}

static int verify_check(struct call *call)
{
	struct account_caller caller;
	int r = account_caller(
		call_daemon(call)->config, call->peer.uid, "", ACCOUNT_LOGIN, &caller);

	return r != 0 ? r : named_check(call);
}

struct verify_work {
	struct attempt attempt;
	struct record session;
};

static int pass(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account)
{
	struct verify_work *work = call->work;
	struct daemon *daemon = call_daemon(call);
	int r;

	if (work->attempt.challenge.purpose == CODE_VERIFY_ADDRESS) {
		call_out_string(call, "state", "address_verified");
		return passed_address(daemon, store, &work->attempt);
	}
	/* An administrator may have changed it while the code was on its way. */
	r = gate_state(account);
	if (r == 0)
		r = passed_login(daemon, store, &work->attempt);
	if (r != 0)
		return r;
	call_out_string(call, "state", "verified");
	return session_open(call, store, caller, account, "pwd otp", &work->session);
}

static int verify_apply(struct call *call, struct store *store)
{
	const struct named_in *in = call->in;
	struct verify_work *work = call->work;
	struct attempt_try try = { in->id, call->peer.uid, in->code, CODE_OF_AUTH };
	struct account_caller caller;
	struct account account;
	int r = find_caller(call, store, &caller, &account);

	if (r != 0)
		return r;
	r = attempt_code(call_daemon(call), store, &try, &work->attempt);
	if (r != 0)
		return reply_wrong(call, store, &work->attempt, r);
	r = pass(call, store, &caller, &account);
	if (r > 0)
		call_out_clear(call);
	return r;
}

static void verify_committed(struct call *call)
{
	struct verify_work *work = call->work;

	attempt_committed(call_daemon(call), &work->attempt);
	record_log(&work->session);
}

static void verify_release(struct call *call)
{
	struct verify_work *work = call->work;

	outgoing_free(work->attempt.notice);
}

static int status_check(struct call *call)
{
	struct begin_in *in = call->in;
	struct account_caller caller;

	if (!speaker_is_name(in->user))
		return OUTCOME_BAD_NAME;
	speaker_clean(call, in);
	return account_caller(call_daemon(call)->config, call->peer.uid, in->service,
		ACCOUNT_LOGIN, &caller);
}

static int status_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	const struct begin_in *in = call->in;
	char principal[PRINCIPAL_SIZE];
	struct account_caller caller;
	struct account account;
	int64_t wait;
	int r = account_caller(daemon->moment.config, call->peer.uid, in->service,
		ACCOUNT_LOGIN, &caller);

	if (r == 0)
		r = accounts_find(store, caller.tenant, in->user, &account);
	if (r == -ENOENT)
		return OUTCOME_NO_USER;
	if (r == 0)
		r = gate_login_state(&account);
	if (r == 0 && account.state == ACCOUNT_LOCKED)
		return reply_locked(call, 0);
	if (r == 0 && account.verified_at == 0)
		r = OUTCOME_NOT_VERIFIED;
	if (r != 0)
		return r;
	principal_of_account(principal, account.id);
	r = attempt_locked_s(daemon, store, principal, caller.policy, &wait);
	if (r < 0 || wait != 0)
		return r < 0 ? r : reply_locked(call, wait > 0 ? wait : 0);
	call_out_string(call, "state", "verified");
	return 0;
}

static int account_resend_apply(struct call *call, struct store *store)
{
	const struct named_in *in = call->in;
	struct account_caller caller;
	struct account account;
	struct challenge challenge;
	int r = find_caller(call, store, &caller, &account);

	if (r == 0)
		r = challenges_get(store, in->id, &challenge);
	return r != 0 ? r
		      : resend_apply(call, store, in->id, code_realm(challenge.purpose),
				CODE_OF_ACCOUNT);
}

static int account_cancel_apply(struct call *call, struct store *store)
{
	const struct named_in *in = call->in;
	struct account_caller caller;
	struct account account;
	int r = find_caller(call, store, &caller, &account);

	if (r == OUTCOME_NO_CHALLENGE)
		return 0;
	if (r == 0)
		r = named_cancel(call, store);
	return r != 0 ? r : registrations_delete(store, in->id);
}

const struct method login_methods[] = {
	{
		.name = "Login",
		.flags = WHO_SIGNS_IN,
		.in = login_fields,
		.in_size = sizeof(struct signin_in),
		.work_size = sizeof(struct signin_work),
		.check = signin_check,
		.apply = signin_apply,
		.committed = signin_committed,
		.release = signin_release,
	},
	{
		.name = "Verify",
		.flags = METHOD_SERVICE,
		.in = named_code_fields,
		.in_size = sizeof(struct named_in),
		.work_size = sizeof(struct verify_work),
		.check = verify_check,
		.apply = verify_apply,
		.committed = verify_committed,
		.release = verify_release,
	},
	{
		.name = "Status",
		.flags = WHO_SIGNS_IN | METHOD_READ,
		.in = status_fields,
		.in_size = sizeof(struct begin_in),
		.work_size = sizeof(struct begin_work),
		.check = status_check,
		.apply = status_apply,
	},
	{
		.name = "Resend",
		.flags = WHO_SIGNS_IN,
		.in = named_fields,
		.in_size = sizeof(struct named_in),
		.work_size = sizeof(struct begin_work),
		.check = named_check,
		.apply = account_resend_apply,
		.committed = begin_committed,
		.release = begin_release,
	},
	{
		.name = "Cancel",
		.flags = WHO_SIGNS_IN,
		.in = named_fields,
		.in_size = sizeof(struct named_in),
		.work_size = sizeof(struct begin_work),
		.check = named_check,
		.apply = account_cancel_apply,
		.committed = begin_committed,
		.release = begin_release,
	},
	{ 0 },
};
