/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_CALL_H
#define PAM_EMAILOTP_CALL_H

#include "otpd/proto/limits.h"
#include "pam_emailotp/request.h"
#include "pam_emailotp/wire.h"

/*
 * One call of a method. Declare it with CLEANUP(call_wipe): what is sent can hold a
 * code or a password, and what is answered a token.
 */
struct call {
	struct request *request;
	bool hashes; /* otpd hashes for it, and may be too busy to */
	struct wire_writer writer;
	struct wire_reply reply; /* points into buffer */
	char buffer[LIMIT_FRAME];
};

void call_wipe(struct call *call);

void call_open(struct call *call, struct request *request, const char *method);

/* A parameter; "" is left out. */
void call_put(struct call *call, const char *key, const char *value);
void call_put_bool(struct call *call, const char *key, bool value);

/* The parameters service and rhost, of every method that has them. */
void call_put_place(struct call *call);

/*
 * Sends it and reads the answer into call->reply: 0, the outcome of an error with what
 * it carries in request->answer, or a negative errno.
 */
int call_send(struct call *call);

/* The same for a method that answers a state: never 0, but a RESULT_x. */
int call_send_for_state(struct call *call);

#endif
