/* SPDX-License-Identifier: MIT */
#ifndef OTPD_PROTO_CLIENT_H
#define OTPD_PROTO_CLIENT_H

#include <jansson.h>
#include <stdint.h>

#include "otpd/proto/frame.h"

/* A blocking Varlink client with one deadline for each call. Not for the module. */
struct client {
	int fd;
	int timeout_ms;
	struct frame_buffer in;
};

#define CLIENT_INIT      \
	{                \
		.fd = -1 \
	}

/* Connects. 0 or -errno (-ENOENT, -ECONNREFUSED, -EACCES, -ETIMEDOUT ...). */
int client_open(struct client *client, const char *path, int timeout_ms);
void client_close(struct client *client);

/*
 * Calls a method and waits. parameters are borrowed, NULL means none. Returns 0 with
 * *ret_out, an enum outcome with *ret_out being the error's parameters, or -errno:
 * -ETIMEDOUT, -ECONNRESET (closed without an answer), -EPROTO (no Varlink answer),
 * -EINVAL (InvalidParameter; *ret_out names it), -ENOSYS (no such method). *ret_out is
 * always set, maybe to NULL, and belongs to the caller.
 * After an error of the connection the client is closed; further calls are -ENOTCONN.
 */
int client_call(struct client *client, const char *method, json_t *parameters,
	json_t **ret_out);

#endif
