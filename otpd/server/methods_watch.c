/* SPDX-License-Identifier: MIT */
/* The part of org.emailotp.Admin that looks: state, queue, and a test mail. */
#include <errno.h>
#include <string.h>

#include "otpd/account/designate.h"
#include "otpd/core/address.h"
#include "otpd/core/language.h"
#include "otpd/proto/idl.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/issue.h"
#include "otpd/server/methods.h"
#include "otpd/server/record.h"
#include "otpd/store/challenges.h"
#include "otpd/store/registrations.h"
#include "otpd/store/sessions.h"
#include "otpd/store/users.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"
#include "otpd/version.h"

struct watch_in {
	int64_t before;
	int64_t limit;
	bool open;
	char address[LIMIT_ADDRESS + 1];
	char template[LIMIT_SERVICE + 1];
	char language[LIMIT_LANGUAGE + 1];
	char tenant[LIMIT_TENANT + 1];
	char mail[2 * MAIL_NAME + 1];
	uint8_t name[MAIL_NAME];
};

struct watch_work {
	struct outgoing *mail;
	struct record record;
};

static const struct field queue_fields[] = {
	{ "before", FIELD_INT, offsetof(struct watch_in, before), INT64_MAX, true },
	{ "limit", FIELD_INT, offsetof(struct watch_in, limit), LIMIT_PAGE, true },
	{ "open", FIELD_BOOL, offsetof(struct watch_in, open), 0, true },
	{ 0 },
};

static const struct field test_fields[] = {
	{ "address", FIELD_STRING, offsetof(struct watch_in, address), LIMIT_ADDRESS,
		false },
	{ "template", FIELD_STRING, offsetof(struct watch_in, template), LIMIT_SERVICE,
		true },
	{ "language", FIELD_STRING, offsetof(struct watch_in, language), LIMIT_LANGUAGE,
		true },
	{ "tenant", FIELD_STRING, offsetof(struct watch_in, tenant), LIMIT_TENANT,
		true },
	{ 0 },
};

static const struct field mail_fields[] = {
	{ "mail", FIELD_STRING, offsetof(struct watch_in, mail), 2 * MAIL_NAME, false },
	{ 0 },
};

static void status_of_daemon(struct call *call, const struct daemon *daemon)
{
	const struct mailer *mailer = &daemon->mailer;

	call_out_string(call, "version", OTPD_VERSION);
	call_out_int(call, "started_at", daemon->started_at);
	call_out_int(call, "connections", (int64_t)daemon->server.n_conns);
	call_out_int(call, "calls", daemon->batch.n_calls);
	call_out_int(call, "batches", daemon->batch.n_batches);
	call_out_string(call, "mailer",
		mailer->up                   ? "up"
			: daemon->seal.ready ? "down"
					     : "no_key");
	call_out_string(call, "mailer_error", mailer->error);
}

/* What the loop's thread knows is said there; the rest comes with the store. */
static int status_check(struct call *call)
{
	status_of_daemon(call, call_daemon(call));
	return 0;
}

static int status_of_accounts(struct call *call, struct store *store)
{
	const struct moment *moment = &call_daemon(call)->moment;
	int64_t accounts = 0, pending = 0, sessions = 0;
	int r = accounts_count(store, &accounts);

	if (r == 0)
		r = registrations_count(store, &pending);
	if (r == 0)
		r = sessions_count(store, moment->now_s, &sessions);
	call_out_int(call, "accounts", accounts);
	call_out_int(call, "pending_registrations", pending);
	call_out_int(call, "sessions", sessions);
	call_out_json(call, "tenants", designate_tenants(moment->config));
	return r;
}

static int status_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	int64_t users = 0, live = 0, queued = 0, now = daemon->moment.now_s;
	int r = users_count(store, &users);

	if (r == 0)
		r = challenges_count_live(store, now, &live);
	if (r == 0)
		r = mails_count_open(store, &queued);
	call_out_int(call, "users", users);
	call_out_int(call, "live_challenges", live);
	call_out_int(call, "queued_mails", queued);
	call_out_int(call, "wrong_last_hour", budget_rate_hour(&daemon->wrong, now));
	return r < 0 ? r : status_of_accounts(call, store);
}

static json_t *mail_json(const struct mail *mail)
{
	char name[2 * MAIL_NAME + 1];

	hex_encode(name, mail->name, sizeof(mail->name));
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:b}",
		"id", (json_int_t)mail->id, "mail", name, "user", mail->user, "purpose",
		code_purpose_name(mail->purpose), "state", mail_state_name(mail->state),
		"tries", (json_int_t)mail->tries, "created_at", (json_int_t)mail->at,
		"next_at", (json_int_t)mail->next_at, "deadline",
		(json_int_t)mail->deadline, "detail", mail->detail, "transport",
		mail->transport, "second", mail->second);
}

