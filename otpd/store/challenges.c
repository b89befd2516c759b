/* SPDX-License-Identifier: MIT */
/* The table of challenges. What may follow what is decided in core; here it is written.
 */
#include "otpd/store/challenges.h"

#include <errno.h>

#include "otpd/store/db.h"

int challenges_insert(struct store *store, const struct challenge *c)
{
	return db_run(store->db, SQL_CHALLENGE_INSERT, NULL, "bttttiiiibtiiiiiiiiti",
		c->id, sizeof(c->id), c->user, c->service, c->rhost, c->tty, c->peer,
		c->purpose, (int64_t)c->decoy, c->key_id, c->hash, sizeof(c->hash),
		c->reference, c->length, c->alphabet, c->state, c->tries, c->max_tries,
		c->created_at, c->expires_at, c->mail, c->address, (int64_t)c->unknown);
}

static int read_challenge(const struct row *row, void *arg)
{
	struct challenge *c = arg;

	row_copy_blob(row, 0, c->id, sizeof(c->id));
	row_copy_text(row, 1, c->user, sizeof(c->user));
	row_copy_text(row, 2, c->service, sizeof(c->service));
	row_copy_text(row, 3, c->rhost, sizeof(c->rhost));
	row_copy_text(row, 4, c->tty, sizeof(c->tty));
	c->peer = row_int(row, 5);
	c->purpose = row_int(row, 6);
	/* Whatever is not exactly 0 can never be right. */
	c->decoy = row_int(row, 7) != 0;
	c->key_id = row_int(row, 8);
	row_copy_blob(row, 9, c->hash, sizeof(c->hash));
	row_copy_text(row, 10, c->reference, sizeof(c->reference));
	c->length = row_int(row, 11);
	c->alphabet = row_int(row, 12);
	c->state = row_int(row, 13);
	c->tries = row_int(row, 14);
	c->max_tries = row_int(row, 15);
	c->created_at = row_int(row, 16);
	c->expires_at = row_int(row, 17);
	c->mail = row_int(row, 18);
	row_copy_text(row, 19, c->address, sizeof(c->address));
	c->unknown = row_int(row, 20) != 0;
	return 1;
}

int challenges_get(
	struct store *store, const uint8_t id[CODE_ID], struct challenge *ret)
{
	int r = db_each(store->db, SQL_CHALLENGE_GET, read_challenge, ret, "b", id,
		(size_t)CODE_ID);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int challenges_find(struct store *store, const char *user, const char *service,
	const char *rhost, int64_t peer, int64_t now_s, struct challenge *ret)
{
	int r = db_each(store->db, SQL_CHALLENGE_FIND, read_challenge, ret, "tttii",
		user, service, rhost, peer, now_s);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int challenges_find_login(struct store *store, const char *user, const char *service,
	const char *rhost, int64_t peer, int64_t now_s, struct challenge *ret)
{
	int r = db_each(store->db, SQL_CHALLENGE_FIND_LOGIN, read_challenge, ret,
		"tttii", user, service, rhost, peer, now_s);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int challenges_find_purpose(struct store *store, const char *user, const char *service,
	const char *rhost, int64_t peer, int64_t now_s, int64_t purpose,
	struct challenge *ret)
{
	int r = db_each(store->db, SQL_CHALLENGE_FIND_PURPOSE, read_challenge, ret,
		"tttiii", user, service, rhost, peer, now_s, purpose);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int challenges_spend(struct store *store, const uint8_t id[CODE_ID])
{
	int64_t changes = 0;
	int r = db_run(
		store->db, SQL_CHALLENGE_SPEND, &changes, "b", id, (size_t)CODE_ID);

	return r < 0 ? r : changes == 1 ? 0 : -ESTALE;
}

int challenges_update(struct store *store, const struct challenge *c)
{
	int64_t changes = 0;
	int r = db_run(store->db, SQL_CHALLENGE_UPDATE, &changes, "bii", c->id,
		sizeof(c->id), c->state, c->tries);

	return r < 0 ? r : changes == 1 ? 0 : -ESTALE;
}

int challenges_redraw(struct store *store, const struct challenge *c)
{
	int64_t changes = 0;
	int r = db_run(store->db, SQL_CHALLENGE_REDRAW, &changes, "bibtiiii", c->id,
		sizeof(c->id), c->key_id, c->hash, sizeof(c->hash), c->reference,
		c->length, c->alphabet, c->expires_at, c->mail);

	return r < 0 ? r : changes == 1 ? 0 : -ESTALE;
}

int challenges_conceal_user(struct store *store, const char *user)
{
	return db_run(store->db, SQL_CHALLENGE_CONCEAL_USER, NULL, "t", user);
}

int challenges_cancel_user(struct store *store, const char *user)
{
	int r = db_run(store->db, SQL_MAIL_KILL_USER, NULL, "t", user);

	return r < 0 ? r
		     : db_run(store->db, SQL_CHALLENGE_CANCEL_USER, NULL, "t", user);
}

int challenges_cancel_all(struct store *store)
{
	int r = db_run(store->db, SQL_MAIL_KILL_ALL, NULL, "");

	return r < 0 ? r : db_run(store->db, SQL_CHALLENGE_CANCEL_ALL, NULL, "");
}

static int read_count(const struct row *row, void *arg)
{
	*(int64_t *)arg = row_int(row, 0);
	return 0;
}

int challenges_count_live(struct store *store, int64_t now_s, int64_t *ret)
{
	return db_each(
		store->db, SQL_CHALLENGE_COUNT_LIVE, read_count, ret, "i", now_s);
}

int challenges_count_user(
	struct store *store, const char *user, int64_t now_s, int64_t *ret)
{
	return db_each(store->db, SQL_CHALLENGE_COUNT_USER, read_count, ret, "ti", user,
		now_s);
}

int challenges_count_mailless(
	struct store *store, const char *user, int64_t since_s, int64_t *ret)
{
	uint32_t second = since_s > 0 ? (uint32_t)since_s : 0;
	uint8_t id[4];

	for (int i = 0; i < 4; i++)
		id[i] = (uint8_t)(second >> (24 - 8 * i));
	return db_each(store->db, SQL_CHALLENGE_COUNT_MAILLESS, read_count, ret, "bt",
		id, sizeof(id), user);
}

int challenges_purge(struct store *store, int64_t before_s, int64_t limit)
{
	return db_run(store->db, SQL_CHALLENGE_PURGE, NULL, "ii", before_s, limit);
}
