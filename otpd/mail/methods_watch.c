/* SPDX-License-Identifier: MIT */
/*
 * The part of org.emailotp.Mail that looks: state, counters, the way of a test mail. A
 * page of Stats and a whole Trace fit LIMIT_REPLY at their longest.
 */
#include <stddef.h>
#include <string.h>

#include "otpd/config/report.h"
#include "otpd/mail/config.h"
#include "otpd/mail/mailer.h"
#include "otpd/mail/methods.h"
#include "otpd/mail/route.h"
#include "otpd/mail/stats.h"
#include "otpd/mail/trace.h"
#include "otpd/varlink/call.h"
#include "otpd/version.h"

#define STATUS_NAMES 200 /* of tenants, with all their escapes 26 KiB */

struct stats_in {
	char after[STATS_DOMAIN + 1];
	int64_t limit;
};

struct config_in {
	int64_t after;
	int64_t limit;
};

struct trace_in {
	char mail[LIMIT_CHALLENGE + 1];
};

/* Appends; on failure the list is lost, which the call then notices. */
static json_t *append(json_t *list, json_t *value)
{
	if (json_array_append_new(list, value) == 0)
		return list;
	json_decref(list);
	return NULL;
}

/*
 * Names that can be given with a mail. Where there are so many that they might not fit
 * an answer there is no list rather than a part of one, which would call good names
 * unknown.
 */
static void put_names(struct call *call, const char *name, json_t *list)
{
	if (json_array_size(list) > STATUS_NAMES)
		json_decref(list);
	else
		call_out_json(call, name, list);
}

static bool has_string(const json_t *list, const char *text)
{
	const json_t *value;
	size_t i;

	json_array_foreach(list, i, value)
		if (strcmp(json_string_value(value), text) == 0)
			return true;
	return false;
}

static void put_languages(struct call *call, const struct templates *templates)
{
	json_t *list = json_array();

	/* Tenants that change words of a language have it once more. */
	for (size_t i = 0; list && i < templates->n_words; i++)
		if (!has_string(list, templates->words[i]->language))
			list = append(list, json_string(templates->words[i]->language));
	put_names(call, "languages", list);
}

static void put_tenants(struct call *call, const struct mail_config *config)
{
	const struct tenant_config *tenants = config->tenants.items;
	json_t *list = json_array();

	for (size_t i = 0; list && i < config->tenants.n; i++)
		list = append(list, json_string(tenants[i].title));
	put_names(call, "tenants", list);
}

static int status_check(struct call *call)
{
	const struct mailer *mailer = call->service->context;
	json_t *warnings = json_array();
	char warning[MAIL_WARNING_MAX];

	for (unsigned i = 0;
		config_warning(mailer->config, i, warning, sizeof(warning)); i++)
		warnings = append(warnings, json_string(warning));
	call_out_string(call, "version", OTPD_VERSION);
	call_out_int(call, "started_at", mailer->started_at_s);
	call_out_string(call, "transport",
		mailer->config->transports.n > 0
			? config_transport(mailer->config, 0)->title
			: "");
	call_out_int(call, "sent", mailer->n_sent);
	call_out_int(call, "deferred", mailer->n_deferred);
	call_out_int(call, "refused", mailer->n_refused);
	call_out_string(call, "last_error", mailer->last_error);
	call_out_json(call, "warnings", warnings);
	put_languages(call, mailer->templates);
	put_tenants(call, mailer->config);
	return 0;
}

static json_t *transport_json(const struct mailer *mailer, size_t i)
{
	static const char *const states[] = {
		[HEALTH_UP] = "up",
		[HEALTH_PAUSED] = "paused",
		[HEALTH_PROBING] = "probing",
	};
	const struct stats_transport *row = stats_transport(mailer->stats, i);
	const struct transport_config *config = config_transport(mailer->config, i);
	struct route_status status;

	route_status(mailer->route, i, &status);
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}",
		"name", row->name, "type",
		transport_type_name((enum transport_type)config->type), "state",
		states[status.state], "retry_in", (json_int_t)status.retry_in_s,
		"waiting", (json_int_t)status.n_waiting, "sent",
		(json_int_t)row->counts.sent, "deferred",
		(json_int_t)row->counts.deferred, "refused",
		(json_int_t)row->counts.refused, "p50_ms",
		(json_int_t)latency_percentile(&row->counts.latency, 50), "p95_ms",
		(json_int_t)latency_percentile(&row->counts.latency, 95), "last_error",
		row->last_error);
}

