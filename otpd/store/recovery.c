/* SPDX-License-Identifier: MIT */
/*
 * The table of recovery codes. One that was used has no row: there is nothing that
 * could be taken for a good one. Comparing the hash is not done here, and not in a
 * transaction.
 */
#include "otpd/store/recovery.h"

#include <errno.h>

#include "otpd/store/db.h"

int recovery_replace(struct store *store, const char *principal,
	const struct recovery *codes, int64_t n)
{
	int r = recovery_delete_all(store, principal);

	for (int64_t i = 0; r == 0 && i < n; i++)
		r = db_run(store->db, SQL_RECOVERY_INSERT, NULL, "ttt", principal,
			codes[i].selector, codes[i].hash);
	return r;
}

static int read_recovery(const struct row *row, void *arg)
{
	struct recovery *code = arg;

	row_copy_text(row, 0, code->selector, sizeof(code->selector));
	row_copy_text(row, 1, code->hash, sizeof(code->hash));
	return 1;
}

int recovery_get(struct store *store, const char *principal, const char *selector,
	struct recovery *ret)
{
	int r = db_each(store->db, SQL_RECOVERY_GET, read_recovery, ret, "tt",
		principal, selector);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int recovery_delete(struct store *store, const char *principal, const char *selector)
{
	int64_t changes = 0;
	int r = db_run(
		store->db, SQL_RECOVERY_DELETE, &changes, "tt", principal, selector);

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
