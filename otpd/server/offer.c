/* SPDX-License-Identifier: MIT */
/*
 * What follows a first factor that was right, of Unix users and of accounts: a live
 * challenge is resumed, so that sudo's three runs and a dropped ssh cost one mail; then
 * the budgets; then a code, or for whoever cannot have one a decoy that looks and costs
 * the same.
 *
 * Who is exempt, enrolled or proven is not looked at here.
 */
#include "otpd/server/offer.h"

#include <errno.h>
#include <string.h>

#include "otpd/core/recovery.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/daemon.h"
#include "otpd/server/reply.h"
#include "otpd/store/challenges.h"
#include "otpd/store/spending.h"
#include "otpd/util/log.h"

int offer_remembered(struct call *call, struct store *store, const struct user *user,
	const struct begin_in *in, int64_t *ret_length, int64_t *ret_alphabet)
{
	const struct moment *moment = &call_daemon(call)->moment;

	if (config_policy(moment->config, in->service)->grace_s == 0 ||
		user->state != USER_ACTIVE || user->verified_at == 0)
		return 0;
	return grace_get(store, user->name, in->service, in->rhost, in->tty,
		call->peer.uid, moment->now_s, ret_length, ret_alphabet);
}

int offer_look_at_lock(struct call *call, struct store *store, struct offer *offer)
{
	int64_t wait;
	int r = attempt_locked_s(call_daemon(call), store, offer->issue.user,
		offer->issue.policy, &wait);

	if (r < 0 || wait == 0)
		return r;
	offer->decoy = "locked";
	offer->locked_s = wait > 0 ? wait : 0;
	return 0;
}

static int say(struct call *call, struct store *store, const struct offer *offer,
	const char *event, const char *phrase)
{
	return record_store(&offer->work->record, store,
		call_daemon(call)->moment.now_s, event, phrase, LOG_NOTICE);
}

static int resume(struct call *call, struct store *store, struct offer *offer,
	const struct challenge *live)
{
	int r;

	offer->issue.purpose = live->purpose;
	r = reply_resumed(call, store, live, &offer->issue, CODE_OF_AUTH);
	if (r < 0)
		return r;
	record_refer(&offer->work->record, live->reference);
	return say(call, store, offer, "resumed", "challenge resumed");
}

/* One that was begun when things were otherwise is not resumed. */
static bool is_same(const struct offer *offer, const struct challenge *live)
{
	return live->decoy == offer->issue.decoy &&
		live->unknown == offer->issue.unknown;
}

/*
 * So many in an hour at most: they cost no mail, and strangers can cause them. Of one
 * user there are as many as he has codes, or he could use up those of all, by himself
 * and at ever new services. 1 if there may be one more.
 */
static int take_mailless(
	struct daemon *daemon, struct store *store, const struct offer *offer)
{
	struct budget_rate *rate = &daemon->mailless[offer->issue.decoy];
	int64_t now_s = daemon->moment.now_s, n = 0;
	int r = challenges_count_mailless(
		store, offer->issue.user, now_s - BUDGET_HOUR, &n);

	if (r < 0 || n >= RECOVERY_CODES ||
		budget_rate_hour(rate, now_s) >=
			daemon->moment.config->sends_per_host_hour)
		return r < 0 ? r : 0;
	budget_rate_add(rate, now_s, 1);
	return 1;
}

static int refuse_mail(
	struct call *call, struct store *store, const struct offer *offer, int64_t wait)
{
	int r;

	if (wait == 0)
		return OUTCOME_UNAVAILABLE;
	r = say(call, store, offer, "throttled",
		"no code sent, too many were asked for");
	return r < 0 ? r : reply_throttled(call, wait);
}

/*
 * No mail can be had now. Whoever may have a recovery code gets a challenge all the
 * same, or goes on with the one that he got for that.
 */
static int offer_without_mail(struct call *call, struct store *store,
	struct offer *offer, const struct challenge *live, int64_t wait)
{
	struct daemon *daemon = call_daemon(call);
	struct challenge *challenge = &offer->work->challenge;
	bool resumed = live && live->mail == 0;
	int r = resumed;

