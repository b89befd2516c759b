/* SPDX-License-Identifier: MIT */
/*
 * Begin and Resend, inside the transaction.
 *
 * The order is the policy: who is exempt needs nothing; who is not enrolled may be let
 * through where the caller asked for that; a remembered step-up counts; a live challenge
 * is resumed, so that sudo's three runs and a dropped ssh cost one mail; then the budgets;
 * then a code, or for whoever cannot have one a decoy that looks and costs the same.
 */
#include "otpd/server/begin.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/daemon.h"
#include "otpd/server/issue.h"
#include "otpd/store/challenges.h"
#include "otpd/store/spending.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/hex.h"
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

static int answer_state(struct begin *b, const char *state, const char *event,
	const char *phrase)
{
	call_out_string(b->call, "state", state);
	return say(b, event, phrase);
}

int begin_delivery(struct store *store, const struct challenge *challenge,
	const char **ret)
{
	struct mail mail;
	int r;

	*ret = "queued";
	/* A decoy's mail is always as good as sent. */
	if (challenge->decoy)
		return 0;
	r = mails_get(store, challenge->mail, &mail);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (mail.state == MAIL_SENT)
		*ret = "sent";
	else if (mail.state == MAIL_FAILED)
		*ret = "failed";
	else if (mail.state == MAIL_QUEUED && mail.tries > 0)
		*ret = "deferred";
	return 0;
}

void begin_answer(struct call *call, const struct challenge *c, int64_t resend_s,
	const char *delivery, bool is_self)
{
	int64_t now_s = call_daemon(call)->moment.now_s;
	char id[LIMIT_CHALLENGE + 1];

	hex_encode(id, c->id, sizeof(c->id));
	call_out_string(call, "challenge", id);
	call_out_string(call, "reference", c->reference);
	call_out_int(call, "length", c->length);
	call_out_string(call, "alphabet", c->alphabet == CODE_DIGITS ? "digits" : "letters");
	call_out_int(call, "expires_in", c->expires_at - now_s);
	call_out_int(call, "resend_in", resend_s);
	if (is_self)
		return;
	call_out_string(call, "state", "challenge");
	call_out_string(call, "purpose",
		c->purpose == CODE_LOGIN ? "login" : "verify_address");
	call_out_int(call, "tries_left", challenge_tries_left(c));
	call_out_string(call, "delivery", delivery);
	call_out_bool(call, "resumed", false);
}

static struct issue issue_for(const struct begin *b, int64_t purpose)
{
	return (struct issue){
		.policy = b->policy,
		.user = b->in->user,
		.service = b->in->service,
		.rhost = b->in->rhost,
		.tty = b->in->tty,
		.peer = b->call->peer.uid,
		.purpose = purpose,
		/* A decoy's letter is about as long as a real one. */
		.address = b->decoy ? "somebody@example.org" : b->user.address,
		.person = b->decoy ? "" : b->user.person,
		.used_at = b->decoy ? 0 : b->user.login_at,
		.decoy = b->decoy != NULL,
	};
}

int begin_throttled(struct call *call, int64_t wait_s)
{
	call_out_clear(call);
	call_out_int(call, "retry_after", wait_s);
	return OUTCOME_THROTTLED;
}

static int resume(struct begin *b, const struct challenge *challenge)
{
	struct issue issue = issue_for(b, challenge->purpose);
	const char *delivery;
	int64_t wait, ignored;
	int r;

	r = begin_delivery(b->store, challenge, &delivery);
	if (r == 0)
		r = issue_wait_s(b->daemon, b->store, &issue, &wait, &ignored);
	if (r < 0)
		return r;
	begin_answer(b->call, challenge, wait, delivery, false);
	call_out_bool(b->call, "resumed", true);
	strcpy(b->work->record.reference, challenge->reference); /* of the same size */
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
		return r < 0 ? r : begin_throttled(b->call, wait);
	}
	r = issue_new(b->daemon, b->store, &issue, &work->challenge, &work->mail);
	if (r != 0)
		return r;
	begin_answer(b->call, &work->challenge, next, "queued", false);
	strcpy(work->record.reference, work->challenge.reference); /* of the same size */
	if (b->decoy) {
		strcpy(work->record.detail, b->decoy); /* a word from this file */
		return say(b, "decoy", "no code sent, challenge cannot be passed");
	}
	return say(b, "issued", proven ? "code issued" : "code issued to verify the address");
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
	else if (b->user.verified_at == 0 && b->policy->unverified == POLICY_UNVERIFIED_REFUSE)
		b->decoy = "not_verified";
	b->locked_s = wait > 0 ? wait : 0;
	return 0;
}

static int locked_openly(struct begin *b)
{
	int r = say(b, "locked", "login refused, the user is locked");

	call_out_clear(b->call);
	call_out_int(b->call, "retry_after", b->locked_s);
	return r < 0 ? r : OUTCOME_LOCKED;
}

