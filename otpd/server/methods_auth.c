/* SPDX-License-Identifier: MIT */
/*
 * org.emailotp.Auth: the second step of a login.
 *
 * Who may speak for whom is in speaker.c. Whoever began a challenge is the only one who
 * can go on with it, by uid.
 */
#include "otpd/proto/idl.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/begin.h"
#include "otpd/server/daemon.h"
#include "otpd/server/enrol_login.h"
#include "otpd/server/methods.h"
#include "otpd/server/named.h"
#include "otpd/server/passed.h"
#include "otpd/server/reply.h"
#include "otpd/server/resend.h"
#include "otpd/server/speaker.h"
#include "otpd/store/users.h"

#define WHO_BEGINS (METHOD_ROOT | METHOD_SERVICE | METHOD_SELF)

static const struct field begin_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct begin_in, user), LIMIT_USER, false },
	{ "service", FIELD_STRING, offsetof(struct begin_in, service), LIMIT_SERVICE,
		false },
	{ "rhost", FIELD_STRING, offsetof(struct begin_in, rhost), LIMIT_RHOST, true },
	{ "tty", FIELD_STRING, offsetof(struct begin_in, tty), LIMIT_TTY, true },
	{ "unknown", FIELD_BOOL, offsetof(struct begin_in, unknown), 0, true },
	{ "nullok", FIELD_BOOL, offsetof(struct begin_in, nullok), 0, true },
	{ "enrol", FIELD_BOOL, offsetof(struct begin_in, enrol), 0, true },
	{ "recovery", FIELD_BOOL, offsetof(struct begin_in, recovery), 0, true },
	{ 0 },
};

static const struct field enrol_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct enrol_login_in, who.user), LIMIT_USER,
		false },
	{ "service", FIELD_STRING, offsetof(struct enrol_login_in, who.service),
		LIMIT_SERVICE, false },
	{ "rhost", FIELD_STRING, offsetof(struct enrol_login_in, who.rhost),
		LIMIT_RHOST, true },
	{ "tty", FIELD_STRING, offsetof(struct enrol_login_in, who.tty), LIMIT_TTY,
		true },
	{ "address", FIELD_STRING, offsetof(struct enrol_login_in, address),
		LIMIT_ADDRESS, false },
	{ 0 },
};

static const struct field account_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct begin_in, user), LIMIT_USER, false },
	{ "service", FIELD_STRING, offsetof(struct begin_in, service), LIMIT_SERVICE,
		false },
	{ "rhost", FIELD_STRING, offsetof(struct begin_in, rhost), LIMIT_RHOST, true },
	{ 0 },
};

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

static const struct field verify_fields[] = {
	{ "challenge", FIELD_STRING, offsetof(struct named_in, challenge),
		LIMIT_CHALLENGE, false },
	{ "code", FIELD_STRING, offsetof(struct named_in, code), LIMIT_CODE, false },
	{ "token", FIELD_BOOL, offsetof(struct named_in, token), 0, true },
	{ 0 },
};

static int auth_resend_apply(struct call *call, struct store *store)
{
	const struct named_in *in = call->in;

	return resend_apply(call, store, in->id, CODE_OF_AUTH, CODE_OF_AUTH);
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

static int pass_login(struct call *call, struct store *store, struct attempt *attempt)
{
	const struct named_in *in = call->in;
	int r = passed_login(call_daemon(call), store, attempt);

	call_out_string(call, "state", "verified");
	if (r == 0)
		r = tell_undeliverable(call, store, attempt);
	if (r == 0 && in->token)
		r = passed_receipt(call, store, &attempt->challenge);
	if (r > 0)
		call_out_clear(call);
	return r;
}

static int verify_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	const struct named_in *in = call->in;
	struct attempt *attempt = call->work;
	struct attempt_try try = { in->id, call->peer.uid, in->code, CODE_OF_AUTH };
	int r = attempt_code(daemon, store, &try, attempt);

	if (r != 0)
		return reply_wrong(call, store, attempt, r);
	switch ((enum code_purpose)attempt->challenge.purpose) {
	case CODE_ENROL_LOGIN:
		r = enrol_login_confirm(daemon, store, attempt);
		return r != 0 ? r : pass_login(call, store, attempt);
	case CODE_LOGIN:
		return pass_login(call, store, attempt);
	case CODE_VERIFY_ADDRESS:
		call_out_string(call, "state", "address_verified");
		return passed_address(daemon, store, attempt);
	case CODE_ENROL:
	case CODE_SECOND:
	case CODE_NOTICE:
	case CODE_TEST:
	case CODE_REGISTER:
	case CODE_RESET:
	case CODE_CHANGE_PASSWORD:
	case CODE_CHANGE_ADDRESS:
	case CODE_RECOVERY:
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

static const struct method auth_methods[] = {
	{
		.name = "Begin",
		.flags = WHO_BEGINS | METHOD_ASYNC,
		.in = begin_fields,
		.in_size = sizeof(struct begin_in),
		.work_size = sizeof(struct begin_work),
		.check = speaker_check,
		.apply = begin_apply,
		.committed = begin_committed,
		.release = begin_release,
	},
	{
		.name = "Enrol",
		.flags = METHOD_ROOT | METHOD_SERVICE | METHOD_ASYNC,
		.in = enrol_fields,
		.in_size = sizeof(struct enrol_login_in),
		.work_size = sizeof(struct begin_work),
		.check = enrol_login_check,
		.apply = enrol_login_apply,
		.committed = begin_committed,
		.release = begin_release,
	},
	{
		.name = "Resend",
		.flags = WHO_BEGINS,
		.in = named_fields,
		.in_size = sizeof(struct named_in),
		.work_size = sizeof(struct begin_work),
		.check = named_check,
		.apply = auth_resend_apply,
		.committed = begin_committed,
		.release = begin_release,
	},
	{
		.name = "Verify",
		.flags = WHO_BEGINS,
		.in = verify_fields,
		.in_size = sizeof(struct named_in),
		.work_size = sizeof(struct attempt),
		.check = named_check,
		.apply = verify_apply,
		.committed = verify_committed,
		.release = verify_release,
	},
	{
		.name = "Cancel",
		.flags = WHO_BEGINS,
		.in = named_fields,
		.in_size = sizeof(struct named_in),
		.work_size = sizeof(struct begin_work),
		.check = named_check,
		.apply = named_cancel,
		.committed = begin_committed,
		.release = begin_release,
	},
	{
		.name = "Account",
		.flags = WHO_BEGINS | METHOD_ASYNC | METHOD_READ,
		.in = account_fields,
		.in_size = sizeof(struct begin_in),
		.work_size = sizeof(struct begin_work),
		.check = speaker_check,
		.apply = account_apply,
		.release = begin_release,
	},
	{ 0 },
};

static const struct method *const auth_tables[] = { auth_methods, find_methods,
	recover_methods, NULL };

const struct interface auth_interface = {
	.name = "org.emailotp.Auth",
	.description = idl_auth,
	.methods = auth_tables,
};
