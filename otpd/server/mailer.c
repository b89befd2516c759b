/* SPDX-License-Identifier: MIT */
/*
 * The way to otpd-mail: a few connections, each with one mail in flight, so that a slow
 * relay delays nothing but mails. The first connection asks for the public key; the
 * others are opened when there is more to do than one can carry.
 *
 * MUST NOT hand anything to a socket that somebody else owns: the peer must be root,
 * the mailer's user or ourselves. What is handed over is sealed all the same.
 */
#include "otpd/server/mailer.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "otpd/proto/limits.h"
#include "otpd/server/dial.h"
#include "otpd/server/outbox.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"

#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 5000
#define KEY_MS       5000
#define SEND_MS      150000 /* more than otpd-mail's own longest, 120 s */

static void link_fail(struct mailer_link *link, const char *why);

static void on_closed(uv_handle_t *handle)
{
	struct mailer_link *link = handle->data;

	close(link->fd);
	link->fd = -1;
	frame_buffer_fini(&link->in);
	secret_free(link->out);
	link->out = NULL;
	link->state = LINK_DOWN;
}

static void on_retry(uv_timer_t *timer);

static void retry_later(struct mailer *mailer)
{
	uint64_t wait = (uint64_t)RETRY_MIN_MS
		<< (mailer->failures < 6 ? mailer->failures : 6);

	if (mailer->closing)
		return;
	mailer->failures++;
	uv_timer_start(
		&mailer->retry, on_retry, wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS, 0);
}

/* Says once that the mailer is away, and once that it is back. */
static void complain(struct mailer *mailer, const char *why)
{
	snprintf(mailer->error, sizeof(mailer->error), "%s", why);
	if (!mailer->complained && !mailer->closing)
		log_msg(LOG_WARNING, "otpd-mail at %s: %s; mails wait, retrying",
			mailer->path, why);
	mailer->complained = true;
}

static void link_fail(struct mailer_link *link, const char *why)
{
	struct mailer *mailer = link->mailer;
	struct outgoing *mail = TAKE_PTR(link->mail);

	if (link->state == LINK_CLOSING || link->state == LINK_DOWN)
		return;
	link->state = LINK_CLOSING;
	uv_close((uv_handle_t *)&link->poll, on_closed);
	if (mail)
		outbox_result(mailer->outbox, mail, "deferred", why);
	if (link == &mailer->links[0]) {
		mailer->up = false;
		complain(mailer, why);
		retry_later(mailer);
	}
}

static void on_event(uv_poll_t *poll, int status, int events);

static void want(struct mailer_link *link, int events)
{
	if (link->events == events)
		return;
	link->events = events;
	uv_poll_start(&link->poll, events, on_event);
}

static void link_write(struct mailer_link *link)
{
	while (link->out_at < link->out_size) {
		ssize_t n = send(link->fd, link->out + link->out_at,
			link->out_size - link->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			want(link, UV_READABLE | UV_WRITABLE);
			return;
		}
		if (n < 0) {
			link_fail(link, "the connection broke");
			return;
		}
		link->out_at += (size_t)n;
	}
	secret_free(link->out);
	link->out = NULL;
	want(link, UV_READABLE);
}

/* Sends a call; takes parameters. */
static void link_call(struct mailer_link *link, const char *method, json_t *parameters,
	int64_t patience_ms)
{
	CLEANUP(json_decrefp) json_t *message = NULL;

	message = json_pack("{s:s, s:o}", "method", method, "parameters", parameters);
	link->out = message ? json_dumps(message, JSON_COMPACT) : NULL;
	if (!link->out) {
		link_fail(link, "no memory");
		return;
	}
	link->out_at = 0;
	link->out_size = strlen(link->out) + 1;
	link->patience_ms = clock_mono_ms() + patience_ms;
	link_write(link);
}

static char *base64(const void *data, size_t size)
{
	size_t length = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(length);

	if (text)
		sodium_bin2base64(
			text, length, data, size, sodium_base64_VARIANT_ORIGINAL);
	return text;
}

static void link_send(struct mailer_link *link, struct outgoing *mail)
{
	CLEANUP(freep) char *sender = base64(mail->sender, sizeof(mail->sender));
	CLEANUP(freep) char *nonce = base64(mail->nonce, sizeof(mail->nonce));
	CLEANUP(freep) char *sealed = base64(mail->sealed, mail->sealed_size);
	char name[2 * MAIL_NAME + 1];
	json_t *parameters = NULL;

	hex_encode(name, mail->name, sizeof(mail->name));
	link->mail = mail;
	link->state = LINK_BUSY;
	if (sender && nonce && sealed)
		parameters = json_pack("{s:s, s:s, s:s, s:s, s:I}", "mail", name,
			"sender", sender, "nonce", nonce, "sealed", sealed, "deadline",
			(json_int_t)mail->deadline);
	if (parameters)
		link_call(link, "org.emailotp.Mail.Send", parameters, SEND_MS);
	else
		link_fail(link, "no memory");
}

