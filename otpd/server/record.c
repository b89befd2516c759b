/* SPDX-License-Identifier: MIT */
/*
 * The log lines of decisions are an interface (otpd(8) lists them; fail2ban and people
 * read them): first a sentence, then user, service, rhost, uid, ref and result, always
 * in this order. Text that comes from outside is quoted and escaped. A code is never
 * part of it.
 */
#include "otpd/server/record.h"

#include <stdio.h>

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

void record_log(const struct record *record)
{
	char user[TEXT_QUOTED], service[TEXT_QUOTED], rhost[TEXT_QUOTED];
	const char *ref = record->reference[0] ? record->reference : "-";
	bool more = record->detail[0] != '\0';

	if (!record->event)
		return;
	text_quote(user, sizeof(user), record->user);
	text_quote(service, sizeof(service), record->service);
	text_quote(rhost, sizeof(rhost), record->rhost);
	log_msg(record->level,
		"%s user=%s service=%s rhost=%s uid=%lld ref=%s result=%s%s%s",
		record->phrase, user, service, rhost, (long long)record->uid, ref,
		record->event, more ? " detail=" : "", record->detail);
}
