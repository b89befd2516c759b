/* SPDX-License-Identifier: MIT */
/*
 * org.emailotp.Self: what users do for themselves.
 *
 * The user is whom the caller's uid belongs to; no parameter names one. Enrolment
 * proves an address, and is allowed where otpd.conf says so, or for an address that the
 * administrator has entered already. An address that was proven is not changed here.
 */
#include <errno.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/proto/idl.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/begin.h"
#include "otpd/server/daemon.h"
#include "otpd/server/issue.h"
#include "otpd/server/methods.h"
#include "otpd/server/reply.h"
#include "otpd/server/resend.h"
#include "otpd/store/challenges.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

#define SELF_SERVICE "otpctl"

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
	int r = users_get(store, caller(call), &user);

	if (r < 0 && r != -ENOENT)
		return r;
	call_out_string(call, "user", caller(call));
	call_out_bool(call, "enrolled", r == 0);
	call_out_bool(call, "verified", r == 0 && user.verified_at > 0);
	call_out_bool(call, "disabled", r == 0 && user.state != USER_ACTIVE);
	if (r == 0) {
		address_mask(masked, sizeof(masked), user.address);
		call_out_string(call, "address", masked);
	}
	return 0;
}

static int enrol_check(struct call *call)
{
	struct self_in *in = call->in;
	const char *problem = address_problem(in->address);
	char normal[LIMIT_ADDRESS + 1];

	if (problem) {
		call_out_string(call, "reason", problem);
		return OUTCOME_BAD_ADDRESS;
	}
	address_normalize(normal, sizeof(normal), in->address);
	memcpy(in->address, normal, sizeof(normal));
	return ask_name(call);
}

static bool domain_is_allowed(const struct config *config, const char *address)
{
	if (config->enrol_domains.n == 0)
		return true;
	for (size_t i = 0; i < config->enrol_domains.n; i++)
		if (text_same_nocase(
			    config->enrol_domains.items[i], address_domain(address)))
			return true;
	return false;
}

/* May this user bring this address? */
static int enrol_allowed(const struct config *config, const struct user *user,
	bool enrolled, const char *address)
{
	if (enrolled && user->state != USER_ACTIVE)
		return OUTCOME_NOT_ALLOWED;
	if (enrolled && user->verified_at > 0)
		return OUTCOME_EXISTS;
	if (enrolled)
		return strcmp(user->address, address) == 0 ? 0 : OUTCOME_NOT_ALLOWED;
	if (!config->self_enrol || !domain_is_allowed(config, address))
		return OUTCOME_NOT_ALLOWED;
	return 0;
}

/* 1 if there was a live one for this address; others end here. */
static int resume_enrolment(
	struct call *call, struct store *store, struct challenge *challenge)
{
	const struct self_in *in = call->in;
	struct daemon *daemon = call_daemon(call);
	int r = challenges_find(store, caller(call), SELF_SERVICE, "", call->peer.uid,
		daemon->moment.now_s, challenge);

	if (r == -ENOENT || (r == 0 && challenge->purpose != CODE_ENROL))
		return 0;
	if (r < 0 || strcmp(challenge->address, in->address) == 0)
		return r < 0 ? r : 1;
	((struct self_work *)call->work)->begin.dead_mail = challenge->mail;
	challenge_set_state(challenge, CHALLENGE_CANCELLED);
	r = challenges_update(store, challenge);
	return r < 0 ? r : mails_kill(store, challenge->mail);
}

static int enrol_issue(struct call *call, struct store *store, const struct user *user)
{
	struct daemon *daemon = call_daemon(call);
	struct begin_work *work = &((struct self_work *)call->work)->begin;
	const struct self_in *in = call->in;
	struct issue issue = {
		.policy = config_policy(daemon->moment.config, SELF_SERVICE),
		.user = caller(call),
		.service = SELF_SERVICE,
		.rhost = "",
		.tty = "",
		.peer = call->peer.uid,
		.purpose = CODE_ENROL,
		.address = in->address,
		.person = user->person,
	};
	int64_t wait, next;
	int r;

	r = resume_enrolment(call, store, &work->challenge);
	if (r < 0)
		return r;
	if (r == 0) {
		r = issue_wait_s(daemon, store, &issue, &wait, &next);
		if (r < 0 || wait > 0)
			return r < 0 ? r : reply_throttled(call, wait);
		r = issue_new(daemon, store, &issue, &work->challenge, &work->mail);
	} else {
		r = issue_wait_s(daemon, store, &issue, &next, &wait);
	}
	if (r != 0)
		return r;
	reply_challenge(call, &work->challenge, next, "queued", true);
	record_refer(&work->record, work->challenge.reference);
	return record_store(&work->record, store, daemon->moment.now_s, "enrol_begun",
		"enrolment begun", LOG_NOTICE);
}

static int enrol_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	struct begin_work *work = &((struct self_work *)call->work)->begin;
	const struct self_in *in = call->in;
	struct user user = { .person = "" };
	int r = users_get(store, caller(call), &user);

	if (r < 0 && r != -ENOENT)
		return r;
	record_about(&work->record, caller(call), SELF_SERVICE, "", call->peer.uid);
	r = enrol_allowed(daemon->moment.config, &user, r == 0, in->address);
	if (r == 0)
		return enrol_issue(call, store, &user);
	return r;
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

	return resend_apply(call, store, in->id, true);
}

/* The proven address becomes the user's. */
static int take_address(
	struct daemon *daemon, struct store *store, struct attempt *attempt)
{
	const struct challenge *c = &attempt->challenge;
	int64_t now = daemon->moment.now_s;
	struct user user = { .created_at = now, .verified_at = now };
	int r = users_get(store, c->user, &user);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0) {
		r = enrol_allowed(daemon->moment.config, &user, true, c->address);
		if (r != 0)
			return r;
		r = users_set_verified(store, c->user, now);
	} else {
		text_copy(user.name, sizeof(user.name), c->user);
		text_copy(user.address, sizeof(user.address), c->address);
		r = users_insert(store, &user);
	}
	return r < 0 ? r
		     : record_store(&attempt->record, store, now, "enrolled",
			       "user enrolled himself", LOG_NOTICE);
}

static int confirm_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	struct attempt *attempt = &((struct self_work *)call->work)->attempt;
	const struct self_in *in = call->in;
	struct attempt_try try = { in->id, call->peer.uid, in->code, true };
	int r = attempt_code(daemon, store, &try, attempt);

	if (r == 0)
		return take_address(daemon, store, attempt);
	if (r == OUTCOME_WRONG_CODE) {
		call_out_int(
			call, "tries_left", challenge_tries_left(&attempt->challenge));
		call_out_int(call, "resend_in", 0);
		call_out_string(call, "delivery", "queued");
	}
	if (r == OUTCOME_LOCKED)
		call_out_int(call, "retry_after", attempt->locked_s);
	return r;
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

static const struct method *const self_tables[] = { self_methods, NULL };

const struct interface self_interface = {
	.name = "org.emailotp.Self",
	.description = idl_self,
	.methods = self_tables,
};
