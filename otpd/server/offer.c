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
	offer->decoy = wait < 0 ? "disabled" : "locked";
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

static int issue_fresh(struct call *call, struct store *store, struct offer *offer)
{
	struct daemon *daemon = call_daemon(call);
	struct begin_work *work = offer->work;
	bool is_login = offer->issue.purpose == CODE_LOGIN;
	int64_t wait, next;
	int r = issue_wait_s(daemon, store, &offer->issue, &wait, &next);

	if (r < 0)
		return r;
	if (wait > 0) {
		r = say(call, store, offer, "throttled",
			"no code sent, too many were asked for");
		return r < 0 ? r : reply_throttled(call, wait);
	}
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

int offer_code(struct call *call, struct store *store, struct offer *offer)
{
	struct issue *issue = &offer->issue;
	bool is_locked = offer->decoy &&
		(strcmp(offer->decoy, "locked") == 0 ||
			strcmp(offer->decoy, "disabled") == 0);
	struct challenge live;
	int r;

	if (is_locked && !issue->policy->conceal)
		return refuse_openly(call, store, offer);
	issue->decoy = offer->decoy != NULL;
	if (issue->decoy)
		to_nobody(issue);
	r = challenges_find_login(store, issue->user, issue->service, issue->rhost,
		issue->peer, call_daemon(call)->moment.now_s, &live);
	/* One that was begun when things were otherwise is not resumed. */
	if (r == 0 && live.decoy == issue->decoy)
		return resume(call, store, offer, &live);
	return r < 0 && r != -ENOENT ? r : issue_fresh(call, store, offer);
}
