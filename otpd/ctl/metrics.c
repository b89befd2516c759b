/* SPDX-License-Identifier: MIT */
/*
 * otpctl metrics: the numbers of both daemons as OpenMetrics. What is asked for is
 * written whatever answers: a daemon that is away is a number as well (otpd_up 0), and
 * an old file in its place would look alive. Labels are words of ours and the names of
 * transports that mail.conf has; never a user, a host or an address.
 */
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/mailer.h"
#include "otpd/ctl/openmetrics.h"
#include "otpd/ctl/output.h"
#include "otpd/util/cleanup.h"

#define MILLION 1000000

/* What Admin.Metrics calls a number, and what it is here. */
static const struct number {
	const char *name;
	struct openmetrics_family family;
	int64_t scale;
	const char *label; /* with value: of a family that has several numbers */
	const char *value;
} numbers[] = {
	{ "users", { "otpd_users", OPENMETRICS_GAUGE, "", "Users who are enrolled." },
		1 },
	{ "accounts",
		{ "otpd_accounts", OPENMETRICS_GAUGE, "",
			"Accounts of web applications." },
		1 },
	{ "pending_registrations",
		{ "otpd_registrations_waiting", OPENMETRICS_GAUGE, "",
			"Registrations that wait for their code." },
		1 },
	{ "sessions",
		{ "otpd_sessions", OPENMETRICS_GAUGE, "",
			"Sessions of accounts that have not expired." },
		1 },
	{ "live_challenges",
		{ "otpd_challenges_live", OPENMETRICS_GAUGE, "",
			"Logins that wait for a code." },
		1 },
	{ "mails_new",
		{ "otpd_mails_waiting", OPENMETRICS_GAUGE, "",
			"Mails that are to be sent, by whether they were tried." },
		1, "state", "new" },
	{ "mails_deferred",
		{ "otpd_mails_waiting", OPENMETRICS_GAUGE, "",
			"Mails that are to be sent, by whether they were tried." },
		1, "state", "deferred" },
	{ "wrong_last_hour",
		{ "otpd_wrong_codes_last_hour", OPENMETRICS_GAUGE, "",
			"Wrong codes in the last hour, over all users." },
		1 },
	{ "alerts",
		{ "otpd_alerts", OPENMETRICS_COUNTER, "",
			"Lines of the log that begin with ALERT." },
		1 },
	{ "mailer_up",
		{ "otpd_mailer_connected", OPENMETRICS_GAUGE, "",
			"Whether otpd has a connection to otpd-mail." },
		1 },
	{ "connections",
		{ "otpd_connections", OPENMETRICS_GAUGE, "", "Clients of otpd." }, 1 },
	{ "calls",
		{ "otpd_calls", OPENMETRICS_COUNTER, "",
			"Calls that took part in a transaction." },
		1 },
	{ "batches",
		{ "otpd_batches", OPENMETRICS_COUNTER, "",
			"Transactions, with those that only read." },
		1 },
	{ "memory_peak_bytes",
		{ "otpd_memory_peak_bytes", OPENMETRICS_GAUGE, "bytes",
			"The most memory that otpd has had." },
		1 },
	{ "cpu_us",
		{ "otpd_cpu_seconds", OPENMETRICS_COUNTER, "seconds",
			"Processor time that otpd has used." },
		MILLION },
	{ "log_lines_lost",
		{ "otpd_log_lines_lost", OPENMETRICS_COUNTER, "",
			"Lines that the journal did not take in time." },
		1 },
};

static const struct list {
	const char *name;
	struct openmetrics_family family;
	const char *label;
} lists[] = {
	{ "events",
		{ "otpd_events", OPENMETRICS_COUNTER, "",
			"What was decided, as otpd(8) lists it." },
		"event" },
	{ "answers",
		{ "otpd_answers", OPENMETRICS_COUNTER, "",
			"Answers to calls, by their error; Done for those without." },
		"answer" },
	{ "mails",
		{ "otpd_mail_results", OPENMETRICS_COUNTER, "",
			"Tries to send a mail, and mails that came back." },
		"result" },
};

