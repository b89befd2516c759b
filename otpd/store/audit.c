/* SPDX-License-Identifier: MIT */
/* The table of events. It only grows at one end and shrinks at the other. */
#include "otpd/store/audit.h"

#include "otpd/store/db.h"

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

int audit_add(struct store *store, const struct audit_event *e)
{
	return db_run(store->db, SQL_AUDIT_INSERT, NULL, "ittttitt", e->at, e->event,
		or_empty(e->user), or_empty(e->service), or_empty(e->rhost), e->uid,
		or_empty(e->reference), or_empty(e->detail));
}

struct each_event {
	int (*each)(const struct audit_event *event, void *arg);
	void *arg;
	int64_t n;
	int64_t last; /* the id of the row that was read last */
};

static int list_event(const struct row *row, void *arg)
{
	struct each_event *list = arg;
	struct audit_event event = {
		.id = row_int(row, 0),
		.at = row_int(row, 1),
		.event = row_text(row, 2),
		.user = row_text(row, 3),
		.service = row_text(row, 4),
		.rhost = row_text(row, 5),
		.uid = row_int(row, 6),
		.reference = row_text(row, 7),
		.detail = row_text(row, 8),
	};

	list->n++;
	list->last = event.id;
	return list->each(&event, list->arg);
}

static int read_end(const struct row *row, void *arg)
{
	*(int64_t *)arg = row_int(row, 0);
	return 0;
}

/* Times are not a filter of their own to the table: after a clock that went back they
 * do not rise with the ids. */
static int list_wanted(struct store *store, int64_t before, int64_t limit,
	const struct audit_filter *f, struct each_event *list)
{
	int64_t until_s = f->until_s > 0 ? f->until_s : INT64_MAX;

	return db_each(store->db, SQL_AUDIT_LIST_WANTED, list_event, list, "iiittttii",
		before, limit, before - AUDIT_STRETCH, or_empty(f->user),
		or_empty(f->event), or_empty(f->service), or_empty(f->rhost),
		f->since_s, until_s);
}

int audit_list(struct store *store, int64_t *before, int64_t limit,
	const struct audit_filter *filter,
	int (*each)(const struct audit_event *event, void *arg), void *arg)
{
	struct each_event list = { .each = each, .arg = arg };
	int r = 0;

	if (*before == 0)
		r = db_each(store->db, SQL_AUDIT_END, read_end, before, "");
	if (r < 0)
		return r;
	if (filter)
		r = list_wanted(store, *before, limit, filter, &list);
	else
		r = db_each(store->db, SQL_AUDIT_LIST, list_event, &list, "ii", *before,
			limit);
	if (r < 0)
		return r;
	if (list.n == limit)
		*before = list.last;
	else
		*before =
			filter && *before > AUDIT_STRETCH ? *before - AUDIT_STRETCH : 0;
	return 0;
}

int audit_purge(struct store *store, int64_t before_s, int64_t keep, int64_t limit,
	bool *ret_more)
{
	int64_t old = 0, many = 0;
	int r = db_run(store->db, SQL_AUDIT_PURGE_OLD, &old, "ii", before_s, limit);

	if (r == 0)
		r = db_run(store->db, SQL_AUDIT_PURGE_MANY, &many, "ii", keep, limit);
	*ret_more = old >= limit || many >= limit;
	return r;
}
