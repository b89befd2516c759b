/* SPDX-License-Identifier: MIT */
/* The table of sessions. Of a refresh token it has the keyed hash only. Whether one
 * that comes is the right one, or a stolen one, is decided elsewhere. */
#include "otpd/store/sessions.h"

#include <errno.h>

#include "otpd/store/db.h"

int sessions_insert(struct store *store, const struct session *s)
{
	return db_run(store->db, SQL_SESSION_INSERT, NULL, "bbttibiii", s->id,
		sizeof(s->id), s->account, sizeof(s->account), s->client, s->amr,
		s->generation, s->hash, sizeof(s->hash), s->auth_time, s->used_at,
		s->expires_at);
}

static int read_session(const struct row *row, void *arg)
{
	struct session *s = arg;

	row_copy_blob(row, 0, s->id, sizeof(s->id));
	row_copy_blob(row, 1, s->account, sizeof(s->account));
	row_copy_text(row, 2, s->client, sizeof(s->client));
	row_copy_text(row, 3, s->amr, sizeof(s->amr));
	s->generation = row_int(row, 4);
	row_copy_blob(row, 5, s->hash, sizeof(s->hash));
	s->auth_time = row_int(row, 6);
	s->used_at = row_int(row, 7);
	s->expires_at = row_int(row, 8);
	return 1;
}

int sessions_get(struct store *store, const uint8_t id[SESSION_ID], int64_t now_s,
	struct session *ret)
{
	int r = db_each(store->db, SQL_SESSION_GET, read_session, ret, "bi", id,
		(size_t)SESSION_ID, now_s);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int sessions_rotate(struct store *store, const struct session *s)
{
	int64_t changes = 0;
	int r = db_run(store->db, SQL_SESSION_ROTATE, &changes, "bibii", s->id,
		sizeof(s->id), s->generation, s->hash, sizeof(s->hash), s->used_at,
		s->expires_at);

	return r < 0 ? r : changes == 1 ? 0 : -ENOENT;
}

int sessions_end(struct store *store, const uint8_t id[SESSION_ID])
{
	return db_run(store->db, SQL_SESSION_END, NULL, "b", id, (size_t)SESSION_ID);
}

int sessions_end_account(
	struct store *store, const uint8_t account[ACCOUNT_ID], int64_t *ret_n)
{
	return db_run(store->db, SQL_SESSION_END_ACCOUNT, ret_n, "b", account,
		(size_t)ACCOUNT_ID);
}

int sessions_end_all(struct store *store, int64_t *ret_n)
{
	return db_run(store->db, SQL_SESSION_END_ALL, ret_n, "");
}

static int read_count(const struct row *row, void *arg)
{
	*(int64_t *)arg = row_int(row, 0);
	return 0;
}

int sessions_count_account(struct store *store, const uint8_t account[ACCOUNT_ID],
	int64_t now_s, int64_t *ret)
{
	return db_each(store->db, SQL_SESSION_COUNT_ACCOUNT, read_count, ret, "bi",
		account, (size_t)ACCOUNT_ID, now_s);
}

int sessions_count(struct store *store, int64_t now_s, int64_t *ret)
{
	return db_each(store->db, SQL_SESSION_COUNT, read_count, ret, "i", now_s);
}

int sessions_trim(struct store *store, const uint8_t account[ACCOUNT_ID], int64_t keep)
{
	return db_run(store->db, SQL_SESSION_TRIM, NULL, "bi", account,
		(size_t)ACCOUNT_ID, keep);
}

int sessions_purge(struct store *store, int64_t now_s, int64_t limit, bool *ret_more)
{
	int64_t n = 0;
	int r = db_run(store->db, SQL_SESSION_PURGE, &n, "ii", now_s, limit);

	*ret_more = n >= limit;
	return r;
}
