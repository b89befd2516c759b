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
 * came back, which the first leaves out, and all that one origin caused.
 */
int spending_user_sends(struct store *store, const char *user, int64_t purpose,
	int64_t span_s, int64_t limit, int64_t now_s, struct spending *ret);
int spending_user_failed(struct store *store, const char *user, int64_t span_s,
	int64_t limit, int64_t now_s, struct spending *ret);
int spending_origin_sends(struct store *store, const char *origin, int64_t span_s,
	int64_t limit, int64_t now_s, struct spending *ret);

/* What the host did in the last hour, for a start. */
int spending_load_rates(struct store *store, int64_t now_s,
	struct budget_rate *ret_sends, struct budget_rate *ret_wrong);

/* Deletes what no window reaches any more; those on decoys sooner. */
int spending_purge(struct store *store, int64_t now_s, int64_t limit);

/* Step-ups that are remembered. */
int grace_put(struct store *store, const char *user, const char *service,
	const char *rhost, const char *tty, int64_t peer, int64_t until_s);
/* 1 if one is remembered, 0 if not. */
int grace_holds(struct store *store, const char *user, const char *service,
	const char *rhost, const char *tty, int64_t peer, int64_t now_s);
int grace_forget(struct store *store, const char *user);
int grace_purge(struct store *store, int64_t now_s);

#endif
