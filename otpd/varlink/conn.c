/* SPDX-License-Identifier: MIT */
/*
 * One client's socket: bytes in, messages out, one call at a time.
 *
 * Reads go through recv(2) without a control buffer, so that file descriptors which a
 * client passes are dropped by the kernel. While a call is pending the bytes of the
 * next one stay in the buffer, and once that is full in the socket: order and
 * back-pressure come for nothing. A client that breaks the framing is closed without an
 * answer.
 */
#include "otpd/varlink/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "otpd/proto/limits.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"
#include "otpd/varlink/server.h"

#define ENCODE_FIRST 1024 /* most answers are smaller */

struct service *conn_service(const struct conn *conn)
{
	return conn->server->service;
}

const struct peer *conn_peer(const struct conn *conn)
{
	return &conn->peer;
}

void conn_set_call(struct conn *conn, struct call *call)
{
	conn->call = call;
}

static void on_closed(uv_handle_t *handle)
{
	struct conn *conn = handle->data;

	close(conn->fd);
	frame_buffer_fini(&conn->in);
	secret_free(conn->rest);
	free(conn);
}

void conn_close(struct conn *conn)
{
	if (conn->closing)
		return;
	conn->closing = true;
	if (conn->call)
		conn->call->conn = NULL;
	conn->call = NULL;
	server_forget(conn->server, conn);
	uv_close((uv_handle_t *)&conn->poll, on_closed);
}

static void on_event(uv_poll_t *poll, int status, int events);

static void want(struct conn *conn, int events)
{
	if (conn->closing || conn->events == events)
		return;
	conn->events = events;
	if (events == 0)
		uv_poll_stop(&conn->poll);
	else
		uv_poll_start(&conn->poll, events, on_event);
}

static void update_wants(struct conn *conn)
{
	char *at;
	int events = 0;

	if (!conn->ended && frame_buffer_space(&conn->in, &at) > 0)
		events |= UV_READABLE;
	if (conn->rest)
		events |= UV_WRITABLE;
	want(conn, events);
}

static void set_deadline(struct conn *conn)
{
	int64_t limit_s =
		server_patience_s(conn->server, conn->in.filled > 0, &conn->peer);

	conn->deadline_ms = limit_s > 0 ? clock_mono_ms() + limit_s * 1000 : 0;
}

/* Takes whole messages as long as none of them leaves a call pending. */
static void conn_run(struct conn *conn)
{
	if (conn->running)
		return;
	conn->running = true;
	while (!conn->closing && !conn->call && !conn->rest &&
		!(conn->heard && conn->server->draining)) {
		int length = frame_buffer_peek(&conn->in);

		if (length == -EAGAIN)
			break;
		if (length < 0 || call_start(conn, conn->in.data, (size_t)length) < 0) {
			if (log_limit_pass(&conn->server->noise))
				log_msg(LOG_WARNING,
					"closing a client that broke the protocol uid=%u",
					conn->peer.uid);
			conn_close(conn);
			break;
		}
		conn->heard = true;
		frame_buffer_drop(&conn->in, (size_t)length);
		set_deadline(conn);
	}
	conn->running = false;
	conn->ended |= conn->heard && conn->server->draining;
	if (conn->ended && !conn->call && !conn->rest)
		conn_close(conn);
	update_wants(conn);
}

static void conn_read(struct conn *conn)
{
	bool fresh = conn->in.filled == 0;
	char *at;
	size_t space = frame_buffer_space(&conn->in, &at);
	ssize_t n;

	if (space == 0)
		return;
	n = recv(conn->fd, at, space, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn->ended = true;
		return;
	}
	frame_buffer_filled(&conn->in, (size_t)n);
	if (fresh && !conn->call)
		set_deadline(conn);
}