static void take_key(struct mailer_link *link, json_t *out)
{
	struct mailer *mailer = link->mailer;
	const char *text = json_string_value(json_object_get(out, "key"));
	uint8_t key[MAIL_KEY];
	size_t size = 0;

	if (!text ||
		sodium_base642bin(key, sizeof(key), text, strlen(text), NULL, &size,
			NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
		size != sizeof(key)) {
		link_fail(link, "it gave no public key");
		return;
	}
	link->state = LINK_IDLE;
	mailer->up = true;
	mailer->failures = 0;
	mailer->error[0] = '\0';
	if (mailer->complained)
		log_msg(LOG_NOTICE, "otpd-mail at %s: is there", mailer->path);
	mailer->complained = false;
	mailer->got_key(mailer->context, key);
	outbox_fetch(mailer->outbox);
	mailer_pump(mailer);
}

static void take_result(struct mailer_link *link, const char *error, json_t *out)
{
	struct outgoing *mail = TAKE_PTR(link->mail);
	const char *result = json_string_value(json_object_get(out, "result"));
	const char *detail = json_string_value(json_object_get(out, "detail"));

	link->state = LINK_IDLE;
	if (error || !result)
		outbox_result(link->mailer->outbox, mail, "deferred",
			error ? error : "otpd-mail gave no result");
	else
		outbox_result(link->mailer->outbox, mail, result, detail ? detail : "");
	mailer_pump(link->mailer);
}

static void take_answer(struct mailer_link *link, int length)
{
	CLEANUP(json_decrefp) json_t *message = NULL;
	const char *error;
	json_t *out;

	message =
		json_loadb(link->in.data, (size_t)length, JSON_REJECT_DUPLICATES, NULL);
	frame_buffer_drop(&link->in, (size_t)length);
	if (link->in.filled > 0) {
		/* An answer to a question that was not asked yet. */
		link_fail(link, "it said more than it was asked");
		return;
	}
	error = json_string_value(json_object_get(message, "error"));
	out = json_object_get(message, "parameters");
	if (!message || (link->state != LINK_KEY && link->state != LINK_BUSY))
		link_fail(link, "it does not speak Varlink");
	else if (link->state == LINK_BUSY)
		take_result(link, error, out);
	else if (error)
		link_fail(link, error);
	else
		take_key(link, out);
}

static void link_read(struct mailer_link *link)
{
	char *at;
	size_t space = frame_buffer_space(&link->in, &at);
	ssize_t n = recv(link->fd, at, space, MSG_DONTWAIT);
	int length;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		link_fail(link, "it closed the connection");
		return;
	}
	frame_buffer_filled(&link->in, (size_t)n);
	length = frame_buffer_peek(&link->in);
	if (length >= 0)
		take_answer(link, length);
	else if (length != -EAGAIN)
		link_fail(link, "it does not speak Varlink");
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct mailer_link *link = poll->data;

	if (status < 0) {
		link_fail(link, "the connection broke");
		return;
	}
	if ((events & UV_WRITABLE) && link->out)
		link_write(link);
	if ((events & UV_READABLE) && link->state != LINK_CLOSING)
		link_read(link);
}

/* 0, or -errno with the link down as before. */
static int link_open(struct mailer_link *link)
{
	int fd = dial_checked(link->mailer->path, link->mailer->uid);
	int r;

	if (fd < 0)
		return fd;
	r = frame_buffer_init(&link->in, LIMIT_FRAME);
	if (r == 0)
		r = uv_poll_init(link->mailer->loop, &link->poll, fd);
	if (r < 0) {
		frame_buffer_fini(&link->in);
		close(fd);
		return r;
	}
	link->poll.data = link;
	link->fd = fd;
	link->state = LINK_IDLE;
	link->events = 0;
	want(link, UV_READABLE);
	return 0;
}

static void open_first(struct mailer *mailer)
{
	struct mailer_link *link = &mailer->links[0];
	int r = link->state == LINK_DOWN ? link_open(link) : -EAGAIN;

	if (r < 0) {
		if (r != -EAGAIN)
			complain(mailer,
				r == -EPERM ? "belongs to somebody else"
					    : strerror(-r));
		retry_later(mailer);
		return;
	}
	link->state = LINK_KEY;
	link_call(link, "org.emailotp.Mail.PublicKey", json_object(), KEY_MS);
}

static void on_retry(uv_timer_t *timer)
{
	open_first(timer->data);
}

static void on_watch(uv_timer_t *timer)
{
	struct mailer *mailer = timer->data;
	int64_t now = clock_mono_ms();

	for (int i = 0; i < MAILER_LINKS; i++) {
		struct mailer_link *link = &mailer->links[i];
		bool waits = link->state == LINK_KEY || link->state == LINK_BUSY;

		if (waits && now > link->patience_ms)
			link_fail(link, "it did not answer in time");
	}
}

/* A link that can carry a mail now; opens another one if all have something to do. */
static struct mailer_link *find_link(struct mailer *mailer)
{
	struct mailer_link *down = NULL;

	for (int i = 0; i < MAILER_LINKS; i++) {
		struct mailer_link *link = &mailer->links[i];

		if (link->state == LINK_IDLE)
			return link;
		if (link->state == LINK_DOWN && !down)
			down = link;
	}
	return down && link_open(down) == 0 ? down : NULL;
}

void mailer_pump(struct mailer *mailer)
{
	while (mailer->up && !mailer->closing) {
		struct mailer_link *link = find_link(mailer);
		struct outgoing *mail = link ? outbox_take(mailer->outbox) : NULL;

		if (!mail)
			return;
		link_send(link, mail);
	}
}

int mailer_open(struct mailer *mailer)
{
	for (int i = 0; i < MAILER_LINKS; i++)
		mailer->links[i] = (struct mailer_link){ .mailer = mailer, .fd = -1 };
	uv_timer_init(mailer->loop, &mailer->retry);
	uv_timer_init(mailer->loop, &mailer->watch);
	mailer->retry.data = mailer;
	mailer->watch.data = mailer;
	uv_timer_start(&mailer->watch, on_watch, 5000, 5000);
	open_first(mailer);
	return 0;
}

void mailer_close(struct mailer *mailer)
{
	mailer->closing = true;
	for (int i = 0; i < MAILER_LINKS; i++)
		link_fail(&mailer->links[i], "otpd stops");
	uv_close((uv_handle_t *)&mailer->retry, NULL);
	uv_close((uv_handle_t *)&mailer->watch, NULL);
}
