/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_NAMED_H
#define OTPD_SERVER_NAMED_H

#include "otpd/core/code.h"
#include "otpd/store/store.h"
#include "otpd/varlink/call.h"

/* The parameters of methods that go on with a challenge. */
struct named_in {
	char challenge[LIMIT_CHALLENGE + 1];
	char code[LIMIT_CODE + 1];
	bool token;
	uint8_t id[CODE_ID]; /* of challenge, once it was checked */
};

/* challenge; and challenge, code. */
extern const struct field named_fields[];
extern const struct field named_code_fields[];

/* OUTCOME_NO_CHALLENGE for what can be the name of none. */
int named_check(struct call *call);

/*
 * Ends the challenge of that name, if it lives and is this caller's. call->work begins
 * with a begin_work.
 */
int named_cancel(struct call *call, struct store *store);

#endif