/* Sends what it can. -EAGAIN if something is left. */
static int send_some(int fd, const char *data, size_t size, size_t *sent)
{
	while (*sent < size) {
		ssize_t n = send(
			fd, data + *sent, size - *sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		*sent += (size_t)n;
	}
	return 0;
}

static void conn_write(struct conn *conn)
{
	int r = send_some(conn->fd, conn->rest, conn->rest_size, &conn->rest_at);

	if (r == -EAGAIN)
		return;
	secret_free(conn->rest);
	conn->rest = NULL;
	if (r < 0)
		conn_close(conn);
	else
		set_deadline(conn);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct conn *conn = poll->data;

	if (status < 0) {
		conn_close(conn);
		return;
	}
	if ((events & UV_WRITABLE) && conn->rest)
		conn_write(conn);
	if (!conn->closing && (events & UV_READABLE))
		conn_read(conn);
	if (!conn->closing)
		conn_run(conn);
}

/* Dumps into fresh memory of that size; *ret_size is what the whole would have needed.
 */
static char *dump(json_t *message, size_t capacity, size_t *ret_size)
{
	char *bytes = secret_alloc(capacity);

	if (bytes)
		*ret_size = json_dumpb(message, bytes, capacity - 1, JSON_COMPACT);
	if (bytes && *ret_size > 0 && *ret_size < capacity) {
		bytes[(*ret_size)++] = '\0';
		return bytes;
	}
	secret_free(bytes);
	return NULL;
}

/* The message as bytes, NUL included, in memory that is wiped; NULL if it does not fit.
 */
static char *encode(const char *error, json_t *out, size_t *ret_size)
{
	json_t *message = json_object();
	char *bytes;

	*ret_size = 0;
	/* An error that lost its name would be a success. */
	if ((error && json_object_set_new(message, "error", json_string(error)) < 0) ||
		json_object_set(message, "parameters", out) < 0) {
		json_decref(message);
		return NULL;
	}
	bytes = dump(message, ENCODE_FIRST, ret_size);
	if (!bytes && *ret_size >= ENCODE_FIRST - 1 && *ret_size < LIMIT_REPLY)
		bytes = dump(message, *ret_size + 1, ret_size);
	json_decref(message);
	return bytes;
}

void conn_answer(struct conn *conn, struct call *call, const char *error, json_t *out)
{
	size_t size = 0;
	char *bytes = encode(error, out, &size);
	int r;

	if (conn->call == call)
		conn->call = NULL;
	call->conn = NULL;
	if (!bytes) {
		log_msg(LOG_ERR, "an answer does not fit into %d bytes", LIMIT_REPLY);
		conn_close(conn);
		return;
	}
	conn->rest_at = 0;
	r = send_some(conn->fd, bytes, size, &conn->rest_at);
	if (r == -EAGAIN) {
		conn->rest = bytes;
		conn->rest_size = size;
		set_deadline(conn);
		update_wants(conn);
		return;
	}
	secret_free(bytes);
	if (r < 0)
		conn_close(conn);
	else
		set_deadline(conn);
	if (!conn->closing)
		conn_run(conn);
}

static void conn_free(struct conn *conn)
{
	frame_buffer_fini(&conn->in);
	free(conn);
}
DEFINE_CLEANUP(struct conn *, conn_free);

int conn_open(struct server *server, int fd, const struct peer *peer)
{
	CLEANUP(closep) int owned = fd;
	CLEANUP(conn_freep) struct conn *conn = calloc(1, sizeof(*conn));
	struct conn *opened;
	int r;

	if (!conn)
		return -ENOMEM;
	r = frame_buffer_init(&conn->in, LIMIT_FRAME);
	if (r < 0)
		return r;
	r = uv_poll_init(server->loop, &conn->poll, fd);
	if (r < 0)
		return r;
	conn->poll.data = conn;
	conn->server = server;
	conn->peer = *peer;
	conn->fd = take_fd(&owned);
	opened = TAKE_PTR(conn);
	server_adopt(server, opened);
	set_deadline(opened);
	/* Most clients have sent their call by now, which saves a round of the loop. */
	on_event(&opened->poll, 0, UV_READABLE);
	return 0;
}
