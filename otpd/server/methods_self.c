/* SPDX-License-Identifier: MIT */
/*
 * org.emailotp.Self: what users do for themselves.
 *
 * The user is whom the caller's uid belongs to; no parameter names one. What enrolment
 * allows is decided in enrol.c.
 */
#include <errno.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/proto/idl.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/begin.h"
#include "otpd/server/daemon.h"
#include "otpd/server/enrol.h"
#include "otpd/server/methods.h"
#include "otpd/server/reply.h"
#include "otpd/server/resend.h"
#include "otpd/store/recovery.h"
#include "otpd/store/users.h"
#include "otpd/util/hex.h"

struct self_in {
	char address[LIMIT_ADDRESS + 1];
	char challenge[LIMIT_CHALLENGE + 1];
	char code[LIMIT_CODE + 1];
	uint8_t id[CODE_ID];
};

/* begin comes first, so that begin.c's functions find their part. */
struct self_work {
	struct begin_work begin;
	struct attempt attempt;
};

static const struct field enrol_fields[] = {
	{ "address", FIELD_STRING, offsetof(struct self_in, address), LIMIT_ADDRESS,
		false },
	{ 0 },
};

static const struct field resend_fields[] = {
	{ "challenge", FIELD_STRING, offsetof(struct self_in, challenge),
		LIMIT_CHALLENGE, false },
	{ 0 },
};

static const struct field confirm_fields[] = {
	{ "challenge", FIELD_STRING, offsetof(struct self_in, challenge),
		LIMIT_CHALLENGE, false },
	{ "code", FIELD_STRING, offsetof(struct self_in, code), LIMIT_CODE, false },
	{ 0 },
};

static void on_name(struct nss_query *query)
{
	struct call *call = query->context;

	if (query->result == -ENOENT)
		call_finish(call, OUTCOME_BAD_NAME);
	else if (query->result < 0)
		call_finish(call, query->result);
	else
		call->service->submit(call);
}

static int ask_name(struct call *call)
{
	struct daemon *daemon = call_daemon(call);
	struct nss_query *nss = &((struct self_work *)call->work)->begin.nss;

	nss->want_name = true;
	nss->uid = call->peer.uid;
	nss->context = call;
	nss->done = on_name;
	return nss_ask(&daemon->nss, &daemon->loop, call->peer.uid, nss);
}

static const char *caller(struct call *call)
{
	return ((struct self_work *)call->work)->begin.nss.user;
}

static int status_apply(struct call *call, struct store *store)
{
	char masked[LIMIT_ADDRESS + 4];
	struct user user;
	int64_t codes;
	int r = recovery_count(store, caller(call), &codes);

	if (r == 0)
		r = users_get(store, caller(call), &user);
	if (r < 0 && r != -ENOENT)
		return r;
	call_out_string(call, "user", caller(call));
	call_out_bool(call, "enrolled", r == 0);
	call_out_bool(call, "verified", r == 0 && user.verified_at > 0);
	call_out_bool(call, "disabled", r == 0 && user.state == USER_DISABLED);
	call_out_bool(call, "locked", r == 0 && user.state == USER_LOCKED);
	call_out_int(call, "recovery_codes", codes);
	if (r == 0) {
		address_mask(masked, sizeof(masked), user.address);
		call_out_string(call, "address", masked);
	}
	if (r == 0 && user.second[0]) {
		address_mask(masked, sizeof(masked), user.second);
		call_out_string(call, "second", masked);
	}
	call_out_bool(call, "second_verified",
		r == 0 && user.second[0] && user.second_verified_at > 0);
	call_out_bool(call, "undeliverable", r == 0 && USER_IS_UNDELIVERABLE(&user));
	return 0;
}

static int check_address(struct call *call, const char *problem)
{
	struct self_in *in = call->in;
	char normal[LIMIT_ADDRESS + 1];

	if (problem) {
		call_out_string(call, "reason", problem);
		return OUTCOME_BAD_ADDRESS;
	}
	address_normalize(normal, sizeof(normal), in->address);
	memcpy(in->address, normal, sizeof(normal));
	return ask_name(call);
}

static int enrol_check(struct call *call)
{
	struct self_in *in = call->in;

	return check_address(call, address_problem(in->address));
}

