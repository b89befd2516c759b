/* SPDX-License-Identifier: MIT */
/* org.emailotp.Mail.Bounces: delivery reports, for otpd to take over. */
#include <stddef.h>

#include "otpd/mail/bounces.h"
#include "otpd/mail/mailer.h"
#include "otpd/mail/methods.h"
#include "otpd/mail/stats.h"
#include "otpd/util/log.h"
#include "otpd/varlink/call.h"

struct bounces_in {
	const json_t *done;
};

static json_t *list_found(const struct bounce_look *look)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < look->n; i++) {
		const struct bounce *bounce = &look->found[i];
		json_t *one = json_pack("{s:s, s:s, s:s, s:s}", "id", bounce->id,
			"mail", bounce->report.mail, "status", bounce->report.status,
			"detail", bounce->report.detail);

		/* On failure the list is lost, and the call knows it. */
		if (json_array_append_new(list, one) < 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

/* A report that is told again does not count again: only its end does. */
static void count_done(struct stats *stats, const struct bounce_look *look)
{
	for (size_t i = 0; i < look->n_done; i++)
		if (look->done[i].report.domain[0])
			stats_bounced(stats, look->done[i].report.domain);
}

static void on_seen(void *context, const struct bounce_look *look)
{
	static struct log_limit noise = { .interval_s = 3600, .burst = 3 };
	struct call *call = context;
	const struct mailer *mailer = call->service->context;

	count_done(mailer->stats, look);
	if (look->error < 0 && log_limit_pass(&noise))
		log_errno(LOG_ERR, look->error, "bounce_maildir %s cannot be read",
			look->path);
	if (look->error == 0)
		call_out_json(call, "bounces", list_found(look));
	call_finish(call, look->error);
}

static int bounces_check(struct call *call)
{
	const struct mailer *mailer = call->service->context;
	const struct bounces_in *in = call->in;
	const char *maildir = mailer->config->bounce_maildir;
	int r;

	if (!maildir[0]) {
		call_out_json(call, "bounces", json_array());
		call_finish(call, 0);
		return 0;
	}
	r = bounces_look(mailer->loop, maildir, in->done, on_seen, call);
	if (r < 0)
		call_finish(call, r);
	return 0;
}

static const struct field bounces_fields[] = {
	{ "done", FIELD_ARRAY, offsetof(struct bounces_in, done), LIMIT_BOUNCES, true },
	{ 0 },
};

const struct method bounces_methods[] = {
	{
		.name = "Bounces",
		.flags = METHOD_ROOT | METHOD_OTPD | METHOD_ASYNC,
		.in = bounces_fields,
		.in_size = sizeof(struct bounces_in),
		.check = bounces_check,
	},
	{ 0 },
};
