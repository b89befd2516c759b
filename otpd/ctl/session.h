/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SESSION_H
#define OTPD_CTL_SESSION_H

#include <jansson.h>
#include <stdbool.h>

#include "otpd/proto/client.h"
#include "otpd/proto/limits.h"

/* A daemon that is called, as people and the system know it. */
struct session_daemon {
	const char *name;   /* "otpd": of the unit, the log, and in sentences */
	const char *user;   /* it may run as this user, besides root */
	const char *option; /* "--socket": says where it listens */
	const char *access; /* who may connect, a clause */
};

extern const struct session_daemon session_otpd, session_otpd_mail;

/* What a refusal means to a group of commands, and what to do next; ended by 0. */
struct session_words {
	int outcome;
	const char *text;
	const char *next;
};

/* What every command gets: where otpd is, how long to wait, how to speak. */
struct session {
	const struct session_daemon *daemon;
	const char *socket; /* not owned */
	int timeout_ms;
	bool json;
	const struct session_words *words; /* before the usual ones; or NULL */
	struct client client;
};

#define SESSION_INIT                                            \
	{                                                       \
		.daemon = &session_otpd, .socket = OTPD_SOCKET, \
		.timeout_ms = 10 * 1000, .client = CLIENT_INIT  \
	}

/*
 * Calls a method, connecting first if need be. Nothing is sent before the listener is
 * known to be root, the daemon's user, or the caller himself (SO_PEERCRED);
 * -EKEYREJECTED if it is somebody else. parameters is taken over; NULL, as
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

/*
 * The same for a failure on the way (r < 0), as a clause in text, for a command that
 * goes on without the daemon.
 */
#define SESSION_FAULT 320
void session_fault(
	const struct session *session, int r, char text[static SESSION_FAULT]);

#endif
