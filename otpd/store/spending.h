/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_SPENDING_H
#define OTPD_STORE_SPENDING_H

#include <stdbool.h>
#include <stddef.h>

#include "otpd/core/budget.h"
#include "otpd/store/store.h"

/* The times of events, newest first, as core/budget.h wants them. */
#define SPENDING_MAX 512
struct spending {
	int64_t at[SPENDING_MAX];
	size_t n;
};

/* Wrong codes of a user within span_s; at most limit (and SPENDING_MAX) of them. */
int spending_wrong(struct store *store, const char *user, int64_t span_s, int64_t limit,
	int64_t now_s, struct spending *ret);
/* One more; on a decoy no guess was evaluated, and it counts for nobody. */
int spending_add_wrong(
	struct store *store, const char *user, bool decoy, int64_t now_s);
int spending_forget_wrong(struct store *store, const char *user);

/*
 * Codes of a purpose that were mailed to a user, those of all purposes that failed or
 * came back, which the first leaves out (but for resets), the notices that there was a
 * mail of, and all that one origin caused.
 */
int spending_user_sends(struct store *store, const char *user, int64_t purpose,
	int64_t span_s, int64_t limit, int64_t now_s, struct spending *ret);
int spending_user_failed(struct store *store, const char *user, int64_t span_s,
	int64_t limit, int64_t now_s, struct spending *ret);
int spending_notices(struct store *store, const char *user, int64_t span_s,
	int64_t limit, int64_t now_s, struct spending *ret);
int spending_origin_sends(struct store *store, const char *origin, int64_t span_s,
	int64_t limit, int64_t now_s, struct spending *ret);

/* What the host did in the last hour, for a start. */
int spending_load_rates(struct store *store, int64_t now_s,
	struct budget_rate *ret_sends, struct budget_rate *ret_wrong);

/* How many wrong recovery codes of users that there are not are kept; then the oldest
 * go. */
#define SPENDING_STRANGERS 100000

/* Deletes what no window reaches any more; those on decoys sooner. */
int spending_purge(struct store *store, int64_t now_s, int64_t limit);

/*
 * Step-ups that are remembered, each for a remote host or a terminal: where there is
 * neither, as of a job or a service that tells nobody's address, none ever is. length
 * and alphabet are those of the code that was right.
 */
int grace_put(struct store *store, const char *user, const char *service,
	const char *rhost, const char *tty, int64_t peer, int64_t until_s,
	int64_t length, int64_t alphabet);
/*
 * 1 if one is remembered, 0 if not; and then the form of its code. A length of 0: an
 * older otpd remembered it.
 */
int grace_get(struct store *store, const char *user, const char *service,
	const char *rhost, const char *tty, int64_t peer, int64_t now_s,
	int64_t *ret_length, int64_t *ret_alphabet);
int grace_forget(struct store *store, const char *user);
int grace_forget_accounts(struct store *store);
int grace_purge(struct store *store, int64_t now_s);

#endif
