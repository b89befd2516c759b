/* SPDX-License-Identifier: MIT */
/*
 * One connection to the relay. libcurl opens it (CONNECT_ONLY: resolver, TLS, STARTTLS,
 * AUTH) and carries bytes through its TLS; MAIL, RCPT, DATA and the body are said here.
 * libcurl could say them, too, but then it waits for the last reply, in which a server
 * scans the mail, on the loop's thread, and holds up everybody; and it knows no
 * PIPELINING, which saves two of four round trips.
 *
 * A connection that has failed a mail is hung up on: no state of it is trusted.
 *
 * The addresses have passed address_problem(), and the mail has no line that begins
 * with a dot, so nothing of them can be taken for a command.
 */
#include "otpd/mail/transport/smtp_conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/mail/message/message.h"
#include "otpd/mail/transport/smtp_trace.h"
#include "otpd/mail/transport/smtp_verdict.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/secret.h"

#define READ_SIZE 4096

static void on_io(uv_poll_t *poll, int status, int events);

static void conn_free(struct smtp_conn *conn)
{
	if (conn->easy)
		curl_easy_cleanup(conn->easy);
	secret_free(conn->body);
	free(conn);
}
DEFINE_CLEANUP(struct smtp_conn *, conn_free);

static void on_handle_closed(uv_handle_t *handle)
{
	struct smtp_conn *conn = handle->data;

	if (--conn->n_handles == 0)
		conn_free(conn);
}

void smtp_conn_close(struct smtp_conn *conn)
{
	static const char quit[] = "QUIT\r\n";
	struct smtp *smtp = conn->smtp;
	size_t sent;

	if (conn->state == SMTP_IS_CLOSING)
		return;
	/* Politeness, not worth waiting for. */
	if (conn->state == SMTP_IS_READY)
		(void)curl_easy_send(conn->easy, quit, sizeof(quit) - 1, &sent);
	if (conn->state == SMTP_IS_OPENING)
		smtp->n_opening--;
	else
		uv_close((uv_handle_t *)&conn->poll, on_handle_closed);
	uv_close((uv_handle_t *)&conn->timer, on_handle_closed);
	conn->state = SMTP_IS_CLOSING;
	conn->tells = false;
	list_remove(&conn->link);
	smtp->n_conns--;
	curl_loop_remove(smtp->curl, conn->easy);
}

/* The server has taken the mail. in_step: it has said nothing beyond that. */
static void end_sent(struct smtp_conn *conn, bool in_step)
{
	struct parcel *parcel = TAKE_PTR(conn->parcel);
	struct smtp *smtp = conn->smtp;
	char said[SMTP_LINE + 1];

	snprintf(said, sizeof(said), "%s",
		smtp_account_hide(&smtp->account, conn->talk.reply));
	uv_timer_stop(&conn->timer);
	conn->is_used = true;
	conn->state = SMTP_IS_READY;
	if (!in_step)
		smtp_conn_close(conn);
	parcel_end(parcel, SEND_SENT, CAUSE_RECIPIENT, said);
	if (in_step)
		smtp_conn_is_ready(smtp, conn);
	else
		smtp_conn_has_gone(smtp);
}

/* It has not, or nobody knows. No state of the connection is trusted after that. */
static void end_failed(struct smtp_conn *conn)
{
	struct parcel *parcel = TAKE_PTR(conn->parcel);
	struct smtp_verdict verdict = smtp_verdict(&conn->talk);
	bool is_stale = conn->is_used && smtp_talk_is_stale(&conn->talk);
	struct smtp *smtp = conn->smtp;
	char said[SMTP_LINE + 1], codes[80];

	snprintf(said, sizeof(said), "%s",
		smtp_account_hide(&smtp->account, conn->talk.reply));
	smtp_verdict_codes(&conn->talk, codes, sizeof(codes));
	smtp_conn_close(conn);
	if (verdict.complain)
		smtp_complain(smtp, codes);
	if (verdict.is_in_doubt && smtp_doubt_again(&smtp->doubt, parcel->mail))
		parcel_end(parcel, SEND_REFUSED, CAUSE_MAIL,
			"broken off twice behind the whole mail, which may have arrived");
	else if (is_stale && !parcel->again)
		smtp_try_again(smtp, parcel);
	else
		parcel_end(parcel, verdict.result, verdict.cause, said);
	smtp_conn_has_gone(smtp);
}

