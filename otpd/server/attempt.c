/* SPDX-License-Identifier: MIT */
/*
 * A code is tried.
 *
 * MUST count a wrong try on the challenge and on the user in the same transaction that
 * answers. MUST compare with exactly one challenge. MUST refuse before comparing when
 * the user's budget is used up, also for a challenge that was begun before that. The
 * answer leaves after COMMIT, so a crash gives nobody a free guess.
 *
 * Tries on decoys are counted and written like all others, but for nobody: no guess was
 * evaluated, so they neither lock a user nor keep one locked. Those of accounts'
 * methods are the exception, since anybody can begin one and see what becomes of his
 * tries: a decoy there MUST count, and be refused, as a real one would.
 */
#include "otpd/server/attempt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/account/account.h"
#include "otpd/core/principal.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/issue.h"
#include "otpd/server/reply.h"
#include "otpd/store/challenges.h"
#include "otpd/store/principals.h"
#include "otpd/store/spending.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/log.h"

/* Of the line that begins with ALERT, as otpd(8) has it. */
#define ALERT_MESSAGE_ID "fcd9be22bac843b9ab9cb3f48873076a"

/*
 * Anybody can ask for a reset, without a password: whoever types wrong codes there MUST
 * NOT lock the owner out of his sign-ins, let alone for good.
 */
void attempt_budget(char out[ATTEMPT_BUDGET], const char *user, int64_t purpose)
{
	snprintf(out, ATTEMPT_BUDGET, "%s%s", purpose == CODE_RESET ? "rs:" : "", user);
}

/* Whose wrong codes those of this challenge are. */
static int locked_s(struct daemon *daemon, struct store *store,
	const struct challenge *challenge, const struct policy *policy, int64_t *ret)
{
	char budget[ATTEMPT_BUDGET];

	attempt_budget(budget, challenge->user, challenge->purpose);
	return attempt_locked_s(daemon, store, budget, policy, ret);
}

int attempt_locked_s(struct daemon *daemon, struct store *store, const char *user,
	const struct policy *policy, int64_t *ret_wait_s)
{
	int64_t now = daemon->moment.now_s;
	struct budget_window windows[3];
	struct spending wrong;
	int r;

	policy_wrong_windows(policy, windows);
	r = spending_wrong(store, user, BUDGET_MONTH, windows[2].limit, now, &wrong);
	if (r < 0)
		return r;
	*ret_wait_s = budget_wait_s(wrong.at, wrong.n, windows, 2, now);
	/* No administrator knows who is to be unlocked where there is nobody yet. */
	if (!principal_is_nobody(user) &&
		budget_wait_s(wrong.at, wrong.n, &windows[2], 1, now) > 0)
		*ret_wait_s = -1;
	return 0;
}

/* A lock of an address that has no account is nobody's secret. */
static bool is_concealed(const struct policy *policy, int64_t purpose)
{
	return policy->conceal && purpose != CODE_REGISTER;
}

int attempt_look_at_lock(struct call *call, struct store *store, struct issue *issue)
{
	char budget[ATTEMPT_BUDGET];
	int64_t wait;
	int r;

	attempt_budget(budget, issue->user, issue->purpose);
	r = attempt_locked_s(call_daemon(call), store, budget, issue->policy, &wait);
	if (r < 0 || wait == 0)
		return r;
	if (!is_concealed(issue->policy, issue->purpose))
		return reply_locked(call, wait > 0 ? wait : 0);
	issue->decoy = true;
	issue->taken = false;
	return 0;
}

/* Mails the owner once that he is locked. A mail that cannot go does not unlock him. */
static int send_notice(struct daemon *daemon, struct store *store,
	const struct user *user, const struct policy *policy, int64_t until_s,
	struct attempt *attempt)
{
	struct issue issue = {
		.policy = policy,
		.user = user->name,
		.service = attempt->challenge.service,
		.rhost = attempt->challenge.rhost,
		.tty = "",
	};
	int r;

	issue_to_user(&issue, user);
	account_dress(&issue, daemon->moment.config, attempt->challenge.peer);
	r = issue_notice(
		daemon, store, &issue, ISSUE_LOCKED, until_s, &attempt->notice);

	/* The try must count whatever becomes of the mail. */
	return issue_courtesy(r);
}

/* Strangers can cause it, so not if a notice went to the owner within a day. */
static int told_today(struct daemon *daemon, struct store *store, const char *user)
{
	struct spending sends;
	int r = spending_user_sends(
		store, user, CODE_NOTICE, BUDGET_DAY, 1, daemon->moment.now_s, &sends);

	return r < 0 ? r : sends.n > 0;
}

