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

int spending_notices(struct store *store, const char *user, int64_t span_s,
	int64_t limit, int64_t now_s, struct spending *ret)
{
	ret->n = 0;
	return db_each(store->db, SQL_MAIL_NOTICE_TIMES, read_time, ret, "tii", user,
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
	r = db_run(store->db, SQL_WRONG_PURGE_DECOYS, NULL, "ii", now_s - BUDGET_DAY,
		limit);
	if (r == 0)
		r = db_run(store->db, SQL_WRONG_PURGE_PASSWORDS, NULL, "ii",
			now_s - BUDGET_DAY, limit);
	return r < 0 ? r
		     : db_run(store->db, SQL_WRONG_PURGE_STRANGERS, NULL, "ii",
			       (int64_t)SPENDING_STRANGERS, limit);
}

/* Whoever comes from anywhere would have what somebody else has stepped up for. */
static bool is_bound(const char *rhost, const char *tty)
{
	return rhost[0] != '\0' || tty[0] != '\0';
}

int grace_put(struct store *store, const char *user, const char *service,
	const char *rhost, const char *tty, int64_t peer, int64_t until_s,
	int64_t length, int64_t alphabet)
{
	if (!is_bound(rhost, tty))
		return 0;
	return db_run(store->db, SQL_GRACE_PUT, NULL, "ttttiiii", user, service, rhost,
		tty, peer, until_s, length, alphabet);
}

struct remembered {
	int64_t until;
	int64_t length;
	int64_t alphabet;
};

static int read_remembered(const struct row *row, void *arg)
{
	struct remembered *remembered = arg;

	remembered->until = row_int(row, 0);
	remembered->length = row_int(row, 1);
	remembered->alphabet = row_int(row, 2);
	return 0;
}

int grace_get(struct store *store, const char *user, const char *service,
	const char *rhost, const char *tty, int64_t peer, int64_t now_s,
	int64_t *ret_length, int64_t *ret_alphabet)
{
	struct remembered remembered = { 0 };
	int r;

	if (!is_bound(rhost, tty))
		return 0;
	r = db_each(store->db, SQL_GRACE_GET, read_remembered, &remembered, "tttti",
		user, service, rhost, tty, peer);
	if (r < 0 || remembered.until <= now_s)
		return r;
	*ret_length = remembered.length;
	*ret_alphabet = remembered.alphabet;
	return 1;
}

int grace_forget(struct store *store, const char *user)
{
	return db_run(store->db, SQL_GRACE_FORGET, NULL, "t", user);
}

int grace_forget_accounts(struct store *store)
{
	return db_run(store->db, SQL_GRACE_FORGET_ACCOUNTS, NULL, "");
}

int grace_purge(struct store *store, int64_t now_s)
{
	return db_run(store->db, SQL_GRACE_PURGE, NULL, "i", now_s);
}
