/* SPDX-License-Identifier: MIT */
/*
 * Auth.Recover: a recovery code, or an administrator's break-glass code, in place of
 * the mailed one.
 *
 * It is good on decoys too: whoever is locked, or has no address yet, has got one. So
 * what a decoy hides MUST NOT show here: the same statements, one Argon2id, the same
 * counting and the same answers, whether or not there is such a user or such a code.
 * Wrong ones of users that there are not count for a name that a hash stands for;
 * the keeper bounds them.
 *
 * MUST NOT be good for a user whom an administrator has disabled, nor for one whom the
 * system did not know when the challenge was begun: that looks like a wrong code. A
 * lock by wrong codes is taken back, and a disabled user stays disabled. The budget is
 * looked at in both phases, and everything else is decided in the second.
 */
#include "otpd/server/recover.h"

#include <errno.h>
#include <stdio.h>

#include "otpd/account/account.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/issue.h"
#include "otpd/server/passed.h"
#include "otpd/server/reply.h"
#include "otpd/store/challenges.h"
#include "otpd/store/principals.h"
#include "otpd/store/spending.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/log.h"

/* Everything that a phase decides with. */
struct recover {
	struct call *call;
	struct daemon *daemon;
	struct store *store;
	struct recover_work *work;
	struct challenge *challenge;
	struct user user;
	bool known;            /* enrolled, or an account */
	bool may;              /* a right code is good */
	const char *principal; /* whose codes and budget these are */
	struct recovery_left left;
};

static int say(struct recover *r, struct record *record, const char *event,
	const char *phrase, int level)
{
	const struct challenge *c = r->challenge;

	record_about(record, c->user, c->service, c->rhost, c->peer);
	record_refer(record, c->reference);
	return record_store(
		record, r->store, r->daemon->moment.now_s, event, phrase, level);
}

/* No Unix user has a blank in his name, nor an address in the other uses of these. */
static void name_nobody(struct recover *r)
{
	char text[LIMIT_USER + 16];

	snprintf(text, sizeof(text), "recover %s", r->challenge->user);
	principal_of_nobody(r->work->nobody, r->daemon->key, "", text);
}

/* The challenge, by the caller and the clock; and what it is for. */
static int load_challenge(struct recover *r)
{
	const struct recover_in *in = r->call->in;
	int result = challenges_get(r->store, in->named.id, r->challenge);

	if (result == -ENOENT)
		return OUTCOME_NO_CHALLENGE;
	if (result < 0)
		return result;
	if (r->challenge->purpose != CODE_LOGIN &&
		r->challenge->purpose != CODE_VERIFY_ADDRESS)
		return OUTCOME_NO_CHALLENGE;
	return challenge_check(
		r->challenge, r->call->peer.uid, r->daemon->moment.now_s);
}

/* Who it is, whose codes may be tried, and how many tries are left. */
static int load_user(struct recover *r)
{
	bool has_code;
	int result = principals_get(r->store, r->challenge->user, &r->user);

	if (result < 0 && result != -ENOENT)
		return result;
	r->known = result == 0;
	result = recovery_has(
		r->store, r->challenge->user, r->daemon->moment.now_s, &has_code);
	if (result < 0)
		return result;
	name_nobody(r);
	r->may = (r->known || has_code) && !r->challenge->unknown &&
		!(r->known && r->user.state == USER_DISABLED);
	r->principal = (r->known || has_code) && !r->challenge->unknown
		? r->challenge->user
		: r->work->nobody;
	return recovery_left(r->daemon, r->store, r->principal, &r->left);
}

static int refuse_unseen(struct recover *r)
{
	int result = say(r, &r->work->attempt.record, "refused_locked",
		"recovery code refused unseen, too many were wrong", LOG_NOTICE);

	return result < 0 ? result : reply_locked(r->call, r->left.wait_s);
}

static int answer_wrong(struct recover *r)
{
	int result =
		reply_wrong(r->call, r->store, &r->work->attempt, OUTCOME_WRONG_CODE);

	call_out_int(r->call, "tries_left", r->left.tries);
	return result;
}

static int wrong(struct recover *r)
{
	int result = recovery_count_wrong(r->daemon, r->store, &r->left);

	if (result == 0)
		result = say(r, &r->work->attempt.record, "recovery_wrong",
			"wrong recovery code", LOG_NOTICE);
	if (result == 0 && r->left.tries <= 0)
		result = say(r, &r->work->attempt.lock, "recovery_locked",
			"no recovery code is tried any more after too many wrong ones",
			LOG_WARNING);
	return result < 0 ? result : answer_wrong(r);
}

