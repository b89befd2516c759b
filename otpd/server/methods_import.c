/* SPDX-License-Identifier: MIT */
/*
 * Admin.ImportUsers: many users in one call, all of them or none. A dry run does the
 * same work and then takes it back, so that it cannot promise what the real one would
 * not keep.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/record.h"
#include "otpd/server/roster.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

struct import_in {
	const json_t *users;
	bool verified;
	bool update;
	bool dry_run;
};

struct import_work {
	struct record record;
	struct user users[LIMIT_IMPORT];
	const char *problems[LIMIT_IMPORT]; /* a word, or NULL */
	size_t n;
	bool refused;
};

static const struct field import_fields[] = {
	{ "users", FIELD_ARRAY, offsetof(struct import_in, users), LIMIT_IMPORT,
		false },
	{ "verified", FIELD_BOOL, offsetof(struct import_in, verified), 0, true },
	{ "update", FIELD_BOOL, offsetof(struct import_in, update), 0, true },
	{ "dry_run", FIELD_BOOL, offsetof(struct import_in, dry_run), 0, true },
	{ 0 },
};

/* One line of the list; the word for what is wrong with it, or NULL. */
static const char *read_user(const json_t *line, struct user *user)
{
	const char *name = json_string_value(json_object_get(line, "user"));
	const char *address = json_string_value(json_object_get(line, "address"));
	const char *person = json_string_value(json_object_get(line, "name"));

	person = person ? person : "";
	if (!name || !roster_name_is_good(name) ||
		!text_copy(user->name, sizeof(user->name), name) ||
		text_has_control(person) ||
		!text_copy(user->person, sizeof(user->person), person))
		return "bad_name";
	if (!address || address_problem(address))
		return "bad_address";
	address_normalize(user->address, sizeof(user->address), address);
	return NULL;
}

static int import_check(struct call *call)
{
	const struct import_in *in = call->in;
	struct import_work *work = call->work;
	size_t i;
	json_t *line;

	work->n = json_array_size(in->users);
	json_array_foreach(in->users, i, line) {
		work->problems[i] = read_user(line, &work->users[i]);
		work->refused = work->refused || work->problems[i];
	}
	return 0;
}

/* counts has a place for each enum roster_change. */
static int put_all(struct call *call, struct store *store, int64_t counts[3])
{
	const struct import_in *in = call->in;
	struct import_work *work = call->work;
	int64_t now = call_daemon(call)->moment.now_s;

	for (size_t i = 0; i < work->n; i++) {
		struct user *user = &work->users[i];
		enum roster_change change;
		int r;

		if (work->problems[i])
			continue;
		user->created_at = now;
		user->verified_at = in->verified ? now : 0;
		r = roster_put(store, user, in->update, &change);
		if (r < 0)
			return r;
		if (r == OUTCOME_EXISTS) {
			work->problems[i] = "exists";
			work->refused = true;
			continue;
		}
		counts[change]++;
	}
	return 0;
}

static void answer(struct call *call, const int64_t counts[3])
{
	struct import_work *work = call->work;
	json_t *problems = json_array();

	for (size_t i = 0; i < work->n; i++)
		if (work->problems[i])
			json_array_append_new(problems,
				json_pack("{s:I, s:s}", "line", (json_int_t)i, "reason",
					work->problems[i]));
	call_out_int(call, "added", counts[ROSTER_ADDED]);
	call_out_int(call, "updated", counts[ROSTER_UPDATED]);
	call_out_int(call, "unchanged", counts[ROSTER_UNCHANGED]);
	call_out_json(call, "problems", problems);
}

static int import_apply(struct call *call, struct store *store)
{
	const struct import_in *in = call->in;
	struct import_work *work = call->work;
	int64_t counts[3] = { 0 };
	int r = store_savepoint(store);

	if (r == 0)
		r = put_all(call, store, counts);
	if (r < 0)
		return r;
	if (work->refused && !in->dry_run)
		memset(counts, 0, sizeof(counts));
	answer(call, counts);
	if (work->refused || in->dry_run)
		return store_rollback_to(store);
	snprintf(work->record.detail, sizeof(work->record.detail),
		"added=%lld updated=%lld unchanged=%lld",
		(long long)counts[ROSTER_ADDED], (long long)counts[ROSTER_UPDATED],
		(long long)counts[ROSTER_UNCHANGED]);
	record_about(&work->record, "", "", "", call->peer.uid);
	r = store_release(store);
	if (r < 0 || counts[ROSTER_ADDED] + counts[ROSTER_UPDATED] == 0)
		return r;
	return record_store(&work->record, store, call_daemon(call)->moment.now_s,
		"users_imported", "users imported", LOG_NOTICE);
}

static void import_committed(struct call *call)
{
	const struct import_in *in = call->in;
	struct import_work *work = call->work;

	/* Codes on their way to an address that is no longer theirs are not sent. */
	for (size_t i = 0; in->update && work->record.event && i < work->n; i++)
		outbox_forget_user(&call_daemon(call)->outbox, work->users[i].name);
	record_log(&work->record);
}

const struct method import_methods[] = {
	{
		.name = "ImportUsers",
		.flags = METHOD_ROOT,
		.in = import_fields,
		.in_size = sizeof(struct import_in),
		.work_size = sizeof(struct import_work),
		.check = import_check,
		.apply = import_apply,
		.committed = import_committed,
	},
	{ 0 },
};