/* Nobody's notice is sealed and written like any other, and void. */
static int tell_of_resets(struct daemon *daemon, struct store *store,
	const struct policy *policy, struct attempt *attempt)
{
	const struct challenge *challenge = &attempt->challenge;
	struct user user = { .state = USER_ACTIVE };
	struct issue issue = {
		.policy = policy,
		.service = challenge->service,
		.rhost = challenge->rhost,
		.tty = "",
		.peer = challenge->peer,
	};
	int told = told_today(daemon, store, challenge->user);
	int r = principals_get(store, challenge->user, &user);
	bool known = r == 0;

	if (told < 0 || (r < 0 && r != -ENOENT))
		return told < 0 ? told : r;
	issue_to_user(&issue, &user);
	issue.user = challenge->user;
	account_dress(&issue, daemon->moment.config, challenge->peer);
	issue.decoy =
		told || !known || user.verified_at == 0 || user.state != USER_ACTIVE;
	if (!known)
		issue.address = ISSUE_NOBODY;
	return issue_courtesy(issue_notice(
		daemon, store, &issue, ISSUE_RESET_LOCKED, 0, &attempt->notice));
}

/* The budget of a month is used up: the owner hears of it, and no sign-in is locked. */
static int lock_resets(struct daemon *daemon, struct store *store,
	const struct policy *policy, struct attempt *attempt)
{
	const struct challenge *challenge = &attempt->challenge;
	int r = tell_of_resets(daemon, store, policy, attempt);

	if (r < 0)
		return r;
	record_about(&attempt->lock, challenge->user, challenge->service,
		challenge->rhost, challenge->peer);
	return record_store(&attempt->lock, store, daemon->moment.now_s, "reset_locked",
		"no reset any more after too many wrong codes", LOG_WARNING);
}

/* After a wrong try: is the budget used up by it? Then say so, and disable at the last.
 */
static int lock_if_used_up(struct daemon *daemon, struct store *store,
	const struct policy *policy, struct attempt *attempt)
{
	const struct challenge *challenge = &attempt->challenge;
	int64_t wait, now = daemon->moment.now_s;
	struct user user;
	int r;

	r = locked_s(daemon, store, challenge, policy, &wait);
	if (r < 0 || wait == 0 || !attempt->counts)
		return r;
	if (challenge->purpose == CODE_RESET)
		return wait < 0 ? lock_resets(daemon, store, policy, attempt) : 0;
	r = principals_get(store, challenge->user, &user);
	if (r == -ENOENT)
		return 0;
	record_about(&attempt->lock, challenge->user, challenge->service,
		challenge->rhost, challenge->peer);
	if (r == 0 && wait < 0)
		r = principals_lock(store, user.name);
	if (r == 0 && policy->conceal)
		r = challenges_conceal_user(store, user.name);
	if (r == 0 && user.verified_at > 0 && user.state == USER_ACTIVE)
		r = send_notice(daemon, store, &user, policy, wait > 0 ? now + wait : 0,
			attempt);
	if (r < 0)
		return r;
	if (wait > 0)
		snprintf(attempt->lock.detail, sizeof(attempt->lock.detail), "%llds",
			(long long)wait);
	return record_store(&attempt->lock, store, now,
		wait < 0 ? "disabled" : "locked",
		wait < 0 ? "second step disabled after too many wrong codes"
			 : "user locked after too many wrong codes",
		LOG_WARNING);
}

/* Whole-host alert; the codes get longer in issue.c. */
static void count_for_host(struct daemon *daemon)
{
	static const struct journal_field id = { "MESSAGE_ID", ALERT_MESSAGE_ID };
	int64_t now = daemon->moment.now_s, rate;

	budget_rate_add(&daemon->wrong, now, 1);
	rate = budget_rate_hour(&daemon->wrong, now);
	if (rate < daemon->moment.config->wrong_alert || daemon->alerted_s > now - 3600)
		return;
	daemon->alerted_s = now;
	daemon->n_alerts++;
	log_fields(LOG_ERR, &id, 1,
		"ALERT: %lld wrong codes in the last hour on this host",
		(long long)rate);
}

static int wrong(struct daemon *daemon, struct store *store,
	const struct policy *policy, struct attempt *attempt, int outcome)
{
	int64_t now = daemon->moment.now_s;
	bool burnt = outcome == OUTCOME_BURNT;
	char budget[ATTEMPT_BUDGET];
	int r;

	attempt_budget(budget, attempt->challenge.user, attempt->challenge.purpose);
	r = spending_add_wrong(store, budget, !attempt->counts, now);
	if (r < 0)
		return r;
	if (!attempt->challenge.decoy)
		count_for_host(daemon);
	attempt->ended = burnt;
	r = record_store(&attempt->record, store, now, burnt ? "burnt" : "wrong",
		burnt ? "wrong code, and the last try of its challenge" : "wrong code",
		LOG_NOTICE);
	if (r == 0)
		r = lock_if_used_up(daemon, store, policy, attempt);
	return r < 0 ? r : outcome;
}

