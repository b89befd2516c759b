/* SPDX-License-Identifier: MIT */
/*
 * The methods of org.emailotp.Auth that a login needs, as functions. Each takes only
 * the states that its method can have; the rest is -EBADMSG. A code that proves an
 * address MUST NOT open a login, whatever otpd says about it.
 */
#include "pam_emailotp/call_auth.h"

#include <errno.h>

#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "pam_emailotp/call.h"
#include "pam_emailotp/result.h"

#define METHOD(name) "org.emailotp.Auth." name

int call_begin(struct request *request)
{
	CLEANUP(call_wipe) struct call call;
	int r;

	call_open(&call, request, METHOD("Begin"));
	wire_put_string(&call.writer, "user", request->who.user);
	call_put_place(&call);
	call_put(&call, "tty", request->who.tty);
	call_put_bool(&call, "unknown", request->who.unknown);
	call_put_bool(&call, "nullok", request->options.nullok);
	r = call_send_for_state(&call);
	if (r == RESULT_CHALLENGE &&
		answer_challenge(&call.reply, PURPOSE_LOGIN | PURPOSE_VERIFY_ADDRESS,
			&request->answer.challenge) < 0)
		return -EBADMSG;
	if (r == RESULT_ADDRESS_VERIFIED || r == RESULT_NOT_FOUND ||
		r == OUTCOME_WRONG_CODE)
		return -EBADMSG;
	return r;
}

int call_resend(struct request *request)
{
	CLEANUP(call_wipe) struct call call;
	struct challenge *challenge = &request->answer.challenge;
	int r;

	call_open(&call, request, METHOD("Resend"));
	call_put(&call, "challenge", challenge->id);
	r = call_send_for_state(&call);
	if (r < OUTCOME_MAX)
		return r == OUTCOME_WRONG_CODE ? -EBADMSG : r;
	if (r != RESULT_CHALLENGE ||
		answer_challenge(&call.reply, challenge->purpose, challenge) < 0)
		return -EBADMSG;
	return r;
}

int call_verify(struct request *request, const char *code)
{
	CLEANUP(call_wipe) struct call call;
	struct answer *answer = &request->answer;
	int wanted = answer->challenge.purpose == PURPOSE_LOGIN
		? RESULT_VERIFIED
		: RESULT_ADDRESS_VERIFIED;
	int r;

	call_open(&call, request, METHOD("Verify"));
	call_put(&call, "challenge", answer->challenge.id);
	call_put(&call, "code", code);
	call_put_bool(&call, "token", request->options.token);
	r = call_send_for_state(&call);
	if (r < OUTCOME_MAX)
		return r;
	if (r != wanted ||
		wire_get_bool_if(&call.reply, "undeliverable", &answer->undeliverable) <
			0)
		return -EBADMSG;
	if (r == RESULT_VERIFIED && request->options.token &&
		answer_token(&call.reply, "token", answer->token) < 0)
		return -EBADMSG;
	return r;
}

int call_account(struct request *request)
{
	CLEANUP(call_wipe) struct call call;
	int r;

	call_open(&call, request, METHOD("Account"));
	call_put(&call, "user", request->who.user);
	call_put_place(&call);
	r = call_send_for_state(&call);
	if (r == RESULT_CHALLENGE || r == RESULT_ADDRESS_VERIFIED ||
		r == RESULT_NOT_FOUND)
		return -EBADMSG;
	return r;
}

static int read_found(const struct wire_reply *reply, int state, struct found *ret)
{
	switch (state) {
	case RESULT_NOT_FOUND:
		return RESULT_NOT_FOUND;
	case RESULT_CHALLENGE:
		if (answer_challenge_id(reply, ret->id) < 0)
			return -EBADMSG;
		break;
	case RESULT_VERIFIED:
		break;
	default:
		return -EBADMSG;
	}
	return answer_form(reply, &ret->form) < 0 ? -EBADMSG : RESULT_FOUND;
}

int call_find(struct request *request, struct found *ret)
{
	CLEANUP(call_wipe) struct call call;
	int r;

	*ret = (struct found){ .form = { 0 } };
	call_open(&call, request, METHOD("Find"));
	call_put(&call, "user", request->who.user);
	call_put_place(&call);
	call_put(&call, "tty", request->who.tty);
	call_put_bool(&call, "account", request_is_of_account(request));
	r = call_send_for_state(&call);
	return r < OUTCOME_MAX ? r : read_found(&call.reply, r, ret);
}
