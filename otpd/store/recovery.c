/* SPDX-License-Identifier: MIT */
/*
 * The table of recovery codes and break-glass codes. One that was used has no row:
 * there is nothing that could be taken for a good one. Comparing the hash is not done
 * here, and not in a transaction.
 */
#include "otpd/store/recovery.h"

#include <errno.h>

#include "otpd/store/db.h"

static int insert(
	struct store *store, const char *principal, const struct recovery *code)
{
	return db_run(store->db, SQL_RECOVERY_INSERT, NULL, "ttti", principal,
		code->selector, code->hash, code->expires_at);
}

int recovery_replace(struct store *store, const char *principal,
	const struct recovery *codes, int64_t n)
{
	int r = db_run(store->db, SQL_RECOVERY_DELETE_CODES, NULL, "t", principal);

	for (int64_t i = 0; r == 0 && i < n; i++)
		r = insert(store, principal, &codes[i]);
	return r;
}

int recovery_delete_glass(struct store *store, const char *principal)
{
	return db_run(store->db, SQL_RECOVERY_DELETE_GLASS, NULL, "t", principal);
}

int recovery_put_glass(
	struct store *store, const char *principal, const struct recovery *code)
{
	int r = recovery_delete_glass(store, principal);

	return r < 0 ? r : insert(store, principal, code);
}

static int read_recovery(const struct row *row, void *arg)
{
	struct recovery *code = arg;

	row_copy_text(row, 0, code->selector, sizeof(code->selector));
	row_copy_text(row, 1, code->hash, sizeof(code->hash));
	code->expires_at = row_int(row, 2);
	return 1;
}

int recovery_get(struct store *store, const char *principal, const char *selector,
	int64_t now_s, struct recovery *ret)
{
	int r = db_each(store->db, SQL_RECOVERY_GET, read_recovery, ret, "tti",
		principal, selector, now_s);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int recovery_delete(
	struct store *store, const char *principal, const struct recovery *code)
{
	int64_t changes = 0;
	int r = db_run(store->db, SQL_RECOVERY_DELETE, &changes, "ttt", principal,
		code->selector, code->hash);

	return r < 0 ? r : changes == 1 ? 0 : -ENOENT;
}

int recovery_delete_all(struct store *store, const char *principal)
{
	return db_run(store->db, SQL_RECOVERY_DELETE_ALL, NULL, "t", principal);
}

static int read_count(const struct row *row, void *arg)
{
	*(int64_t *)arg = row_int(row, 0);
	return 0;
}

int recovery_count(struct store *store, const char *principal, int64_t *ret)
{
	return db_each(store->db, SQL_RECOVERY_COUNT, read_count, ret, "t", principal);
}

static int read_has(const struct row *row, void *arg)
{
	(void)row;
	*(bool *)arg = true;
	return 0;
}

int recovery_has(struct store *store, const char *principal, int64_t now_s, bool *ret)
{
	*ret = false;
	return db_each(
		store->db, SQL_RECOVERY_HAS, read_has, ret, "ti", principal, now_s);
}

int recovery_purge(struct store *store, int64_t now_s)
{
	return db_run(store->db, SQL_RECOVERY_PURGE, NULL, "i", now_s);
}
