/* SPDX-License-Identifier: MIT */
/*
 * Mails that come back. otpd-mail reads the delivery reports but has no way to call
 * otpd, so it is asked now and then; it forgets a report when the next question says
 * that it is committed. Told twice, a report changes nothing the second time.
 *
 * MUST NOT believe otpd-mail more than this: a mail that was sent can become one that
 * bounced, and nothing else can become anything.
 */
#include "otpd/server/bounces.h"

#include <jansson.h>
#include <stdio.h>

#include "otpd/server/daemon.h"
#include "otpd/server/settle.h"
#include "otpd/server/tally.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

#define EVERY_MS 15000

/* False if it is not of the form that the interface promises. */
static bool read_bounce(struct bounce *bounce, const json_t *value)
{
	const char *id = json_string_value(json_object_get(value, "id"));
	const char *mail = json_string_value(json_object_get(value, "mail"));
	const char *status = json_string_value(json_object_get(value, "status"));
	const char *detail = json_string_value(json_object_get(value, "detail"));
	char words[LIMIT_DETAIL + 1];

	if (!id || !mail || !status || !detail ||
		!text_copy(bounce->id, sizeof(bounce->id), id) ||
		!text_copy(bounce->status, sizeof(bounce->status), status) ||
		hex_decode(bounce->mail, sizeof(bounce->mail), mail) < 0)
		return false;
	snprintf(words, sizeof(words), "bounced: %.16s %s", status, detail);
	text_copy_clean(bounce->detail, sizeof(bounce->detail), words);
	return true;
}

static void on_answer(void *context, json_t *out)
{
	struct bounces *bounces = context;
	const json_t *value, *list = json_object_get(out, "bounces");
	size_t i;

	bounces->asking = false;
	if (!json_is_array(list))
		return; /* the next question says again what is committed */
	bounces->n = 0;
	bounces->committed = false;
	json_array_foreach(list, i, value) {
		if (bounces->n < LIMIT_BOUNCES &&
			read_bounce(&bounces->found[bounces->n], value))
			bounces->n++;
	}
	if (bounces->n == 0 || bounces->daemon->stopping)
		return;
	bounces->writing = true;
	batch_add_job(&bounces->daemon->batch, &bounces->job);
}

static int write_one(struct bounce *bounce, struct daemon *daemon, struct store *store)
{
	int r;

	bounce->record = (struct record){ 0 };
	r = settle_bounced(store, bounce->mail, bounce->status, bounce->detail,
		daemon->moment.now_s, &bounce->record);
	bounce->is_new = r > 0;
	return r;
}

static int write_apply(struct job *job, struct store *store)
{
	struct bounces *bounces = list_entry(job, struct bounces, job);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < bounces->n; i++)
		r = write_one(&bounces->found[i], bounces->daemon, store);
	return r;
}

static void log_bounce(const struct bounce *bounce)
{
	char name[2 * MAIL_NAME + 1], detail[TEXT_QUOTED];

	if (!bounce->is_new)
		return;
	hex_encode(name, bounce->mail, sizeof(bounce->mail));
	tally_mail(TALLY_MAIL_BOUNCED);
	log_msg(LOG_WARNING, "mail bounced mail=%s detail=%s", name,
		text_quote(detail, sizeof(detail), bounce->detail));
	record_log(&bounce->record);
}

static void write_done(struct job *job, int r)
{
	struct bounces *bounces = list_entry(job, struct bounces, job);

	bounces->writing = false;
	if (r < 0) {
		log_errno(LOG_ERR, r, "delivery reports cannot be written, retrying");
		bounces->n = 0;
		return;
	}
	for (size_t i = 0; i < bounces->n; i++)
		log_bounce(&bounces->found[i]);
	bounces->committed = true;
	bounces_ask(bounces);
}

/* The ids that otpd-mail may forget. */
static json_t *list_done(const struct bounces *bounces)
{
	json_t *done = json_array();

	for (size_t i = 0; done && bounces->committed && i < bounces->n; i++)
		if (json_array_append_new(done, json_string(bounces->found[i].id)) < 0)
			break;
	return done;
}

void bounces_ask(struct bounces *bounces)
{
	json_t *parameters;

	if (bounces->asking || bounces->writing || bounces->daemon->stopping)
		return;
	parameters = json_pack("{s:o}", "done", list_done(bounces));
	if (!parameters)
		return;
	bounces->asking = true; /* the end may be told before mailer_ask() returns */
	if (mailer_ask(&bounces->daemon->mailer, "org.emailotp.Mail.Bounces",
		    parameters, on_answer, bounces) < 0)
		bounces->asking = false;
}

static void on_timer(uv_timer_t *timer)
{
	bounces_ask(timer->data);
}

void bounces_open(struct bounces *bounces, struct daemon *daemon)
{
	bounces->daemon = daemon;
	bounces->job = (struct job){ .apply = write_apply, .done = write_done };
	list_init(&bounces->job.link);
	uv_timer_init(&daemon->loop, &bounces->timer);
	bounces->timer.data = bounces;
	uv_timer_start(&bounces->timer, on_timer, EVERY_MS, EVERY_MS);
}

void bounces_close(struct bounces *bounces)
{
	uv_close((uv_handle_t *)&bounces->timer, NULL);
}
