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
	row_copy_text(row, 7, user->language, sizeof(user->language));
	row_copy_text(row, 8, user->second, sizeof(user->second));
	user->second_verified_at = row_int(row, 9);
	user->refusals = row_int(row, 10);
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
	return db_run(store->db, SQL_USER_INSERT, NULL, "tttiiiitti", user->name,
		user->address, user->person, user->state, user->verified_at,
		user->created_at, user->login_at, user->language, user->second,
		user->second_verified_at);
}

int users_replace(struct store *store, const struct user *user)
{
	int r = db_run(store->db, SQL_MAIL_DISOWN_MOVED, NULL, "tt", user->name,
		user->address);

	return r < 0 ? r
		     : db_run(store->db, SQL_USER_REPLACE, NULL, "tttit", user->name,
			       user->address, user->person, user->verified_at,
			       user->language);
}

int users_set_state(struct store *store, const char *name, enum user_state state)
{
	return db_run(store->db, SQL_USER_SET_STATE, NULL, "ti", name, (int64_t)state);
}

int users_move_state(
	struct store *store, const char *name, enum user_state from, enum user_state to)
{
	return db_run(store->db, SQL_USER_MOVE_STATE, NULL, "tii", name, (int64_t)from,
		(int64_t)to);
}

int users_set_verified(struct store *store, const char *name, int64_t at)
{
	return db_run(store->db, SQL_USER_SET_VERIFIED, NULL, "ti", name, at);
}

int users_set_login(struct store *store, const char *name, int64_t at)
{
	return db_run(store->db, SQL_USER_SET_LOGIN, NULL, "ti", name, at);
}

int users_set_language(struct store *store, const char *name, const char *language)
{
	return db_run(store->db, SQL_USER_SET_LANGUAGE, NULL, "tt", name, language);
}

int users_set_second(
	struct store *store, const char *name, const char *second, int64_t verified_at)
{
	return db_run(
		store->db, SQL_USER_SET_SECOND, NULL, "tti", name, second, verified_at);
}

int users_clear_refusals(struct store *store, const char *name)
{
	return db_run(store->db, SQL_USER_CLEAR_REFUSALS, NULL, "t", name);
}

int users_proven_by_mail(struct store *store, int64_t mail)
{
	return db_run(store->db, SQL_USER_PROVEN, NULL, "i", mail);
}

int users_delete(struct store *store, const char *name)
{
	int r = db_run(store->db, SQL_MAIL_DISOWN, NULL, "t", name);

	return r < 0 ? r : db_run(store->db, SQL_USER_DELETE, NULL, "t", name);
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
