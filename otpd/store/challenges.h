/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_CHALLENGES_H
#define OTPD_STORE_CHALLENGES_H

#include "otpd/core/challenge.h"
#include "otpd/store/store.h"

int challenges_insert(struct store *store, const struct challenge *challenge);

/* By its identifier; -ENOENT if there is none. */
int challenges_get(
	struct store *store, const uint8_t id[CODE_ID], struct challenge *ret);

/* The live one of this user, service, remote host and caller; -ENOENT if there is none.
 */
int challenges_find(struct store *store, const char *user, const char *service,
	const char *rhost, int64_t peer, int64_t now_s, struct challenge *ret);

/* The same, of those whose code lets somebody in: those of Auth. */
int challenges_find_login(struct store *store, const char *user, const char *service,
	const char *rhost, int64_t peer, int64_t now_s, struct challenge *ret);

/* The same, of one purpose. */
int challenges_find_purpose(struct store *store, const char *user, const char *service,
	const char *rhost, int64_t peer, int64_t now_s, int64_t purpose,
	struct challenge *ret);

/* Writes state and tries of a live one; -ESTALE if it is live no more. */
int challenges_update(struct store *store, const struct challenge *challenge);

/* Makes one that was passed spent; -ESTALE if it is not (any more). */
int challenges_spend(struct store *store, const uint8_t id[CODE_ID]);

/* Writes the new code of a live one; -ESTALE if it is live no more. */
int challenges_redraw(struct store *store, const struct challenge *challenge);

/* Makes decoys of the live ones of a user: they look alive and are never right. */
int challenges_conceal_user(struct store *store, const char *user);

/* Cancels the live ones of a user, or all; their mails that still wait are dead. */
int challenges_cancel_user(struct store *store, const char *user);
int challenges_cancel_all(struct store *store);

int challenges_count_live(struct store *store, int64_t now_s, int64_t *ret);
int challenges_count_user(
	struct store *store, const char *user, int64_t now_s, int64_t *ret);

/* How many of a user's were begun since then without a mail, whatever became of them.
 */
int challenges_count_mailless(
	struct store *store, const char *user, int64_t since_s, int64_t *ret);

/* Deletes at most limit that ended before. */
int challenges_purge(struct store *store, int64_t before_s, int64_t limit);

#endif
