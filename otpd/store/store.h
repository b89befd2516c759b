/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_STORE_H
#define OTPD_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

/*
 * Everything that must survive. One thread at a time uses it: the one that runs the
 * batch. All functions of otpd/store return 0, what they name, or -errno as in db.h.
 */
struct store {
	struct db *db;
};

/*
 * Opens the file, which must be ours and of this schema (older ones are migrated), or
 * makes it, mode 0600. Refuses network file systems. On failure error says what to do.
 */
int store_open(struct store *store, const char *path, char *error, size_t error_size);
void store_close(struct store *store);

/* One transaction, with one savepoint for each call in it; savepoints nest. */
int store_begin(struct store *store, bool write);
int store_commit(struct store *store);
void store_rollback(struct store *store);
bool store_in_transaction(const struct store *store);
int store_savepoint(struct store *store);
int store_release(struct store *store);
int store_rollback_to(struct store *store);

/*
 * Whether the log has grown so that it should be moved into the file: the sooner if
 * nobody would wait for it.
 */
bool store_is_untidy(const struct store *store, bool nobody_waits);

/* Moves it; outside of transactions. */
int store_tidy(struct store *store);

/* Small values by name: numbers and blobs. -ENOENT if there is none. */
int store_get_number(struct store *store, const char *name, int64_t *ret);
int store_put_number(struct store *store, const char *name, int64_t value);
int store_get_blob(struct store *store, const char *name, void *ret, size_t size);
int store_put_blob(
	struct store *store, const char *name, const void *data, size_t size);

const char *store_error(const struct store *store);

#endif
