/* SPDX-License-Identifier: MIT */
/*
 * Databases that have grown, made in seconds: the schema comes from otpd's store, the
 * rows go in by plain SQL, and nothing is left open or unsynced when otpd starts on the
 * file.
 */
#include "tests/bench/fill.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "otpd/store/accounts.h"
#include "otpd/util/cleanup.h"
#include "tests/bench/say.h"

#define USERS "name, address, person, state, verified_at, created_at, login_at"

void fill_name(char out[FILL_NAME], int64_t number)
{
	snprintf(out, FILL_NAME, "user%07" PRId64, number);
}

int64_t fill_number(const char *name)
{
	return strncmp(name, "user", 4) == 0 ? strtoll(name + 4, NULL, 10) : -1;
}

void fill_rhost(char out[FILL_NAME], int64_t number)
{
	snprintf(out, FILL_NAME, "10.%d.%d.%d", (int)(number >> 16 & 255),
		(int)(number >> 8 & 255), (int)(number & 255));
}

static void run(sqlite3 *handle, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(handle, sql, NULL, NULL, &error) != SQLITE_OK)
		die("%s: %s", sql, error);
}

static void insert_users(sqlite3 *handle, int64_t n)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
		" WHERE i < %" PRId64 " - 1)"
		" INSERT INTO users (" USERS ") SELECT printf('user%%07d', i),"
		" printf('user%%07d@mail.example.org', i), printf('Name of User %%d', i),"
		" 0, unixepoch() - 86400, unixepoch() - 86400, 0 FROM n",
		n);
	if (n > 0)
		run(handle, sql);
}

static void insert_audit(sqlite3 *handle, int64_t n)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
		" WHERE i < %" PRId64 " - 1)"
		" INSERT INTO audit (at, event, user, service, rhost, uid, reference, detail)"
		" SELECT unixepoch() - 864000 + i / 2, iif(i %% 2, 'verified', 'issued'),"
		" printf('user%%07d', i / 2), 'sshd', '192.0.2.1', 0, 'ABC', '' FROM n",
		n);
	if (n > 0)
		run(handle, sql);
}

static void insert_names(sqlite3 *handle, char *const *names)
{
	char *sql;

	for (; names && *names; names++) {
		sql = sqlite3_mprintf("INSERT INTO users (" USERS
				      ") VALUES (%Q, 'somebody@example.org',"
				      " '', 0, unixepoch(), unixepoch(), 0)",
			*names);
		run(handle, sql);
		sqlite3_free(sql);
	}
}

static void open_store(struct store *store, const char *path)
{
	char error[512];

	if (store_open(store, path, error, sizeof(error)) < 0)
		die("%s", error);
}

static void make_schema(const char *path)
{
	struct store store;

	open_store(&store, path);
	store_close(&store);
}

void fill_address(char out[FILL_ADDRESS], int64_t number)
{
	snprintf(out, FILL_ADDRESS, "user%07" PRId64 "@mail.example.org", number);
}

static void insert_account(
	struct store *store, const char *tenant, int64_t number, const char *hash)
{
	int64_t now = time(NULL);
	struct account account = { .verified_at = now - 86400,
		.created_at = now - 86400,
		.password_at = now - 86400,
		.profile = "{}" };

	randombytes_buf(account.id, sizeof(account.id));
	snprintf(account.tenant, sizeof(account.tenant), "%s", tenant);
	snprintf(account.password, sizeof(account.password), "%s", hash);
	fill_name(account.login, number);
	fill_address(account.address, number);
	if (accounts_insert(store, &account) != 0)
		die("cannot make an account: %s", store_error(store));
}

/* Bulk writes must be on the disk before anything is timed beside them. */
static void sync_file(const char *path)
{
	CLEANUP(closep) int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		die("cannot sync %s: %s", path, strerror(errno));
}

void fill_database(
	const char *path, int64_t n_users, int64_t n_audit, char *const *names)
{
	sqlite3 *handle = NULL;

	make_schema(path);
	if (sqlite3_open(path, &handle) != SQLITE_OK)
		die("%s: %s", path, sqlite3_errmsg(handle));
	run(handle,
		"PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF;"
		"PRAGMA synchronous=OFF; PRAGMA cache_size=-65536; BEGIN");
	insert_users(handle, n_users);
	insert_names(handle, names);
	insert_audit(handle, n_audit);
	run(handle, "COMMIT");
	if (sqlite3_close(handle) != SQLITE_OK)
		die("%s does not close", path);
	sync_file(path);
}

void fill_accounts(const char *path, const char *tenant, int64_t n, const char *hash)
{
	struct store store;

	open_store(&store, path);
	if (store_begin(&store, true) != 0)
		die("%s: %s", path, store_error(&store));
	for (int64_t i = 0; i < n; i++)
		insert_account(&store, tenant, i, hash);
	if (store_commit(&store) != 0)
		die("%s: %s", path, store_error(&store));
	store_close(&store);
	sync_file(path);
}
