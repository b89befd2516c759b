/* SPDX-License-Identifier: MIT */
/*
 * The codes of accounts that are not a sign-in's: tried here, and handed to whoever
 * knows what they are for.
 *
 * A code that is right is kept at first: what it is for may need more (a recovery code)
 * or fail in a way that can be mended (a user name that was taken meanwhile), and then
 * the same code is still good. Whoever lets it pass MUST call attempt_pass() in the
 * same transaction. A wrong one counts at once, whatever else came with it.
 *
 * A challenge that is another caller's, another realm's or another tenant's is none.
 */
#include "otpd/account/confirm.h"

#include <errno.h>
#include <string.h>

#include "otpd/account/change.h"
#include "otpd/account/founding.h"
#include "otpd/account/reset.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/reply.h"
#include "otpd/store/challenges.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/hex.h"

int confirm_check(struct call *call)
{
	struct confirm_in *in = call->in;

	return hex_decode(in->id, sizeof(in->id), in->challenge) < 0
		? OUTCOME_NO_CHALLENGE
		: 0;
}

static enum account_purpose purpose_of(int64_t purpose)
{
	if (purpose == CODE_REGISTER)
		return ACCOUNT_REGISTER;
	return purpose == CODE_RESET ? ACCOUNT_RESET : ACCOUNT_CHANGE;
}

/* On whose behalf: the service is that of the challenge, which this caller began. */
static int find_caller(
	struct call *call, struct store *store, struct account_caller *ret)
{
	const struct config *config = call_daemon(call)->moment.config;
	struct confirm_work *work = call->work;
	const struct confirm_in *in = call->in;
	struct challenge *challenge = &work->attempt.challenge;
	int r = challenges_get(store, in->id, challenge);

	if (r == -ENOENT ||
		(r == 0 &&
			(challenge->peer != call->peer.uid ||
				code_realm(challenge->purpose) != CODE_OF_ACCOUNT)))
		return OUTCOME_NO_CHALLENGE;
	return r < 0 ? r
		     : account_caller(config, call->peer.uid, challenge->service,
			       purpose_of(challenge->purpose), ret);
}

int confirm_apply(struct call *call, struct store *store)
{
	struct confirm_work *work = call->work;
	const struct confirm_in *in = call->in;
	struct attempt_try try = { in->id, call->peer.uid, in->code, CODE_OF_ACCOUNT,
		.keep = true };
	struct account_caller caller;
	int r = find_caller(call, store, &caller);

	if (r != 0)
		return r;
	r = attempt_code(call_daemon(call), store, &try, &work->attempt);
	if (r != 0)
		return reply_wrong(call, store, &work->attempt, r);
	call_out_string(
		call, "purpose", code_purpose_name(work->attempt.challenge.purpose));
	switch (work->attempt.challenge.purpose) {
	case CODE_REGISTER:
		r = founding_confirm(call, store, &caller);
		break;
	case CODE_RESET:
		r = reset_confirm(call, store, &caller);
		break;
	case CODE_CHANGE_PASSWORD:
		r = change_confirm_password(call, store, &caller);
		break;
	default:
		r = change_confirm_address(call, store, &caller);
		break;
	}
	/* A refusal has parameters of its own, or none. */
	if (r == OUTCOME_EXISTS || r == OUTCOME_NO_CHALLENGE)
		call_out_clear(call);
	return r;
}

void confirm_committed(struct call *call)
{
	struct daemon *daemon = call_daemon(call);
	struct confirm_work *work = call->work;

	attempt_committed(daemon, &work->attempt);
	if (work->cancelled[0])
		outbox_forget_user(&daemon->outbox, work->cancelled);
	outbox_add(&daemon->outbox, TAKE_PTR(work->letter));
	record_log(&work->record);
	record_log(&work->session);
}

void confirm_release(struct call *call)
{
	struct confirm_work *work = call->work;

	outgoing_free(work->attempt.notice);
	outgoing_free(work->letter);
}
