/* SPDX-License-Identifier: MIT */
/*
 * Login of an account, inside of its transactions.
 *
 * The order is the policy: the password; then what the state of the account forbids,
 * which only somebody with the password is told; a remembered step-up counts; then a
 * code is offered, as to anybody who logs in. exempt_* and required_* of a policy are
 * about Unix users and do not apply.
 */
#include "otpd/account/signin.h"

#include "otpd/account/session.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/offer.h"
#include "otpd/server/speaker.h"
#include "otpd/store/principals.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

int signin_check(struct call *call)
{
	struct signin_in *in = call->in;
	struct account_caller caller;
	int r;

	if (!speaker_is_name(in->who.user))
		return OUTCOME_BAD_NAME;
	speaker_clean(call, &in->who);
	r = account_caller(call_daemon(call)->config, call->peer.uid, in->who.service,
		ACCOUNT_LOGIN, &caller);
	if (r != 0)
		return r;
	if (!in->who.service[0])
		text_copy(in->who.service, sizeof(in->who.service), caller.service);
	gate_prepare(call);
	return 0;
}

static int say(
	struct call *call, struct store *store, const char *event, const char *phrase)
{
	struct signin_work *work = call->work;

	return record_store(&work->begin.record, store, call_daemon(call)->moment.now_s,
		event, phrase, LOG_NOTICE);
}

static int refuse(struct call *call, struct store *store, int outcome)
{
	struct signin_work *work = call->work;
	int r;

	record_detail(&work->begin.record,
		outcome == OUTCOME_DISABLED             ? "disabled"
			: outcome == OUTCOME_MUST_RESET ? "must_reset"
							: "not_verified");
	r = say(call, store, "refused_state",
		"login refused, the state of the account does not allow it");
	return r < 0 ? r : outcome;
}

/* What the state of the account, whose owner this is, allows. */
static int look_at_state(const struct account *account, const struct policy *policy)
{
	int r = gate_login_state(account);

	if (r == 0 && account->verified_at == 0 &&
		policy->unverified == POLICY_UNVERIFIED_REFUSE)
		r = OUTCOME_NOT_VERIFIED;
	return r;
}

static int let_in(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account)
{
	const struct signin_in *in = call->in;
	int r = say(call, store, "remembered", "a step-up is remembered");

	call_out_string(call, "state", "verified");
	if (r == 0 && in->token)
		r = session_receipt(
			call, store, caller, account, "", caller->service, "pwd");
	return r;
}

static int offer(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account)
{
	const struct signin_in *in = call->in;
	struct signin_work *work = call->work;
	struct account_issue to;
	struct offer offer = { .work = &work->begin };
	int r;

	account_issue(&to, caller, account, in->who.rhost, call->peer.uid,
		account->verified_at > 0 ? CODE_LOGIN : CODE_VERIFY_ADDRESS);
	to.issue.tty = in->who.tty;
	offer.issue = to.issue;
	r = offer_look_at_lock(call, store, &offer);
	if (account->state == ACCOUNT_LOCKED)
		offer.decoy = "locked";
	return r < 0 ? r : offer_code(call, store, &offer);
}

static int go_on(struct call *call, struct store *store,
	const struct account_caller *caller, const struct gate *gate)
{
	const struct signin_in *in = call->in;
	struct signin_work *work = call->work;
	int64_t length, alphabet;
	struct user user;
	int r;

	record_about(&work->begin.record, gate->principal, caller->service,
		in->who.rhost, call->peer.uid);
	r = look_at_state(&gate->account, caller->policy);
	if (r != 0)
		return refuse(call, store, r);
	r = principals_get(store, gate->principal, &user);
	if (r == 0)
		r = offer_remembered(call, store, &user, &in->who, &length, &alphabet);
	if (r < 0)
		return r;
	return r > 0 ? let_in(call, store, caller, &gate->account)
		     : offer(call, store, caller, &gate->account);
}

int signin_apply(struct call *call, struct store *store)
{
	const struct signin_in *in = call->in;
	struct signin_work *work = call->work;
	struct account_caller caller;
	int r = account_caller(call_daemon(call)->moment.config, call->peer.uid,
		in->who.service, ACCOUNT_LOGIN, &caller);

	if (r == 0)
		r = gate_pass(call, store, &work->gate, &caller, in->who.user,
			in->password, in->who.rhost);
	if (r != 0 || !work->gate.open)
		return r;
	return go_on(call, store, &caller, &work->gate);
}

void signin_committed(struct call *call)
{
	struct signin_work *work = call->work;

	gate_committed(call_daemon(call), &work->gate);
	begin_committed(call);
}

void signin_release(struct call *call)
{
	struct signin_work *work = call->work;

	gate_release(&work->gate);
	begin_release(call);
}
