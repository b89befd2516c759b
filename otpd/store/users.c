/* SPDX-License-Identifier: MIT */
/* The table of enrolled users. */
#include "otpd/store/users.h"

#include <errno.h>

#include "otpd/store/db.h"

static void read_user(const struct row *row, struct user *user)
{
	row_copy_text(row, 0, user->name, sizeof(user->name));
	row_copy_text(row, 1, user->address, sizeof(user->address));
	row_copy_text(row, 2, user->person, sizeof(user->person));
	user->state = row_int(row, 3);
	user->verified_at = row_int(row, 4);
	user->created_at = row_int(row, 5);
	user->login_at = row_int(row, 6);
}

static int get_user(const struct row *row, void *arg)
{
	read_user(row, arg);
	return 1;
}

int users_get(struct store *store, const char *name, struct user *ret)
{
	int r = db_each(store->db, SQL_USER_GET, get_user, ret, "t", name);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int users_insert(struct store *store, const struct user *user)
{
	return db_run(store->db, SQL_USER_INSERT, NULL, "tttiiii", user->name,
		user->address, user->person, user->state, user->verified_at,
		user->created_at, user->login_at);
}

int users_replace(struct store *store, const struct user *user)
{
	return db_run(store->db, SQL_USER_REPLACE, NULL, "ttti", user->name,
		user->address, user->person, user->verified_at);
}

int users_set_state(struct store *store, const char *name, enum user_state state)
{
	return db_run(store->db, SQL_USER_SET_STATE, NULL, "ti", name, (int64_t)state);
}

int users_set_verified(struct store *store, const char *name, int64_t at)
{
	return db_run(store->db, SQL_USER_SET_VERIFIED, NULL, "ti", name, at);
}

int users_set_login(struct store *store, const char *name, int64_t at)
{
	return db_run(store->db, SQL_USER_SET_LOGIN, NULL, "ti", name, at);
}

int users_delete(struct store *store, const char *name)
{
	return db_run(store->db, SQL_USER_DELETE, NULL, "t", name);
}

struct each_user {
	int (*each)(const struct user *user, void *arg);
	void *arg;
};

static int list_user(const struct row *row, void *arg)
{
	struct each_user *list = arg;
	struct user user;

	read_user(row, &user);
	return list->each(&user, list->arg);
}

int users_list(struct store *store, const char *after, int64_t limit,
	int (*each)(const struct user *user, void *arg), void *arg)
{
	struct each_user list = { each, arg };

	return db_each(store->db, SQL_USER_LIST, list_user, &list, "ti", after, limit);
}

static int read_count(const struct row *row, void *arg)
{
	*(int64_t *)arg = row_int(row, 0);
	return 0;
}

int users_count(struct store *store, int64_t *ret)
{
	return db_each(store->db, SQL_USER_COUNT, read_count, ret, "");
}
