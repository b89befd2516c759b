/* SPDX-License-Identifier: MIT */
/*
 * Opening the database, and transactions. A file that is damaged, foreign or of a newer
 * otpd stops the start with words; nothing is ever recreated, because a recreated store
 * is one that has forgotten who was locked out.
 */
#include "otpd/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "otpd/store/db.h"
#include "otpd/util/cleanup.h"

#define APPLICATION_ID     0x6f747064 /* "otpd" */
#define CHECK_BELOW        (32 << 20) /* a larger file is checked as it is read */
#define TIDY_PAGES         400        /* 1.6 MB: a checkpoint of some milliseconds */
#define TIDY_PAGES_AT_LAST 8000       /* 32 MB, if there is never a pause */

#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xff534d42
#endif
#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xfe534d42
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

static int refuse(char *error, size_t size, const char *path, const char *why)
{
	snprintf(error, size, "%s: %s", path, why);
	return -EUCLEAN;
}

/* SQLite's locks and its log do not hold on file systems that several hosts share. */
static int check_file_system(int fd)
{
	static const unsigned long shared[] = { NFS_SUPER_MAGIC, CIFS_SUPER_MAGIC,
		SMB2_SUPER_MAGIC, V9FS_MAGIC, FUSE_SUPER_MAGIC };
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if ((unsigned long)(unsigned)fs.f_type == shared[i])
			return -ENOTSUP;
	return 0;
}

/* Makes the file if need be and looks at it before SQLite does. */
static int check_file(
	const char *path, int64_t *ret_size, char *error, size_t error_size)
{
	CLEANUP(closep) int fd = -1;
	bool existed = access(path, F_OK) == 0;
	struct stat st;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0 || fstat(fd, &st) < 0) {
		int r = -errno;

		snprintf(error, error_size, "%s: %s", path, strerror(-r));
		return r;
	}
	if (existed && st.st_size == 0)
		return refuse(error, error_size, path,
			"is empty, as if something had cut it. To begin anew, remove it");
	if (!S_ISREG(st.st_mode))
		return refuse(error, error_size, path, "is not a regular file");
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return refuse(error, error_size, path,
			"must belong to the user that otpd runs as, mode 0600");
	if (check_file_system(fd) < 0)
		return refuse(error, error_size, path,
			"lies on a network file system; use a local one");
	*ret_size = st.st_size;
	return 0;
}

/*
 * From this version to ours, in one transaction with the number of the version: whoever
 * is killed in it finds the old database as it was. Version 0 is an empty file.
 */
static int migrate(struct db *db, int64_t version)
{
	char sql[128];
	int r = db_script(db, "BEGIN IMMEDIATE");

	for (; r == 0 && version < SQL_VERSION; version++)
		r = db_script(db, sql_schema[version]);
	snprintf(sql, sizeof(sql),
		"PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
		APPLICATION_ID, SQL_VERSION);
	return r == 0 ? db_script(db, sql) : r;
}

static int bring_up(struct db *db, int64_t version, const char *path, char *error,
	size_t error_size)
{
	int r = migrate(db, version);

	if (r == 0)
		return 0;
	snprintf(error, error_size, "%s: cannot be brought from version %lld to %d: %s",
		path, (long long)version, SQL_VERSION, db_error(db));
	/* SQLite takes it back when the file is closed, if it has not yet. */
	return r;
}

static int check_schema(
	struct db *db, const char *path, int64_t size, char *error, size_t error_size)
{
	int64_t id = 0, version = 0, sound = 0, tables = 0;
	int r;

	r = db_number(db, "PRAGMA application_id", &id);
	if (r == 0)
		r = db_number(db, "PRAGMA user_version", &version);
	if (r == 0)
		r = db_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (r < 0)
		return refuse(error, error_size, path, db_error(db));
	if (tables == 0 && id == 0 && version == 0)
		return bring_up(db, 0, path, error, error_size);
	if (id != APPLICATION_ID || version < 1)
		return refuse(error, error_size, path, "is not a database of otpd");
	if (version > SQL_VERSION)
		return refuse(error, error_size, path,
			"was made by a newer otpd; install that one again");
	if (size <= CHECK_BELOW)
		r = db_number(db,
			"SELECT quick_check = 'ok' FROM pragma_quick_check LIMIT 1",
			&sound);
	if (r < 0 || (size <= CHECK_BELOW && !sound))
		return refuse(error, error_size, path,
			"is damaged. It is left as it is: restore a backup, or move it away "
			"and enrol anew");
	return version < SQL_VERSION ? bring_up(db, version, path, error, error_size)
				     : 0;
}

int store_open(struct store *store, const char *path, char *error, size_t error_size)
{
	int64_t size = 0;
	int r;

	store->db = NULL;
	r = check_file(path, &size, error, error_size);
	if (r == 0)
		r = db_open(path, &store->db, error, error_size);
	if (r < 0)
		return r;
	r = check_schema(store->db, path, size, error, error_size);
	if (r == 0) {
		r = db_prepare_all(store->db);
		if (r < 0)
			snprintf(
				error, error_size, "%s: %s", path, db_error(store->db));
	}
	if (r < 0)
		store_close(store);
	return r;
}

void store_close(struct store *store)
{
	db_close(store->db);
	store->db = NULL;
}

int store_begin(struct store *store, bool write)
{
	return db_run(store->db, write ? SQL_BEGIN : SQL_BEGIN_READ, NULL, "");
}

int store_commit(struct store *store)
{
	return db_run(store->db, SQL_COMMIT, NULL, "");
}

void store_rollback(struct store *store)
{
	/* After some errors SQLite has rolled back already; then this fails, rightly.
	 */
	(void)db_run(store->db, SQL_ROLLBACK, NULL, "");
}

bool store_in_transaction(const struct store *store)
{
	return db_in_transaction(store->db);
}

int store_savepoint(struct store *store)
{
	return db_run(store->db, SQL_SAVEPOINT, NULL, "");
}

int store_release(struct store *store)
{
	return db_run(store->db, SQL_RELEASE, NULL, "");
}

int store_rollback_to(struct store *store)
{
	int r = db_run(store->db, SQL_ROLLBACK_TO, NULL, "");

	return r < 0 ? r : store_release(store);
}

bool store_is_untidy(const struct store *store, bool nobody_waits)
{
	return db_log_pages(store->db) >=
		(nobody_waits ? TIDY_PAGES : TIDY_PAGES_AT_LAST);
}

int store_tidy(struct store *store)
{
	return db_checkpoint(store->db);
}

static int read_number(const struct row *row, void *arg)
{
	*(int64_t *)arg = row_int(row, 0);
	return 1;
}

int store_get_number(struct store *store, const char *name, int64_t *ret)
{
	int r = db_each(store->db, SQL_META_GET, read_number, ret, "t", name);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int store_put_number(struct store *store, const char *name, int64_t value)
{
	return db_run(store->db, SQL_META_PUT, NULL, "ti", name, value);
}

struct blob_arg {
	void *at;
	size_t size;
};

static int read_blob(const struct row *row, void *arg)
{
	struct blob_arg *blob = arg;

	row_copy_blob(row, 0, blob->at, blob->size);
	return 1;
}

int store_get_blob(struct store *store, const char *name, void *ret, size_t size)
{
	struct blob_arg blob = { ret, size };
	int r = db_each(store->db, SQL_META_GET, read_blob, &blob, "t", name);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int store_put_blob(struct store *store, const char *name, const void *data, size_t size)
{
	return db_run(store->db, SQL_META_PUT, NULL, "tb", name, data, size);
}

const char *store_error(const struct store *store)
{
	return db_error(store->db);
}
