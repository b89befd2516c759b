/* SPDX-License-Identifier: MIT */
/*
 * The listening socket: accept, who is it, is there room. Counts are per uid, with a
 * reserve that only root can use, so that no local user keeps sshd and sudo out. When
 * the process has no descriptors left, accepting pauses until a client has gone; the
 * others wait in the kernel's queue and lose nothing.
 */
#include "otpd/varlink/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "otpd/proto/limits.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define TICK_MS 1000

/* Whether somebody accepts at this address; a socket file may be left over from a
 * crash. */
static bool is_served(const struct sockaddr_un *address)
{
	CLEANUP(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 &&
		connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
}

int server_socket(const char *path, mode_t mode, gid_t group)
{
	CLEANUP(closep) int fd = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int r;

	if (!text_copy(address.sun_path, sizeof(address.sun_path), path))
		return -ENAMETOOLONG;
	if (is_served(&address))
		return -EADDRINUSE;
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Nobody gets in between bind and chmod. */
	mask = umask(0777);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno
									     : 0;
	umask(mask);
	if (r < 0)
		return r;
	if (chown(path, (uid_t)-1, group) < 0 || chmod(path, mode) < 0)
		return -errno;
	if (listen(fd, SOMAXCONN) < 0)
		return -errno;
	return take_fd(&fd);
}

static size_t count_of(const struct server *server, uid_t uid)
{
	size_t n = 0;

	list_for_each(it, &server->conns)
		n += list_entry(it, struct conn, link)->peer.uid == uid;
	return n;
}

static size_t limit_of(const struct server *server, uid_t uid)
{
	return server->conns_of ? server->conns_of(server->service->context, uid)
				: LIMIT_UID_CONNS;
}

static bool has_room(const struct server *server, const struct peer *peer)
{
	if (peer->uid == 0)
		return server->n_conns < server->max_conns;
	return server->n_conns + LIMIT_RESERVED_CONNS < server->max_conns &&
		count_of(server, peer->uid) < limit_of(server, peer->uid);
}

static void on_connection(uv_poll_t *poll, int status, int events);
static void on_tick(uv_timer_t *timer);

static void resume(struct server *server)
{
	if (!server->paused || server->draining)
		return;
	server->paused = false;
	uv_poll_start(&server->poll, UV_READABLE, on_connection);
}

/* Accepts one client. False when there is none, or no more can be taken now. */
static bool accept_one(struct server *server)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);
	struct peer peer;
	CLEANUP(closep)
	int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
			errno == ENOBUFS) {
			if (log_limit_pass(&server->noise))
				log_msg(LOG_WARNING,
					"no descriptors left, clients wait");
			server->paused = true;
			uv_poll_stop(&server->poll);
			/* It may be others who give some back: look again soon. */
			uv_timer_start(&server->timer, on_tick, TICK_MS, TICK_MS);
		}
		return errno == ECONNABORTED || errno == EINTR;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return true;
	peer = (struct peer){ .uid = cred.uid, .gid = cred.gid };
	if (!has_room(server, &peer)) {
		if (log_limit_pass(&server->noise))
			log_msg(LOG_WARNING,
				"too many connections, refusing one uid=%u", peer.uid);
		return true;
	}
	(void)conn_open(server, take_fd(&fd), &peer);
	return true;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct server *server = poll->data;

	(void)events;
	/* A bounded number, so that a flood of connects does not starve the calls. */
	for (int i = 0; status >= 0 && i < 64; i++)
		if (server->paused || !accept_one(server))
			break;
}

static void on_tick(uv_timer_t *timer)
{
	struct server *server = timer->data;
	int64_t now = clock_mono_ms();

	list_for_each(it, &server->conns) {
		struct conn *conn = list_entry(it, struct conn, link);

		if (!conn->call && conn->deadline_ms > 0 && now >= conn->deadline_ms)
			conn_close(conn);
	}
	resume(server);
	if (server->n_conns == 0)
		uv_timer_stop(&server->timer);
}

int64_t server_patience_s(
	const struct server *server, bool in_frame, const struct peer *peer)
{
	if (in_frame)
		return LIMIT_FRAME_S;
	return peer->uid == 0 ? server->idle_root_s : server->idle_s;
}

void server_adopt(struct server *server, struct conn *conn)
{
	list_append(&server->conns, &conn->link);
	if (server->n_conns++ == 0)
		uv_timer_start(&server->timer, on_tick, TICK_MS, TICK_MS);
}

void server_forget(struct server *server, struct conn *conn)
{
	list_remove(&conn->link);
	if (--server->n_conns == 0)
		uv_timer_stop(&server->timer);
	if (server->left)
		server->left(server->service->context, conn);
	resume(server);
}

int server_open(struct server *server, int fd, const char *unlink_path)
{
	int r;

	server->fd = fd;
	/* One that systemd made may block in accept. */
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return -errno;
	server->noise = (struct log_limit){ .interval_s = 60, .burst = 10 };
	list_init(&server->conns);
	if (unlink_path) {
		server->unlink_path = strdup(unlink_path);
		if (!server->unlink_path)
			return -ENOMEM;
	}
	r = uv_timer_init(server->loop, &server->timer);
	if (r == 0)
		r = uv_poll_init(server->loop, &server->poll, fd);
	if (r < 0)
		return r;
	server->timer.data = server;
	server->poll.data = server;
	return uv_poll_start(&server->poll, UV_READABLE, on_connection);
}

bool server_is_draining(const struct server *server)
{
	list_for_each(it, &server->conns)
		if (!list_entry(it, struct conn, link)->heard)
			return true;
	return false;
}

/*
 * Whoever was accepted just now may have written already, and cannot know that he is to
 * ask again: a login that begins while otpd is upgraded MUST NOT be refused.
 */
void server_drain(struct server *server)
{
	int64_t now = clock_mono_ms();

	server->draining = true;
	uv_poll_stop(&server->poll);
	list_for_each(it, &server->conns) {
		struct conn *conn = list_entry(it, struct conn, link);

		if (!conn->heard && !conn->ended) {
			conn->deadline_ms = now + TICK_MS;
			continue;
		}
		conn->ended = true;
		if (!conn->call && !conn->rest)
			conn_close(conn);
	}
}

void server_close(struct server *server)
{
	list_for_each(it, &server->conns)
		conn_close(list_entry(it, struct conn, link));
	uv_close((uv_handle_t *)&server->poll, NULL);
	uv_close((uv_handle_t *)&server->timer, NULL);
	close(server->fd);
	if (server->unlink_path)
		(void)unlink(server->unlink_path);
	free(server->unlink_path);
	server->unlink_path = NULL;
}
