/* SPDX-License-Identifier: MIT */
/*
 * The queue of mails, as the loop sees it.
 *
 * A mail comes here when its row is committed, goes to the mailer, and leaves when its
 * result is committed. Results wait a moment for a batch that leaves anyway, so that a
 * mail seldom costs an fsync of its own; a crash in that moment repeats the mail, with
 * the same Message-ID. Rows that do not fit in memory, were put off, or were left by a
 * crash are fetched from the table when they are due.
 *
 * The lists writing and fetched belong to the worker while their job is in a batch.
 */
#include "otpd/server/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "otpd/server/mailer.h"
#include "otpd/server/settle.h"
#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define OUTBOX_MAX   1024 /* mails in memory */
#define OUTBOX_FETCH 64   /* rows of one fetch */
#define FLUSH_MS     50

struct outgoing *outgoing_new(const struct mail *mail)
{
	struct outgoing *outgoing = malloc(sizeof(*outgoing) + mail->sealed_size);

	if (!outgoing)
		return NULL;
	*outgoing = (struct outgoing){
		.state = OUTGOING_READY,
		.id = mail->id,
		.tries = mail->tries,
		.deadline = mail->deadline,
		.sealed_size = mail->sealed_size,
	};
	list_init(&outgoing->link);
	text_copy(outgoing->user, sizeof(outgoing->user), mail->user);
	memcpy(outgoing->name, mail->name, sizeof(outgoing->name));
	memcpy(outgoing->sender, mail->sender, sizeof(outgoing->sender));
	memcpy(outgoing->nonce, mail->nonce, sizeof(outgoing->nonce));
	memcpy(outgoing->sealed, mail->sealed, mail->sealed_size);
	return outgoing;
}

void outgoing_free(struct outgoing *outgoing)
{
	if (!outgoing)
		return;
	list_remove(&outgoing->link);
	free(outgoing);
}

static void keep(struct outbox *outbox, struct outgoing *outgoing)
{
	list_append(&outbox->mails, &outgoing->link);
	outbox->n++;
}

static void drop(struct outbox *outbox, struct outgoing *outgoing)
{
	outgoing_free(outgoing);
	outbox->n--;
}

void outbox_add(struct outbox *outbox, struct outgoing *outgoing)
{
	if (!outgoing)
		return;
	if (outbox->n >= OUTBOX_MAX) {
		outbox->more = true;
		outgoing_free(outgoing);
		return;
	}
	keep(outbox, outgoing);
	mailer_pump(outbox->mailer);
}

void outbox_forget(struct outbox *outbox, int64_t id)
{
	list_for_each(it, &outbox->mails) {
		struct outgoing *outgoing = list_entry(it, struct outgoing, link);

		if (outgoing->id == id && outgoing->state == OUTGOING_READY) {
			drop(outbox, outgoing);
			return;
		}
	}
}

void outbox_forget_user(struct outbox *outbox, const char *user)
{
	bool forgot = false;

	list_for_each(it, &outbox->mails) {
		struct outgoing *outgoing = list_entry(it, struct outgoing, link);

		if (outgoing->state != OUTGOING_READY ||
			(user && strcmp(outgoing->user, user) != 0))
			continue;
		drop(outbox, outgoing);
		forgot = true;
	}
	/* Notices go with the codes here; the table still has them. */
	if (forgot)
		outbox_fetch(outbox);
}

static void on_flush(uv_timer_t *timer)
{
	outbox_board(timer->data);
}

static void start_flush(struct outbox *outbox, uint64_t ms)
{
	if (!uv_is_active((uv_handle_t *)&outbox->flush))
		uv_timer_start(&outbox->flush, on_flush, ms, 0);
}

struct outgoing *outbox_take(struct outbox *outbox)
{
	int64_t now = clock_wall_s();

	list_for_each(it, &outbox->mails) {
		struct outgoing *outgoing = list_entry(it, struct outgoing, link);

		if (outgoing->state != OUTGOING_READY)
			continue;
		if (now < outgoing->deadline) {
			outgoing->state = OUTGOING_SENDING;
			/* To the end, so that the ready ones stand in front. */
			list_remove(&outgoing->link);
			list_append(&outbox->mails, &outgoing->link);
			return outgoing;
		}
		outbox_result(outbox, outgoing,
			&(struct mail_result){
				"refused", "not handed over in time", "" });
	}
	if (outbox->more)
		outbox_fetch(outbox);
	return NULL;
}

void outbox_result(struct outbox *outbox, struct outgoing *outgoing,
	const struct mail_result *result)
{
	settle_decide(outgoing, result, clock_wall_s());
	outgoing->state = OUTGOING_DONE;
	/* An address that is refused says nothing of how other mails fare. */
	if (!outgoing->bad_address || outgoing->row_state == MAIL_SENT)
		outbox->last_state = outgoing->row_state;
	start_flush(outbox, FLUSH_MS);
}

void outbox_board(struct outbox *outbox)
{
	if (!list_is_empty(&outbox->writing))
		return;
	list_for_each(it, &outbox->mails) {
		struct outgoing *outgoing = list_entry(it, struct outgoing, link);

		if (outgoing->state != OUTGOING_DONE)
			continue;
		list_remove(&outgoing->link);
		list_append(&outbox->writing, &outgoing->link);
	}
	if (list_is_empty(&outbox->writing))
		return;
	uv_timer_stop(&outbox->flush);
	batch_add_job(outbox->batch, &outbox->write);
}

