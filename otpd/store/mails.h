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
	MAIL_BOUNCED = 2, /* was sent, and came back */
	MAIL_FAILED = 3,  /* refused, or not taken in time */
	MAIL_VOID = 4,    /* a decoy's: never sent */
	MAIL_DEAD = 5,    /* its code ended before it was sent */
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
	char transport[LIMIT_TRANSPORT + 1]; /* that ended it; "": none yet */
	bool second;                         /* it went by the second route */
	bool bad_address;                    /* written only */
	bool own; /* to the address that its user has, as long as he has it */
};

/* What a bounce said of a user's address. */
struct refusal {
	char user[LIMIT_USER + 1];
	int64_t n; /* mails in a row that were refused, this one included; 0: it was not
		    */
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
 * Writes state, tries, next_at, detail, transport and second of a queued one, and wipes
 * the blob unless it stays queued. Nothing happens to one that has a final state.
 *
 * A final state counts for the address of the user, unless he has got another one
 * meanwhile: bad_address (a server refused it for good, whether or not the second route
 * helped) is one more refusal, sent to it without that is the end of refusals. Only a
 * code that was typed ends those of which one had bounced: users_proven_by_mail().
 * Returns how many refusals in a row there are with this one, or 0 if it was none.
 */
int mails_update(struct store *store, const struct mail *mail);

/*
 * A sent one has come back: 1, and it counts as a refusal if the report blames the
 * address; 0 if there is none such.
 */
int mails_bounced(struct store *store, const uint8_t name[MAIL_NAME],
	const char *detail, bool blames_address, struct refusal *ret);

/* Makes a queued one dead. */
int mails_kill(struct store *store, int64_t id);

/* Makes those failed whose deadline is over. */
int mails_kill_late(struct store *store, int64_t now_s);

/* The newest first, before the id before; open: only queued ones. */
int mails_list(struct store *store, int64_t before, int64_t limit, bool open,
	int (*each)(const struct mail *mail, void *arg), void *arg);

int mails_count_open(struct store *store, int64_t *ret);

/* The same, and how many of them were tried already. */
int mails_count_waiting(struct store *store, int64_t *ret, int64_t *ret_tried);

/* When the first of those is due that are not due yet; 0: there is none. */
int mails_next_due(struct store *store, int64_t now_s, int64_t *ret);

/* Deletes at most limit final ones from before. */
int mails_purge(struct store *store, int64_t before_s, int64_t limit);

#endif