/* The connection is of no more use, whatever it was doing. */
static void break_off(struct smtp_conn *conn, const char *why)
{
	struct smtp *smtp = conn->smtp;

	if (conn->state == SMTP_IS_BUSY) {
		smtp_talk_break(&conn->talk, why);
		end_failed(conn);
		return;
	}
	conn->state = SMTP_IS_BUSY; /* no QUIT to nobody */
	smtp_conn_close(conn);
	smtp_conn_has_gone(smtp);
}

static void on_timeout(uv_timer_t *timer)
{
	struct smtp_conn *conn = timer->data;

	conn->parcel->again = true; /* its time is over */
	break_off(conn, "the server took too long");
}

/* libuv asks the kernel for each start, so only for another one. */
static void watch(struct smtp_conn *conn)
{
	int events = conn->out ? UV_READABLE | UV_WRITABLE : UV_READABLE;

	if (events == conn->events)
		return;
	conn->events = events;
	uv_poll_start(&conn->poll, events, on_io);
}

/* Sends what the connection takes now. False if it is broken. */
static bool flush(struct smtp_conn *conn)
{
	while (conn->sent < conn->out_size) {
		size_t n = 0;
		CURLcode code = curl_easy_send(conn->easy, conn->out + conn->sent,
			conn->out_size - conn->sent, &n);

		if (code == CURLE_AGAIN)
			return true;
		if (code != CURLE_OK)
			return false;
		conn->sent += n;
	}
	if (conn->body)
		conn->talk.is_out = true;
	conn->out = NULL;
	conn->out_size = conn->sent = 0;
	secret_free(conn->body); /* wiped as soon as it is out */
	conn->body = NULL;
	return true;
}

static void add_command(struct smtp_conn *conn, enum smtp_stage stage)
{
	const struct parcel *parcel = conn->parcel;
	char *at = conn->commands + conn->out_size, size[32] = "";
	size_t room = sizeof(conn->commands) - conn->out_size;

	if (conn->talk.has_size)
		snprintf(size, sizeof(size), " SIZE=%zu", parcel->message->size);
	if (stage == SMTP_MAIL)
		snprintf(at, room, "MAIL FROM:<%s>%s\r\n", parcel->from, size);
	else if (stage == SMTP_RCPT)
		snprintf(at, room, "RCPT TO:<%s>\r\n", parcel->to);
	else
		snprintf(at, room, "DATA\r\n");
	conn->out = conn->commands;
	conn->out_size += strlen(at);
}

/* The mail and its dot in one piece, so that they are one packet, or one TLS record. */
static bool add_body(struct smtp_conn *conn)
{
	static const char dot[] = ".\r\n";
	const struct message *message = conn->parcel->message;

	conn->body = secret_alloc(message->size + sizeof(dot) - 1);
	if (!conn->body)
		return false;
	memcpy(conn->body, message->bytes, message->size);
	memcpy(conn->body + message->size, dot, sizeof(dot) - 1);
	conn->out = conn->body;
	conn->out_size = message->size + sizeof(dot) - 1;
	return true;
}

static void say(struct smtp_conn *conn, enum smtp_step step)
{
	if (step == SMTP_SAY)
		add_command(conn, conn->talk.stage);
	if (step == SMTP_SAY_BODY && !add_body(conn))
		break_off(conn, "no memory");
	else if (!flush(conn))
		break_off(conn, "the connection broke");
	else
		watch(conn);
}

/* Takes what the server has said. The connection may be gone after it. */
static void hear(struct smtp_conn *conn, const char *bytes, size_t size)
{
	while (size > 0 && conn->state == SMTP_IS_BUSY) {
		enum smtp_stage stage = conn->talk.stage;
		bool whole;
		size_t used = smtp_talk_hear(&conn->talk, bytes, size, &whole);
		enum smtp_step step;

		bytes += used;
		size -= used;
		if (!whole)
			return;
		smtp_trace_reply(conn, stage);
		if (stage == SMTP_BODY && !conn->talk.is_out) {
			break_off(conn, "the server answered before it had the mail");
			return;
		}
		step = smtp_talk_step(&conn->talk);
		if (step == SMTP_END && conn->talk.stage == SMTP_DONE) {
			end_sent(conn, size == 0);
			return;
		}
		if (step == SMTP_END) {
			end_failed(conn);
			return;
		}
		if (step != SMTP_WAIT)
			say(conn, step);
	}
}

