/* SPDX-License-Identifier: MIT */
/*
 * org.emailotp.Account: what an owner changes: Confirm, RequestReset, ChangePassword,
 * SetPassword, ChangeAddress. Root calls them for PAM (passwd), in the name of a
 * service; a client for its tenant.
 */
#include "otpd/account/change.h"
#include "otpd/account/confirm.h"
#include "otpd/account/new_password.h"
#include "otpd/account/reset.h"
#include "otpd/core/address.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/speaker.h"

#define WHO_CHANGES (METHOD_ROOT | METHOD_SERVICE)

/* from comes first, for speaker_clean(); its user is not used. */
struct change_in {
	struct begin_in from;
	char login[LIMIT_ADDRESS + 1];
	char password[LIMIT_PASSWORD + 1];
	char address[2 * LIMIT_ADDRESS + 1]; /* longer ones are told why not */
};

#define FROM_FIELDS                                                            \
	{ "service", FIELD_STRING, offsetof(struct change_in, from.service),   \
		LIMIT_SERVICE, true },                                         \
	{                                                                      \
		"rhost", FIELD_STRING, offsetof(struct change_in, from.rhost), \
			LIMIT_RHOST, true                                      \
	}
#define LOGIN_FIELD                                                       \
	{                                                                 \
		"login", FIELD_STRING, offsetof(struct change_in, login), \
			LIMIT_ADDRESS, false                              \
	}
#define PASSWORD_FIELD                                                          \
	{                                                                       \
		"password", FIELD_STRING, offsetof(struct change_in, password), \
			LIMIT_PASSWORD, false                                   \
	}

static const struct field reset_fields[] = { LOGIN_FIELD, FROM_FIELDS, { 0 } };
static const struct field password_fields[] = { LOGIN_FIELD, PASSWORD_FIELD,
	FROM_FIELDS, { 0 } };
static const struct field address_fields[] = {
	LOGIN_FIELD,
	PASSWORD_FIELD,
	{ "address", FIELD_STRING, offsetof(struct change_in, address),
		2 * LIMIT_ADDRESS, false },
	FROM_FIELDS,
	{ 0 },
};

static const struct field confirm_fields[] = {
	{ "challenge", FIELD_STRING, offsetof(struct confirm_in, challenge),
		LIMIT_CHALLENGE, false },
	{ "code", FIELD_STRING, offsetof(struct confirm_in, code), LIMIT_CODE, false },
	{ "recovery", FIELD_STRING, offsetof(struct confirm_in, recovery),
		2 * LIMIT_RECOVERY, true },
	{ 0 },
};

static const struct field set_fields[] = {
	{ "grant", FIELD_STRING, offsetof(struct new_password_in, grant), LIMIT_TOKEN,
		false },
	{ "password", FIELD_STRING, offsetof(struct new_password_in, password),
		2 * LIMIT_PASSWORD, false },
	{ "rhost", FIELD_STRING, offsetof(struct new_password_in, from.rhost),
		LIMIT_RHOST, true },
	{ 0 },
};

static int caller_of(struct call *call, const struct config *config,
	enum account_purpose purpose, struct account_caller *ret)
{
	const struct change_in *in = call->in;

	return account_caller(config, call->peer.uid, in->from.service, purpose, ret);
}

static int may(struct call *call, enum account_purpose purpose)
{
	struct change_in *in = call->in;
	struct account_caller ignored;

	speaker_clean(call, &in->from);
	return caller_of(call, call_daemon(call)->config, purpose, &ignored);
}

static int reset_check(struct call *call)
{
	return may(call, ACCOUNT_RESET);
}

static int password_check(struct call *call)
{
	gate_prepare(call);
	return may(call, ACCOUNT_CHANGE);
}

static int address_check(struct call *call)
{
	struct change_in *in = call->in;
	const char *problem = address_problem(in->address);
	char normal[LIMIT_ADDRESS + 1];
	int r = password_check(call);

	if (r == 0 && problem) {
		call_out_string(call, "reason", problem);
		return OUTCOME_BAD_ADDRESS;
	}
	if (r != 0)
		return r;
	address_normalize(normal, sizeof(normal), in->address);
	memcpy(in->address, normal, sizeof(normal));
	return 0;
}

static int reset_apply(struct call *call, struct store *store)
{
	const struct change_in *in = call->in;
	struct account_caller caller;
	int r = caller_of(
		call, call_daemon(call)->moment.config, ACCOUNT_RESET, &caller);

	return r != 0 ? r
		      : reset_begin(call, store, &caller, in->login, in->from.rhost);
}

static int gated(struct call *call, struct store *store, const char *address)
{
	struct change_work *work = call->work;
	const struct change_in *in = call->in;
	struct account_caller caller;
	int r = caller_of(
		call, call_daemon(call)->moment.config, ACCOUNT_CHANGE, &caller);

	if (r == 0)
		r = gate_pass(call, store, &work->gate, &caller, in->login,
			in->password, in->from.rhost);
	if (r != 0 || !work->gate.open)
		return r;
	return change_apply(call, store, &caller, in->from.rhost, address);
}

static int password_apply(struct call *call, struct store *store)
{
	return gated(call, store, NULL);
}

static int address_apply(struct call *call, struct store *store)
{
	const struct change_in *in = call->in;

	return gated(call, store, in->address);
}

static void gated_committed(struct call *call)
{
	struct change_work *work = call->work;

	gate_committed(call_daemon(call), &work->gate);
	begin_committed(call);
}

static void gated_release(struct call *call)
{
	struct change_work *work = call->work;

	gate_release(&work->gate);
	begin_release(call);
}

const struct method change_methods[] = {
	{
		.name = "Confirm",
		.flags = WHO_CHANGES,
		.in = confirm_fields,
		.in_size = sizeof(struct confirm_in),
		.work_size = sizeof(struct confirm_work),
		.check = confirm_check,
		.apply = confirm_apply,
		.committed = confirm_committed,
		.release = confirm_release,
	},
	{
		.name = "RequestReset",
		.flags = WHO_CHANGES,
		.in = reset_fields,
		.in_size = sizeof(struct change_in),
		.work_size = sizeof(struct begin_work),
		.check = reset_check,
		.apply = reset_apply,
		.committed = begin_committed,
		.release = begin_release,
	},
	{
		.name = "ChangePassword",
		.flags = WHO_CHANGES,
		.in = password_fields,
		.in_size = sizeof(struct change_in),
		.work_size = sizeof(struct change_work),
		.check = password_check,
		.apply = password_apply,
		.committed = gated_committed,
		.release = gated_release,
	},
	{
		.name = "SetPassword",
		.flags = WHO_CHANGES,
		.in = set_fields,
		.in_size = sizeof(struct new_password_in),
		.work_size = sizeof(struct new_password_work),
		.check = new_password_check,
		.apply = new_password_apply,
		.committed = new_password_committed,
		.release = new_password_release,
	},
	{
		.name = "ChangeAddress",
		.flags = WHO_CHANGES,
		.in = address_fields,
		.in_size = sizeof(struct change_in),
		.work_size = sizeof(struct change_work),
		.check = address_check,
		.apply = address_apply,
		.committed = gated_committed,
		.release = gated_release,
	},
	{ 0 },
};
