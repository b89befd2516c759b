/* SPDX-License-Identifier: MIT */
/*
 * A copy of the store, made while the store is in use: SQLite's backup on the store's
 * own connection, so that a write between two steps goes into both. Each step is small
 * and runs between two transactions, so that a login waits for no more than one.
 *
 * The copy lies in the directory of the store until it has been fetched. It MUST NOT
 * hold what would let somebody in where it is restored: what is live is taken out, and
 * the pages it stood in are overwritten (secure_delete). It does not matter whether it
 * survives a crash, so it is not synced; whoever fetches it syncs what he keeps.
 */
#include "otpd/store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/store/db.h"
#include "otpd/util/cleanup.h"

struct backup {
	sqlite3 *copy;
	sqlite3_backup *steps;
};

void backup_close(struct backup *backup)
{
	if (!backup)
		return;
	sqlite3_backup_finish(backup->steps);
	sqlite3_close(backup->copy);
	free(backup);
}
DEFINE_CLEANUP(struct backup *, backup_close);

void backup_remove(const char *path)
{
	static const char *const beside[] = { "", "-wal", "-journal", "-shm" };
	char name[PATH_MAX + 16];

	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, beside[i]);
		(void)unlink(name);
	}
}

/* SQLite would make it with the mode of our umask, and follow a link. */
static int make_file(const char *path)
{
	CLEANUP(closep) int fd = -1;

	backup_remove(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : 0;
}

int backup_open(struct store *store, const char *path, struct backup **ret)
{
	CLEANUP(backup_closep) struct backup *backup = calloc(1, sizeof(*backup));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int r, rc;

	if (!backup)
		return -ENOMEM;
	r = make_file(path);
	if (r < 0)
		return r;
	rc = sqlite3_open_v2(path, &backup->copy, flags, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(backup->copy,
			"PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF;"
			"PRAGMA synchronous=OFF; PRAGMA cache_size=-4000;",
			NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return db_result(rc);
	backup->steps =
		sqlite3_backup_init(backup->copy, "main", db_handle(store->db), "main");
	if (!backup->steps)
		return db_result(sqlite3_errcode(backup->copy));
	*ret = TAKE_PTR(backup);
	return 0;
}

int backup_step(struct backup *backup)
{
	int rc = sqlite3_backup_step(backup->steps, BACKUP_PAGES);

	if (rc == SQLITE_DONE)
		return 0;
	if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
		return 1;
	return db_result(rc);
}

/*
 * Rows of mails stay: they are what the budgets of sends count. A sealed letter goes,
 * also that of a decoy; one that waited is dead, as its code is.
 */
static const char strip[] =
	"DELETE FROM challenges; DELETE FROM registrations; DELETE FROM grants;"
	"DELETE FROM sessions; DELETE FROM grace;"
	"UPDATE mail SET state = 5 WHERE state = 0;"
	"UPDATE mail SET sender = NULL, nonce = NULL, sealed = NULL"
	"  WHERE sealed IS NOT NULL OR nonce IS NOT NULL;"
	"DELETE FROM meta WHERE name IN ('boot_id', 'mailer_key');";

static int run_strip(struct db *db)
{
	int64_t dated = 0;
	int r = db_script(db, "BEGIN");

	if (r == 0)
		r = db_script(db, strip);
	/* Codes with an end are those of break-glass; older stores have none. */
	if (r == 0)
		r = db_number(db,
			"SELECT count(*) FROM pragma_table_info('recovery')"
			" WHERE name = 'expires_at'",
			&dated);
	if (r == 0 && dated)
		r = db_script(db, "DELETE FROM recovery WHERE expires_at <> 0");
	return r == 0 ? db_script(db, "COMMIT") : r;
}

/* One file without a log beside it, so that it can be copied as it is. */
static int close_as_one_file(struct db *db, const char *path)
{
	char name[PATH_MAX + 8];
	int r = db_script(db, "PRAGMA journal_mode=DELETE");

	db_close(db);
	snprintf(name, sizeof(name), "%s-wal", path);
	if (r == 0 && unlink(name) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

static int change(const char *path, int (*run)(struct db *db, void *arg), void *arg)
{
	struct db *db = NULL;
	char error[PATH_MAX + 128];
	int r, closed;

	r = db_open(path, &db, error, sizeof(error));
	if (r < 0)
		return r;
	r = run(db, arg);
	closed = close_as_one_file(db, path);
	return r < 0 ? r : closed;
}

static int strip_one(struct db *db, void *arg)
{
	(void)arg;
	return run_strip(db);
}

int backup_strip(const char *path)
{
	return change(path, strip_one, NULL);
}

static int run_script(struct db *db, void *arg)
{
	return db_script(db, arg);
}

int backup_sign(const char *path, int64_t made_at, int64_t key_id)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		"INSERT OR REPLACE INTO meta (name, value)"
		" VALUES ('backup_at', %lld), ('backup_key', %lld)",
		(long long)made_at, (long long)key_id);
	return change(path, run_script, sql);
}
