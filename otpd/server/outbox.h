/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_OUTBOX_H
#define OTPD_SERVER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "otpd/server/batch.h"
#include "otpd/store/mails.h"
#include "otpd/util/list.h"

struct mailer;

enum outgoing_state {
	OUTGOING_READY,   /* waits for a link to the mailer */
	OUTGOING_SENDING, /* the mailer has it */
	OUTGOING_DONE,    /* its result waits to be written */
};

/* A queued mail in memory. */
struct outgoing {
	struct list link; /* in outbox.mails, writing or fetched */
	enum outgoing_state state;
	int64_t id;
	char user[LIMIT_USER + 1];
	uint8_t name[MAIL_NAME];
	uint8_t sender[MAIL_KEY];
	uint8_t nonce[MAIL_NONCE];
	int64_t tries;
	int64_t deadline;
	int64_t row_state; /* what is to be written: this and the members below */
	int64_t next_at;   /* when it is tried again, or when it ended */
	char detail[LIMIT_DETAIL + 1];
	char transport[LIMIT_TRANSPORT + 1];
	bool second;
	bool bad_address;
	bool marked; /* its refusal made the user's address undeliverable */
	size_t sealed_size;
	uint8_t sealed[];
};

/*
 * The part of the queue that is in memory. The table is the truth: what is not here is
 * fetched from it when it is due.
 */
struct outbox {
	struct batch *batch;
	struct mailer *mailer;
	struct list mails;
	struct list writing; /* done ones, whose results the batch in flight writes */
	struct list fetched; /* of the fetch in flight */
	size_t n;            /* in mails and writing */
	bool more;           /* rows that are due are in the table only */
	bool fetching;
	int64_t fetch_now_s;
	int64_t fetch_next_s; /* when the first that is not due yet will be; or 0 */
	uv_timer_t wake;      /* when the next put-off mail is due */
	uv_timer_t flush;     /* when results are written if no batch comes by */
	int64_t wake_at_s;
	int64_t last_state; /* of the row of the last result; -1: none yet */
	struct job fetch;
	struct job write;
};

int outbox_open(struct outbox *outbox, struct batch *batch, struct mailer *mailer);
void outbox_close(struct outbox *outbox);

/* A copy for the loop of a mail that was just inserted; NULL without memory. */
struct outgoing *outgoing_new(const struct mail *mail);
void outgoing_free(struct outgoing *outgoing);

/* Takes a mail whose row is committed; NULL is no mail. */
void outbox_add(struct outbox *outbox, struct outgoing *outgoing);

/* A mail whose code died before it was handed over is not sent. */
void outbox_forget(struct outbox *outbox, int64_t id);

/* The same for all mails of a user; NULL: of everybody. */
void outbox_forget_user(struct outbox *outbox, const char *user);

/* Takes one that is ready, for sending; NULL if there is none. */
struct outgoing *outbox_take(struct outbox *outbox);

/* What the mailer said. */
struct mail_result;
void outbox_result(struct outbox *outbox, struct outgoing *outgoing,
	const struct mail_result *result);

/* Looks for mails that are due now; after a start and when the mailer comes back. */
void outbox_fetch(struct outbox *outbox);

/* How the last mail fared, in the words of the interface Auth. */
const char *outbox_delivery(const struct outbox *outbox);

/* Whether no result waits to be written. */
bool outbox_is_settled(const struct outbox *outbox);

/* Lets waiting results travel with the batch that is about to leave. */
void outbox_board(struct outbox *outbox);

#endif
