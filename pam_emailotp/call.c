/* SPDX-License-Identifier: MIT */
/*
 * The four methods of org.emailotp.Auth that a login needs, as functions. Here an
 * answer is believed or not: MUST have every field that its state calls for, of the
 * right type and within its range, and only the states that the method can have.
 * Anything else is -EBADMSG, which lets nobody in. A code that proves an address MUST
 * NOT open a login, whatever otpd says about it.
 *
 * The buffer of a call holds the code; it is wiped when the call is over.
 */
#include "pam_emailotp/call.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"
#include "pam_emailotp/client.h"
#include "pam_emailotp/result.h"
#include "pam_emailotp/wire.h"

#define METHOD(name) "org.emailotp.Auth." name
#define DAY_S        86400
#define LONG_S       (400 * DAY_S) /* of a lock; a month is the longest budget */

struct call {
	char buffer[LIMIT_FRAME];
	struct wire_writer writer;
	struct wire_reply reply;
};

static void wipe_call(struct call *call)
{
	explicit_bzero(call, sizeof(*call));
}

struct word {
	const char *text;
	int value;
};

/* A string that is one of the words; the list ends with NULL. */
static int get_word(const struct wire_reply *reply, const char *key,
	const struct word *words, int *ret)
{
	const char *text;

	if (wire_get_string(reply, key, LIMIT_FRAME, &text) < 0)
		return -EBADMSG;
	for (; words->text; words++) {
		if (strcmp(words->text, text) != 0)
			continue;
		*ret = words->value;
		return 0;
	}
	return -EBADMSG;
}

static int get_int(const struct wire_reply *reply, const char *key, int max, int *ret)
{
	int64_t number;

	if (wire_get_int(reply, key, max, &number) < 0)
		return -EBADMSG;
	*ret = (int)number;
	return 0;
}

/* A string of exactly length characters of the set. */
static int get_token(const struct wire_reply *reply, const char *key, size_t length,
	const char *set, char *out)
{
	const char *text;

	if (wire_get_string(reply, key, length, &text) < 0)
		return -EBADMSG;
	if (strlen(text) != length || strspn(text, set) != length)
		return -EBADMSG;
	text_copy(out, length + 1, text);
	return 0;
}

static int get_delivery(const struct wire_reply *reply, enum delivery *ret)
{
	static const struct word words[] = {
		{ "queued", DELIVERY_QUEUED },
		{ "sent", DELIVERY_SENT },
		{ "deferred", DELIVERY_DEFERRED },
		{ "failed", DELIVERY_FAILED },
		{ NULL, 0 },
	};
	int value;

	if (get_word(reply, "delivery", words, &value) < 0)
		return -EBADMSG;
	*ret = (enum delivery)value;
	return 0;
}

/* How the code looks. */
static int get_form(const struct wire_reply *reply, struct challenge *challenge)
{
	static const struct word alphabets[] = {
		{ "digits", false },
		{ "letters", true },
		{ NULL, 0 },
	};
	int letters;

	if (get_word(reply, "alphabet", alphabets, &letters) < 0 ||
		get_int(reply, "length", LIMIT_CODE, &challenge->length) < 0)
		return -EBADMSG;
	challenge->letters = letters;
	return challenge->length >= LIMIT_CODE_MIN ? 0 : -EBADMSG;
}

