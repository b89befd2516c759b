/* SPDX-License-Identifier: MIT */
/*
 * Registrations that wait for their code.
 *
 * Nobody MUST learn from here whether an address has an account. So both cases are one:
 * the same statements in the same order, a challenge, a row with the form, and one mail
 * that the same budgets count. Only what the mail says differs, which its owner alone
 * reads: a code, or that somebody has typed his address; and then the challenge is a
 * decoy. The password was hashed before, in both.
 *
 * User names are another matter: whoever chooses one is told whether it is free by
 * every application there is, and it may show it on every page. So a taken one is said,
 * and before anything is looked at that depends on the address.
 *
 * The challenges are those of "nobody" with this address, so that the budgets hold for
 * the address whoever asks. A form does not live longer than its tenant says, nor does
 * its code than the policy says; as long as the form waits, a new code can be had for
 * the same challenge, whose tries go on. (The keeper forgets a challenge ten minutes
 * after its code's end; then the form is sent again.)
 */
#include "otpd/account/registration.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/daemon.h"
#include "otpd/server/reply.h"
#include "otpd/store/challenges.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

/* Fills out->issue but for service, remote host and peer, from out->form. */
static int find_recipient(
	struct daemon *daemon, struct store *store, struct registration_issue *out)
{
	const struct config *config = daemon->moment.config;
	const struct registration *form = &out->form;
	const char *language = form->language;
	int r;

	principal_of_nobody(out->principal, daemon->key, form->tenant, form->address);
	r = accounts_find(store, form->tenant, form->address, &out->owner);
	if (r < 0 && r != -ENOENT)
		return r;
	out->issue = (struct issue){
		.user = out->principal,
		.tty = "",
		.purpose = CODE_REGISTER,
		.address = form->address,
		.person = form->login,
		.tenant = form->tenant,
		.taken = r == 0,
	};
	if (out->issue.taken) {
		out->issue.address = out->owner.address;
		out->issue.person = out->owner.login;
		language = out->owner.language;
	}
	out->issue.language =
		*language ? language : config_tenant(config, form->tenant)->language;
	return 0;
}

int registration_issue(struct daemon *daemon, struct store *store,
	const struct challenge *challenge, struct registration_issue *out)
{
	int r = registrations_get(
		store, challenge->id, daemon->moment.now_s, &out->form);

	if (r == 0)
		r = find_recipient(daemon, store, out);
	if (r < 0)
		return r == -ENOENT ? OUTCOME_NO_CHALLENGE : r;
	out->issue.policy = config_policy(daemon->moment.config, challenge->service);
	out->issue.service = challenge->service;
	out->issue.rhost = challenge->rhost;
	out->issue.peer = challenge->peer;
	/* Its owner has gone: nothing that could be mailed would open it. */
	out->issue.decoy = challenge->decoy && !out->issue.taken;
	return 0;
}

int registration_waits(
	struct daemon *daemon, struct store *store, const struct challenge *challenge)
{
	struct registration form;
	int r;

	if (challenge->purpose != CODE_REGISTER)
		return 0;
	r = registrations_get(store, challenge->id, daemon->moment.now_s, &form);
	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

int registration_login_is_free(
	struct store *store, const char *tenant, const char *login)
{
	struct account other;
	int r;

