/* SPDX-License-Identifier: MIT */
/*
 * A thin driver over SQLite: open, prepare once, bind by a format, step. Whoever shares
 * users between hosts later puts a second driver under these functions; the statements
 * (all in sql.c) are such that PostgreSQL takes them too.
 */
#ifndef OTPD_STORE_DB_H
#define OTPD_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "otpd/store/sql.h"

struct db;
struct sqlite3;
struct row; /* a result row; read it before the next step */

/*
 * Opens (and with create, makes) the database file; why, if it fails, goes to error.
 * Errors of all functions here: -ENOSPC disk full, -EIO, -ENOMEM, -EEXIST a unique
 * constraint, -EBUSY another process has it open, -EUCLEAN the file is damaged or not
 * ours.
 */
int db_open(const char *path, struct db **ret, char *error, size_t error_size);
void db_close(struct db *db);

/* Runs the text of one or more statements that bring no rows. */
int db_script(struct db *db, const char *sql);

/* The single number that a statement gives. */
int db_number(struct db *db, const char *sql, int64_t *ret);

/* Prepares every statement of sql.c; a schema that does not fit them fails here. */
int db_prepare_all(struct db *db);

/*
 * Runs a statement without rows. format has a letter for each parameter: t (const char
 * *), i (int64_t), b (const void *, size_t), n (NULL, no argument). ret_changes may be
 * NULL.
 */
int db_run(struct db *db, enum sql id, int64_t *ret_changes, const char *format, ...);

/*
 * Runs a statement with rows: calls each for every row until it returns other than 0.
 * Returns that, or 0, or the error.
 */
int db_each(struct db *db, enum sql id, int (*each)(const struct row *row, void *arg),
	void *arg, const char *format, ...);

bool db_in_transaction(const struct db *db);

int64_t db_last_id(const struct db *db);

/* Pages in the write-ahead log after the last commit. */
int db_log_pages(const struct db *db);

/* Moves the log into the file. */
int db_checkpoint(struct db *db);

/* For backup.c: the connection, and what a result of SQLite is here. */
struct sqlite3 *db_handle(const struct db *db);
int db_result(int rc);

/* What went wrong last, in SQLite's words. */
const char *db_error(const struct db *db);

int64_t row_int(const struct row *row, int column);
const char *row_text(const struct row *row, int column); /* "" for NULL */
const void *row_blob(const struct row *row, int column, size_t *ret_size);

/* Copies a text column, cut to size; a blob column of exactly size bytes, else zeros.
 */
void row_copy_text(const struct row *row, int column, char *out, size_t size);
void row_copy_blob(const struct row *row, int column, void *out, size_t size);

#endif
