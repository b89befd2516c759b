/* SPDX-License-Identifier: MIT */
/*
 * The methods of org.emailotp.Account that PAM has a place for, as functions. As with
 * those of Auth, an answer that the method cannot have is -EBADMSG: an account is never
 * exempt and never "not enrolled", so nothing here can be ignored by a stack.
 */
#include "pam_emailotp/call_account.h"

#include <errno.h>

#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "pam_emailotp/call.h"
#include "pam_emailotp/result.h"

#define METHOD(name) "org.emailotp.Account." name

/* With which every method about a login begins. */
static void open_for_login(
	struct call *call, struct request *request, const char *method)
{
	call_open(call, request, method);
	wire_put_string(&call->writer, "login", request->who.user);
}

int call_login(struct request *request, const char *password)
{
	CLEANUP(call_wipe) struct call call;
	struct answer *answer = &request->answer;
	int r;

	open_for_login(&call, request, METHOD("Login"));
	wire_put_string(&call.writer, "password", password);
	call_put_place(&call);
	call_put(&call, "tty", request->who.tty);
	call_put_bool(&call, "token", request->options.token);
	r = call_send_for_state(&call);
	if (r < OUTCOME_MAX)
		return r == OUTCOME_WRONG_CODE ? -EBADMSG : r;
	if (r == RESULT_CHALLENGE)
		return answer_challenge(&call.reply,
			       PURPOSE_LOGIN | PURPOSE_VERIFY_ADDRESS,
			       &answer->challenge) < 0
			? -EBADMSG
			: r;
	if (r != RESULT_VERIFIED)
		return -EBADMSG;
	if (request->options.token &&
		answer_token_if(&call.reply, "token", answer->token) < 0)
		return -EBADMSG;
	return r;
}

int call_status(struct request *request)
{
	CLEANUP(call_wipe) struct call call;
	int r;

	open_for_login(&call, request, METHOD("Status"));
	call_put_place(&call);
	r = call_send_for_state(&call);
	return r < OUTCOME_MAX || r == RESULT_VERIFIED ? r : -EBADMSG;
}

/* For the methods whose answer is a challenge and nothing else. */
static int send_for_challenge(struct call *call, enum purpose purpose)
{
	int r = call_send(call);

	if (r != 0)
		return r == OUTCOME_WRONG_CODE ? -EBADMSG : r;
	if (answer_challenge(&call->reply, purpose, &call->request->answer.challenge) <
		0)
		return -EBADMSG;
	return RESULT_CHALLENGE;
}

int call_change_password(struct request *request, const char *password)
{
	CLEANUP(call_wipe) struct call call;

	open_for_login(&call, request, METHOD("ChangePassword"));
	wire_put_string(&call.writer, "password", password);
	call_put_place(&call);
	return send_for_challenge(&call, PURPOSE_CHANGE_PASSWORD);
}

int call_request_reset(struct request *request)
{
	CLEANUP(call_wipe) struct call call;

	open_for_login(&call, request, METHOD("RequestReset"));
	call_put_place(&call);
	return send_for_challenge(&call, PURPOSE_RESET);
}

int call_resend_change(struct request *request)
{
	CLEANUP(call_wipe) struct call call;

	call_open(&call, request, METHOD("Resend"));
	call_put(&call, "challenge", request->answer.challenge.id);
	return send_for_challenge(&call, request->answer.challenge.purpose);
}

int call_confirm(struct request *request, const char *code, const char *recovery)
{
	CLEANUP(call_wipe) struct call call;
	struct answer *answer = &request->answer;
	int r;

	call_open(&call, request, METHOD("Confirm"));
	call_put(&call, "challenge", answer->challenge.id);
	call_put(&call, "code", code);
	wire_put_string(&call.writer, "recovery", recovery);
	r = call_send(&call);
	if (r != 0)
		return r;
	if (answer_purpose(&call.reply, answer->challenge.purpose) < 0 ||
		answer_token(&call.reply, "grant", answer->grant) < 0)
		return -EBADMSG;
	return RESULT_GRANTED;
}

int call_set_password(struct request *request, const char *password)
{
	CLEANUP(call_wipe) struct call call;
	const char *account;
	int r;

	call_open(&call, request, METHOD("SetPassword"));
	call_put(&call, "grant", request->answer.grant);
	wire_put_string(&call.writer, "password", password);
	r = call_send(&call);
	if (r != 0)
		return r;
	if (wire_get_string(&call.reply, "account", LIMIT_ACCOUNT, &account) < 0)
		return -EBADMSG;
	return RESULT_PASSWORD_SET;
}