const char *outbox_delivery(const struct outbox *outbox)
{
	if (!outbox->mailer->up || outbox->last_state < 0)
		return "queued";
	if (outbox->last_state == MAIL_FAILED)
		return "failed";
	return outbox->last_state == MAIL_QUEUED ? "deferred" : "sent";
}

bool outbox_is_settled(const struct outbox *outbox)
{
	return list_is_empty(&outbox->writing) &&
		!uv_is_active((const uv_handle_t *)&outbox->flush);
}

static int write_apply(struct job *job, struct store *store)
{
	struct outbox *outbox = list_entry(job, struct outbox, write);

	list_for_each(it, &outbox->writing) {
		struct outgoing *outgoing = list_entry(it, struct outgoing, link);
		int r = settle_write(outgoing, store);

		if (r < 0)
			return r;
	}
	return 0;
}

static void on_wake(uv_timer_t *timer)
{
	struct outbox *outbox = timer->data;

	outbox->wake_at_s = 0;
	outbox_fetch(outbox);
}

static void wake_at(struct outbox *outbox, int64_t at_s)
{
	int64_t wait = at_s - clock_wall_s();

	if (outbox->wake_at_s > 0 && outbox->wake_at_s <= at_s)
		return;
	outbox->wake_at_s = at_s;
	uv_timer_start(&outbox->wake, on_wake, wait > 0 ? (uint64_t)wait * 1000 : 1, 0);
}

static void write_done(struct job *job, int r)
{
	struct outbox *outbox = list_entry(job, struct outbox, write);

	list_for_each(it, &outbox->writing) {
		struct outgoing *outgoing = list_entry(it, struct outgoing, link);

		if (r < 0) {
			list_remove(&outgoing->link);
			list_append(&outbox->mails, &outgoing->link);
			continue;
		}
		settle_log(outgoing);
		if (outgoing->row_state == MAIL_QUEUED)
			wake_at(outbox, outgoing->next_at);
		drop(outbox, outgoing);
	}
	/* The disk is full, perhaps: the results wait here until it is not. */
	if (r < 0)
		start_flush(outbox, 1000);
	if (outbox->more && outbox->n < OUTBOX_MAX / 2)
		outbox_fetch(outbox);
}

static int fetch_one(const struct mail *mail, void *arg)
{
	struct outbox *outbox = arg;
	struct outgoing *outgoing = outgoing_new(mail);

	if (outgoing)
		list_append(&outbox->fetched, &outgoing->link);
	return 0;
}

static int fetch_apply(struct job *job, struct store *store)
{
	struct outbox *outbox = list_entry(job, struct outbox, fetch);
	int r = mails_due(store, outbox->fetch_now_s, OUTBOX_FETCH, fetch_one, outbox);

	if (r < 0)
		return r;
	return mails_next_due(store, outbox->fetch_now_s, &outbox->fetch_next_s);
}

static bool has(const struct list *list, int64_t id)
{
	list_for_each(it, list)
		if (list_entry(it, struct outgoing, link)->id == id)
			return true;
	return false;
}

static void fetch_done(struct job *job, int r)
{
	struct outbox *outbox = list_entry(job, struct outbox, fetch);
	size_t n = 0, fresh = 0;
	struct list *link;

	while ((link = list_pop(&outbox->fetched))) {
		struct outgoing *outgoing = list_entry(link, struct outgoing, link);

		n++;
		if (r < 0 || has(&outbox->mails, outgoing->id) ||
			has(&outbox->writing, outgoing->id)) {
			outgoing_free(outgoing);
			continue;
		}
		keep(outbox, outgoing);
		fresh++;
	}
	outbox->fetching = false;
	outbox->more = n == OUTBOX_FETCH;
	/* Nobody else remembers the mails that a crash or a nearer one put behind. */
	if (r < 0)
		wake_at(outbox, clock_wall_s() + 1);
	else if (outbox->fetch_next_s > 0)
		wake_at(outbox, outbox->fetch_next_s);
	if (fresh > 0)
		mailer_pump(outbox->mailer);
}

void outbox_fetch(struct outbox *outbox)
{
	if (outbox->n >= OUTBOX_MAX)
		outbox->more = true;
	if (outbox->fetching || outbox->n >= OUTBOX_MAX)
		return;
	outbox->fetching = true;
	outbox->fetch_now_s = clock_wall_s();
	batch_add_job(outbox->batch, &outbox->fetch);
}

int outbox_open(struct outbox *outbox, struct batch *batch, struct mailer *mailer)
{
	outbox->batch = batch;
	outbox->mailer = mailer;
	outbox->last_state = -1;
	list_init(&outbox->mails);
	list_init(&outbox->writing);
	list_init(&outbox->fetched);
	outbox->fetch = (struct job){ .apply = fetch_apply, .done = fetch_done };
	outbox->write = (struct job){ .apply = write_apply, .done = write_done };
	list_init(&outbox->fetch.link);
	list_init(&outbox->write.link);
	uv_timer_init(batch->loop, &outbox->wake);
	uv_timer_init(batch->loop, &outbox->flush);
	outbox->wake.data = outbox;
	outbox->flush.data = outbox;
	return 0;
}

void outbox_close(struct outbox *outbox)
{
	struct list *link;

	while ((link = list_pop(&outbox->mails)))
		outgoing_free(list_entry(link, struct outgoing, link));
	uv_close((uv_handle_t *)&outbox->wake, NULL);
	uv_close((uv_handle_t *)&outbox->flush, NULL);
}
