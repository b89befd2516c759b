/* SPDX-License-Identifier: MIT */
/*
 * Begin, inside the transaction.
 *
 * The order is the policy: who is exempt needs nothing; who is not enrolled may be let
 * through where the caller asked for that; a remembered step-up counts; a live
 * challenge is resumed, so that sudo's three runs and a dropped ssh cost one mail; then
 * the budgets; then a code, or for whoever cannot have one a decoy that looks and costs
 * the same.
 */
#include "otpd/server/begin.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/daemon.h"
#include "otpd/server/issue.h"
#include "otpd/server/reply.h"
#include "otpd/store/challenges.h"
#include "otpd/store/spending.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/log.h"

/* Everything that Begin decides with. */
struct begin {
	struct call *call;
	struct daemon *daemon;
	struct store *store;
	const struct begin_in *in;
	struct begin_work *work;
	const struct policy *policy;
	struct user user;
	bool enrolled;
	const char *decoy; /* why it can only be one, for the log; NULL: a real one */
	int64_t locked_s;
};

static int say(struct begin *b, const char *event, const char *phrase)
{
	return record_store(&b->work->record, b->store, b->daemon->moment.now_s, event,
		phrase, LOG_NOTICE);
}

static int answer_state(
	struct begin *b, const char *state, const char *event, const char *phrase)
{
	call_out_string(b->call, "state", state);
	return say(b, event, phrase);
}

static struct issue issue_for(const struct begin *b, int64_t purpose)
{
	struct issue issue = {
		.policy = b->policy,
		.user = b->in->user,
		.service = b->in->service,
		.rhost = b->in->rhost,
		.tty = b->in->tty,
		.peer = b->call->peer.uid,
		.purpose = purpose,
		/* A decoy's letter is about as long as a real one. */
		.address = ISSUE_NOBODY,
		.person = "",
		.decoy = b->decoy != NULL,
	};

	if (!b->decoy)
		issue_to_user(&issue, &b->user);
	return issue;
}

static int resume(struct begin *b, const struct challenge *challenge)
{
	struct issue issue = issue_for(b, challenge->purpose);
	const char *delivery;
	int64_t wait, ignored;
	int r;

	r = reply_delivery(b->call, b->store, challenge, &delivery);
	if (r == 0)
		r = issue_wait_s(b->daemon, b->store, &issue, &wait, &ignored);
	if (r < 0)
		return r;
	reply_challenge(b->call, challenge, wait, delivery, false);
	call_out_bool(b->call, "resumed", true);
	record_refer(&b->work->record, challenge->reference);
	return say(b, "resumed", "challenge resumed");
}

static int issue_fresh(struct begin *b)
{
	bool proven = b->decoy || b->user.verified_at > 0;
	struct issue issue = issue_for(b, proven ? CODE_LOGIN : CODE_VERIFY_ADDRESS);
	struct begin_work *work = b->work;
	int64_t wait, next;
	int r;

	r = issue_wait_s(b->daemon, b->store, &issue, &wait, &next);
	if (r < 0)
		return r;
	if (wait > 0) {
		r = say(b, "throttled", "no code sent, too many were asked for");
		return r < 0 ? r : reply_throttled(b->call, wait);
	}
	r = issue_new(b->daemon, b->store, &issue, &work->challenge, &work->mail);
	if (r != 0)
		return r;
	reply_challenge(b->call, &work->challenge, next, "queued", false);
	record_refer(&work->record, work->challenge.reference);
	if (b->decoy) {
		record_detail(&work->record, b->decoy);
		return say(b, "decoy", "no code sent, challenge cannot be passed");
	}
	return say(b, "issued",
		proven ? "code issued" : "code issued to verify the address");
}

/* Why this login can only get a decoy; also how long the user is locked. */
static int find_decoy(struct begin *b)
{
	int64_t wait;
	int r;

	r = attempt_locked_s(b->daemon, b->store, b->in->user, b->policy, &wait);
	if (r < 0)
		return r;
	if (b->in->unknown)
		b->decoy = "unknown_user";
	else if (!b->enrolled)
		b->decoy = "not_enrolled";
	else if (b->user.state != USER_ACTIVE || wait < 0)
		b->decoy = "disabled";
	else if (wait > 0)
		b->decoy = "locked";
	else if (b->user.verified_at == 0 &&
		b->policy->unverified == POLICY_UNVERIFIED_REFUSE)
		b->decoy = "not_verified";
	b->locked_s = wait > 0 ? wait : 0;
	return 0;
}

static int locked_openly(struct begin *b)
{
	int r = say(b, "refused_locked", "login refused, the user is locked");

	return r < 0 ? r : reply_locked(b->call, b->locked_s);
}

static int is_remembered(struct begin *b)
{
	if (!b->enrolled || b->in->unknown || b->policy->grace_s == 0 ||
		b->user.state != USER_ACTIVE || b->user.verified_at == 0)
		return 0;
	return grace_holds(b->store, b->user.name, b->in->service, b->in->rhost,
		b->in->tty, b->call->peer.uid, b->daemon->moment.now_s);
}

static int load_user(struct begin *b)
{
	int r = users_get(b->store, b->in->user, &b->user);

	b->enrolled = r == 0;
	return r == -ENOENT ? 0 : r;
}

static int resume_or_issue(struct begin *b)
{
	struct challenge live;
	bool is_locked;
	int r;

	r = find_decoy(b);
	if (r < 0)
		return r;
	is_locked = b->decoy &&
		(strcmp(b->decoy, "locked") == 0 || strcmp(b->decoy, "disabled") == 0);
	if (is_locked && !b->policy->conceal)
		return locked_openly(b);
	r = challenges_find(b->store, b->in->user, b->in->service, b->in->rhost,
		b->call->peer.uid, b->daemon->moment.now_s, &live);
	/* One that was begun when things were otherwise is not resumed. */
	if (r == 0 && live.decoy == (b->decoy != NULL) &&
		!code_is_of_self(live.purpose))
		return resume(b, &live);
	return r < 0 && r != -ENOENT ? r : issue_fresh(b);
}

int begin_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	struct begin b = { .call = call,
		.daemon = daemon,
		.store = store,
		.in = call->in,
		.work = call->work };
	const char *why;
	int r;

	b.policy = config_policy(daemon->moment.config, b.in->service);
	record_about(&b.work->record, b.in->user, b.in->service, b.in->rhost,
		call->peer.uid);
	why = policy_exempts(b.policy, b.in->user, !b.in->unknown,
		b.work->nss.has_groups ? &b.work->nss.groups : NULL, b.in->rhost);
	if (why) {
		record_detail(&b.work->record, why);
		return answer_state(&b, "exempt", "exempt", "no code needed");
	}
	r = load_user(&b);
	if (r < 0)
		return r;
	if (!b.enrolled && b.in->nullok && !b.in->unknown)
		return answer_state(&b, "not_enrolled", "not_enrolled",
			"no code asked for, the user is not enrolled");
	r = is_remembered(&b);
	if (r < 0)
		return r;
	if (r > 0)
		return answer_state(
			&b, "verified", "remembered", "a step-up is remembered");
	return resume_or_issue(&b);
}

void begin_committed(struct call *call)
{
	struct daemon *daemon = call_daemon(call);
	struct begin_work *work = call->work;

	if (work->dead_mail > 0)
		outbox_forget(&daemon->outbox, work->dead_mail);
	outbox_add(&daemon->outbox, TAKE_PTR(work->mail));
	record_log(&work->record);
}

void begin_release(struct call *call)
{
	struct begin_work *work = call->work;

	nss_query_clear(&work->nss);
	outgoing_free(work->mail);
}
