/* SPDX-License-Identifier: MIT */
/*
 * SQLite, opened for one process and one connection: EXCLUSIVE locking before the first
 * access to the WAL (no shared memory, and the WAL-reset bug of SQLite before 3.51.3
 * needs two connections), synchronous=FULL because a lost commit is a code that works
 * twice, secure_delete because deleted rows must not be read from the file. A damaged
 * file is never recreated: the caller stops.
 */
#include "otpd/store/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/util/cleanup.h"

#define MAX_PARAMETERS 24

struct db {
	sqlite3 *handle;
	sqlite3_stmt *statements[SQL_COUNT];
	/* SQLite takes $1 for a name and counts by first appearance: where each one is.
	 */
	uint8_t places[SQL_COUNT][MAX_PARAMETERS + 1];
	int log_pages;
};

struct row {
	sqlite3_stmt *statement;
};

int db_result(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_SCHEMA:
		return -EUCLEAN;
	default:
		return -EIO;
	}
}

static int on_commit_to_log(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct db *db = arg;

	(void)handle;
	(void)name;
	db->log_pages = pages;
	return SQLITE_OK;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->handle);
	free(db);
}
DEFINE_CLEANUP(struct db *, db_close);

/* Settings that must hold before the first statement. */
static int db_set_up(struct db *db)
{
	int r, keep = 1;

	/* Overwriting a log costs the disk half of what growing one does. */
	sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	r = db_script(db,
		"PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
		"PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
		"PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;"
		"PRAGMA cache_size=-8000; PRAGMA wal_autocheckpoint=0;"
		"PRAGMA journal_size_limit=67108864;"
		/* Takes the lock now, so that a second otpd fails here. */
		"BEGIN IMMEDIATE; COMMIT;");
	sqlite3_wal_hook(db->handle, on_commit_to_log, db);
	return r;
}

int db_open(const char *path, struct db **ret, char *error, size_t error_size)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_EXRESCODE;
	CLEANUP(db_closep) struct db *db = calloc(1, sizeof(*db));
	int r;

	if (!db)
		return -ENOMEM;
	r = db_result(sqlite3_open_v2(path, &db->handle, flags, NULL));
	if (r == 0)
		r = db_set_up(db);
	if (r < 0) {
		snprintf(error, error_size, "%s: %s", path,
			r == -EBUSY ? "another otpd has it open" : db_error(db));
		return r;
	}
	*ret = TAKE_PTR(db);
	return 0;
}

int db_script(struct db *db, const char *sql)
{
	return db_result(sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

int db_number(struct db *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return rc == SQLITE_DONE ? -ENOENT : db_result(rc);
}

static void find_places(struct db *db, enum sql id)
{
	char name[8];

	for (int i = 1; i <= MAX_PARAMETERS; i++) {
		snprintf(name, sizeof(name), "$%d", i);
		db->places[id][i] =
			(uint8_t)sqlite3_bind_parameter_index(db->statements[id], name);
	}
}

int db_prepare_all(struct db *db)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		int rc = sqlite3_prepare_v3(db->handle, sql_text((enum sql)i), -1,
			SQLITE_PREPARE_PERSISTENT, &db->statements[i], NULL);

		if (rc != SQLITE_OK)
			return db_result(rc) == -EIO ? -EUCLEAN : db_result(rc);
		find_places(db, (enum sql)i);
	}
	return 0;
}

/* Values are borrowed until the statement is reset, which every caller here does. */
static int bind_all(struct db *db, enum sql id, const char *format, va_list args)
{
	sqlite3_stmt *statement = db->statements[id];
	const uint8_t *place = db->places[id];
	int rc = SQLITE_OK;

	for (; *format && rc == SQLITE_OK; format++) {
		int i = *++place;

		if (*format == 't') {
			rc = sqlite3_bind_text(statement, i, va_arg(args, const char *),
				-1, SQLITE_STATIC);
		} else if (*format == 'i') {
			rc = sqlite3_bind_int64(statement, i, va_arg(args, int64_t));
		} else if (*format == 'b') {
			const void *data = va_arg(args, const void *);

			rc = sqlite3_bind_blob(statement, i, data,
				(int)va_arg(args, size_t), SQLITE_STATIC);
		}
	}
	return rc;
}

static int finish(sqlite3_stmt *statement, int rc)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return db_result(rc);
}

int db_run(struct db *db, enum sql id, int64_t *ret_changes, const char *format, ...)
{
	sqlite3_stmt *statement = db->statements[id];
	va_list args;
	int rc, r;

	va_start(args, format);
	rc = bind_all(db, id, format, args);
	va_end(args);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	r = finish(statement, rc);
	if (r == 0 && ret_changes)
		*ret_changes = sqlite3_changes(db->handle);
	return r;
}

int db_each(struct db *db, enum sql id, int (*each)(const struct row *row, void *arg),
	void *arg, const char *format, ...)
{
	struct row row = { db->statements[id] };
	va_list args;
	int rc, r = 0;

	va_start(args, format);
	rc = bind_all(db, id, format, args);
	va_end(args);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(row.statement);
		if (rc != SQLITE_ROW)
			break;
		r = each(&row, arg);
		if (r != 0)
			break;
	}
	rc = finish(row.statement, rc);
	return r != 0 ? r : rc;
}

bool db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->handle);
}

int64_t db_last_id(const struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int db_log_pages(const struct db *db)
{
	return db->log_pages;
}

int db_checkpoint(struct db *db)
{
	int rc = sqlite3_wal_checkpoint_v2(
		db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	db->log_pages = 0;
	return db_result(rc);
}

struct sqlite3 *db_handle(const struct db *db)
{
	return db->handle;
}

const char *db_error(const struct db *db)
{
	return sqlite3_errmsg(db->handle);
}

int64_t row_int(const struct row *row, int column)
{
	return sqlite3_column_int64(row->statement, column);
}

const char *row_text(const struct row *row, int column)
{
	const unsigned char *text = sqlite3_column_text(row->statement, column);

	return text ? (const char *)text : "";
}

const void *row_blob(const struct row *row, int column, size_t *ret_size)
{
	const void *data = sqlite3_column_blob(row->statement, column);

	*ret_size = (size_t)sqlite3_column_bytes(row->statement, column);
	return data;
}

void row_copy_text(const struct row *row, int column, char *out, size_t size)
{
	const char *text = row_text(row, column);
	size_t length = strnlen(text, size - 1);

	memcpy(out, text, length);
	out[length] = '\0';
}

void row_copy_blob(const struct row *row, int column, void *out, size_t size)
{
	size_t have;
	const void *data = row_blob(row, column, &have);

	memset(out, 0, size);
	if (data && have == size)
		memcpy(out, data, size);
}