static const struct series {
	const char *name;
	struct openmetrics_family family;
	int64_t scale;
} histograms[] = {
	{ "commit_us",
		{ "otpd_commit_seconds", OPENMETRICS_HISTOGRAM, "seconds",
			"What a COMMIT takes: mostly the disk." },
		MILLION },
	{ "call_us",
		{ "otpd_call_seconds", OPENMETRICS_HISTOGRAM, "seconds",
			"From a call to its answer, passwords and all." },
		MILLION },
	{ "batch_calls",
		{ "otpd_batch_calls", OPENMETRICS_HISTOGRAM, "",
			"Calls of one transaction." },
		1 },
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct openmetrics_family up = { "otpd_up", OPENMETRICS_GAUGE, "",
	"Whether otpd answers." };
static const struct openmetrics_family mail_up = { "otpd_mail_up", OPENMETRICS_GAUGE,
	"", "Whether otpd-mail answers." };
static const struct openmetrics_family build = { "otpd_build_info", OPENMETRICS_GAUGE,
	"", "The version that runs, always 1." };
static const struct openmetrics_family start = { "otpd_start_time_seconds",
	OPENMETRICS_GAUGE, "seconds", "When otpd started, since 1970." };
static const struct openmetrics_family mail_start = { "otpd_mail_start_time_seconds",
	OPENMETRICS_GAUGE, "seconds", "When otpd-mail started, since 1970." };

static int64_t integer(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *string(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* The row of this name in a list; NULL if there is none. */
static const json_t *find(const json_t *rows, const char *name)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (strcmp(string(row, "name"), name) == 0)
			return row;
	return NULL;
}

static void write_one(const struct openmetrics_family *family, int64_t value)
{
	openmetrics_head(stdout, family);
	openmetrics_sample(stdout, family, NULL, value, 1);
}

static void write_numbers(const json_t *rows)
{
	const char *last = "";

	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		const struct number *n = &numbers[i];
		const struct openmetrics_label labels[] = { { n->label, n->value },
			{ NULL, NULL } };
		const json_t *row = find(rows, n->name);

		if (!row)
			continue;
		if (strcmp(last, n->family.name) != 0)
			openmetrics_head(stdout, &n->family);
		last = n->family.name;
		openmetrics_sample(
			stdout, &n->family, labels, integer(row, "value"), n->scale);
	}
}

static void write_list(const struct list *list, const json_t *rows)
{
	const json_t *row;
	size_t i;

	openmetrics_head(stdout, &list->family);
	json_array_foreach(rows, i, row) {
		const struct openmetrics_label labels[] = {
			{ list->label, string(row, "name") }, { NULL, NULL }
		};

		openmetrics_sample(
			stdout, &list->family, labels, integer(row, "value"), 1);
	}
}

static void write_histogram(const struct series *series, const json_t *row)
{
	const json_t *bounds = json_object_get(row, "bounds"),
		     *counts = json_object_get(row, "counts"), *count;
	int64_t n = 0;
	size_t i;

	openmetrics_head(stdout, &series->family);
	json_array_foreach(counts, i, count) {
		const json_t *bound = json_array_get(bounds, i);

		n += json_integer_value(count);
		openmetrics_bucket(stdout, &series->family,
			bound ? json_integer_value(bound) : -1, series->scale, n);
	}
	openmetrics_sum(stdout, &series->family, integer(row, "sum"), series->scale, n);
}

static void write_otpd(const json_t *answer)
{
	const struct openmetrics_label version[] = {
		{ "version", string(answer, "version") }, { NULL, NULL }
	};

	openmetrics_head(stdout, &build);
	openmetrics_sample(stdout, &build, version, 1, 1);
	write_one(&start, integer(answer, "started_at"));
	write_numbers(json_object_get(answer, "numbers"));
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		write_list(&lists[i], json_object_get(answer, lists[i].name));
	for (size_t i = 0; i < COUNT_OF(histograms); i++) {
		const json_t *row =
			find(json_object_get(answer, "histograms"), histograms[i].name);

		if (row)
			write_histogram(&histograms[i], row);
	}
}

/* What otpd-mail says of each transport: one family after the other, since each stands
 * in one piece. */
static const struct openmetrics_family tries = { "otpd_mail_transport_tries",
	OPENMETRICS_COUNTER, "", "Tries to send over a transport, by result." };
static const struct openmetrics_family waiting = { "otpd_mail_transport_waiting",
	OPENMETRICS_GAUGE, "", "Mails that a transport has now." };
static const struct openmetrics_family usable = { "otpd_mail_transport_up",
	OPENMETRICS_GAUGE, "",
	"Whether a transport is used, and not paused or probed." };
static const struct openmetrics_family latency = {
	"otpd_mail_transport_latency_seconds", OPENMETRICS_GAUGE, "seconds",
	"Within how long half, and 95 of 100, of the mails that were sent were taken."
};

static void write_of_transport(const struct openmetrics_family *family,
	const json_t *row, const char *label, const char *value, int64_t number,
	int64_t scale)
{
	const struct openmetrics_label labels[] = {
		{ "transport", string(row, "name") }, { label, value }, { NULL, NULL }
	};

	openmetrics_sample(stdout, family, labels, number, scale);
}

static void write_transports(const json_t *rows)
{
	static const char *const results[] = { "sent", "deferred", "refused" };
	const json_t *row;
	size_t i;

	openmetrics_head(stdout, &tries);
	json_array_foreach(rows, i, row)
		for (size_t j = 0; j < COUNT_OF(results); j++)
			write_of_transport(&tries, row, "result", results[j],
				integer(row, results[j]), 1);
	openmetrics_head(stdout, &waiting);
	json_array_foreach(rows, i, row)
		write_of_transport(
			&waiting, row, NULL, NULL, integer(row, "waiting"), 1);
	openmetrics_head(stdout, &usable);
	json_array_foreach(rows, i, row)
		write_of_transport(&usable, row, NULL, NULL,
			strcmp(string(row, "state"), "up") == 0, 1);
	openmetrics_head(stdout, &latency);
	json_array_foreach(rows, i, row) {
		if (integer(row, "sent") == 0)
			continue;
		write_of_transport(
			&latency, row, "quantile", "0.5", integer(row, "p50_ms"), 1000);
		write_of_transport(&latency, row, "quantile", "0.95",
			integer(row, "p95_ms"), 1000);
	}
}

static void add_mailer(const struct session *session, const struct arguments *arguments)
{
	struct mailer mailer;
	CLEANUP(json_decrefp) json_t *answer = NULL;
	char why[SESSION_FAULT];
	int r;

	mailer_init(&mailer, session, arguments);
	r = mailer_call(&mailer, "Stats", json_pack("{s:i}", "limit", 1), &answer);
	mailer_close(&mailer);
	write_one(&mail_up, r == 0);
	if (r != 0) {
		mailer_fault(&mailer, r, why);
		output_warning(session->json, "%s", why);
		return;
	}
	write_one(&mail_start, integer(answer, "since"));
	write_transports(json_object_get(answer, "transports"));
}

int metrics_run(struct session *session, const struct arguments *arguments)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = session_call(
		session, "org.emailotp.Admin.Metrics", json_object(), &answer);
	int exit_code =
		r == 0 ? OUTPUT_DONE : session_explain(session, r, answer, NULL);

	/* Somebody who may not ask is not told that otpd is down. */
	if (exit_code != OUTPUT_DONE && exit_code != OUTPUT_UNREACHABLE)
		return exit_code;
	write_one(&up, r == 0);
	if (r == 0)
		write_otpd(answer);
	add_mailer(session, arguments);
	openmetrics_end(stdout);
	return exit_code;
}