static json_t *domain_json(const struct stats_domain *row)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "domain", row->name,
		"sent", (json_int_t)row->counts.sent, "deferred",
		(json_int_t)row->counts.deferred, "refused",
		(json_int_t)row->counts.refused, "bounced", (json_int_t)row->bounced,
		"p50_ms", (json_int_t)latency_percentile(&row->counts.latency, 50),
		"p95_ms", (json_int_t)latency_percentile(&row->counts.latency, 95));
}

static void put_domains(
	struct call *call, const struct stats *stats, const char *after, int64_t limit)
{
	json_t *list = json_array();
	const struct stats_domain *row = stats_domain_after(stats, after);

	for (int64_t n = 0; row && n < limit; n++) {
		list = append(list, domain_json(row));
		after = row->name;
		row = stats_domain_after(stats, after);
	}
	if (row)
		call_out_string(call, "next", after);
	call_out_json(call, "domains", list);
}

static int stats_check(struct call *call)
{
	const struct mailer *mailer = call->service->context;
	const struct stats_in *in = call->in;
	json_t *transports = json_array();

	for (size_t i = 0; stats_transport(mailer->stats, i); i++)
		transports = append(transports, transport_json(mailer, i));
	call_out_int(call, "since", mailer->started_at_s);
	call_out_json(call, "transports", transports);
	put_domains(
		call, mailer->stats, in->after, in->limit > 0 ? in->limit : LIMIT_PAGE);
	return 0;
}

static int trace_check(struct call *call)
{
	const struct mailer *mailer = call->service->context;
	const struct trace_in *in = call->in;
	json_t *list = json_array();
	size_t n;
	const struct trace_entry *steps = trace_steps(mailer->traces, in->mail, &n);

	for (size_t i = 0; i < n; i++)
		list = append(list,
			json_pack("{s:s, s:I, s:s}", "step", steps[i].step, "ms",
				(json_int_t)steps[i].ms, "said", steps[i].said));
	call_out_json(call, "steps", list);
	return 0;
}

static int config_check(struct call *call)
{
	const struct mailer *mailer = call->service->context;
	const struct config_in *in = call->in;
	int64_t next = 0;

	call_out_json(call, "settings",
		report_page(&mail_schema, mailer->config, in->after,
			in->limit > 0 ? in->limit : LIMIT_PAGE, &next));
	if (next > 0)
		call_out_int(call, "next", next);
	call_out_json(call, "changed", report_changed(&mailer->config->origins));
	return 0;
}

static const struct field config_fields[] = {
	{ "after", FIELD_INT, offsetof(struct config_in, after), INT32_MAX, true },
	{ "limit", FIELD_INT, offsetof(struct config_in, limit), LIMIT_PAGE, true },
	{ 0 },
};

static const struct field stats_fields[] = {
	{ "after", FIELD_STRING, offsetof(struct stats_in, after), STATS_DOMAIN, true },
	{ "limit", FIELD_INT, offsetof(struct stats_in, limit), LIMIT_PAGE, true },
	{ 0 },
};

static const struct field trace_fields[] = {
	{ "mail", FIELD_STRING, offsetof(struct trace_in, mail), LIMIT_CHALLENGE,
		false },
	{ 0 },
};

const struct method watch_methods[] = {
	{
		.name = "Status",
		.flags = METHOD_ROOT | METHOD_OTPD | METHOD_READ,
		.check = status_check,
	},
	{
		.name = "Stats",
		.flags = METHOD_ROOT | METHOD_OTPD | METHOD_READ,
		.in = stats_fields,
		.in_size = sizeof(struct stats_in),
		.check = stats_check,
	},
	{
		.name = "Trace",
		.flags = METHOD_ROOT | METHOD_OTPD | METHOD_READ,
		.in = trace_fields,
		.in_size = sizeof(struct trace_in),
		.check = trace_check,
	},
	{
		.name = "Config",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = config_fields,
		.in_size = sizeof(struct config_in),
		.check = config_check,
	},
	{ 0 },
};
