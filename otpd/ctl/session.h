/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SESSION_H
#define OTPD_CTL_SESSION_H

#include <jansson.h>
#include <stdbool.h>

#include "otpd/proto/client.h"
#include "otpd/proto/limits.h"

/* What every command gets: where otpd is, how long to wait, how to speak. */
struct session {
	const char *socket; /* not owned */
	int timeout_ms;
	bool json;
	struct client client;
};

#define SESSION_INIT                                                                  \
	{                                                                             \
		.socket = OTPD_SOCKET, .timeout_ms = 10 * 1000, .client = CLIENT_INIT \
	}

/*
 * Calls a method, connecting first if need be. parameters is taken over; NULL, as
 * json_pack() makes it of text that is not UTF-8, gives -EILSEQ. Returns as
 * client_call() does; *ret_out is always set and belongs to the caller. After a
 * negative result every command ends: a late answer could pass for that of the next
 * call.
 */
int session_call(struct session *session, const char *method, json_t *parameters,
	json_t **ret_out);

/* Gives the connection back, for example while a person types. */
void session_close(struct session *session);

/*
 * Says what a result of session_call() that is not 0 means and what to do next, on
 * standard error. about is whom it is about, or NULL. Returns the exit code.
 */
int session_explain(
	const struct session *session, int r, const json_t *out, const char *about);

#endif
