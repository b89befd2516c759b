/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRACE_H
#define OTPD_MAIL_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "otpd/proto/limits.h"

#define TRACE_MAILS 16 /* the last test mails */
#define TRACE_STEPS 64 /* of each; the last place is taken again and again */
#define TRACE_NAME  16

/*
 * The way of a test mail, step by step, for otpctl send-test. Other mails have none:
 * their parcel's trace is NULL, and trace_step() does nothing.
 */
struct trace;
struct traces;
struct letter;

struct trace_entry {
	char step[TRACE_NAME];
	int64_t ms; /* since the mail first came to otpd-mail */
	char said[LIMIT_DETAIL + 1];
};

/*
 * Notes a step that has ended now ("connect", "tls", "auth", "rcpt", ...; otpctl(8)
 * lists them) and what was said at its end: printable or not, it is cleaned here. said
 * may be NULL.
 */
void trace_step(struct trace *trace, const char *step, const char *said);

/*
 * A test mail has come: from now to trace_end() its steps are noted, without the
 * addresses and the code of letter. One that comes again (otpd tries it again) goes on
 * with its trace. NULL if there is no memory, or if TRACE_MAILS are on their way.
 */
struct trace *trace_begin(
	struct traces *traces, const char *mail, const struct letter *letter);
void trace_end(struct trace *trace);

/* The steps of the mail with this identifier; NULL, and none, if it is not known. */
const struct trace_entry *trace_steps(
	const struct traces *traces, const char *mail, size_t *ret_n);

struct traces *traces_new(void);
void traces_free(struct traces *traces);

#endif
