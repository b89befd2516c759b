/* SPDX-License-Identifier: MIT */
/*
 * A call of otpd: written, sent and read in one buffer of the stack, which is wiped
 * when the call is over.
 *
 * The outcomes that only accounts can have MUST NOT be taken where no account was asked
 * about: one of them asks the host for a new password, and a Unix user has none here.
 */
#include "pam_emailotp/call.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "pam_emailotp/client.h"

void call_wipe(struct call *call)
{
	explicit_bzero(call, sizeof(*call));
}

void call_open(struct call *call, struct request *request, const char *method)
{
	call->request = request;
	call->hashes = request_is_of_account(request);
	wire_begin(&call->writer, call->buffer, sizeof(call->buffer), method);
}

void call_put(struct call *call, const char *key, const char *value)
{
	wire_put_string(&call->writer, key, *value ? value : NULL);
}

void call_put_bool(struct call *call, const char *key, bool value)
{
	wire_put_bool(&call->writer, key, value);
}

void call_put_place(struct call *call)
{
	call_put(call, "service", call->request->who.service);
	call_put(call, "rhost", call->request->who.rhost);
}

/* Listed, so that an outcome that is added later is none of them by its place. */
static bool is_of_accounts(int outcome)
{
	return outcome == OUTCOME_WRONG_PASSWORD || outcome == OUTCOME_NOT_VERIFIED ||
		outcome == OUTCOME_DISABLED || outcome == OUTCOME_MUST_RESET ||
		outcome == OUTCOME_BAD_PASSWORD || outcome == OUTCOME_BAD_LOGIN ||
		outcome == OUTCOME_BAD_PROFILE || outcome == OUTCOME_BAD_TOKEN ||
		outcome == OUTCOME_RECOVERY_NEEDED;
}

int call_send(struct call *call)
{
	struct request *request = call->request;
	size_t length;
	int r;

	r = wire_end(&call->writer, &length);
	if (r < 0)
		return r;
	r = client_call(request->pamh, request->options.socket,
		(int)request->options.timeout_s, call->buffer, sizeof(call->buffer),
		length, &length);
	if (r < 0)
		return r;
	r = wire_read(call->buffer, length, &call->reply);
	if (r < 0 || !call->reply.error)
		return r;
	r = answer_outcome(&call->reply, &request->answer);
	if (r == OUTCOME_BUSY && !call->hashes)
		return -EBADMSG;
	return is_of_accounts(r) && !request_is_of_account(request) ? -EBADMSG : r;
}

int call_send_for_state(struct call *call)
{
	int r = call_send(call);

	return r == 0 ? answer_state(&call->reply) : r;
}
