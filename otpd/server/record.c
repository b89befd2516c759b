/* SPDX-License-Identifier: MIT */
/*
 * The log lines of decisions are an interface (otpd(8) lists them; fail2ban and people
 * read them): first a sentence, then user, service, rhost, uid, ref and result, always
 * in this order. Text that comes from outside is quoted and escaped. A code is never
 * part of it. The fields of the journal are the same without the quotes, and are as
 * clean: record_about() has seen to it.
 */
#include "otpd/server/record.h"

#include <stdio.h>

#include "otpd/core/event.h"
#include "otpd/server/tally.h"
#include "otpd/store/audit.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

void record_about(struct record *record, const char *user, const char *service,
	const char *rhost, int64_t uid)
{
	text_copy_clean(record->user, sizeof(record->user), user ? user : "");
	text_copy_clean(
		record->service, sizeof(record->service), service ? service : "");
	text_copy_clean(record->rhost, sizeof(record->rhost), rhost ? rhost : "");
	record->uid = uid;
}

void record_refer(struct record *record, const char *reference)
{
	text_copy(record->reference, sizeof(record->reference), reference);
}

void record_detail(struct record *record, const char *detail)
{
	text_copy(record->detail, sizeof(record->detail), detail);
}

int record_store(struct record *record, struct store *store, int64_t now_s,
	const char *event, const char *phrase, int level)
{
	struct audit_event row = {
		.at = now_s,
		.event = event,
		.user = record->user,
		.service = record->service,
		.rhost = record->rhost,
		.uid = record->uid,
		.reference = record->reference,
		.detail = record->detail,
	};

	record->event = event;
	record->phrase = phrase;
	record->level = level;
	return audit_add(store, &row);
}

static const char *message_id(const struct record *record)
{
	size_t i = record->event ? event_find(record->event) : events_count;

	return i < events_count ? events[i].message_id : NULL;
}

void record_log(const struct record *record)
{
	char user[TEXT_QUOTED], service[TEXT_QUOTED], rhost[TEXT_QUOTED];
	const char *ref = record->reference[0] ? record->reference : "-";
	bool more = record->detail[0] != '\0';
	char uid[24];
	const struct journal_field fields[] = {
		{ "MESSAGE_ID", message_id(record) },
		{ "OTPD_EVENT", record->event },
		{ "OTPD_USER", record->user },
		{ "OTPD_SERVICE", record->service },
		{ "OTPD_RHOST", record->rhost },
		{ "OTPD_UID", uid },
		{ "OTPD_REFERENCE", record->reference },
		{ "OTPD_DETAIL", record->detail },
	};

	if (!record->event)
		return;
	text_quote(user, sizeof(user), record->user);
	text_quote(service, sizeof(service), record->service);
	text_quote(rhost, sizeof(rhost), record->rhost);
	tally_event(record->event);
	snprintf(uid, sizeof(uid), "%lld", (long long)record->uid);
	log_fields(record->level, fields, sizeof(fields) / sizeof(fields[0]),
		"%s user=%s service=%s rhost=%s uid=%lld ref=%s result=%s%s%s",
		record->phrase, user, service, rhost, (long long)record->uid, ref,
		record->event, more ? " detail=" : "", record->detail);
}