static int refuse(struct daemon *daemon, struct store *store, struct attempt *attempt,
	int outcome)
{
	static const struct {
		int outcome;
		const char *event;
		const char *phrase;
	} words[] = {
		{ OUTCOME_EXPIRED, "expired", "code came too late" },
		{ OUTCOME_BURNT, "burnt", "challenge had no tries left" },
		{ OUTCOME_NO_CHALLENGE, "no_challenge",
			"challenge was over or another's" },
		{ OUTCOME_LOCKED, "refused_locked",
			"code refused unseen, the user is locked" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int r;

		if (words[i].outcome != outcome)
			continue;
		r = record_store(&attempt->record, store, daemon->moment.now_s,
			words[i].event, words[i].phrase, LOG_NOTICE);
		return r < 0 ? r : outcome;
	}
	return outcome;
}

static bool is_right(const struct daemon *daemon, const struct challenge *challenge,
	const char *code)
{
	uint8_t hash[CODE_HASH];

	code_hash(hash, daemon->key, challenge->purpose, challenge->id, challenge->user,
		challenge->service, code);
	return code_hash_equal(hash, challenge->hash) &&
		challenge->key_id == daemon->key->id && !challenge->decoy;
}

/* The user's budget and state, which may have changed since the challenge was begun. */
static int check_user(struct daemon *daemon, struct store *store,
	const struct policy *policy, struct attempt *attempt)
{
	const struct challenge *challenge = &attempt->challenge;
	struct user user;
	int64_t wait;
	int r;

	if (!attempt->counts)
		return 0;
	r = locked_s(daemon, store, challenge, policy, &wait);
	if (r < 0)
		return r;
	attempt->locked_s = wait > 0 ? wait : 0;
	if (wait != 0)
		return OUTCOME_LOCKED;
	r = principals_get(store, challenge->user, &user);
	if (challenge->decoy)
		return r == -ENOENT ? 0 : r;
	if (r == 0)
		attempt->refusals = user.refusals;
	if (r == -ENOENT)
		return code_founds(challenge->purpose) ? 0 : OUTCOME_NO_CHALLENGE;
	return r < 0 ? r : user.state == USER_ACTIVE ? 0 : OUTCOME_LOCKED;
}

/* Compares, counts and writes; the challenge has been let through. */
static int evaluate(struct daemon *daemon, struct store *store,
	const struct policy *policy, const struct attempt_try *try,
	struct attempt *attempt)
{
	struct challenge *challenge = &attempt->challenge;
	bool right = is_right(daemon, challenge, try->code);
	int outcome;
	int r;

	if (right && try->keep)
		return 0;
	outcome = challenge_try(challenge, right);
	r = challenges_update(store, challenge);
	if (r == 0 && challenge->state != CHALLENGE_LIVE)
		r = mails_kill(store, challenge->mail);
	if (r < 0)
		return r;
	attempt->ended = outcome == 0;
	return outcome == 0 ? 0 : wrong(daemon, store, policy, attempt, outcome);
}

int attempt_pass(struct store *store, struct attempt *attempt)
{
	struct challenge *challenge = &attempt->challenge;
	int r;

	(void)challenge_try(challenge, true);
	r = challenges_update(store, challenge);
	attempt->ended = r == 0;
	return r < 0 ? r : mails_kill(store, challenge->mail);
}

int attempt_code(struct daemon *daemon, struct store *store,
	const struct attempt_try *try, struct attempt *attempt)
{
	struct challenge *challenge = &attempt->challenge;
	const struct policy *policy;
	int r, outcome;

	r = challenges_get(store, try->id, challenge);
	if (r == 0 && code_realm(challenge->purpose) != try->realm)
		r = -ENOENT;
	if (r < 0)
		return r == -ENOENT ? OUTCOME_NO_CHALLENGE : r;
	policy = config_policy(daemon->moment.config, challenge->service);
	record_about(&attempt->record, challenge->user, challenge->service,
		challenge->rhost, try->peer);
	record_refer(&attempt->record, challenge->reference);
	attempt->counts =
		!challenge->decoy || code_realm(challenge->purpose) == CODE_OF_ACCOUNT;
	outcome = challenge_check(challenge, try->peer, daemon->moment.now_s);
	if (outcome == 0)
		outcome = check_user(daemon, store, policy, attempt);
	if (outcome == OUTCOME_LOCKED && is_concealed(policy, challenge->purpose)) {
		/* From here on it is a decoy, and answers as one. */
		challenge->decoy = true;
		attempt->counts = false;
		record_detail(&attempt->record, "locked");
		outcome = 0;
	}
	if (outcome == 0)
		return evaluate(daemon, store, policy, try, attempt);
	return outcome < 0 ? outcome : refuse(daemon, store, attempt, outcome);
}

void attempt_committed(struct daemon *daemon, struct attempt *attempt)
{
	if (attempt->ended)
		outbox_forget(&daemon->outbox, attempt->challenge.mail);
	outbox_add(&daemon->outbox, TAKE_PTR(attempt->notice));
	record_log(&attempt->record);
	record_log(&attempt->lock);
}
