/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_MAILS_H
#define OTPD_STORE_MAILS_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/proto/limits.h"
#include "otpd/store/store.h"

#define MAIL_NAME  16 /* bytes of the name that becomes the Message-ID */
#define MAIL_KEY   32
#define MAIL_NONCE 24

enum mail_state {
	MAIL_QUEUED = 0,
	MAIL_SENT = 1,
	MAIL_FAILED = 3, /* refused, or not taken in time */
	MAIL_VOID = 4,   /* a decoy's: never sent */
	MAIL_DEAD = 5,   /* its code ended before it was sent */
};

struct mail {
	int64_t id;
	uint8_t name[MAIL_NAME];
	char user[LIMIT_USER + 1];
	char origin[LIMIT_RHOST + 1]; /* written only */
	int64_t purpose;
	int64_t state;
	int64_t tries;
	int64_t at;
	int64_t next_at;
	int64_t deadline;
	uint8_t sender[MAIL_KEY];
	uint8_t nonce[MAIL_NONCE];
	uint8_t sealed[LIMIT_SEALED];
	size_t sealed_size;
	char detail[LIMIT_DETAIL + 1];
};

const char *mail_state_name(int64_t state);

/* Sets mail->id. */
int mails_insert(struct store *store, struct mail *mail);

/* -ENOENT if there is none. */
int mails_get(struct store *store, int64_t id, struct mail *ret);
int mails_get_by_name(
	struct store *store, const uint8_t name[MAIL_NAME], struct mail *ret);

/* The queued ones that are due, oldest first. */
int mails_due(struct store *store, int64_t now_s, int64_t limit,
	int (*each)(const struct mail *mail, void *arg), void *arg);

/*
 * Writes state, tries, next_at and detail of a queued one, and wipes the blob unless it
 * stays queued. Nothing happens to one that has a final state.
 */
int mails_update(struct store *store, const struct mail *mail);

/* Makes a queued one dead. */
int mails_kill(struct store *store, int64_t id);

/* Makes those failed whose deadline is over. */
int mails_kill_late(struct store *store, int64_t now_s);

/* The newest first, before the id before; open: only queued ones. */
int mails_list(struct store *store, int64_t before, int64_t limit, bool open,
	int (*each)(const struct mail *mail, void *arg), void *arg);

int mails_count_open(struct store *store, int64_t *ret);

/* Deletes at most limit final ones from before. */
int mails_purge(struct store *store, int64_t before_s, int64_t limit);

#endif