	if (!resumed && offer->recovers)
		r = take_mailless(daemon, store, offer);
	if (r == 0 || !offer->recovers)
		return refuse_mail(call, store, offer, wait);
	if (r < 0)
		return r;
	r = 0;
	if (resumed)
		*challenge = *live;
	else
		r = issue_without_mail(daemon, store, &offer->issue, challenge);
	if (r < 0)
		return r;
	reply_challenge(call, challenge, wait, "none", CODE_OF_AUTH);
	call_out_bool(call, "resumed", resumed);
	record_refer(&offer->work->record, challenge->reference);
	record_detail(&offer->work->record, offer->decoy ? offer->decoy : "");
	return say(call, store, offer, "mailless",
		wait > 0
			? "no code sent, too many were asked for; one of recovery helps"
			: "no code sent, no mailer is known; one of recovery helps");
}

static int issue_fresh(struct call *call, struct store *store, struct offer *offer,
	const struct challenge *live)
{
	struct daemon *daemon = call_daemon(call);
	struct begin_work *work = offer->work;
	bool is_login = offer->issue.purpose == CODE_LOGIN;
	int64_t wait, next;
	int r = issue_wait_s(daemon, store, &offer->issue, &wait, &next);

	if (r < 0)
		return r;
	if (wait > 0 || !daemon->moment.seal.ready)
		return offer_without_mail(call, store, offer, live, wait);
	r = issue_new(daemon, store, &offer->issue, &work->challenge, &work->mail);
	if (r != 0)
		return r;
	reply_challenge(call, &work->challenge, next, "queued", CODE_OF_AUTH);
	record_refer(&work->record, work->challenge.reference);
	if (offer->decoy) {
		record_detail(&work->record, offer->decoy);
		return say(call, store, offer, "decoy",
			"no code sent, challenge cannot be passed");
	}
	return say(call, store, offer, "issued",
		is_login ? "code issued" : "code issued to verify the address");
}

static int refuse_openly(struct call *call, struct store *store, struct offer *offer)
{
	int r = say(call, store, offer, "refused_locked",
		"login refused, the user is locked");

	return r < 0 ? r : reply_locked(call, offer->locked_s);
}

/* A decoy's letter is about as long as a real one. */
static void to_nobody(struct issue *issue)
{
	issue->purpose = CODE_LOGIN;
	issue->address = ISSUE_NOBODY;
	issue->person = "";
	issue->second = NULL;
	issue->language = NULL;
	issue->used_at = 0;
	issue->own = false;
}

/* A live one goes on, unless it waits for a mail: there may be one now. */
static int resume_or_issue(struct call *call, struct store *store, struct offer *offer)
{
	const struct issue *issue = &offer->issue;
	struct challenge live;
	int r = challenges_find_login(store, issue->user, issue->service, issue->rhost,
		issue->peer, call_daemon(call)->moment.now_s, &live);
	bool same = r == 0 && is_same(offer, &live);

	if (r < 0 && r != -ENOENT)
		return r;
	if (same && live.mail != 0)
		return resume(call, store, offer, &live);
	return issue_fresh(call, store, offer, same ? &live : NULL);
}

int offer_code(struct call *call, struct store *store, struct offer *offer)
{
	struct issue *issue = &offer->issue;
	bool is_locked = offer->decoy &&
		(strcmp(offer->decoy, "locked") == 0 ||
			strcmp(offer->decoy, "disabled") == 0);
	bool is_open = is_locked && !issue->policy->conceal;
	int r;

	/* What only some were given would tell who has a code. */
	offer->recovers =
		offer->recovers && (issue->policy->conceal || offer->has_code);
	if (is_open && !offer->recovers)
		return refuse_openly(call, store, offer);
	issue->decoy = offer->decoy != NULL;
	if (issue->decoy)
		to_nobody(issue);
	r = resume_or_issue(call, store, offer);
	if (r == 0 && is_open) {
		call_out_bool(call, "locked", true);
		call_out_int(call, "retry_after", offer->locked_s);
	}
	return r;
}
