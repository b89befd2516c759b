/* SPDX-License-Identifier: MIT */
/*
 * Mails over SMTP: each takes a connection that is ready, or waits, in order, while as
 * many are opened as are needed and allowed. Connections are kept for the next mail and
 * closed after a while without one, when libcurl's memory goes, too.
 *
 * When a connection cannot be opened and none other works, all mails that wait are
 * answered at once: the relay is down, and otpd knows when to try again. When others
 * work, the server wants no more of them, and gets no more.
 */
#include "otpd/mail/transport/smtp.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/mail/message/message.h"
#include "otpd/mail/transport/curl_memory.h"
#include "otpd/mail/transport/oauth.h"
#include "otpd/mail/transport/smtp_conn.h"
#include "otpd/mail/transport/smtp_trace.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define KEEP_MS 30000 /* servers drop idle clients after 300 s (RFC 5321 4.5.3.2.7) */

static void on_closed(uv_handle_t *handle)
{
	struct smtp *smtp = handle->data;

	smtp_account_fini(&smtp->account);
	free(smtp);
}

/* A fetch is not broken off: what it uses up, its answer has to replace. */
static bool is_busy(const struct smtp *smtp)
{
	list_for_each(it, &smtp->conns)
		if (list_entry(it, struct smtp_conn, link)->state == SMTP_IS_BUSY)
			return true;
	return smtp->n_opening > 0 || !list_is_empty(&smtp->waiting) ||
		oauth_is_carried(smtp->account.oauth, smtp->curl);
}

/* Outside of everything that is freed here. */
static void on_idle(uv_timer_t *timer)
{
	struct smtp *smtp = timer->data;

	if (is_busy(smtp))
		return;
	list_for_each(it, &smtp->conns)
		smtp_conn_close(list_entry(it, struct smtp_conn, link));
	curl_loop_free(smtp->curl);
	smtp->curl = NULL;
	(void)malloc_trim(0);
	if (!smtp->retired)
		return;
	list_remove(&smtp->token.link);
	uv_close((uv_handle_t *)&smtp->idle, on_closed);
}

static struct smtp_conn *find_ready(const struct smtp *smtp)
{
	list_for_each(it, &smtp->conns) {
		struct smtp_conn *conn = list_entry(it, struct smtp_conn, link);

		if (conn->state == SMTP_IS_READY)
			return conn;
	}
	return NULL;
}

static struct parcel *take_first(struct smtp *smtp)
{
	struct list *first = list_pop(&smtp->waiting);

	if (!first)
		return NULL;
	smtp->n_waiting--;
	return list_entry(first, struct parcel, link);
}

/* Those that wait now; what their answers bring in is for the next try. */
static void fail_waiting(struct smtp *smtp, const char *why, int64_t pause_s)
{
	const struct verdict verdict = { SEND_DEFERRED, CAUSE_TRANSPORT, pause_s, why };
	struct parcel *parcel;

	for (int64_t n = smtp->n_waiting; n > 0 && (parcel = take_first(smtp)); n--)
		parcel->done(parcel, &verdict);
}

/* Whether a connection can be opened now. If not, the token is on its way, or the mails
 * go back, unless another connection may take them. */
static bool has_token(struct smtp *smtp)
{
	struct oauth *oauth = smtp->account.oauth;

	int r;

	if (!oauth || oauth_token(oauth))
		return true;
	r = oauth_fetch(oauth, smtp->curl, &smtp->token);
	if (r < 0 && smtp->n_conns == 0)
		fail_waiting(
			smtp, r == -EAGAIN ? oauth_failure(oauth) : "no memory", 0);
	return false;
}

static void open_more(struct smtp *smtp)
{
	if (smtp->n_conns == 0)
		smtp->limit = smtp->config.connections;
	if (smtp->n_opening >= smtp->n_waiting || smtp->n_conns >= smtp->limit)
		return;
	if (!has_token(smtp))
		return;
	while (smtp->n_opening < smtp->n_waiting && smtp->n_conns < smtp->limit)
		if (smtp_conn_open(smtp) < 0)
			break;
	if (smtp->n_conns == 0)
		fail_waiting(smtp, "no memory", 0);
}

static void pump(struct smtp *smtp);

static void on_token(struct oauth_waiter *waiter, const struct oauth_end *end)
{
	struct smtp *smtp = list_entry(waiter, struct smtp, token);

	smtp_trace_token(smtp, end->why);
	if (end->is_refused)
		smtp_complain(smtp, end->why);
	if (!end->is_good && !end->is_again && smtp->n_conns == 0)
		fail_waiting(smtp, end->why, end->pause_s);
	pump(smtp);
}

static void on_ended(void *context, CURL *easy, CURLcode code)
{
	struct smtp *smtp = context;
	struct smtp_conn *conn = NULL;

	if (oauth_ended(smtp->account.oauth, easy, code))
		return;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&conn);
	smtp_conn_opened(conn, code);
}

