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
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/mail/message/message.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/secret.h"

#define COMMAND_MAX 1024
#define READ_SIZE   4096

static void on_io(uv_poll_t *poll, int status, int events);

static void conn_free(struct smtp_conn *conn)
{
	if (conn->easy)
		curl_easy_cleanup(conn->easy);
	buffer_fini(&conn->out);
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
	list_remove(&conn->link);
	smtp->n_conns--;
	curl_loop_remove(smtp->curl, conn->easy);
}

/* The mail is over, and with anything but a 250 the connection, too. */
static void end_mail(struct smtp_conn *conn, const char *broken)
{
	struct parcel *parcel = TAKE_PTR(conn->parcel);
	enum send_result result = smtp_talk_result(&conn->talk);
	struct smtp *smtp = conn->smtp;
	struct smtp_talk talk = conn->talk;
	bool was_used = conn->is_used;

	uv_timer_stop(&conn->timer);
	conn->is_used = true;
	if (result == SEND_SENT) {
		conn->state = SMTP_IS_READY;
		parcel_end(parcel, result, CAUSE_RECIPIENT, talk.reply);
		smtp_conn_is_ready(smtp, conn);
		return;
	}
	smtp_conn_close(conn);
	if (smtp_talk_is_our_fault(&talk))
		smtp_complain(smtp, talk.reply);
	if (was_used && !parcel->again && smtp_talk_is_stale(&talk))
		smtp_try_again(smtp, parcel);
	else
		parcel_end(parcel, result, broken ? CAUSE_TRANSPORT : CAUSE_RECIPIENT,
			broken ? broken : talk.reply);
	smtp_conn_has_gone(smtp);
}

/* The connection is of no more use, whatever it was doing. */
static void break_off(struct smtp_conn *conn, const char *why)
{
	struct smtp *smtp = conn->smtp;

	if (conn->state == SMTP_IS_BUSY) {
		conn->talk.code = conn->talk.has_heard ? conn->talk.code : 0;
		end_mail(conn, why);
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

static void watch(struct smtp_conn *conn)
{
	int events = UV_READABLE;

	if (conn->sent < conn->out.size)
		events |= UV_WRITABLE;
	uv_poll_start(&conn->poll, events, on_io);
}

/* Sends what the connection takes now. False if it is broken. */
static bool flush(struct smtp_conn *conn)
{
	while (conn->sent < conn->out.size) {
		size_t n = 0;
		CURLcode code = curl_easy_send(conn->easy, conn->out.data + conn->sent,
			conn->out.size - conn->sent, &n);

		if (code == CURLE_AGAIN)
			return true;
		if (code != CURLE_OK)
			return false;
		conn->sent += n;
	}
	buffer_fini(&conn->out); /* wiped as soon as it is out */
	conn->sent = 0;
	return true;
}

static void add_command(struct smtp_conn *conn, enum smtp_stage stage)
{
	const struct parcel *parcel = conn->parcel;
	char line[COMMAND_MAX] = "DATA\r\n", size[32] = "";

	if (conn->talk.has_size)
		snprintf(size, sizeof(size), " SIZE=%zu", parcel->message->size);
	if (stage == SMTP_MAIL)
		snprintf(
			line, sizeof(line), "MAIL FROM:<%s>%s\r\n", parcel->from, size);
	else if (stage == SMTP_RCPT)
		snprintf(line, sizeof(line), "RCPT TO:<%s>\r\n", parcel->to);
	buffer_puts(&conn->out, line);
}

static void say(struct smtp_conn *conn, enum smtp_step step)
{
	if (step == SMTP_SAY) {
		add_command(conn, conn->talk.stage);
	} else if (step == SMTP_SAY_BODY) {
		buffer_add(&conn->out, conn->parcel->message->bytes,
			conn->parcel->message->size);
		buffer_puts(&conn->out, ".\r\n");
	}
	if (conn->out.failed || !flush(conn))
		break_off(conn, "the connection broke");
	else
		watch(conn);
}

/* Takes what the server has said. The connection may be gone after it. */
static void hear(struct smtp_conn *conn, const char *bytes, size_t size)
{
	while (size > 0 && conn->state == SMTP_IS_BUSY) {
		bool whole;
		size_t used = smtp_talk_hear(&conn->talk, bytes, size, &whole);
		enum smtp_step step;

		bytes += used;
		size -= used;
		if (!whole)
			return;
		step = smtp_talk_step(&conn->talk);
		if (step == SMTP_END) {
			end_mail(conn, NULL);
			return;
		}
		if (step != SMTP_WAIT)
			say(conn, step);
	}
}

/* Reads all there is: TLS may hold bytes that poll does not see. */
static void read_all(struct smtp_conn *conn)
{
	char bytes[READ_SIZE];

	for (;;) {
		size_t n = 0;
		CURLcode code = curl_easy_recv(conn->easy, bytes, sizeof(bytes), &n);

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
	if (conn->talk.has_pipelining) {
		add_command(conn, SMTP_MAIL);
		add_command(conn, SMTP_RCPT);
		add_command(conn, SMTP_DATA);
		say(conn, SMTP_WAIT);
	} else {
		say(conn, SMTP_SAY);
	}
}

/* Takes over the socket from libcurl. False if that fails. */
static bool take_over(struct smtp_conn *conn)
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
	watch(conn);
	return true;
}

void smtp_conn_opened(struct smtp_conn *conn, CURLcode code)
{
	struct smtp *smtp = conn->smtp;
	const char *why = conn->talk.reply;
	char text[CURL_ERROR_SIZE + SMTP_LINE];
	bool is_our_fault = code == CURLE_PEER_FAILED_VERIFICATION ||
		code == CURLE_SSL_CONNECT_ERROR || code == CURLE_USE_SSL_FAILED ||
		code == CURLE_SSL_CACERT_BADFILE || code == CURLE_LOGIN_DENIED ||
		smtp_talk_is_our_fault(&conn->talk);

	if (code == CURLE_OK && take_over(conn)) {
		smtp_conn_is_ready(smtp, conn);
		return;
	}
	if (conn->talk.code < 400)
		why = conn->error[0] ? conn->error : curl_easy_strerror(code);
	snprintf(text, sizeof(text), "%s", why);
	smtp_conn_close(conn);
	smtp_opening_has_failed(smtp, text, is_our_fault);
}

int smtp_conn_open(struct smtp *smtp)
{
	CLEANUP(conn_freep) struct smtp_conn *conn = calloc(1, sizeof(*conn));
	struct smtp_conn *opened;

	if (!conn)
		return -ENOMEM;
	conn->smtp = smtp;
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
