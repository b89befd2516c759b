/* SPDX-License-Identifier: MIT */
/*
 * What methods that go on with a challenge have in common: it is named by its
 * identifier, and only the uid that began it can go on with it.
 */
#include "otpd/server/named.h"

#include <errno.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/begin.h"
#include "otpd/server/daemon.h"
#include "otpd/store/challenges.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"

const struct field named_fields[] = {
	{ "challenge", FIELD_STRING, offsetof(struct named_in, challenge),
		LIMIT_CHALLENGE, false },
	{ 0 },
};

const struct field named_code_fields[] = {
	{ "challenge", FIELD_STRING, offsetof(struct named_in, challenge),
		LIMIT_CHALLENGE, false },
	{ "code", FIELD_STRING, offsetof(struct named_in, code), LIMIT_CODE, false },
	{ 0 },
};

int named_check(struct call *call)
{
	struct named_in *in = call->in;

	return hex_decode(in->id, sizeof(in->id), in->challenge) < 0
		? OUTCOME_NO_CHALLENGE
		: 0;
}

int named_cancel(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	const struct named_in *in = call->in;
	struct begin_work *work = call->work;
	struct challenge *challenge = &work->challenge;
	int r = challenges_get(store, in->id, challenge);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (challenge_check(challenge, call->peer.uid, daemon->moment.now_s) != 0)
		return 0;
	challenge_set_state(challenge, CHALLENGE_CANCELLED);
	r = challenges_update(store, challenge);
	if (r == 0)
		r = mails_kill(store, challenge->mail);
	work->dead_mail = challenge->mail;
	record_about(&work->record, challenge->user, challenge->service,
		challenge->rhost, call->peer.uid);
	record_refer(&work->record, challenge->reference);
	return r < 0 ? r
		     : record_store(&work->record, store, daemon->moment.now_s,
			       "cancelled", "challenge cancelled", LOG_INFO);
}
