/* SPDX-License-Identifier: MIT */
/*
 * Addresses that users bring and prove themselves: the first, which enrols, and the
 * second route of somebody who is enrolled. Both are allowed where otpd.conf says so,
 * or for what the administrator has entered already.
 *
 * What was proven MUST NOT be changed here, neither the address nor the second route:
 * whoever has a session of the user could have his codes from then on, or as soon as
 * the mailbox is full. Root takes it away first. The two have purposes of their own, so
 * that the code of one never proves the other.
 */
#include "otpd/server/enrol.h"

#include <errno.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/issue.h"
#include "otpd/server/reply.h"
#include "otpd/store/challenges.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

/* A number has no domain: it is allowed where any domain is. */
bool enrol_domain_is_allowed(const struct config *config, const char *address)
{
	if (config->enrol_domains.n == 0)
		return true;
	for (size_t i = 0; i < config->enrol_domains.n; i++)
		if (text_same_nocase(
			    config->enrol_domains.items[i], address_domain(address)))
			return true;
	return false;
}

static int first_allowed(
	const struct config *config, const struct user *user, const char *address)
{
	if (user && user->state != USER_ACTIVE)
		return OUTCOME_NOT_ALLOWED;
	if (user && user->verified_at > 0)
		return OUTCOME_EXISTS;
	if (user)
		return strcmp(user->address, address) == 0 ? 0 : OUTCOME_NOT_ALLOWED;
	if (!config->self_enrol || !enrol_domain_is_allowed(config, address))
		return OUTCOME_NOT_ALLOWED;
	return 0;
}

static int second_allowed(
	const struct config *config, const struct user *user, const char *address)
{
	if (!user)
		return OUTCOME_NO_USER;
	if (user->state != USER_ACTIVE || user->verified_at == 0)
		return OUTCOME_NOT_ALLOWED;
	if (strcmp(user->second, address) == 0)
		return user->second_verified_at > 0 ? OUTCOME_EXISTS : 0;
	if (user->second[0] && user->second_verified_at > 0)
		return OUTCOME_NOT_ALLOWED;
	if (!config->self_enrol || !enrol_domain_is_allowed(config, address))
		return OUTCOME_NOT_ALLOWED;
	return 0;
}

/* May this user (NULL: not enrolled) bring this address? */
static int is_allowed(const struct config *config, const struct user *user,
	const struct enrolment *enrolment)
{
	if (enrolment->purpose == CODE_SECOND)
		return second_allowed(config, user, enrolment->address);
	return first_allowed(config, user, enrolment->address);
}

static const char *service_of(const struct enrolment *enrolment)
{
	return enrolment->service ? enrolment->service : ENROL_SERVICE;
}

static const char *or_none(const char *text)
{
	return text ? text : "";
}

/* The live one of this purpose, for whichever address; -ENOENT if there is none. */
static int find_live(struct call *call, struct store *store,
	const struct enrolment *enrolment, struct challenge *ret)
{
	return challenges_find_purpose(store, enrolment->user, service_of(enrolment),
		or_none(enrolment->rhost), call->peer.uid,
		call_daemon(call)->moment.now_s, enrolment->purpose, ret);
}

static int end(struct store *store, struct begin_work *work)
{
	struct challenge *challenge = &work->challenge;
	int r;

	work->dead_mail = challenge->mail;
	challenge_set_state(challenge, CHALLENGE_CANCELLED);
	r = challenges_update(store, challenge);
	return r < 0 ? r : mails_kill(store, challenge->mail);
}

static struct issue issue_of(
	struct call *call, const struct enrolment *enrolment, const struct user *user)
{
	const char *service = service_of(enrolment);

	return (struct issue){
		.policy = config_policy(call_daemon(call)->moment.config, service),
		.user = enrolment->user,
		.service = service,
		.rhost = or_none(enrolment->rhost),
		.tty = or_none(enrolment->tty),
		.peer = call->peer.uid,
		.purpose = enrolment->purpose,
		.address = enrolment->address,
		.person = user ? user->person : "",
		.language = user ? user->language : "",
		.own = enrolment->purpose == CODE_RECOVERY,
	};
}

int enrol_issue(struct call *call, struct store *store, struct begin_work *work,
	const struct enrolment *enrolment, const struct user *user)
{
	struct daemon *daemon = call_daemon(call);
	struct issue issue = issue_of(call, enrolment, user);
	enum code_realm form = code_realm(enrolment->purpose);
	int64_t wait, next;
	int r = find_live(call, store, enrolment, &work->challenge);
	bool lives = r == 0;

	if (r < 0 && r != -ENOENT)
		return r;
	if (lives && strcmp(work->challenge.address, enrolment->address) == 0)
		return reply_resumed(call, store, &work->challenge, &issue, form);
	r = issue_wait_s(daemon, store, &issue, &wait, &next);
	if (r < 0 || wait > 0)
		return r < 0 ? r : reply_throttled(call, wait);
	if (lives)
		r = end(store, work);
	if (r == 0)
		r = issue_new(daemon, store, &issue, &work->challenge, &work->mail);
	if (r == 0)
		reply_challenge(call, &work->challenge, next, "queued", form);
	return r;
}

