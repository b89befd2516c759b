/* SPDX-License-Identifier: MIT */
#ifndef OTPD_VARLINK_CALL_H
#define OTPD_VARLINK_CALL_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

#include "otpd/util/list.h"
#include "otpd/varlink/method.h"

struct conn;
struct service;

/* Who is at the other end: the kernel's word at connect(2), never a pid, never text. */
struct peer {
	uid_t uid;
	gid_t gid;
};

/* One method call in flight. Handlers see no JSON coming in and no connection. */
struct call {
	struct list link;  /* in the batch that it waits for */
	struct conn *conn; /* who gets the answer; NULL once the client has left */
	struct service *service;
	const struct method *method;
	struct peer peer;
	void *in;           /* method->in_size bytes, wiped at the end */
	void *work;         /* method->work_size bytes, wiped at the end */
	json_t *message;    /* the whole call; FIELD_ARRAY borrows from it */
	json_t *out;        /* the parameters of the answer, or of the error */
	int result;         /* 0, an outcome, or -errno */
	int64_t started_us; /* clock_mono_us() when it had been read */
	/*
	 * Set by check or apply of a call that has more than one phase. reading: the
	 * next phase changes nothing. then: what follows the COMMIT of this phase in
	 * place of the answer, on the loop's thread, unless the phase failed or
	 * refused; it submits the call again, or finishes it.
	 */
	bool reading;
	void (*then)(struct call *call);
	void *phase; /* what then works on: a part of work */
};

/*
 * Reads a message, finds and authorises the method, reads its fields and runs it. Every
 * path ends in exactly one answer on conn, now or later. Returns -EBADMSG if the
 * message is no Varlink call at all (the caller closes), else 0.
 */
int call_start(struct conn *conn, const char *text, size_t size);

/* Answers with out (0), the outcome's error, or Unavailable. Once for each call. */
void call_answer(struct call *call, int result);

/* Answers and frees. */
void call_finish(struct call *call, int result);

/* Ends a call with an error of org.varlink.service, which has one parameter. */
void call_refuse(
	struct call *call, const char *error, const char *name, const char *value);

/*
 * Adds to the answer. Failures (no memory) are remembered in the call and become
 * Unavailable. call_out_json steals value.
 */
void call_out_string(struct call *call, const char *name, const char *value);
void call_out_int(struct call *call, const char *name, int64_t value);
void call_out_bool(struct call *call, const char *name, bool value);
void call_out_json(struct call *call, const char *name, json_t *value);

/* Forgets what was added, before an error with parameters of its own. */
void call_out_clear(struct call *call);

void call_free(struct call *call);

#endif
