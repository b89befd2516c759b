/* SPDX-License-Identifier: MIT */
/*
 * A connection to otpd-mail: calls go out, answers come in, one at a time. What they
 * mean is its owner's affair.
 *
 * MUST NOT talk to a socket that somebody else owns: the peer must be root, the
 * mailer's user or ourselves.
 */
#include "otpd/server/mailer_link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "otpd/proto/limits.h"
#include "otpd/server/dial.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/secret.h"

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

void link_fail(struct mailer_link *link, const char *why)
{
	if (link->state == LINK_CLOSING || link->state == LINK_DOWN)
		return;
	link->state = LINK_CLOSING;
	uv_close((uv_handle_t *)&link->poll, on_closed);
	link->failed(link, why);
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

void link_call(struct mailer_link *link, const char *method, json_t *parameters,
	int64_t patience_ms,
	void (*answered)(struct mailer_link *link, const char *error, json_t *out))
{
	CLEANUP(json_decrefp) json_t *message = NULL;

	link->state = LINK_BUSY;
	link->answered = answered;
	if (parameters)
		message = json_pack(
			"{s:s, s:o}", "method", method, "parameters", parameters);
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

static void take_answer(struct mailer_link *link, int length)
{
	CLEANUP(json_decrefp) json_t *message = NULL;

	message =
		json_loadb(link->in.data, (size_t)length, JSON_REJECT_DUPLICATES, NULL);
	frame_buffer_drop(&link->in, (size_t)length);
	if (link->in.filled > 0 || link->state != LINK_BUSY) {
		/* An answer to a question that was not asked yet. */
		link_fail(link, "it said more than it was asked");
		return;
	}
	if (!json_is_object(message)) {
		link_fail(link, "it does not speak Varlink");
		return;
	}
	link->state = LINK_IDLE;
	link->answered(link, json_string_value(json_object_get(message, "error")),
		json_object_get(message, "parameters"));
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

int link_open(struct mailer_link *link, uv_loop_t *loop, const char *path, uid_t uid)
{
	int fd = dial_checked(path, uid);
	int r;

	if (fd < 0)
		return fd;
	r = frame_buffer_init(&link->in, LIMIT_REPLY);
	if (r == 0)
		r = uv_poll_init(loop, &link->poll, fd);
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

void link_check(struct mailer_link *link, int64_t now_ms)
{
	if (link->state == LINK_BUSY && now_ms > link->patience_ms)
		link_fail(link, "it did not answer in time");
}
