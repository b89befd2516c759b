/* SPDX-License-Identifier: MIT */
#ifndef OTPD_VARLINK_SERVER_H
#define OTPD_VARLINK_SERVER_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "otpd/util/list.h"
#include "otpd/util/log.h"
#include "otpd/varlink/conn.h"
#include "otpd/varlink/service.h"

/* A listening socket and its clients. Zero it, fill the first part, then open. */
struct server {
	uv_loop_t *loop;
	struct service *service;
	size_t max_conns; /* in all; LIMIT_RESERVED_CONNS of them for root only */
	int64_t idle_s; /* how long a silent client of another uid is kept; 0: always */
	int64_t idle_root_s; /* the same for root */
	/* Connections that this uid, which is not root, may have at once; NULL:
	 * LIMIT_UID_CONNS. context is the service's. */
	size_t (*conns_of)(void *context, uid_t uid);
	/* A client has left; NULL: nobody asks. */
	void (*left)(void *context, const struct conn *conn);

	struct list conns;
	size_t n_conns;
	int fd;
	bool paused; /* no descriptors were left; a client that leaves resumes it */
	bool draining;
	uv_poll_t poll;
	uv_timer_t timer; /* closes the clients whose time is over */
	char *unlink_path;
	struct log_limit noise;
};

/*
 * Makes the socket at path with this mode and group (gid -1: leave). A socket that
 * nobody listens on is replaced; one that somebody listens on is -EADDRINUSE. Returns
 * the descriptor, or -errno.
 */
int server_socket(const char *path, mode_t mode, gid_t group);

/* Serves fd, which it then owns. unlink_path, if not NULL, is removed at server_close.
 */
int server_open(struct server *server, int fd, const char *unlink_path);

/*
 * Takes no more connections and no more calls; calls that run still get their answer,
 * and whoever was accepted and has said nothing yet has a second or two for one call.
 */
void server_drain(struct server *server);

/* Whether one of those is still waited for. */
bool server_is_draining(const struct server *server);

/* Closes everything. The loop must run once more after it. */
void server_close(struct server *server);

/* For conn.c. */
void server_adopt(struct server *server, struct conn *conn);
void server_forget(struct server *server, struct conn *conn);
int64_t server_patience_s(
	const struct server *server, bool in_frame, const struct peer *peer);

#endif
