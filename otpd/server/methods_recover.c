/* SPDX-License-Identifier: MIT */
/*
 * The methods about recovery codes and break-glass codes, of Auth, Self and Admin. How
 * one is tried is in recover.c, how they are made in recovery_set.c and break_glass.c.
 *
 * A passed challenge gives codes once: whoever makes them uses it up (CHALLENGE_SPENT)
 * in the transaction that writes them.
 */
#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/break_glass.h"
#include "otpd/server/daemon.h"
#include "otpd/server/enrol.h"
#include "otpd/server/issue.h"
#include "otpd/server/methods.h"
#include "otpd/server/recover.h"
#include "otpd/store/challenges.h"
#include "otpd/store/users.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/log.h"

struct codes_in {
	struct named_in named;
	char user[LIMIT_USER + 1];
};

struct codes_work {
	struct recovery_set set;
	struct challenge challenge;
	struct record record;
	struct outgoing *notice;
};

static const struct field recover_fields[] = {
	{ "challenge", FIELD_STRING, offsetof(struct recover_in, named.challenge),
		LIMIT_CHALLENGE, false },
	{ "code", FIELD_STRING, offsetof(struct recover_in, code), 2 * LIMIT_RECOVERY,
		false },
	{ "token", FIELD_BOOL, offsetof(struct recover_in, named.token), 0, true },
	{ 0 },
};

static const struct field codes_fields[] = {
	{ "challenge", FIELD_STRING, offsetof(struct codes_in, named.challenge),
		LIMIT_CHALLENGE, false },
	{ 0 },
};

static const struct field codes_user_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct codes_in, user), LIMIT_USER, false },
	{ 0 },
};

static const struct field break_glass_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct break_glass_in, user), LIMIT_USER,
		false },
	{ 0 },
};

/* The first phase only reads. */
static int codes_check(struct call *call)
{
	call->reading = true;
	return 0;
}

static int named_codes_check(struct call *call)
{
	int r = named_check(call);

	return r != 0 ? r : codes_check(call);
}

/* Whether this caller has passed it, its time is not over, and it is for this realm. */
static int may(
	struct call *call, struct store *store, enum code_realm realm, struct user *ret)
{
	const struct codes_in *in = call->in;
	struct challenge *c = &((struct codes_work *)call->work)->challenge;
	int r = challenges_get(store, in->named.id, c);

	if (r == 0 &&
		(c->peer != call->peer.uid || c->state != CHALLENGE_PASSED ||
			call_daemon(call)->moment.now_s >= c->expires_at ||
			code_realm(c->purpose) != realm))
		return OUTCOME_NO_CHALLENGE;
	if (r == 0 && c->purpose != CODE_ENROL && c->purpose != CODE_ENROL_LOGIN &&
		c->purpose != CODE_RECOVERY)
		return OUTCOME_NO_CHALLENGE;
	if (r == 0)
		r = users_get(store, c->user, ret);
	if (r < 0)
		return r == -ENOENT ? OUTCOME_NO_CHALLENGE : r;
	/* The address that was proven is no longer his, or he is no longer let in. */
	return ret->state == USER_ACTIVE && ret->verified_at > 0 &&
			strcmp(ret->address, c->address) == 0
		? 0
		: OUTCOME_NO_CHALLENGE;
}

static int tell_owner(struct call *call, struct store *store, const struct user *user)
{
	struct daemon *daemon = call_daemon(call);
	struct codes_work *work = call->work;
	struct issue issue = {
		.policy = config_policy(daemon->moment.config, ENROL_SERVICE),
		.user = user->name,
		.service = ENROL_SERVICE,
		.rhost = "",
		.tty = "",
	};

	issue_to_user(&issue, user);
	return issue_notice(
		daemon, store, &issue, ISSUE_RECOVERY_CODES, 0, &work->notice);
}

static int write_codes(struct call *call, struct store *store, const char *user)
{
	struct codes_work *work = call->work;
	int r = recovery_set_write(store, user, &work->set);

	record_about(&work->record, user, "", "", call->peer.uid);
	return r < 0
		? r
		: record_store(&work->record, store, call_daemon(call)->moment.now_s,
			  "recovery_made", "new recovery codes", LOG_NOTICE);
}

