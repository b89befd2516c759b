/* SPDX-License-Identifier: MIT */
/*
 * The table of registrations that wait. A row says nothing of whether the address has
 * an account already: rows of both kinds are written and read by the same statements.
 */
#include "otpd/store/registrations.h"

#include <errno.h>

#include "otpd/store/db.h"
#include "otpd/util/text.h"

int registrations_put(struct store *store, const struct registration *g)
{
	char key[LIMIT_ADDRESS + 1];

	text_copy_lower(key, sizeof(key), g->address);
	return db_run(store->db, SQL_REGISTRATION_PUT, NULL, "btttttttit", g->challenge,
		sizeof(g->challenge), g->tenant, g->client, g->address, g->login,
		g->password, g->profile, g->language, g->expires_at, key);
}

static int read_registration(const struct row *row, void *arg)
{
	struct registration *g = arg;

	row_copy_blob(row, 0, g->challenge, sizeof(g->challenge));
	row_copy_text(row, 1, g->tenant, sizeof(g->tenant));
	row_copy_text(row, 2, g->client, sizeof(g->client));
	row_copy_text(row, 3, g->address, sizeof(g->address));
	row_copy_text(row, 4, g->login, sizeof(g->login));
	row_copy_text(row, 5, g->password, sizeof(g->password));
	row_copy_text(row, 6, g->profile, sizeof(g->profile));
	row_copy_text(row, 7, g->language, sizeof(g->language));
	g->expires_at = row_int(row, 8);
	return 1;
}

int registrations_get(struct store *store, const uint8_t challenge[CODE_ID],
	int64_t now_s, struct registration *ret)
{
	int r = db_each(store->db, SQL_REGISTRATION_GET, read_registration, ret, "bi",
		challenge, (size_t)CODE_ID, now_s);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

static int read_challenge(const struct row *row, void *arg)
{
	row_copy_blob(row, 0, arg, CODE_ID);
	return 1;
}

int registrations_find(struct store *store, const char *tenant, const char *address,
	int64_t now_s, uint8_t ret[CODE_ID])
{
	char key[LIMIT_ADDRESS + 1];
	int r;

	if (!text_copy_lower(key, sizeof(key), address))
		return -ENOENT;
	r = db_each(store->db, SQL_REGISTRATION_FIND, read_challenge, ret, "tti",
		tenant, key, now_s);
	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int registrations_delete(struct store *store, const uint8_t challenge[CODE_ID])
{
	return db_run(store->db, SQL_REGISTRATION_DELETE, NULL, "b", challenge,
		(size_t)CODE_ID);
}

int registrations_delete_address(
	struct store *store, const char *tenant, const char *address)
{
	char key[LIMIT_ADDRESS + 1];

	if (!text_copy_lower(key, sizeof(key), address))
		return 0;
	return db_run(
		store->db, SQL_REGISTRATION_DELETE_ADDRESS, NULL, "tt", tenant, key);
}

int registrations_purge(
	struct store *store, int64_t now_s, int64_t limit, bool *ret_more)
{
	int64_t n = 0;
	int r = db_run(store->db, SQL_REGISTRATION_PURGE, &n, "ii", now_s, limit);

	*ret_more = n >= limit;
	return r;
}

static int read_count(const struct row *row, void *arg)
{
	*(int64_t *)arg = row_int(row, 0);
	return 0;
}

int registrations_count(struct store *store, int64_t *ret)
{
	return db_each(store->db, SQL_REGISTRATION_COUNT, read_count, ret, "");
}
