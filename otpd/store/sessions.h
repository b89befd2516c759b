/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_SESSIONS_H
#define OTPD_STORE_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/store/accounts.h"

#define SESSION_ID   16
#define SESSION_HASH 32

/* A sign-in, and the family of refresh tokens that came of it. */
struct session {
	uint8_t id[SESSION_ID];
	uint8_t account[ACCOUNT_ID];
	char client[LIMIT_SERVICE + 1];
	char amr[16];
	int64_t generation;         /* of the refresh token that is good now; 0: none */
	uint8_t hash[SESSION_HASH]; /* of it */
	int64_t auth_time;
	int64_t used_at;
	int64_t expires_at;
};

/* Ended sessions have no row. */
int sessions_insert(struct store *store, const struct session *session);

/* -ENOENT if there is none, or if its time is over. */
int sessions_get(struct store *store, const uint8_t id[SESSION_ID], int64_t now_s,
	struct session *ret);

/* Writes generation, hash, used_at and expires_at; -ENOENT if it has ended. */
int sessions_rotate(struct store *store, const struct session *session);

/* Of one that has ended already, no error. How many there were: ret_n may be NULL. */
int sessions_end(struct store *store, const uint8_t id[SESSION_ID]);
int sessions_end_account(
	struct store *store, const uint8_t account[ACCOUNT_ID], int64_t *ret_n);
int sessions_end_all(struct store *store, int64_t *ret_n);
int sessions_count_account(struct store *store, const uint8_t account[ACCOUNT_ID],
	int64_t now_s, int64_t *ret);
int sessions_count(struct store *store, int64_t now_s, int64_t *ret);

/*
 * Ends the oldest ones of an account but the newest keep, in the order in which they
 * were opened, so that an account's rows are bounded however often it signs in.
 */
int sessions_trim(struct store *store, const uint8_t account[ACCOUNT_ID], int64_t keep);

/* At most limit whose time is over; *ret_more: so many there were. */
int sessions_purge(struct store *store, int64_t now_s, int64_t limit, bool *ret_more);

#endif