/* Whoever has just enrolled has a mail of that; else the owner is told, or there are
 * none.
 */
static int codes_apply(struct call *call, struct store *store, enum code_realm realm)
{
	struct codes_work *work = call->work;
	struct user user;
	int r = may(call, store, realm, &user);

	if (r != 0)
		return r;
	if (!recovery_set_is_made(&work->set)) {
		recovery_set_make_then(call, &work->set, RECOVERY_CODES);
		return 0;
	}
	if (work->challenge.purpose == CODE_RECOVERY)
		r = tell_owner(call, store, &user);
	if (r == 0)
		r = challenges_spend(store, work->challenge.id);
	if (r == 0)
		r = write_codes(call, store, user.name);
	if (r == 0)
		recovery_set_answer_text(call, &work->set);
	return r == -ESTALE ? OUTCOME_NO_CHALLENGE : r;
}

static int auth_codes_apply(struct call *call, struct store *store)
{
	return codes_apply(call, store, CODE_OF_AUTH);
}

static int self_codes_apply(struct call *call, struct store *store)
{
	return codes_apply(call, store, CODE_OF_SELF);
}

/* Root makes them when nothing else helps: a mail that cannot go is no hindrance. */
static int admin_codes_apply(struct call *call, struct store *store)
{
	const struct codes_in *in = call->in;
	struct codes_work *work = call->work;
	struct user user;
	int r = users_get(store, in->user, &user);

	if (r < 0)
		return r == -ENOENT ? OUTCOME_NO_USER : r;
	if (!recovery_set_is_made(&work->set)) {
		recovery_set_make_then(call, &work->set, RECOVERY_CODES);
		return 0;
	}
	if (user.verified_at > 0)
		r = issue_courtesy(tell_owner(call, store, &user));
	if (r == 0)
		r = write_codes(call, store, user.name);
	return r != 0 ? r : recovery_set_answer(call, &work->set);
}

static void codes_committed(struct call *call)
{
	struct codes_work *work = call->work;

	outbox_add(&call_daemon(call)->outbox, TAKE_PTR(work->notice));
	record_log(&work->record);
}

static void codes_release(struct call *call)
{
	struct codes_work *work = call->work;

	outgoing_free(work->notice);
}

/* clang-format off */
#define MAKES_CODES(who, fields, look, function) { \
	.name = "RecoveryCodes", .flags = who, .in = fields, \
	.in_size = sizeof(struct codes_in), .work_size = sizeof(struct codes_work), \
	.check = look, .apply = function, .committed = codes_committed, \
	.release = codes_release }
/* clang-format on */

const struct method recover_methods[] = {
	{
		.name = "Recover",
		.flags = METHOD_ROOT | METHOD_SERVICE | METHOD_SELF,
		.in = recover_fields,
		.in_size = sizeof(struct recover_in),
		.work_size = sizeof(struct recover_work),
		.check = named_check,
		.apply = recover_apply,
		.committed = recover_committed,
		.release = recover_release,
	},
	MAKES_CODES(METHOD_ROOT | METHOD_SERVICE, codes_fields, named_codes_check,
		auth_codes_apply),
	{ 0 },
};

const struct method self_codes_methods[] = {
	MAKES_CODES(METHOD_SELF, codes_fields, named_codes_check, self_codes_apply),
	{ 0 },
};

const struct method codes_methods[] = {
	MAKES_CODES(METHOD_ROOT, codes_user_fields, codes_check, admin_codes_apply),
	{
		.name = "BreakGlass",
		.flags = METHOD_ROOT | METHOD_ASYNC,
		.in = break_glass_fields,
		.in_size = sizeof(struct break_glass_in),
		.work_size = sizeof(struct break_glass_work),
		.check = break_glass_check,
		.apply = break_glass_apply,
		.committed = break_glass_committed,
		.release = break_glass_release,
	},
	{ 0 },
};
