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

/* With one box there is no prompt for an address, nor for a recovery code. */
static bool asks_more(const struct request *request)
{
	return !request->options.append;
}

static int read_begun(
	const struct wire_reply *reply, int state, struct request *request)
{
	struct answer *answer = &request->answer;

	switch (state) {
	case RESULT_VERIFIED:
	case RESULT_EXEMPT:
	case RESULT_NOT_ENROLLED:
		return state;
	case RESULT_CHALLENGE:
		if (answer_challenge(reply, PURPOSE_LOGIN | PURPOSE_VERIFY_ADDRESS,
			    &answer->challenge) < 0 ||
			answer_lock(reply, &answer->challenge) < 0)
			return -EBADMSG;
		if ((answer->challenge.locked ||
			    answer->challenge.delivery == DELIVERY_NONE) &&
			!asks_more(request))
			return -EBADMSG;
		return state;
	case RESULT_ENROL:
		/* Not for whom NSS does not know: nobody could ever log in so. */
		if (!asks_more(request) || request->who.unknown ||
			answer_domains(reply, answer->domains) < 0)
			return -EBADMSG;
		return state;
	default:
		return -EBADMSG;
	}
}

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
	call_put_bool(&call, "enrol", asks_more(request));
	call_put_bool(&call, "recovery", asks_more(request));
	r = call_send_for_state(&call);
	return r < OUTCOME_MAX ? r == OUTCOME_WRONG_CODE ? -EBADMSG : r
			       : read_begun(&call.reply, r, request);
}

int call_enrol(struct request *request, const char *address)
{
	CLEANUP(call_wipe) struct call call;
	int r;

	call_open(&call, request, METHOD("Enrol"));
	call_put(&call, "user", request->who.user);
	call_put_place(&call);
	call_put(&call, "tty", request->who.tty);
	wire_put_string(&call.writer, "address", address);
	r = call_send_for_state(&call);
	if (r < OUTCOME_MAX)
		return r == OUTCOME_WRONG_CODE ? -EBADMSG : r;
	if (r != RESULT_CHALLENGE ||
		answer_challenge(
			&call.reply, PURPOSE_ENROL, &request->answer.challenge) < 0)
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

/* Tries a code by a method whose only good state is the wanted one. */
static int try_code(struct call *call, const char *code, int wanted)
{
	const struct request *request = call->request;
	struct answer *answer = &call->request->answer;
	int r;

	call_put(call, "challenge", answer->challenge.id);
	call_put(call, "code", code);
	call_put_bool(call, "token", request->options.token);
	r = call_send_for_state(call);
	if (r < OUTCOME_MAX)
		return r;
	if (r != wanted ||
		wire_get_bool_if(
			&call->reply, "undeliverable", &answer->undeliverable) < 0)
		return -EBADMSG;
	if (r == RESULT_VERIFIED && request->options.token &&
		answer_token(&call->reply, "token", answer->token) < 0)
		return -EBADMSG;
	return r;
}

int call_verify(struct request *request, const char *code)
{
	CLEANUP(call_wipe) struct call call;
	bool proves = request->answer.challenge.purpose == PURPOSE_VERIFY_ADDRESS;

	call_open(&call, request, METHOD("Verify"));
	return try_code(
		&call, code, proves ? RESULT_ADDRESS_VERIFIED : RESULT_VERIFIED);
}

int call_recover(struct request *request, const char *code)
{
	CLEANUP(call_wipe) struct call call;

	call_open(&call, request, METHOD("Recover"));
	call.hashes = true;
	return try_code(&call, code, RESULT_VERIFIED);
}

int call_recovery_codes(struct request *request, struct codes *ret)
{
	CLEANUP(call_wipe) struct call call;
	int r;

	call_open(&call, request, METHOD("RecoveryCodes"));
	call.hashes = true;
	call_put(&call, "challenge", request->answer.challenge.id);
	r = call_send(&call);
	if (r != 0)
		return r;
	return answer_codes(&call.reply, ret) < 0 ? -EBADMSG : RESULT_CODES;
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
		r == RESULT_NOT_FOUND || r == RESULT_ENROL)
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
