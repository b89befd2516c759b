/* SPDX-License-Identifier: MIT */
/*
 * Admin.Metrics: numbers for whoever draws them. Its size does not depend on how many
 * users, hosts or mails there are, and it names none of them.
 */
#include <errno.h>
#include <sys/resource.h>

#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/tally.h"
#include "otpd/store/accounts.h"
#include "otpd/store/challenges.h"
#include "otpd/store/mails.h"
#include "otpd/store/registrations.h"
#include "otpd/store/sessions.h"
#include "otpd/store/users.h"
#include "otpd/util/log.h"
#include "otpd/version.h"

/* Both parts of a call add to it, the loop's and the worker's. */
struct metrics_work {
	json_t *numbers;
	int r;
};

static void add(struct call *call, json_t *list, const char *name, int64_t value)
{
	struct metrics_work *work = call->work;
	json_t *row = json_pack("{s:s, s:I}", "name", name, "value", (json_int_t)value);

	if (json_array_append_new(list, row) < 0)
		work->r = -ENOMEM;
}

static void number(struct call *call, const char *name, int64_t value)
{
	struct metrics_work *work = call->work;

	add(call, work->numbers, name, value);
}

static void add_events(struct call *call)
{
	json_t *list = json_array();

	for (size_t i = 0; i < events_count; i++)
		add(call, list, events[i].name, tally_get()->events[i]);
	call_out_json(call, "events", list);
}

static void add_answers(struct call *call)
{
	json_t *list = json_array();

	add(call, list, "Done", tally_get()->answers[OUTCOME_OK]);
	for (int i = OUTCOME_OK + 1; i < OUTCOME_MAX; i++)
		add(call, list, outcome_name(i), tally_get()->answers[i]);
	call_out_json(call, "answers", list);
}

static void add_mails(struct call *call)
{
	static const char *const names[] = {
		[TALLY_MAIL_SENT] = "sent",
		[TALLY_MAIL_DEFERRED] = "deferred",
		[TALLY_MAIL_REFUSED] = "refused",
		[TALLY_MAIL_BOUNCED] = "bounced",
	};
	json_t *list = json_array();

	for (int i = 0; i < TALLY_MAIL_MAX; i++)
		add(call, list, names[i], tally_get()->mails[i]);
	call_out_json(call, "mails", list);
}

static void add_histogram(struct call *call, json_t *list, const char *name,
	const struct histogram *histogram)
{
	struct metrics_work *work = call->work;
	json_t *bounds = json_array(), *counts = json_array();

	for (size_t i = 0; i < histogram->n; i++)
		json_array_append_new(bounds, json_integer(histogram->bounds[i]));
	for (size_t i = 0; i <= histogram->n; i++)
		json_array_append_new(counts, json_integer(histogram->counts[i]));
	if (json_array_size(counts) != histogram->n + 1 ||
		json_array_append_new(list,
			json_pack("{s:s, s:o, s:o, s:I}", "name", name, "bounds",
				bounds, "counts", counts, "sum",
				(json_int_t)histogram->sum)) < 0)
		work->r = -ENOMEM;
}

static void add_histograms(struct call *call)
{
	json_t *list = json_array();

	add_histogram(call, list, "commit_us", &tally_get()->commit_us);
	add_histogram(call, list, "call_us", &tally_get()->call_us);
	add_histogram(call, list, "batch_calls", &tally_get()->batch_calls);
	call_out_json(call, "histograms", list);
}

static int64_t microseconds(struct timeval time)
{
	return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static void add_process(struct call *call, const struct daemon *daemon)
{
	struct rusage usage = { 0 };

	getrusage(RUSAGE_SELF, &usage);
	number(call, "memory_peak_bytes", (int64_t)usage.ru_maxrss * 1024);
	number(call, "cpu_us",
		microseconds(usage.ru_utime) + microseconds(usage.ru_stime));
	number(call, "connections", (int64_t)daemon->server.n_conns);
	number(call, "calls", daemon->batch.n_calls);
	number(call, "batches", daemon->batch.n_batches);
	number(call, "mailer_up", daemon->mailer.up);
	number(call, "log_lines_lost", log_count_lost());
}

/* What the loop's thread knows is said there; the rest comes with the store. */
static int metrics_check(struct call *call)
{
	const struct daemon *daemon = call_daemon(call);
	struct metrics_work *work = call->work;

	work->numbers = json_array();
	call_out_string(call, "version", OTPD_VERSION);
	call_out_int(call, "started_at", daemon->started_at);
	add_process(call, daemon);
	add_events(call);
	add_answers(call);
	add_mails(call);
	add_histograms(call);
	return work->r;
}

static int metrics_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	struct metrics_work *work = call->work;
	int64_t now = daemon->moment.now_s;
	int64_t users = 0, live = 0, queued = 0, deferred = 0, accounts = 0,
		pending = 0, sessions = 0;
	int r = users_count(store, &users);

	if (r == 0)
		r = challenges_count_live(store, now, &live);
	if (r == 0)
		r = mails_count_waiting(store, &queued, &deferred);
	if (r == 0)
		r = accounts_count(store, &accounts);
	if (r == 0)
		r = registrations_count(store, &pending);
	if (r == 0)
		r = sessions_count(store, now, &sessions);
	number(call, "users", users);
	number(call, "accounts", accounts);
	number(call, "pending_registrations", pending);
	number(call, "sessions", sessions);
	number(call, "live_challenges", live);
	number(call, "mails_new", queued - deferred);
	number(call, "mails_deferred", deferred);
	number(call, "wrong_last_hour", budget_rate_hour(&daemon->wrong, now));
	number(call, "alerts", daemon->n_alerts);
	call_out_json(call, "numbers", json_incref(work->numbers));
	return r < 0 ? r : work->r;
}

static void metrics_release(struct call *call)
{
	struct metrics_work *work = call->work;

	json_decref(work->numbers);
}

const struct method metrics_methods[] = {
	{
		.name = "Metrics",
		.flags = METHOD_ROOT | METHOD_READ,
		.work_size = sizeof(struct metrics_work),
		.check = metrics_check,
		.apply = metrics_apply,
		.release = metrics_release,
	},
	{ 0 },
};
