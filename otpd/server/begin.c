/* SPDX-License-Identifier: MIT */
/*
 * Begin, inside the transaction.
 *
 * The order is the policy: who is exempt needs nothing; who is not enrolled enrols
 * where the policy says so, or may be let through where the caller asked for that; a
 * remembered step-up counts; then a code is offered, or for whoever cannot have one a
 * decoy that looks and costs the same.
 *
 * Whoever has got a break-glass code is not asked to enrol: an administrator has made
 * it since something is in the way of that.
 */
#include "otpd/server/begin.h"

#include <errno.h>

#include "otpd/server/daemon.h"
#include "otpd/server/enrol_login.h"
#include "otpd/server/issue.h"
#include "otpd/server/offer.h"
#include "otpd/store/recovery.h"
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
	bool has_code; /* of recovery, or a break-glass code; asked where it matters */
};

static int answer_state(
	struct begin *b, const char *state, const char *event, const char *phrase)
{
	call_out_string(b->call, "state", state);
	return record_store(&b->work->record, b->store, b->daemon->moment.now_s, event,
		phrase, LOG_NOTICE);
}

/* Why this login can only get a decoy, besides a lock; NULL: it can get a code. */
static const char *find_decoy(const struct begin *b)
{
	if (b->in->unknown)
		return "unknown_user";
	if (!b->enrolled)
		return "not_enrolled";
	if (b->user.state == USER_LOCKED)
		return "locked";
	if (b->user.state != USER_ACTIVE)
		return "disabled";
	return NULL;
}

static int offer(struct begin *b)
{
	bool proven = b->user.verified_at > 0;
	struct offer offer = {
		.work = b->work,
		.recovers = b->in->recovery,
		.issue = {
			.policy = b->policy,
			.user = b->in->user,
			.service = b->in->service,
			.rhost = b->in->rhost,
			.tty = b->in->tty,
			.peer = b->call->peer.uid,
			.purpose = proven ? CODE_LOGIN : CODE_VERIFY_ADDRESS,
		},
	};
	const char *decoy = find_decoy(b);
	int r;

	/* An administrator's word holds against every code. */
	offer.has_code = b->has_code && !b->in->unknown &&
		!(b->enrolled && b->user.state == USER_DISABLED);
	offer.issue.unknown = b->in->unknown;
	issue_to_user(&offer.issue, &b->user);
	/* Asked for strangers too, who must cost the same. */
	r = offer_look_at_lock(b->call, b->store, &offer);
	if (decoy)
		offer.decoy = decoy;
	else if (!offer.decoy && !proven &&
		b->policy->unverified == POLICY_UNVERIFIED_REFUSE)
		offer.decoy = "not_verified";
	return r < 0 ? r : offer_code(b->call, b->store, &offer);
}

static int is_remembered(struct begin *b)
{
	int64_t length, alphabet;

	if (!b->enrolled || b->in->unknown)
		return 0;
	return offer_remembered(b->call, b->store, &b->user, b->in, &length, &alphabet);
}

static int load_user(struct begin *b)
{
	int r = users_get(b->store, b->in->user, &b->user);

	b->enrolled = r == 0;
	if (r < 0 && r != -ENOENT)
		return r;
	return b->in->recovery ? recovery_has(b->store, b->in->user,
					 b->daemon->moment.now_s, &b->has_code)
			       : 0;
}

/* Whoever calls for himself has shown no password, and is not taken at his word. */
static bool may_enrol(const struct begin *b)
{
	return b->in->enrol && !b->in->unknown && !b->enrolled && !b->has_code &&
		b->policy->unenrolled == POLICY_UNENROLLED_ENROL &&
		(b->call->peer.uid == 0 ||
			config_client(b->daemon->moment.config, b->call->peer.uid));
}

static int answer_enrol(struct begin *b)
{
	enrol_login_say_domains(b->call);
	return answer_state(b, "enrol", "enrol_asked",
		"an address is asked for, the user is not enrolled");
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
	if (may_enrol(&b))
		return answer_enrol(&b);
	if (!b.enrolled && b.in->nullok && !b.in->unknown)
		return answer_state(&b, "not_enrolled", "not_enrolled",
			"no code asked for, the user is not enrolled");
	r = is_remembered(&b);
	if (r < 0)
		return r;
	if (r > 0)
		return answer_state(
			&b, "verified", "remembered", "a step-up is remembered");
	return offer(&b);
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
