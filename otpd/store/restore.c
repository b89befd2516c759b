/* SPDX-License-Identifier: MIT */
/*
 * Another store in the place of this one.
 *
 * At every moment the name of the store MUST lead to a store that is whole, and a log
 * MUST NOT lie beside a store that it does not belong to, as SQLite would play it into
 * it. So the old store is opened, which keeps every otpd out, its log is moved into it
 * and removed, it gets a second name, and then one rename(2) changes what its first
 * name means. A store that cannot be opened is set aside with its log as it is.
 *
 * What must not go back in time is taken from the old store where that can be read: the
 * clock's high water, wrong tries, the number of the token key. A recovery code that it
 * no longer has was used or replaced since the backup, and MUST NOT come back; nor may
 * somebody whom an administrator has disabled since.
 */
#include "otpd/store/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "otpd/store/backup.h"
#include "otpd/store/db.h"
#include "otpd/store/store.h"
#include "otpd/util/cleanup.h"

#define ASIDE     ".before-restore"
#define NAME_SIZE (PATH_MAX + 32)

DEFINE_CLEANUP(struct db *, db_close);

__attribute__((format(printf, 4, 5))) static int complain(
	char *error, size_t size, int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, size, format, args);
	va_end(args);
	return r;
}

/* A store has tables and indexes. Triggers would run in what we do with it. */
static int look(
	const char *path, struct restore_facts *facts, char *error, size_t error_size)
{
	CLEANUP(db_closep) struct db *db = NULL;
	int64_t strange = 0;
	int r = db_open(path, &db, error, error_size);

	if (r < 0)
		return r;
	r = db_number(db,
		"SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')",
		&strange);
	if (r == 0)
		r = db_number(db, "PRAGMA user_version", &facts->version);
	if (r < 0 || strange > 0)
		return complain(error, error_size, -EUCLEAN,
			"is not a backup of otpd, or it is damaged");
	return 0;
}

static int read_facts(struct store *store, struct restore_facts *facts)
{
	int64_t sound = 0;
	int r = db_number(store->db,
		"SELECT integrity_check = 'ok' FROM pragma_integrity_check LIMIT 1",
		&sound);

	if (r == 0 && !sound)
		r = -EUCLEAN;
	if (r == 0)
		r = db_number(store->db, "SELECT count(*) FROM users", &facts->users);
	if (r == 0)
		r = db_number(
			store->db, "SELECT count(*) FROM accounts", &facts->accounts);
	if (r == 0)
		r = db_number(store->db, "SELECT count(*) FROM recovery",
			&facts->recovery_codes);
	/* Files that were copied by hand say neither. */
	if (r == 0 && store_get_number(store, "backup_at", &facts->made_at) < 0)
		facts->made_at = 0;
	if (r == 0 && store_get_number(store, "backup_key", &facts->key_id) < 0)
		facts->key_id = 0;
	return r;
}

