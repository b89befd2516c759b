/* SPDX-License-Identifier: MIT */
/*
 * The table of grants. What is in it is the hash of a token: whoever reads the database
 * has none that he could use. A grant that belongs to no account is written with an
 * empty one, so that nothing that goes by accounts ever meets it.
 */
#include "otpd/store/grants.h"

#include <errno.h>
#include <string.h>

#include "otpd/store/db.h"

/* How many bytes are written of an account: all, or none if there is no account. */
static size_t account_size(const uint8_t account[ACCOUNT_ID])
{
	static const uint8_t zeros[ACCOUNT_ID];

	return memcmp(account, zeros, ACCOUNT_ID) == 0 ? 0 : ACCOUNT_ID;
}

int grants_insert(struct store *store, const struct grant *g)
{
	return db_run(store->db, SQL_GRANT_INSERT, NULL, "bittbttii", g->hash,
		sizeof(g->hash), g->purpose, g->tenant, g->client, g->account,
		account_size(g->account), g->address, g->amr, g->auth_time,
		g->expires_at);
}

static int read_grant(const struct row *row, void *arg)
{
	struct grant *g = arg;

	row_copy_blob(row, 0, g->hash, sizeof(g->hash));
	g->purpose = row_int(row, 1);
	row_copy_text(row, 2, g->tenant, sizeof(g->tenant));
	row_copy_text(row, 3, g->client, sizeof(g->client));
	row_copy_blob(row, 4, g->account, sizeof(g->account));
	row_copy_text(row, 5, g->address, sizeof(g->address));
	row_copy_text(row, 6, g->amr, sizeof(g->amr));
	g->auth_time = row_int(row, 7);
	g->expires_at = row_int(row, 8);
	return 1;
}

int grants_get(struct store *store, const uint8_t hash[GRANT_HASH],
	enum grant_purpose purpose, int64_t now_s, struct grant *ret)
{
	int r = db_each(store->db, SQL_GRANT_GET, read_grant, ret, "bii", hash,
		(size_t)GRANT_HASH, (int64_t)purpose, now_s);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int grants_delete(struct store *store, const uint8_t hash[GRANT_HASH])
{
	int64_t changes = 0;
	int r = db_run(
		store->db, SQL_GRANT_DELETE, &changes, "b", hash, (size_t)GRANT_HASH);

	return r < 0 ? r : changes == 1 ? 0 : -ENOENT;
}

int grants_delete_account(struct store *store, const uint8_t account[ACCOUNT_ID])
{
	return db_run(store->db, SQL_GRANT_DELETE_ACCOUNT, NULL, "b", account,
		(size_t)ACCOUNT_ID);
}

int grants_purge(struct store *store, int64_t now_s, int64_t limit, bool *ret_more)
{
	int64_t n = 0;
	int r = db_run(store->db, SQL_GRANT_PURGE, &n, "ii", now_s, limit);

	*ret_more = n >= limit;
	return r;
}
