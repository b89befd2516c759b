/* SPDX-License-Identifier: MIT */
/*
 * Admin.Audit: what was decided, page by page. A call looks at a bounded number of rows
 * (audit_list), whatever is asked for, since logins wait behind it; a page may be empty
 * and have a next one.
 */
#include <errno.h>

#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/store/audit.h"

struct audit_in {
	int64_t before;
	int64_t limit;
	char user[LIMIT_USER + 1];
	char event[LIMIT_EVENT + 1];
	char service[LIMIT_SERVICE + 1];
	char rhost[LIMIT_RHOST + 1];
	int64_t since;
	int64_t until;
};

static const struct field audit_fields[] = {
	{ "before", FIELD_INT, offsetof(struct audit_in, before), INT64_MAX, true },
	{ "limit", FIELD_INT, offsetof(struct audit_in, limit), LIMIT_EVENTS, true },
	{ "user", FIELD_STRING, offsetof(struct audit_in, user), LIMIT_USER, true },
	{ "event", FIELD_STRING, offsetof(struct audit_in, event), LIMIT_EVENT, true },
	{ "service", FIELD_STRING, offsetof(struct audit_in, service), LIMIT_SERVICE,
		true },
	{ "rhost", FIELD_STRING, offsetof(struct audit_in, rhost), LIMIT_RHOST, true },
	{ "since", FIELD_INT, offsetof(struct audit_in, since), INT64_MAX, true },
	{ "until", FIELD_INT, offsetof(struct audit_in, until), INT64_MAX, true },
	{ 0 },
};

#define ENVELOPE 512 /* of an answer, beside its events */

struct page {
	json_t *events;
	size_t size;  /* in bytes of JSON */
	int64_t last; /* the id of the one that was added last */
};

/* 1: it does not fit any more. */
static int add_event(const struct audit_event *e, void *arg)
{
	struct page *page = arg;
	json_t *row = json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "id",
		(json_int_t)e->id, "at", (json_int_t)e->at, "event", e->event, "user",
		e->user, "service", e->service, "rhost", e->rhost, "uid",
		(json_int_t)e->uid, "reference", e->reference, "detail", e->detail);

	size_t size = json_dumpb(row, NULL, 0, JSON_COMPACT) + 1;

	if (row && page->size + size > LIMIT_REPLY - ENVELOPE) {
		json_decref(row);
		return 1;
	}
	page->size += size;
	page->last = e->id;
	return json_array_append_new(page->events, row) < 0 ? -ENOMEM : 0;
}

static bool wants_all(const struct audit_in *in)
{
	return !in->user[0] && !in->event[0] && !in->service[0] && !in->rhost[0] &&
		in->since == 0 && in->until == 0;
}

static int audit_apply(struct call *call, struct store *store)
{
	const struct audit_in *in = call->in;
	const struct audit_filter filter = {
		.user = in->user,
		.event = in->event,
		.service = in->service,
		.rhost = in->rhost,
		.since_s = in->since,
		.until_s = in->until,
	};
	int64_t limit = in->limit > 0 ? in->limit : LIMIT_PAGE;
	int64_t before = in->before;
	struct page page = { .events = json_array() };
	int r = audit_list(store, &before, limit, wants_all(in) ? NULL : &filter,
		add_event, &page);

	if (r > 0)
		before = page.last;
	if (before > 0)
		call_out_int(call, "next", before);
	call_out_json(call, "events", page.events);
	return r > 0 ? 0 : r;
}

const struct method audit_methods[] = {
	{
		.name = "Audit",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = audit_fields,
		.in_size = sizeof(struct audit_in),
		.apply = audit_apply,
	},
	{ 0 },
};