static int enrol_second_check(struct call *call)
{
	struct self_in *in = call->in;

	return check_address(call, address_route_problem(in->address));
}

static int begin_enrolment(struct call *call, struct store *store, int64_t purpose)
{
	const struct self_in *in = call->in;
	struct self_work *work = call->work;
	struct enrolment enrolment = { caller(call), in->address, purpose };

	return enrol_begin(call, store, &work->begin, &enrolment);
}

static int enrol_apply(struct call *call, struct store *store)
{
	return begin_enrolment(call, store, CODE_ENROL);
}

static int enrol_second_apply(struct call *call, struct store *store)
{
	return begin_enrolment(call, store, CODE_SECOND);
}

static int begin_recovery_apply(struct call *call, struct store *store)
{
	struct self_work *work = call->work;

	return enrol_begin_recovery(call, store, &work->begin, caller(call));
}

static int id_check(struct call *call)
{
	struct self_in *in = call->in;

	return hex_decode(in->id, sizeof(in->id), in->challenge) < 0
		? OUTCOME_NO_CHALLENGE
		: 0;
}

static int self_resend_apply(struct call *call, struct store *store)
{
	const struct self_in *in = call->in;

	return resend_apply(call, store, in->id, CODE_OF_SELF, CODE_OF_SELF);
}

static int confirm_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	struct attempt *attempt = &((struct self_work *)call->work)->attempt;
	const struct self_in *in = call->in;
	struct attempt_try try = { in->id, call->peer.uid, in->code, CODE_OF_SELF };
	int r = attempt_code(daemon, store, &try, attempt);

	return r == 0 ? enrol_confirm(daemon, store, attempt)
		      : reply_wrong(call, store, attempt, r);
}

static void confirm_committed(struct call *call)
{
	struct self_work *work = call->work;

	attempt_committed(call_daemon(call), &work->attempt);
}

static void self_release(struct call *call)
{
	struct self_work *work = call->work;

	begin_release(call);
	outgoing_free(work->attempt.notice);
}

static const struct method self_methods[] = {
	{
		.name = "Status",
		.flags = METHOD_SELF | METHOD_ASYNC | METHOD_READ,
		.work_size = sizeof(struct self_work),
		.check = ask_name,
		.apply = status_apply,
		.release = self_release,
	},
	{
		.name = "Enrol",
		.flags = METHOD_SELF | METHOD_ASYNC,
		.in = enrol_fields,
		.in_size = sizeof(struct self_in),
		.work_size = sizeof(struct self_work),
		.check = enrol_check,
		.apply = enrol_apply,
		.committed = begin_committed,
		.release = self_release,
	},
	{
		.name = "EnrolSecond",
		.flags = METHOD_SELF | METHOD_ASYNC,
		.in = enrol_fields,
		.in_size = sizeof(struct self_in),
		.work_size = sizeof(struct self_work),
		.check = enrol_second_check,
		.apply = enrol_second_apply,
		.committed = begin_committed,
		.release = self_release,
	},
	{
		.name = "BeginRecovery",
		.flags = METHOD_SELF | METHOD_ASYNC,
		.work_size = sizeof(struct self_work),
		.check = ask_name,
		.apply = begin_recovery_apply,
		.committed = begin_committed,
		.release = self_release,
	},
	{
		.name = "Resend",
		.flags = METHOD_SELF,
		.in = resend_fields,
		.in_size = sizeof(struct self_in),
		.work_size = sizeof(struct self_work),
		.check = id_check,
		.apply = self_resend_apply,
		.committed = begin_committed,
		.release = self_release,
	},
	{
		.name = "Confirm",
		.flags = METHOD_SELF,
		.in = confirm_fields,
		.in_size = sizeof(struct self_in),
		.work_size = sizeof(struct self_work),
		.check = id_check,
		.apply = confirm_apply,
		.committed = confirm_committed,
		.release = self_release,
	},
	{ 0 },
};

static const struct method *const self_tables[] = { self_methods, self_codes_methods,
	NULL };

const struct interface self_interface = {
	.name = "org.emailotp.Self",
	.description = idl_self,
	.methods = self_tables,
};
