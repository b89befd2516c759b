/* SPDX-License-Identifier: MIT */
#ifndef OTPD_VARLINK_CONN_H
#define OTPD_VARLINK_CONN_H

#include <jansson.h>
#include <stdint.h>
#include <uv.h>

#include "otpd/proto/frame.h"
#include "otpd/util/list.h"
#include "otpd/varlink/call.h"

struct server;

/*
 * One client. READING: waits for a message. PENDING: its call runs, nothing more is
 * taken from it. Bytes of an answer that the socket did not take wait in rest.
 */
struct conn {
	struct list link; /* in server.conns */
	struct server *server;
	uv_poll_t poll;
	int fd;
	int events; /* what poll waits for now */
	struct peer peer;
	struct frame_buffer in;
	char *rest;
	size_t rest_at;
	size_t rest_size;
	struct call *call;   /* the pending one, not owned */
	int64_t deadline_ms; /* when it is closed if no whole message has come; 0: never
			      */
	bool running;        /* inside conn_run */
	bool heard;          /* a whole message has come */
	bool ended;          /* the client will send no more */
	bool closing;
};

/* Takes fd in every case. */
int conn_open(struct server *server, int fd, const struct peer *peer);

/* Closes, and frees when the loop is done with it. A pending call goes on unanswered.
 */
void conn_close(struct conn *conn);

/* The answer to call, after which the next message is taken. */
void conn_answer(struct conn *conn, struct call *call, const char *error, json_t *out);

void conn_set_call(struct conn *conn, struct call *call);
struct service *conn_service(const struct conn *conn);
const struct peer *conn_peer(const struct conn *conn);

#endif
