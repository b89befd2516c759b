/* SPDX-License-Identifier: MIT */
/*
 * The answers that several methods give about a challenge. What they say of a decoy
 * is what they would say of a challenge whose mail fares as the last one did.
 */
#include "otpd/server/reply.h"

#include <errno.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/daemon.h"
#include "otpd/server/issue.h"
#include "otpd/server/resend.h"
#include "otpd/store/mails.h"
#include "otpd/util/hex.h"

/* The word for what is known of the mail of a challenge; of a decoy, of the last mail.
 */
static int delivery_of(struct call *call, struct store *store,
	const struct challenge *challenge, const char **ret)
{
	struct mail mail;
	int r;

	*ret = "none";
	if (challenge->mail == 0)
		return 0;
	*ret = "queued";
	r = mails_get(store, challenge->mail, &mail);
	/*
	 * As the relay does with everybody's just now. Of a reset always: anybody asks
	 * for one, and how a mail fares would say that there is one.
	 */
	if (challenge->purpose == CODE_RESET ||
		(challenge->decoy &&
			(r == -ENOENT || (r == 0 && mail.state == MAIL_VOID)))) {
		*ret = call_daemon(call)->moment.delivery;
		return 0;
	}
	/* That of a decoy may be real: it tells an owner that his address was typed. */
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (mail.state == MAIL_SENT)
		*ret = "sent";
	else if (mail.state == MAIL_FAILED || mail.state == MAIL_BOUNCED)
		*ret = "failed";
	else if (mail.state == MAIL_QUEUED && mail.tries > 0)
		*ret = "deferred";
	return 0;
}

void reply_challenge(struct call *call, const struct challenge *c, int64_t resend_s,
	const char *delivery, enum code_realm realm)
{
	int64_t now_s = call_daemon(call)->moment.now_s;
	char id[LIMIT_CHALLENGE + 1];

	hex_encode(id, c->id, sizeof(c->id));
	call_out_string(call, "challenge", id);
	call_out_string(call, "reference", c->reference);
	call_out_int(call, "length", c->length);
	call_out_string(
		call, "alphabet", c->alphabet == CODE_DIGITS ? "digits" : "letters");
	call_out_int(call, "expires_in", c->expires_at - now_s);
	call_out_int(call, "resend_in", resend_s);
	if (realm == CODE_OF_SELF)
		return;
	if (realm == CODE_OF_AUTH)
		call_out_string(call, "state", "challenge");
	call_out_string(call, "purpose", code_purpose_name(c->purpose));
	call_out_int(call, "tries_left", challenge_tries_left(c));
	call_out_string(call, "delivery", delivery);
	call_out_bool(call, "resumed", false);
}

int reply_resumed(struct call *call, struct store *store,
	const struct challenge *challenge, const struct issue *issue,
	enum code_realm realm)
{
	const char *delivery;
	int64_t wait, ignored;
	int r = delivery_of(call, store, challenge, &delivery);

	if (r == 0)
		r = issue_wait_s(call_daemon(call), store, issue, &wait, &ignored);
	if (r < 0)
		return r;
	reply_challenge(call, challenge, wait, delivery, realm);
	if (realm != CODE_OF_SELF)
		call_out_bool(call, "resumed", true);
	return 0;
}

int reply_throttled(struct call *call, int64_t wait_s)
{
	call_out_clear(call);
	call_out_int(call, "retry_after", wait_s);
	return OUTCOME_THROTTLED;
}

int reply_locked(struct call *call, int64_t wait_s)
{
	call_out_clear(call);
	call_out_int(call, "retry_after", wait_s);
	return OUTCOME_LOCKED;
}

int reply_wrong(struct call *call, struct store *store, const struct attempt *attempt,
	int outcome)
{
	const struct challenge *challenge = &attempt->challenge;
	const char *delivery;
	int64_t wait;
	int r;

	if (outcome == OUTCOME_LOCKED)
		call_out_int(call, "retry_after", attempt->locked_s);
	if (outcome != OUTCOME_WRONG_CODE)
		return outcome;
	r = delivery_of(call, store, challenge, &delivery);
	if (r == 0)
		r = resend_wait_s(call, store, challenge, &wait);
	/* An error here would take back the try; without its fields the answer is none.
	 */
	if (r < 0)
		return outcome;
	call_out_int(call, "tries_left", challenge_tries_left(challenge));
	call_out_int(call, "resend_in", wait);
	call_out_string(call, "delivery", delivery);
	return outcome;
}