/* Tells the owner. What it tells of holds whatever becomes of the mail. */
static int tell_owner(struct recover *r, bool glass, const char *left)
{
	const struct challenge *c = r->challenge;
	struct issue issue = {
		.policy = config_policy(r->daemon->moment.config, c->service),
		.user = c->user,
		.service = c->service,
		.rhost = c->rhost,
		.tty = c->tty,
		.left = left,
	};
	int result;

	if (!r->known || r->user.verified_at == 0)
		return 0;
	issue_to_user(&issue, &r->user);
	account_dress(&issue, r->daemon->moment.config, c->peer);
	result = issue_notice(r->daemon, r->store, &issue,
		glass ? ISSUE_BREAK_GLASS : ISSUE_RECOVERY_USED, 0,
		&r->work->attempt.notice);
	return issue_courtesy(result);
}

/* The code is used up: the challenge is over, and what locked the user is. */
static int end_challenge(struct recover *r)
{
	struct challenge *c = r->challenge;
	int result;

	challenge_set_state(c, CHALLENGE_PASSED);
	result = challenges_update(r->store, c);
	if (result == 0)
		result = mails_kill(r->store, c->mail);
	if (result == 0)
		result = spending_forget_wrong(r->store, c->user);
	if (result == 0)
		result = principals_unlock(r->store, c->user);
	r->work->attempt.ended = result == 0;
	return result;
}

/* A break-glass code is for one login; none is remembered. */
static int note_login(struct recover *r, bool glass, const char *left)
{
	const struct challenge *c = r->challenge;
	struct record *record = &r->work->attempt.record;
	int result;

	if (!glass) {
		result = passed_step_up(r->daemon, r->store, c);
		record_detail(record, left);
		return result < 0 ? result
				  : say(r, record, "recovery_used",
					    "a recovery code was used", LOG_NOTICE);
	}
	result = principals_set_login(r->store, c->user, r->daemon->moment.now_s);
	return result < 0 ? result
			  : say(r, record, "break_glass_used",
				    "a break-glass code was used", LOG_WARNING);
}

static int pass(struct recover *r)
{
	const struct recover_in *in = r->call->in;
	bool glass = r->work->try.found.expires_at != 0;
	int64_t n_left = 0;
	char left[24];
	int result = end_challenge(r);

	if (result == 0)
		result = recovery_count(r->store, r->principal, &n_left);
	snprintf(left, sizeof(left), "%lld", (long long)n_left);
	if (result == 0)
		result = note_login(r, glass, left);
	if (result == 0)
		result = tell_owner(r, glass, left);
	if (result < 0)
		return result;
	call_out_string(r->call, "state", "verified");
	if (r->known && USER_IS_UNDELIVERABLE(&r->user))
		call_out_bool(r->call, "undeliverable", true);
	if (in->named.token)
		result = passed_receipt(r->call, r->store, r->challenge);
	if (result > 0)
		call_out_clear(r->call);
	return result;
}

static int judge(struct recover *r)
{
	int result = OUTCOME_WRONG_CODE;

	if (r->may)
		result = recovery_try_use(
			r->call, r->store, r->principal, &r->work->try);
	if (result == OUTCOME_WRONG_CODE)
		return wrong(r);
	return result < 0 ? result : pass(r);
}

int recover_apply(struct call *call, struct store *store)
{
	struct recover_work *work = call->work;
	const struct recover_in *in = call->in;
	struct recover r = { .call = call,
		.daemon = call_daemon(call),
		.store = store,
		.work = work,
		.challenge = &work->attempt.challenge };
	int result = load_challenge(&r);

	if (result == 0)
		result = load_user(&r);
	if (result != 0)
		return result;
	if (r.left.wait_s > 0)
		return refuse_unseen(&r);
	if (work->try.hashed.asked)
		return judge(&r);
	/* What can be none is no guess, and costs nothing. */
	if (!recovery_read(work->try.code, in->code))
		return answer_wrong(&r);
	return recovery_try_ask(call, store, r.principal, &work->try);
}

void recover_committed(struct call *call)
{
	struct recover_work *work = call->work;

	attempt_committed(call_daemon(call), &work->attempt);
}

void recover_release(struct call *call)
{
	struct recover_work *work = call->work;

	outgoing_free(work->attempt.notice);
}
