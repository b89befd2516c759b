/* SPDX-License-Identifier: MIT */
/*
 * No transaction may last as long as an Argon2id. So a call that needs one has a phase
 * before it and a phase behind it, and between the two everything may change: the
 * second MUST look at all of it anew.
 */
#include "otpd/account/hashed.h"

#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"

static void on_done(struct hashing *hashing)
{
	struct call *call = hashing->context;

	if (hashing->result < 0)
		call_finish(call, hashing->result);
	else
		call->service->submit(call);
}

int hashed_ask(struct call *call, struct hashed *hashed)
{
	int r;

	hashed->asked = true;
	hashed->hashing.context = call;
	hashed->hashing.done = on_done;
	r = hasher_ask(&call_daemon(call)->hasher, &hashed->hashing);
	if (r == OUTCOME_BUSY)
		call_out_int(call, "retry_after", 1);
	return r;
}

static void ask_now(struct call *call)
{
	int r;

	call->reading = false;
	r = hashed_ask(call, call->phase);
	if (r != 0)
		call_finish(call, r);
}

void hashed_ask_then(struct call *call, struct hashed *hashed)
{
	call->phase = hashed;
	call->then = ask_now;
}