/* Gives every connection that is ready a mail that waits. */
static void hand_out(struct smtp *smtp)
{
	while (!list_is_empty(&smtp->waiting)) {
		struct parcel *parcel =
			list_entry(smtp->waiting.next, struct parcel, link);
		struct smtp_conn *conn = find_ready(smtp);

		if (clock_wall_s() >= parcel->deadline_s) {
			parcel_end(take_first(smtp), SEND_REFUSED, CAUSE_TRANSPORT,
				"expired");
			continue;
		}
		if (!conn)
			break;
		smtp_conn_send(conn, take_first(smtp));
	}
}

static void pump(struct smtp *smtp)
{
	uv_timer_stop(&smtp->idle);
	hand_out(smtp);
	if (!list_is_empty(&smtp->waiting) && !smtp->curl)
		smtp->curl = curl_loop_new(smtp->loop, on_ended, smtp);
	if (!list_is_empty(&smtp->waiting) && smtp->curl)
		open_more(smtp);
	else if (!smtp->curl)
		fail_waiting(smtp, "no memory", 0);
	if (!is_busy(smtp))
		uv_timer_start(&smtp->idle, on_idle, smtp->retired ? 0 : KEEP_MS, 0);
}

void smtp_conn_is_ready(struct smtp *smtp, struct smtp_conn *conn)
{
	(void)conn; /* it says so itself */
	pump(smtp);
}

void smtp_conn_has_gone(struct smtp *smtp)
{
	pump(smtp);
}

void smtp_complain(struct smtp *smtp, const char *why)
{
	char quoted[TEXT_QUOTED];

	if (log_limit_pass(&smtp->noise))
		log_msg(LOG_ERR,
			"transport %s does not work as configured, mails wait: %s",
			smtp->transport.name, text_quote(quoted, sizeof(quoted), why));
}

void smtp_opening_has_failed(struct smtp *smtp, const char *why, bool is_our_fault)
{
	if (is_our_fault)
		smtp_complain(smtp, why);
	if (smtp->n_conns > smtp->n_opening)
		smtp->limit = smtp->n_conns;
	else
		fail_waiting(smtp, why, 0);
	pump(smtp);
}

void smtp_try_again(struct smtp *smtp, struct parcel *parcel)
{
	struct list *head = &smtp->waiting;

	parcel->again = true;
	list_append(head->next, &parcel->link); /* before the first */
	smtp->n_waiting++;
}

/* What must hold of the bytes for them to end where they end (RFC 5321 4.5.2). */
static bool is_safe(const struct message *message)
{
	const char *at = message->bytes, *end = message->bytes + message->size;

	if (message->size <= 2 || memcmp(end - 2, "\r\n", 2) != 0)
		return false;
	while (at && at < end) {
		if (*at == '.')
			return false;
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	return true;
}

static void smtp_send(struct transport *transport, struct parcel *parcel)
{
	struct smtp *smtp = (struct smtp *)transport;

	/* The last wall before the wire, whoever called. */
	if (address_problem(parcel->to) || address_problem(parcel->from) ||
		!is_safe(parcel->message)) {
		parcel_end(parcel, SEND_REFUSED, CAUSE_TRANSPORT, "not safe to send");
		return;
	}
	list_append(&smtp->waiting, &parcel->link);
	smtp->n_waiting++;
	pump(smtp);
}

static void smtp_free(struct transport *transport)
{
	struct smtp *smtp = (struct smtp *)transport;

	smtp->retired = true;
	pump(smtp);
}

static void smtp_freep(struct smtp **smtp)
{
	if (!*smtp)
		return;
	smtp_account_fini(&(*smtp)->account);
	free(*smtp);
}

int smtp_new(const struct transport_config *config, uv_loop_t *loop,
	struct transport **ret, char *error, size_t error_size)
{
	CLEANUP(smtp_freep) struct smtp *smtp = calloc(1, sizeof(*smtp));
	int r;

	if (!smtp || curl_memory_init() < 0)
		return -ENOMEM;
	r = smtp_account_load(config, &smtp->account, error, error_size);
	if (r < 0)
		return r;
	smtp->config = *config;
	smtp->limit = config->connections;
	smtp_account_url(smtp->url, sizeof(smtp->url), config);
	smtp->noise = (struct log_limit){ .interval_s = 60, .burst = 5 };
	list_init(&smtp->waiting);
	list_init(&smtp->conns);
	list_init(&smtp->token.link);
	smtp->token.ended = on_token;
	smtp->loop = loop;
	(void)uv_timer_init(loop, &smtp->idle); /* cannot fail */
	smtp->idle.data = smtp;
	smtp->transport.send = smtp_send;
	smtp->transport.free = smtp_free;
	*ret = &TAKE_PTR(smtp)->transport;
	return 0;
}
