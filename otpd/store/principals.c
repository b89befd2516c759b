/* SPDX-License-Identifier: MIT */
/*
 * Whoever has challenges, seen as a user of users.h. An account's row is read without
 * its password and its profile, which nobody needs here. A principal that is neither an
 * account nor enrolled has no row anywhere, and costs the same look-up.
 */
#include "otpd/store/principals.h"

#include <errno.h>
#include <string.h>

#include "otpd/store/accounts.h"
#include "otpd/store/db.h"
#include "otpd/util/text.h"

static enum user_state user_state(int64_t state)
{
	switch ((enum account_state)state) {
	case ACCOUNT_ACTIVE:
	case ACCOUNT_MUST_RESET:
		return USER_ACTIVE;
	case ACCOUNT_LOCKED:
		return USER_LOCKED;
	case ACCOUNT_DISABLED:
		break;
	}
	return USER_DISABLED;
}

static int read_principal(const struct row *row, void *arg)
{
	struct user *user = arg;

	row_copy_text(row, 0, user->address, sizeof(user->address));
	row_copy_text(row, 1, user->person, sizeof(user->person));
	row_copy_text(row, 2, user->language, sizeof(user->language));
	user->state = user_state(row_int(row, 3));
	user->verified_at = row_int(row, 4);
	user->created_at = row_int(row, 5);
	user->login_at = row_int(row, 6);
	return 1;
}

int principals_get(struct store *store, const char *principal, struct user *ret)
{
	uint8_t id[ACCOUNT_ID];
	int r;

	if (!principal_is_account(principal, id))
		return users_get(store, principal, ret);
	*ret = (struct user){ 0 };
	text_copy(ret->name, sizeof(ret->name), principal);
	r = db_each(store->db, SQL_ACCOUNT_PRINCIPAL, read_principal, ret, "b", id,
		sizeof(id));
	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int principals_lock(struct store *store, const char *principal)
{
	uint8_t id[ACCOUNT_ID];

	return principal_is_account(principal, id)
		? accounts_move_state(store, id, ACCOUNT_ACTIVE, ACCOUNT_LOCKED)
		: users_move_state(store, principal, USER_ACTIVE, USER_LOCKED);
}

int principals_unlock(struct store *store, const char *principal)
{
	uint8_t id[ACCOUNT_ID];

	return principal_is_account(principal, id)
		? accounts_move_state(store, id, ACCOUNT_LOCKED, ACCOUNT_ACTIVE)
		: users_move_state(store, principal, USER_LOCKED, USER_ACTIVE);
}

int principals_set_verified(struct store *store, const char *principal, int64_t at)
{
	uint8_t id[ACCOUNT_ID];

	return principal_is_account(principal, id)
		? accounts_set_verified(store, id, at)
		: users_set_verified(store, principal, at);
}

int principals_set_login(struct store *store, const char *principal, int64_t at)
{
	uint8_t id[ACCOUNT_ID];

	return principal_is_account(principal, id)
		? accounts_set_login(store, id, at)
		: users_set_login(store, principal, at);
}