/* Rows as JSON, with the id of the last one. */
struct rows {
	json_t *array;
	int64_t last;
};

static int add_row(struct rows *rows, json_t *row, int64_t id)
{
	rows->last = id;
	return json_array_append_new(rows->array, row) < 0 ? -ENOMEM : 0;
}

static int add_mail(const struct mail *mail, void *arg)
{
	return add_row(arg, mail_json(mail), mail->id);
}

static int queue_apply(struct call *call, struct store *store)
{
	const struct watch_in *in = call->in;
	int64_t limit = in->limit > 0 ? in->limit : LIMIT_PAGE;
	int64_t before = in->before > 0 ? in->before : INT64_MAX;
	struct rows rows = { .array = json_array() };
	int r = mails_list(store, before, limit, in->open, add_mail, &rows);

	if (json_array_size(rows.array) == (size_t)limit)
		call_out_int(call, "next", rows.last);
	call_out_json(call, "mails", rows.array);
	return r;
}

static int test_check(struct call *call)
{
	const struct watch_in *in = call->in;
	const char *problem = address_route_problem(in->address);

	/* The other kinds carry codes, or say what did not happen. */
	if (in->template[0] && strcmp(in->template, "test") != 0)
		return OUTCOME_NOT_ALLOWED;
	if (!language_is_good(in->language) || !text_is_utf8(in->tenant) ||
		text_has_control(in->tenant))
		return OUTCOME_BAD_NAME;
	if (!problem)
		return 0;
	call_out_string(call, "reason", problem);
	return OUTCOME_BAD_ADDRESS;
}

static int test_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	const struct watch_in *in = call->in;
	struct watch_work *work = call->work;
	struct issue issue = {
		.policy = config_policy(daemon->moment.config, "otpctl"),
		.user = "",
		.service = "otpctl",
		.rhost = "",
		.tty = "",
		.peer = call->peer.uid,
		.address = in->address,
		.person = "",
		.language = in->language,
		.tenant = in->tenant[0] ? in->tenant : NULL,
	};
	char name[2 * MAIL_NAME + 1];
	int r = issue_notice(daemon, store, &issue, ISSUE_TEST, 0, &work->mail);

	if (r != 0)
		return r;
	hex_encode(name, work->mail->name, sizeof(work->mail->name));
	call_out_string(call, "mail", name);
	record_about(&work->record, "", "otpctl", "", call->peer.uid);
	return record_store(&work->record, store, daemon->moment.now_s, "test_queued",
		"test mail asked for", LOG_NOTICE);
}

static void test_committed(struct call *call)
{
	struct watch_work *work = call->work;

	outbox_add(&call_daemon(call)->outbox, TAKE_PTR(work->mail));
	record_log(&work->record);
}

static void watch_release(struct call *call)
{
	struct watch_work *work = call->work;

	outgoing_free(work->mail);
}

static int show_mail_check(struct call *call)
{
	struct watch_in *in = call->in;

	return hex_decode(in->name, sizeof(in->name), in->mail) < 0
		? OUTCOME_NO_CHALLENGE
		: 0;
}

static int show_mail_apply(struct call *call, struct store *store)
{
	const struct watch_in *in = call->in;
	struct mail mail;
	int r = mails_get_by_name(store, in->name, &mail);

	if (r < 0)
		return r == -ENOENT ? OUTCOME_NO_CHALLENGE : r;
	call_out_json(call, "mail", mail_json(&mail));
	return 0;
}

const struct method watch_methods[] = {
	{
		.name = "Status",
		.flags = METHOD_ROOT | METHOD_READ,
		.check = status_check,
		.apply = status_apply,
	},
	{
		.name = "Queue",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = queue_fields,
		.in_size = sizeof(struct watch_in),
		.apply = queue_apply,
	},
	{
		.name = "SendTest",
		.flags = METHOD_ROOT,
		.in = test_fields,
		.in_size = sizeof(struct watch_in),
		.work_size = sizeof(struct watch_work),
		.check = test_check,
		.apply = test_apply,
		.committed = test_committed,
		.release = watch_release,
	},
	{
		.name = "ShowMail",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = mail_fields,
		.in_size = sizeof(struct watch_in),
		.check = show_mail_check,
		.apply = show_mail_apply,
	},
	{ 0 },
};