	if (!*login)
		return 0;
	r = accounts_find(store, tenant, login, &other);
	return r == -ENOENT ? 0 : r < 0 ? r : OUTCOME_EXISTS;
}

/*
 * 1 if the earlier challenge still takes a code for this form, and then it is in work.
 * Another spelling of the address is another address here: the code went to the first.
 */
static int resume(struct call *call, struct store *store, struct begin_work *work,
	const uint8_t *previous, const struct registration_issue *out)
{
	int64_t now = call_daemon(call)->moment.now_s;
	struct challenge *challenge = &work->challenge;
	struct registration earlier;
	int r;

	if (!previous)
		return 0;
	r = challenges_get(store, previous, challenge);
	if (r == 0)
		r = registrations_get(store, previous, now, &earlier);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return challenge->purpose == CODE_REGISTER &&
		strcmp(challenge->user, out->principal) == 0 &&
		challenge_check(challenge, call->peer.uid, now) == 0 &&
		strcmp(earlier.client, out->form.client) == 0 &&
		strcmp(earlier.address, out->form.address) == 0;
}

/* Ends a challenge of this caller, and its form, if it is one to register. */
static int give_up(struct call *call, struct store *store, struct begin_work *work,
	const uint8_t id[CODE_ID])
{
	struct challenge challenge;
	int r = challenges_get(store, id, &challenge);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (challenge.peer != call->peer.uid || challenge.purpose != CODE_REGISTER)
		return 0;
	if (challenge.state == CHALLENGE_LIVE) {
		work->dead_mail = challenge.mail;
		challenge_set_state(&challenge, CHALLENGE_CANCELLED);
		r = challenges_update(store, &challenge);
	}
	if (r == 0)
		r = mails_kill(store, challenge.mail);
	return r < 0 ? r : registrations_delete(store, id);
}

/* The one before, of whatever browser, and the one that the caller names. */
static int give_up_earlier(struct call *call, struct store *store,
	struct begin_work *work, const uint8_t *previous,
	const struct registration *form)
{
	uint8_t id[CODE_ID];
	int r = previous ? give_up(call, store, work, previous) : 0;

	if (r < 0)
		return r;
	r = registrations_find(store, form->tenant, form->address,
		call_daemon(call)->moment.now_s, id);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return give_up(call, store, work, id);
}

static int issue_fresh(struct call *call, struct store *store, struct begin_work *work,
	const uint8_t *previous, const struct registration_issue *out)
{
	struct daemon *daemon = call_daemon(call);
	int64_t wait, next;
	int r = issue_wait_s(daemon, store, &out->issue, &wait, &next);

	/* Nothing is changed then, nor written: there is no end of who may ask. */
	if (r < 0 || wait > 0)
		return r < 0 ? r : reply_throttled(call, wait);
	r = give_up_earlier(call, store, work, previous, &out->form);
	if (r == 0)
		r = issue_new(
			daemon, store, &out->issue, &work->challenge, &work->mail);
	if (r == 0)
		reply_challenge(
			call, &work->challenge, next, "queued", CODE_OF_ACCOUNT);
	return r;
}

static int note_begun(struct call *call, struct store *store, struct begin_work *work,
	const struct registration_issue *out)
{
	char owner[PRINCIPAL_SIZE];
	bool taken = out->issue.taken;

	principal_of_account(owner, out->owner.id);
	record_about(&work->record, taken ? owner : out->principal, out->issue.service,
		out->issue.rhost, call->peer.uid);
	record_refer(&work->record, work->challenge.reference);
	return record_store(&work->record, store, call_daemon(call)->moment.now_s,
		taken ? "reg_taken" : "reg_begun",
		taken ? "registration of an address that has an account"
		      : "registration begun",
		LOG_NOTICE);
}

int registration_begin(struct call *call, struct store *store, struct begin_work *work,
	const struct account_caller *caller, const char *rhost, const uint8_t *previous,
	struct registration_issue *out)
{
	struct daemon *daemon = call_daemon(call);
	int r = registration_login_is_free(store, caller->tenant, out->form.login);

	if (r == 0)
		r = find_recipient(daemon, store, out);
	if (r != 0)
		return r;
	out->issue.policy = caller->policy;
	out->issue.service = caller->service;
	out->issue.rhost = rhost;
	out->issue.peer = call->peer.uid;
	r = attempt_look_at_lock(call, store, &out->issue);
	if (r != 0)
		return r;
	r = resume(call, store, work, previous, out);
	if (r < 0)
		return r;
	r = r > 0 ? reply_resumed(
			    call, store, &work->challenge, &out->issue, CODE_OF_ACCOUNT)
		  : issue_fresh(call, store, work, previous, out);
	if (r != 0)
		return r;
	memcpy(out->form.challenge, work->challenge.id, CODE_ID);
	out->form.expires_at = daemon->moment.now_s + caller->rules->pending_s;
	r = registrations_put(store, &out->form);
	return r < 0 ? r : note_begun(call, store, work, out);
}