/*
 * Reads all there is. TLS may hold bytes that poll does not see; without it, less than
 * was asked for is all.
 */
static void read_all(struct smtp_conn *conn)
{
	bool is_plain = conn->smtp->config.tls == TLS_NONE;
	char bytes[READ_SIZE];
	size_t n = sizeof(bytes);

	while (!is_plain || n == sizeof(bytes)) {
		CURLcode code;

		n = 0;
		code = curl_easy_recv(conn->easy, bytes, sizeof(bytes), &n);

		if (code == CURLE_AGAIN)
			return;
		if (code != CURLE_OK || n == 0) {
			break_off(conn, "the server closed the connection");
			return;
		}
		if (conn->state != SMTP_IS_BUSY) {
			/* It says that it closes, or nonsense. */
			break_off(conn, NULL);
			return;
		}
		hear(conn, bytes, n);
		if (conn->state == SMTP_IS_CLOSING)
			return;
	}
}

static void on_io(uv_poll_t *poll, int status, int events)
{
	struct smtp_conn *conn = poll->data;

	(void)status; /* an error shows in what follows */
	if ((events & UV_WRITABLE) && !flush(conn)) {
		break_off(conn, "the connection broke");
		return;
	}
	watch(conn);
	read_all(conn);
}

void smtp_conn_send(struct smtp_conn *conn, struct parcel *parcel)
{
	int64_t left_s = parcel->deadline_s - clock_wall_s();
	int64_t limit_s = conn->smtp->config.timeout_s;

	conn->state = SMTP_IS_BUSY;
	conn->parcel = parcel;
	smtp_talk_begin(&conn->talk);
	/* A mail must not be under way when its code is dead. */
	if (left_s < limit_s)
		limit_s = left_s > 0 ? left_s : 1;
	uv_timer_start(&conn->timer, on_timeout, (uint64_t)limit_s * 1000, 0);
	if (conn->is_used)
		smtp_trace_reuse(conn);
	if (conn->talk.has_pipelining) {
		add_command(conn, SMTP_MAIL);
		add_command(conn, SMTP_RCPT);
		add_command(conn, SMTP_DATA);
		say(conn, SMTP_WAIT);
	} else {
		say(conn, SMTP_SAY);
	}
}

bool smtp_conn_take_over(struct smtp_conn *conn)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (curl_easy_getinfo(conn->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
		fd == CURL_SOCKET_BAD ||
		uv_poll_init_socket(conn->smtp->loop, &conn->poll, fd) < 0)
		return false;
	conn->poll.data = conn;
	conn->n_handles++;
	conn->smtp->n_opening--;
	conn->state = SMTP_IS_READY;
	conn->tells = false;
	watch(conn);
	return true;
}

int smtp_conn_open(struct smtp *smtp)
{
	CLEANUP(conn_freep) struct smtp_conn *conn = calloc(1, sizeof(*conn));
	struct smtp_conn *opened;

	if (!conn)
		return -ENOMEM;
	conn->smtp = smtp;
	conn->talk.with_starttls = smtp->config.tls == TLS_STARTTLS;
	conn->tells = smtp->n_opening == 0;
	conn->easy = curl_easy_init();
	if (!conn->easy || !smtp_setup(conn) ||
		curl_loop_add(smtp->curl, conn->easy) != CURLM_OK)
		return -ENOMEM;
	opened = TAKE_PTR(conn);
	(void)uv_timer_init(smtp->loop, &opened->timer); /* cannot fail */
	opened->timer.data = opened;
	opened->n_handles = 1;
	list_append(&smtp->conns, &opened->link);
	smtp->n_conns++;
	smtp->n_opening++;
	return 0;
}