static int sync_path(const char *path, int flags)
{
	CLEANUP(closep) int fd = -1;

	fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

static int sync_directory(const char *path)
{
	char directory[NAME_SIZE];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (!slash)
		return sync_path(".", O_DIRECTORY);
	slash[slash == directory] = '\0';
	return sync_path(directory, O_DIRECTORY);
}

int restore_prepare(
	const char *path, struct restore_facts *ret, char *error, size_t error_size)
{
	struct restore_facts facts = { 0 };
	struct store store;
	int r = look(path, &facts, error, error_size);

	if (r == 0)
		r = store_open(&store, path, error, error_size);
	if (r < 0)
		return r;
	r = read_facts(&store, &facts);
	store_close(&store);
	if (r < 0)
		return complain(error, error_size, r, "is damaged: %s", strerror(-r));
	r = backup_strip(path);
	if (r == 0)
		r = sync_path(path, 0);
	if (r < 0)
		return complain(
			error, error_size, r, "cannot be prepared: %s", strerror(-r));
	*ret = facts;
	return 0;
}

static const char merge[] =
	"INSERT OR REPLACE INTO fresh.meta SELECT name, value FROM main.meta"
	" WHERE name = 'high_water' AND value > coalesce("
	"  (SELECT value FROM fresh.meta WHERE name = 'high_water'), 0);"
	"INSERT OR REPLACE INTO fresh.meta SELECT name, value FROM main.meta"
	" WHERE name = 'mailer_key';"
	"INSERT OR REPLACE INTO fresh.meta SELECT name, value FROM main.meta"
	" WHERE name >= 'token_' AND name < 'token`' AND coalesce("
	"  (SELECT value FROM main.meta WHERE name = 'token_key'), 1) > coalesce("
	"  (SELECT value FROM fresh.meta WHERE name = 'token_key'), 1);"
	"INSERT INTO fresh.wrong (user, decoy, at)"
	" SELECT user, decoy, at FROM main.wrong w WHERE NOT EXISTS (SELECT 1"
	"  FROM fresh.wrong f WHERE f.user = w.user AND f.decoy = w.decoy"
	"   AND f.at = w.at);"
	/* USER_DISABLED */
	"UPDATE fresh.users SET state = 1 WHERE name IN"
	" (SELECT name FROM main.users WHERE state = 1);";

/* Of a store that has accounts, and recovery codes with them. ACCOUNT_DISABLED. */
static const char merge_accounts[] = "UPDATE fresh.accounts SET state = 1 WHERE id IN"
				     " (SELECT id FROM main.accounts WHERE state = 1);";

#define GONE                                                            \
	" FROM fresh.recovery WHERE NOT EXISTS (SELECT 1"               \
	"  FROM main.recovery r WHERE r.principal = recovery.principal" \
	"   AND r.selector = recovery.selector AND r.hash = recovery.hash)"

/* is_damage() if the old store cannot be read after all. */
static int take_over(struct db *old, const char *prepared, int64_t *ret_voided)
{
	char attach[NAME_SIZE + 32];
	int64_t version = 0, tables = 0;
	int r = db_number(old, "PRAGMA user_version", &version);

	if (r < 0 || version < 1)
		return -EUCLEAN;
	if (strchr(prepared, '\''))
		return -EINVAL;
	snprintf(attach, sizeof(attach), "ATTACH '%s' AS fresh; BEGIN", prepared);
	r = db_script(old, attach);
	if (r == 0)
		r = db_script(old, merge);
	if (r == 0)
		r = db_number(old,
			"SELECT count(*) FROM main.sqlite_schema"
			" WHERE name = 'recovery'",
			&tables);
	if (r == 0 && tables) {
		r = db_number(old, "SELECT count(*)" GONE, ret_voided);
		if (r == 0)
			r = db_script(old, "DELETE" GONE);
		if (r == 0)
			r = db_script(old, merge_accounts);
	}
	if (r == 0)
		r = db_script(old, "COMMIT");
	else
		(void)db_script(old, "ROLLBACK");
	(void)db_script(old, "DETACH fresh");
	return r;
}

/* Its log in it and gone: it is one file, which may have any name. */
static int settle_log(struct db *old, const char *path)
{
	char name[NAME_SIZE];
	int64_t busy = 1;
	int r = db_number(old, "PRAGMA wal_checkpoint(TRUNCATE)", &busy);

	if (r == 0 && busy)
		r = -EBUSY;
	snprintf(name, sizeof(name), "%s-wal", path);
	if (r == 0 && unlink(name) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

/* A second name for path and its log or journal, in place of an earlier one. */
static int name_aside(const char *path, const char *beside, bool move)
{
	char from[NAME_SIZE], to[NAME_SIZE], draft[NAME_SIZE + 8];

	snprintf(from, sizeof(from), "%s%s", path, beside);
	snprintf(to, sizeof(to), "%s" ASIDE "%s", path, beside);
	snprintf(draft, sizeof(draft), "%s.new", to);
	(void)unlink(draft);
	if (link(from, draft) < 0)
		return errno == ENOENT && beside[0] ? 0 : -errno;
	if (rename(draft, to) < 0)
		return -errno;
	return move && unlink(from) < 0 ? -errno : 0;
}

static int remove_earlier(const char *path, const char *beside)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%s" ASIDE "%s", path, beside);
	return unlink(name) < 0 && errno != ENOENT ? -errno : 0;
}

/* The old one has two names then. It may be of any state, or not be there. */
static int set_aside(const char *path, bool whole)
{
	int r = remove_earlier(path, "-wal");

	if (r == 0)
		r = remove_earlier(path, "-journal");
	if (r == 0)
		r = name_aside(path, "", false);
	if (r == 0 && !whole)
		r = name_aside(path, "-wal", true);
	if (r == 0 && !whole)
		r = name_aside(path, "-journal", true);
	return r == 0 ? sync_directory(path) : r;
}

/* Of the old store: then it is set aside as it is. Anything else ends the attempt. */
static bool is_damage(int r)
{
	return r == -EUCLEAN || r == -EIO;
}

int restore_exchange(const char *path, const char *prepared, struct restore_report *ret,
	char *error, size_t error_size)
{
	/* Open until the end: its lock keeps every otpd from either store. */
	CLEANUP(db_closep) struct db *old = NULL;
	struct restore_report report = { .had_store = access(path, F_OK) == 0 };
	int r = 0;

	if (report.had_store) {
		r = db_open(path, &old, error, error_size);
		if (r < 0 && !is_damage(r))
			return r;
		if (r == 0)
			r = take_over(old, prepared, &report.voided_codes);
		report.read_store = r == 0;
		if (r == 0 || (is_damage(r) && old))
			r = settle_log(old, path);
		if (r == 0 || is_damage(r))
			r = set_aside(path, r == 0);
	}
	if (r == 0)
		r = sync_path(prepared, 0);
	if (r == 0 && rename(prepared, path) < 0)
		r = -errno;
	if (r == 0)
		r = sync_directory(path);
	if (r < 0)
		return complain(error, error_size, r,
			"%s: %s; the store stays as it was", path, strerror(-r));
	*ret = report;
	return 0;
}