static int get_challenge(const struct wire_reply *reply, struct challenge *ret)
{
	static const struct word purposes[] = {
		{ "login", false },
		{ "verify_address", true },
		{ NULL, 0 },
	};
	struct challenge c = { 0 };
	int proves_address, resend_in_s;

	if (get_token(reply, "challenge", LIMIT_CHALLENGE, "0123456789abcdef", c.id) <
			0 ||
		get_token(reply, "reference", LIMIT_REFERENCE,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", c.reference) < 0 ||
		get_word(reply, "purpose", purposes, &proves_address) < 0 ||
		get_form(reply, &c) < 0 || get_delivery(reply, &c.delivery) < 0 ||
		get_int(reply, "expires_in", DAY_S, &c.expires_in_s) < 0 ||
		get_int(reply, "resend_in", DAY_S, &resend_in_s) < 0 ||
		get_int(reply, "tries_left", 1000, &c.tries_left) < 0 ||
		wire_get_bool(reply, "resumed", &c.resumed) < 0)
		return -EBADMSG;
	c.proves_address = proves_address;
	*ret = c;
	return 0;
}

/* RESULT_x for the state that otpd answered. */
static int get_state(const struct wire_reply *reply)
{
	static const struct word states[] = {
		{ "challenge", RESULT_CHALLENGE },
		{ "verified", RESULT_VERIFIED },
		{ "exempt", RESULT_EXEMPT },
		{ "not_enrolled", RESULT_NOT_ENROLLED },
		{ "address_verified", RESULT_ADDRESS_VERIFIED },
		{ NULL, 0 },
	};
	int state;

	return get_word(reply, "state", states, &state) < 0 ? -EBADMSG : state;
}

/* The outcome of an error, with what it carries in *answer. */
static int get_outcome(const struct wire_reply *reply, struct answer *answer)
{
	int outcome = outcome_from_error(reply->error);
	struct challenge *challenge = &answer->challenge;
	int resend_in_s;

	if (outcome < 0) {
		text_copy_clean(answer->error, sizeof(answer->error), reply->error);
		return -EPROTO;
	}
	if (outcome == OUTCOME_LOCKED || outcome == OUTCOME_THROTTLED) {
		if (get_int(reply, "retry_after", LONG_S, &answer->retry_after_s) < 0)
			return -EBADMSG;
	}
	if (outcome == OUTCOME_WRONG_CODE) {
		if (get_int(reply, "tries_left", 1000, &challenge->tries_left) < 0 ||
			get_int(reply, "resend_in", DAY_S, &resend_in_s) < 0 ||
			get_delivery(reply, &challenge->delivery) < 0)
			return -EBADMSG;
	}
	return outcome;
}

/* Sends what was written and reads the answer: RESULT_x, an outcome, or an error. */
static int finish(pam_handle_t *pamh, const struct options *options, struct call *call,
	struct answer *answer)
{
	size_t length;
	int r;

	r = wire_end(&call->writer, &length);
	if (r < 0)
		return r;
	r = client_call(pamh, options->socket, (int)options->timeout_s, call->buffer,
		sizeof(call->buffer), length, &length);
	if (r < 0)
		return r;
	r = wire_read(call->buffer, length, &call->reply);
	if (r < 0)
		return r;
	return call->reply.error ? get_outcome(&call->reply, answer)
				 : get_state(&call->reply);
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

int call_begin(pam_handle_t *pamh, const struct options *options, const struct who *who,
	struct answer *answer)
{
	CLEANUP(wipe_call) struct call call;
	struct wire_writer *writer = &call.writer;
	int r;

	wire_begin(writer, call.buffer, sizeof(call.buffer), METHOD("Begin"));
	wire_put_string(writer, "user", who->user);
	wire_put_string(writer, "service", who->service);
	wire_put_string(writer, "rhost", or_null(who->rhost));
	wire_put_string(writer, "tty", or_null(who->tty));
	wire_put_bool(writer, "unknown", who->unknown);
	wire_put_bool(writer, "nullok", options->nullok);
	r = finish(pamh, options, &call, answer);
	if (r == RESULT_CHALLENGE && get_challenge(&call.reply, &answer->challenge) < 0)
		return -EBADMSG;
	if (r == RESULT_ADDRESS_VERIFIED || r == OUTCOME_WRONG_CODE)
		return -EBADMSG;
	return r;
}

int call_resend(
	pam_handle_t *pamh, const struct options *options, struct answer *answer)
{
	CLEANUP(wipe_call) struct call call;
	bool proves_address = answer->challenge.proves_address;
	int r;

	wire_begin(&call.writer, call.buffer, sizeof(call.buffer), METHOD("Resend"));
	wire_put_string(&call.writer, "challenge", answer->challenge.id);
	r = finish(pamh, options, &call, answer);
	if (r <= 0 || r < OUTCOME_MAX)
		return r == OUTCOME_WRONG_CODE ? -EBADMSG : r;
	if (r != RESULT_CHALLENGE || get_challenge(&call.reply, &answer->challenge) < 0)
		return -EBADMSG;
	return answer->challenge.proves_address == proves_address ? r : -EBADMSG;
}

int call_verify(pam_handle_t *pamh, const struct options *options, const char *code,
	struct answer *answer)
{
	CLEANUP(wipe_call) struct call call;
	int wanted = answer->challenge.proves_address ? RESULT_ADDRESS_VERIFIED
						      : RESULT_VERIFIED;
	int r;

	wire_begin(&call.writer, call.buffer, sizeof(call.buffer), METHOD("Verify"));
	wire_put_string(&call.writer, "challenge", answer->challenge.id);
	wire_put_string(&call.writer, "code", code);
	r = finish(pamh, options, &call, answer);
	if (r < OUTCOME_MAX)
		return r;
	if (wire_get_bool_if(&call.reply, "undeliverable", &answer->undeliverable) < 0)
		return -EBADMSG;
	return r == wanted ? r : -EBADMSG;
}

int call_account(pam_handle_t *pamh, const struct options *options,
	const struct who *who, struct answer *answer)
{
	CLEANUP(wipe_call) struct call call;
	int r;

	wire_begin(&call.writer, call.buffer, sizeof(call.buffer), METHOD("Account"));
	wire_put_string(&call.writer, "user", who->user);
	wire_put_string(&call.writer, "service", who->service);
	wire_put_string(&call.writer, "rhost", or_null(who->rhost));
	r = finish(pamh, options, &call, answer);
	if (r == RESULT_CHALLENGE || r == RESULT_ADDRESS_VERIFIED)
		return -EBADMSG;
	return r;
}