static int note_begun(struct call *call, struct store *store, struct begin_work *work,
	const char *event, const char *phrase)
{
	record_refer(&work->record, work->challenge.reference);
	return record_store(&work->record, store, call_daemon(call)->moment.now_s,
		event, phrase, LOG_NOTICE);
}

int enrol_begin(struct call *call, struct store *store, struct begin_work *work,
	const struct enrolment *enrolment)
{
	const struct config *config = call_daemon(call)->moment.config;
	struct user user;
	const struct user *enrolled;
	int r = users_get(store, enrolment->user, &user);

	if (r < 0 && r != -ENOENT)
		return r;
	enrolled = r == 0 ? &user : NULL;
	record_about(&work->record, enrolment->user, ENROL_SERVICE, "", call->peer.uid);
	r = is_allowed(config, enrolled, enrolment);
	if (r != 0)
		return r;
	if (enrolment->purpose == CODE_SECOND &&
		strcmp(user.address, enrolment->address) == 0) {
		call_out_string(call, "reason", "it is the first address already");
		return OUTCOME_BAD_ADDRESS;
	}
	r = enrol_issue(call, store, work, enrolment, enrolled);
	if (r != 0)
		return r;
	return enrolment->purpose == CODE_SECOND
		? note_begun(call, store, work, "second_begun",
			  "proof of a second route begun")
		: note_begun(call, store, work, "enrol_begun", "enrolment begun");
}

int enrol_begin_recovery(struct call *call, struct store *store,
	struct begin_work *work, const char *name)
{
	struct daemon *daemon = call_daemon(call);
	struct user user;
	struct enrolment enrolment = {
		.user = name, .address = user.address, .purpose = CODE_RECOVERY
	};
	int64_t wait;
	int r = users_get(store, name, &user);

	if (r < 0)
		return r == -ENOENT ? OUTCOME_NO_USER : r;
	if (user.state == USER_LOCKED)
		return reply_locked(call, 0);
	if (user.state != USER_ACTIVE || user.verified_at == 0)
		return OUTCOME_NOT_ALLOWED;
	r = attempt_locked_s(daemon, store, name,
		config_policy(daemon->moment.config, ENROL_SERVICE), &wait);
	if (r < 0 || wait != 0)
		return r < 0 ? r : reply_locked(call, wait > 0 ? wait : 0);
	record_about(&work->record, name, ENROL_SERVICE, "", call->peer.uid);
	r = enrol_issue(call, store, work, &enrolment, &user);
	return r != 0 ? r
		      : note_begun(call, store, work, "recovery_begun",
				"new recovery codes asked for");
}

static int take_first(struct store *store, const struct challenge *c,
	const struct user *enrolled, int64_t now_s)
{
	struct user user = { .created_at = now_s, .verified_at = now_s };

	if (enrolled)
		return users_set_verified(store, c->user, now_s);
	text_copy(user.name, sizeof(user.name), c->user);
	text_copy(user.address, sizeof(user.address), c->address);
	return users_insert(store, &user);
}

int enrol_confirm(struct daemon *daemon, struct store *store, struct attempt *attempt)
{
	const struct challenge *c = &attempt->challenge;
	const struct enrolment enrolment = {
		.user = c->user, .address = c->address, .purpose = c->purpose
	};
	bool second = c->purpose == CODE_SECOND;
	int64_t now = daemon->moment.now_s;
	struct user user;
	const struct user *enrolled;
	int r;

	if (c->purpose == CODE_RECOVERY)
		return record_store(&attempt->record, store, now, "recovery_allowed",
			"new recovery codes allowed", LOG_NOTICE);
	r = users_get(store, c->user, &user);

	if (r < 0 && r != -ENOENT)
		return r;
	enrolled = r == 0 ? &user : NULL;
	/* Things may have changed while the code was on its way. */
	r = is_allowed(daemon->moment.config, enrolled, &enrolment);
	if (r != 0)
		return r;
	r = second ? users_set_second(store, c->user, c->address, now)
		   : take_first(store, c, enrolled, now);
	return r < 0 ? r
		     : record_store(&attempt->record, store, now,
			       second ? "second_enrolled" : "enrolled",
			       second ? "second route proven" : "user enrolled himself",
			       LOG_NOTICE);
}
