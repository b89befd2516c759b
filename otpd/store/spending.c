/* SPDX-License-Identifier: MIT */
/*
 * What has been used of the budgets, and what is remembered as paid for. Queries are
 * limited to as many rows as the largest window allows: no user makes them slower than
 * his own budget.
 */
#include "otpd/store/spending.h"

#include "otpd/store/db.h"

static int read_time(const struct row *row, void *arg)
{
	struct spending *spending = arg;

	if (spending->n < SPENDING_MAX)
		spending->at[spending->n++] = row_int(row, 0);
	return 0;
}

int spending_wrong(struct store *store, const char *user, int64_t span_s, int64_t limit,
	int64_t now_s, struct spending *ret)
{
	ret->n = 0;
	return db_each(store->db, SQL_WRONG_TIMES, read_time, ret, "tii", user,
		now_s - span_s, limit);
}

int spending_add_wrong(struct store *store, const char *user, bool decoy, int64_t now_s)
{
	return db_run(
		store->db, SQL_WRONG_INSERT, NULL, "tii", user, (int64_t)decoy, now_s);
}

int spending_forget_wrong(struct store *store, const char *user)
{
	return db_run(store->db, SQL_WRONG_FORGET, NULL, "t", user);
}

int spending_user_sends(struct store *store, const char *user, int64_t purpose,
	int64_t span_s, int64_t limit, int64_t now_s, struct spending *ret)
{
	ret->n = 0;
	return db_each(store->db, SQL_MAIL_USER_TIMES, read_time, ret, "tiii", user,
		now_s - span_s, limit, purpose);
}

int spending_user_failed(struct store *store, const char *user, int64_t span_s,
	int64_t limit, int64_t now_s, struct spending *ret)
{
	ret->n = 0;
	return db_each(store->db, SQL_MAIL_FAILED_TIMES, read_time, ret, "tii", user,
		now_s - span_s, limit);
}

int spending_origin_sends(struct store *store, const char *origin, int64_t span_s,
	int64_t limit, int64_t now_s, struct spending *ret)
{
	ret->n = 0;
	return db_each(store->db, SQL_MAIL_ORIGIN_TIMES, read_time, ret, "tii", origin,
		now_s - span_s, limit);
}

struct load {
	struct budget_rate *rate;
	int64_t now_s;
};

static int read_rate(const struct row *row, void *arg)
{
	struct load *load = arg;
	int64_t at = row_int(row, 0);

	budget_rate_add(load->rate, at < load->now_s ? at : load->now_s, 1);
	return 0;
}

int spending_load_rates(struct store *store, int64_t now_s,
	struct budget_rate *ret_sends, struct budget_rate *ret_wrong)
{
	struct load sends = { ret_sends, now_s }, wrong = { ret_wrong, now_s };
	int r = db_each(
		store->db, SQL_MAIL_RATE, read_rate, &sends, "i", now_s - BUDGET_HOUR);

	if (r < 0)
		return r;
	return db_each(
		store->db, SQL_WRONG_RATE, read_rate, &wrong, "i", now_s - BUDGET_HOUR);
}

int spending_purge(struct store *store, int64_t now_s, int64_t limit)
{
	int r = db_run(
		store->db, SQL_WRONG_PURGE, NULL, "ii", now_s - BUDGET_MONTH, limit);

	if (r < 0)
		return r;
	return db_run(store->db, SQL_WRONG_PURGE_DECOYS, NULL, "ii", now_s - BUDGET_DAY,
		limit);
}

int grace_put(struct store *store, const char *user, const char *service,
	const char *rhost, const char *tty, int64_t peer, int64_t until_s)
{
	return db_run(store->db, SQL_GRACE_PUT, NULL, "ttttii", user, service, rhost,
		tty, peer, until_s);
}

static int read_until(const struct row *row, void *arg)
{
	*(int64_t *)arg = row_int(row, 0);
	return 0;
}

int grace_holds(struct store *store, const char *user, const char *service,
	const char *rhost, const char *tty, int64_t peer, int64_t now_s)
{
	int64_t until = 0;
	int r = db_each(store->db, SQL_GRACE_GET, read_until, &until, "tttti", user,
		service, rhost, tty, peer);

	return r < 0 ? r : until > now_s;
}

int grace_forget(struct store *store, const char *user)
{
	return db_run(store->db, SQL_GRACE_FORGET, NULL, "t", user);
}

int grace_purge(struct store *store, int64_t now_s)
{
	return db_run(store->db, SQL_GRACE_PURGE, NULL, "i", now_s);
}
