/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_RESEND_H
#define OTPD_SERVER_RESEND_H

#include "otpd/core/challenge.h"
#include "otpd/server/begin.h"

/*
 * The transaction of the Resend of Auth, Self and Account: a new code for a live
 * challenge of this caller and realm, answered in the form of another. call->work
 * begins with a struct begin_work, which begin_committed() goes on with.
 */
int resend_apply(struct call *call, struct store *store, const uint8_t id[CODE_ID],
	enum code_realm realm, enum code_realm form);

/* How long a new code for this live challenge would have to wait. */
int resend_wait_s(struct call *call, struct store *store,
	const struct challenge *challenge, int64_t *ret);

#endif