static int is_remembered(struct begin *b)
{
	if (!b->enrolled || b->in->unknown || b->policy->grace_s == 0 ||
		b->user.state != USER_ACTIVE || b->user.verified_at == 0)
		return 0;
	return grace_holds(b->store, b->user.name, b->in->service, b->in->rhost, b->in->tty,
		b->call->peer.uid, b->daemon->moment.now_s);
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
	if (r == 0 && live.decoy == (b->decoy != NULL) && live.purpose != CODE_ENROL)
		return resume(b, &live);
	return r < 0 && r != -ENOENT ? r : issue_fresh(b);
}

int begin_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	struct begin b = { .call = call, .daemon = daemon, .store = store, .in = call->in,
		.work = call->work };
	const char *why;
	int r;

	b.policy = config_policy(daemon->moment.config, b.in->service);
	record_about(&b.work->record, b.in->user, b.in->service, b.in->rhost, call->peer.uid);
	why = policy_exempts(b.policy, b.in->user, !b.in->unknown, &b.work->nss.groups,
		b.in->rhost);
	if (why) {
		strcpy(b.work->record.detail, why); /* a word of policy_exempts() */
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
		return answer_state(&b, "verified", "remembered", "a step-up is remembered");
	return resume_or_issue(&b);
}

/* The user of a live challenge as it is now; decoys and enrolments have none. */
static int reload_user(struct begin *b, const struct challenge *challenge)
{
	int r = load_user(b);

	b->decoy = challenge->decoy ? "resend" : NULL;
	if (challenge->purpose == CODE_ENROL)
		strcpy(b->user.address, challenge->address); /* of the same size */
	return r;
}

/* A Begin that was long ago, from its challenge. in is filled; it lives with the caller. */
static int begin_again(struct begin *b, struct call *call, struct store *store,
	struct begin_in *in, const struct challenge *challenge)
{
	struct daemon *daemon = call_daemon(call);

	strcpy(in->user, challenge->user); /* all of the same size */
	strcpy(in->service, challenge->service);
	strcpy(in->rhost, challenge->rhost);
	strcpy(in->tty, challenge->tty);
	*b = (struct begin){ .call = call, .daemon = daemon, .store = store, .in = in,
		.work = call->work };
	b->policy = config_policy(daemon->moment.config, in->service);
	return reload_user(b, challenge);
}

int begin_resend_wait_s(struct call *call, struct store *store,
	const struct challenge *challenge, int64_t *ret)
{
	struct begin_in in = { 0 };
	struct begin b;
	struct issue issue;
	int64_t ignored;
	int r = begin_again(&b, call, store, &in, challenge);

	if (r < 0)
		return r;
	issue = issue_for(&b, challenge->purpose);
	return issue_wait_s(b.daemon, store, &issue, ret, &ignored);
}

/* Budgets and locks, which stand before another code as before the first. */
static int resend_allowed(struct begin *b, const struct issue *issue, int64_t *ret_next_s)
{
	int64_t wait = 0;
	int r = 0;

	if (!b->decoy)
		r = attempt_locked_s(b->daemon, b->store, b->in->user, b->policy, &wait);
	b->locked_s = wait > 0 ? wait : 0;
	if (r < 0 || wait != 0)
		return r < 0 ? r : locked_openly(b);
	r = issue_wait_s(b->daemon, b->store, issue, &wait, ret_next_s);
	if (r < 0 || wait > 0)
		return r < 0 ? r : begin_throttled(b->call, wait);
	return 0;
}

int resend_apply_for(struct call *call, struct store *store, const uint8_t id[CODE_ID],
	bool is_self)
{
	struct daemon *daemon = call_daemon(call);
	struct begin_work *work = call->work;
	struct challenge *challenge = &work->challenge;
	struct begin_in in = { 0 };
	struct begin b;
	struct issue issue;
	int64_t next;
	int r;

	r = challenges_get(store, id, challenge);
	if (r < 0)
		return r == -ENOENT ? OUTCOME_NO_CHALLENGE : r;
	r = challenge_check(challenge, call->peer.uid, daemon->moment.now_s);
	if (r != 0 || (challenge->purpose == CODE_ENROL) != is_self)
		return r != 0 ? r : OUTCOME_NO_CHALLENGE;
	r = begin_again(&b, call, store, &in, challenge);
	if (r < 0)
		return r;
	record_about(&work->record, in.user, in.service, in.rhost, call->peer.uid);
	strcpy(work->record.reference, challenge->reference); /* of the same size */
	issue = issue_for(&b, challenge->purpose);
	r = resend_allowed(&b, &issue, &next);
	if (r != 0)
		return r;
	work->dead_mail = challenge->mail;
	r = issue_again(daemon, store, &issue, challenge, &work->mail);
	if (r != 0)
		return r;
	begin_answer(call, challenge, next, "queued", is_self);
	strcpy(work->record.reference, challenge->reference); /* of the same size */
	return say(&b, "resent", "another code issued");
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
