/* SPDX-License-Identifier: MIT */
/*
 * The table of accounts of web applications. What decides whether two spellings are the
 * same address or user name is the column in lower case, which is written here, in the
 * same statement as the address itself. Who may see or change an account, and what a
 * state means, is decided elsewhere.
 */
#include "otpd/store/accounts.h"

#include <errno.h>
#include <string.h>

#include "otpd/store/db.h"
#include "otpd/store/grants.h"
#include "otpd/store/recovery.h"
#include "otpd/store/sessions.h"
#include "otpd/util/text.h"

static void read_account(const struct row *row, struct account *a)
{
	row_copy_blob(row, 0, a->id, sizeof(a->id));
	row_copy_text(row, 1, a->tenant, sizeof(a->tenant));
	row_copy_text(row, 2, a->address, sizeof(a->address));
	row_copy_text(row, 3, a->login, sizeof(a->login));
	row_copy_text(row, 4, a->password, sizeof(a->password));
	row_copy_text(row, 5, a->profile, sizeof(a->profile));
	row_copy_text(row, 6, a->language, sizeof(a->language));
	a->state = row_int(row, 7);
	a->verified_at = row_int(row, 8);
	a->created_at = row_int(row, 9);
	a->login_at = row_int(row, 10);
	a->password_at = row_int(row, 11);
	a->reset_until = row_int(row, 12);
}

static int get_account(const struct row *row, void *arg)
{
	read_account(row, arg);
	return 1;
}

int accounts_get(struct store *store, const uint8_t id[ACCOUNT_ID], struct account *ret)
{
	int r = db_each(store->db, SQL_ACCOUNT_GET, get_account, ret, "b", id,
		(size_t)ACCOUNT_ID);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

/* Behind the columns of an account. */
#define COLUMN_KEY 13

struct search {
	const char *key;
	bool found;
	struct account row;
};

static int get_neighbour(const struct row *row, void *arg)
{
	struct search *search = arg;

	read_account(row, &search->row);
	search->found = strcmp(row_text(row, COLUMN_KEY), search->key) == 0;
	return 1;
}

/*
 * Where there is none, the next one is read in its place: whether a row had to be read
 * is some microseconds, and must not tell whether there is an account.
 */
int accounts_find(
	struct store *store, const char *tenant, const char *login, struct account *ret)
{
	struct search search = { .found = false };
	enum sql by =
		strchr(login, '@') ? SQL_ACCOUNT_BY_ADDRESS : SQL_ACCOUNT_BY_LOGIN;
	char key[LIMIT_ADDRESS + 1];
	int r;

	if (!text_copy_lower(key, sizeof(key), login))
		return -ENOENT;
	search.key = key;
	r = db_each(store->db, by, get_neighbour, &search, "tt", tenant, key);
	if (r < 0 || !search.found)
		return r < 0 ? r : -ENOENT;
	*ret = search.row;
	return 0;
}

int accounts_insert(struct store *store, const struct account *a)
{
	char key[LIMIT_ADDRESS + 1], login[LIMIT_LOGIN + 1];

	text_copy_lower(key, sizeof(key), a->address);
	text_copy_lower(login, sizeof(login), a->login);
	return db_run(store->db, SQL_ACCOUNT_INSERT, NULL, "bttttttiiiiiit", a->id,
		sizeof(a->id), a->tenant, a->address, login, a->password, a->profile,
		a->language, a->state, a->verified_at, a->created_at, a->login_at,
		a->password_at, a->reset_until, key);
}

int accounts_set_password(
	struct store *store, const uint8_t id[ACCOUNT_ID], const char *hash, int64_t at)
{
	return db_run(store->db, SQL_ACCOUNT_SET_PASSWORD, NULL, "bti", id,
		(size_t)ACCOUNT_ID, hash, at);
}

int accounts_rehash(struct store *store, const uint8_t id[ACCOUNT_ID], const char *hash)
{
	return db_run(store->db, SQL_ACCOUNT_REHASH, NULL, "bt", id, (size_t)ACCOUNT_ID,
		hash);
}

int accounts_set_address(struct store *store, const uint8_t id[ACCOUNT_ID],
	const char *address, int64_t at)
{
	char key[LIMIT_ADDRESS + 1];

	if (!text_copy_lower(key, sizeof(key), address))
		return -EINVAL;
	return db_run(store->db, SQL_ACCOUNT_SET_ADDRESS, NULL, "btti", id,
		(size_t)ACCOUNT_ID, address, key, at);
}

int accounts_set_profile(
	struct store *store, const uint8_t id[ACCOUNT_ID], const char *profile)
{
	return db_run(store->db, SQL_ACCOUNT_SET_PROFILE, NULL, "bt", id,
		(size_t)ACCOUNT_ID, profile);
}

static int set_number(
	struct store *store, enum sql sql, const uint8_t id[ACCOUNT_ID], int64_t value)
{
	return db_run(store->db, sql, NULL, "bi", id, (size_t)ACCOUNT_ID, value);
}

int accounts_set_state(
	struct store *store, const uint8_t id[ACCOUNT_ID], enum account_state state)
{
	return set_number(store, SQL_ACCOUNT_SET_STATE, id, (int64_t)state);
}

int accounts_move_state(struct store *store, const uint8_t id[ACCOUNT_ID],
	enum account_state from, enum account_state to)
{
	return db_run(store->db, SQL_ACCOUNT_MOVE_STATE, NULL, "bii", id,
		(size_t)ACCOUNT_ID, (int64_t)from, (int64_t)to);
}

int accounts_set_verified(struct store *store, const uint8_t id[ACCOUNT_ID], int64_t at)
{
	return set_number(store, SQL_ACCOUNT_SET_VERIFIED, id, at);
}

int accounts_set_login(struct store *store, const uint8_t id[ACCOUNT_ID], int64_t at)
{
	return set_number(store, SQL_ACCOUNT_SET_LOGIN, id, at);
}

int accounts_set_reset_until(
	struct store *store, const uint8_t id[ACCOUNT_ID], int64_t until)
{
	return set_number(store, SQL_ACCOUNT_SET_RESET_UNTIL, id, until);
}

int accounts_delete(struct store *store, const uint8_t id[ACCOUNT_ID])
{
	char principal[PRINCIPAL_SIZE];
	int r = sessions_end_account(store, id, NULL);

	principal_of_account(principal, id);
	if (r == 0)
		r = grants_delete_account(store, id);
	if (r == 0)
		r = recovery_delete_all(store, principal);
	return r < 0 ? r
		     : db_run(store->db, SQL_ACCOUNT_DELETE, NULL, "b", id,
			       (size_t)ACCOUNT_ID);
}

struct each_account {
	int (*each)(const struct account *account, void *arg);
	void *arg;
};

static int list_account(const struct row *row, void *arg)
{
	struct each_account *list = arg;
	struct account account;

	read_account(row, &account);
	return list->each(&account, list->arg);
}

int accounts_list(struct store *store, const char *tenant, const char *after,
	int64_t limit, int (*each)(const struct account *account, void *arg), void *arg)
{
	struct each_account list = { each, arg };
	char key[LIMIT_ADDRESS + 1];

	if (!text_copy_lower(key, sizeof(key), after))
		return -EINVAL;
	return db_each(store->db, SQL_ACCOUNT_LIST, list_account, &list, "tti", tenant,
		key, limit);
}

static int read_count(const struct row *row, void *arg)
{
	*(int64_t *)arg = row_int(row, 0);
	return 0;
}

int accounts_count(struct store *store, int64_t *ret)
{
	return db_each(store->db, SQL_ACCOUNT_COUNT, read_count, ret, "");
}
