/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a mail when a try has ended: which state its row gets, when it is
 * tried again, and what that says of the user's address. An address that refuses three
 * mails in a row is undeliverable; that is an event, once, when the third is written.
 *
 * MUST NOT call sent what no server has taken: any other word than "sent" and
 * "deferred" is a refusal.
 */
#include "otpd/server/settle.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "otpd/core/retry.h"
#include "otpd/server/tally.h"
#include "otpd/store/users.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

#define MARK_EVENT  "undeliverable"
#define MARK_PHRASE "mail address marked undeliverable"

/* One of the three words, whatever otpd-mail has said: it goes into the log. */
static const char *known_result(const char *result)
{
	if (strcmp(result, "sent") == 0)
		return "sent";
	return strcmp(result, "deferred") == 0 ? "deferred" : "refused";
}

/* The row's next state, after one more try with this result. */
static void decide(struct outgoing *outgoing, const char *result, int64_t now_s)
{
	int64_t again_s;

	outgoing->tries++;
	outgoing->next_at = now_s;
	if (strcmp(result, "sent") == 0) {
		outgoing->row_state = MAIL_SENT;
		return;
	}
	outgoing->row_state = MAIL_FAILED;
	if (strcmp(result, "deferred") != 0)
		return;
	again_s = retry_at_s(
		outgoing->tries, randombytes_random() & 255, outgoing->deadline, now_s);
	if (again_s == 0)
		return;
	outgoing->row_state = MAIL_QUEUED;
	outgoing->next_at = again_s;
}

static void log_try(const struct outgoing *outgoing, const char *result)
{
	char name[2 * MAIL_NAME + 1], detail[TEXT_QUOTED];
	int level = outgoing->row_state == MAIL_FAILED ? LOG_WARNING
		: outgoing->row_state == MAIL_QUEUED   ? LOG_NOTICE
		: outgoing->bad_address                ? LOG_NOTICE
						       : LOG_DEBUG;

	hex_encode(name, outgoing->name, sizeof(outgoing->name));
	text_quote(detail, sizeof(detail), outgoing->detail);
	log_msg(level, "mail %s mail=%s tries=%lld state=%s detail=%s%s", result, name,
		(long long)outgoing->tries, mail_state_name(outgoing->row_state),
		detail, outgoing->second ? " second=yes" : "");
}

void settle_decide(
	struct outgoing *outgoing, const struct mail_result *result, int64_t now_s)
{
	const char *word = known_result(result->result);

	decide(outgoing, word, now_s);
	tally_mail(strcmp(word, "sent") == 0            ? TALLY_MAIL_SENT
			: strcmp(word, "deferred") == 0 ? TALLY_MAIL_DEFERRED
							: TALLY_MAIL_REFUSED);
	text_copy_clean(outgoing->detail, sizeof(outgoing->detail), result->detail);
	text_copy_clean(
		outgoing->transport, sizeof(outgoing->transport), result->transport);
	outgoing->second = result->second;
	outgoing->bad_address = result->bad_address;
	log_try(outgoing, word);
}

static int mark(
	struct record *record, struct store *store, const char *user, int64_t now_s)
{
	record_about(record, user, "", "", geteuid());
	return record_store(record, store, now_s, MARK_EVENT, MARK_PHRASE, LOG_WARNING);
}

int settle_write(struct outgoing *outgoing, struct store *store)
{
	struct mail mail = {
		.id = outgoing->id,
		.state = outgoing->row_state,
		.tries = outgoing->tries,
		.next_at = outgoing->next_at,
		.second = outgoing->second,
		.bad_address = outgoing->bad_address,
	};
	struct record record = { .event = NULL };
	int r;

	text_copy(mail.detail, sizeof(mail.detail), outgoing->detail);
	text_copy(mail.transport, sizeof(mail.transport), outgoing->transport);
	r = mails_update(store, &mail);
	outgoing->marked = r == USER_REFUSALS;
	if (r < 0 || !outgoing->marked)
		return r < 0 ? r : 0;
	return mark(&record, store, outgoing->user, outgoing->next_at);
}

void settle_log(const struct outgoing *outgoing)
{
	struct record record = {
		.event = outgoing->marked ? MARK_EVENT : NULL,
		.phrase = MARK_PHRASE,
		.level = LOG_WARNING,
	};

	record_about(&record, outgoing->user, "", "", geteuid());
	record_log(&record);
}

/*
 * Whether a status (RFC 3463 3.2, 3.3) speaks of the address or its mailbox. The rest
 * is about networks, the mail, or us: a DMARC record that we have broken (5.7.26) must
 * not mark everybody at a provider.
 */
static bool blames_address(const char *status)
{
	static const char *const ours[] = { "5.1.7",
		"5.1.8" }; /* the sender's address */

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(status, ours[i]) == 0)
			return false;
	return strncmp(status, "5.1.", 4) == 0 || strncmp(status, "5.2.", 4) == 0;
}

int settle_bounced(struct store *store, const uint8_t name[MAIL_NAME],
	const char *status, const char *detail, int64_t now_s, struct record *ret)
{
	char clean[LIMIT_DETAIL + 1];
	struct refusal refusal;
	int r;

	*ret = (struct record){ .event = NULL };
	text_copy_clean(clean, sizeof(clean), detail);
	r = mails_bounced(store, name, clean, blames_address(status), &refusal);
	if (r <= 0 || refusal.n != USER_REFUSALS)
		return r;
	r = mark(ret, store, refusal.user, now_s);
	return r < 0 ? r : 1;
}
