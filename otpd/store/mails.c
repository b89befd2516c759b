/* SPDX-License-Identifier: MIT */
/* The outbox, which is also the record of what was sent. */
#include "otpd/store/mails.h"

#include <errno.h>
#include <string.h>

#include "otpd/store/db.h"

const char *mail_state_name(int64_t state)
{
	switch ((enum mail_state)state) {
	case MAIL_QUEUED:
		return "queued";
	case MAIL_SENT:
		return "sent";
	case MAIL_BOUNCED:
		return "bounced";
	case MAIL_FAILED:
		return "failed";
	case MAIL_VOID:
		return "void";
	case MAIL_DEAD:
		return "dead";
	}
	return "unknown";
}

int mails_insert(struct store *store, struct mail *mail)
{
	int r = db_run(store->db, SQL_MAIL_INSERT, NULL, "bttiiiibbbi", mail->name,
		sizeof(mail->name), mail->user, mail->origin, mail->purpose,
		mail->state, mail->at, mail->deadline, mail->sender,
		sizeof(mail->sender), mail->nonce, sizeof(mail->nonce), mail->sealed,
		mail->sealed_size, (int64_t)mail->own);

	if (r == 0)
		mail->id = db_last_id(store->db);
	return r;
}

static void read_mail(const struct row *row, struct mail *mail)
{
	const void *sealed;

	mail->id = row_int(row, 0);
	row_copy_blob(row, 1, mail->name, sizeof(mail->name));
	row_copy_text(row, 2, mail->user, sizeof(mail->user));
	mail->origin[0] = '\0';
	mail->purpose = row_int(row, 3);
	mail->state = row_int(row, 4);
	mail->tries = row_int(row, 5);
	mail->at = row_int(row, 6);
	mail->next_at = row_int(row, 7);
	mail->deadline = row_int(row, 8);
	row_copy_blob(row, 9, mail->sender, sizeof(mail->sender));
	row_copy_blob(row, 10, mail->nonce, sizeof(mail->nonce));
	sealed = row_blob(row, 11, &mail->sealed_size);
	if (mail->sealed_size > sizeof(mail->sealed))
		mail->sealed_size = 0;
	if (sealed)
		memcpy(mail->sealed, sealed, mail->sealed_size);
	row_copy_text(row, 12, mail->detail, sizeof(mail->detail));
	row_copy_text(row, 13, mail->transport, sizeof(mail->transport));
	mail->second = row_int(row, 14) == 1;
	mail->own = row_int(row, 15) == 1;
}

static int get_mail(const struct row *row, void *arg)
{
	read_mail(row, arg);
	return 1;
}

int mails_get(struct store *store, int64_t id, struct mail *ret)
{
	int r = db_each(store->db, SQL_MAIL_GET, get_mail, ret, "i", id);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int mails_get_by_name(
	struct store *store, const uint8_t name[MAIL_NAME], struct mail *ret)
{
	int r = db_each(store->db, SQL_MAIL_GET_BY_NAME, get_mail, ret, "b", name,
		(size_t)MAIL_NAME);

	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

struct each_mail {
	int (*each)(const struct mail *mail, void *arg);
	void *arg;
};

static int list_mail(const struct row *row, void *arg)
{
	struct each_mail *list = arg;
	struct mail mail;

	read_mail(row, &mail);
	return list->each(&mail, list->arg);
}

int mails_due(struct store *store, int64_t now_s, int64_t limit,
	int (*each)(const struct mail *mail, void *arg), void *arg)
{
	struct each_mail list = { each, arg };

	return db_each(store->db, SQL_MAIL_DUE, list_mail, &list, "ii", now_s, limit);
}

static int read_refusal(const struct row *row, void *arg)
{
	struct refusal *refusal = arg;

	row_copy_text(row, 0, refusal->user, sizeof(refusal->user));
	refusal->n = row_int(row, 1);
	return 0;
}

static int count_refusal(
	struct store *store, int64_t id, bool bounced, struct refusal *ret)
{
	return db_each(store->db, SQL_USER_REFUSED, read_refusal, ret, "ii", id,
		(int64_t)bounced);
}

int mails_update(struct store *store, const struct mail *mail)
{
	struct refusal refusal = { .n = 0 };
	int64_t changes = 0;
	int r = db_run(store->db, SQL_MAIL_UPDATE, &changes, "iiiitti", mail->id,
		mail->state, mail->tries, mail->next_at, mail->detail, mail->transport,
		(int64_t)mail->second);

	if (r < 0 || changes == 0 || mail->state == MAIL_QUEUED)
		return r;
	if (mail->bad_address) {
		r = count_refusal(store, mail->id, false, &refusal);
		return r < 0 ? r : (int)refusal.n;
	}
	if (mail->state == MAIL_SENT && !mail->second)
		return db_run(store->db, SQL_USER_REACHED, NULL, "i", mail->id);
	return 0;
}

struct bounced {
	int64_t id; /* 0: there is none */
	bool second;
};

static int read_bounced(const struct row *row, void *arg)
{
	struct bounced *bounced = arg;

	bounced->id = row_int(row, 0);
	bounced->second = row_int(row, 1) == 1;
	return 0;
}

int mails_bounced(struct store *store, const uint8_t name[MAIL_NAME],
	const char *detail, bool blames_address, struct refusal *ret)
{
	struct bounced bounced = { 0 };
	int r = db_each(store->db, SQL_MAIL_BOUNCED, read_bounced, &bounced, "bt", name,
		(size_t)MAIL_NAME, detail);

	ret->n = 0;
	if (r < 0 || bounced.id == 0)
		return r;
	/* What came back from the second route says nothing of the first. */
	if (blames_address && !bounced.second)
		r = count_refusal(store, bounced.id, true, ret);
	return r < 0 ? r : 1;
}

int mails_kill(struct store *store, int64_t id)
{
	return db_run(store->db, SQL_MAIL_KILL, NULL, "i", id);
}

int mails_kill_late(struct store *store, int64_t now_s)
{
	return db_run(store->db, SQL_MAIL_KILL_LATE, NULL, "i", now_s);
}

int mails_list(struct store *store, int64_t before, int64_t limit, bool open,
	int (*each)(const struct mail *mail, void *arg), void *arg)
{
	struct each_mail list = { each, arg };

	return db_each(store->db, open ? SQL_MAIL_LIST_OPEN : SQL_MAIL_LIST, list_mail,
		&list, "ii", before, limit);
}

static int read_count(const struct row *row, void *arg)
{
	*(int64_t *)arg = row_int(row, 0);
	return 0;
}

int mails_count_open(struct store *store, int64_t *ret)
{
	return db_each(store->db, SQL_MAIL_COUNT_OPEN, read_count, ret, "");
}

struct waiting {
	int64_t n;
	int64_t tried;
};

static int read_waiting(const struct row *row, void *arg)
{
	struct waiting *waiting = arg;

	waiting->n = row_int(row, 0);
	waiting->tried = row_int(row, 1);
	return 0;
}

int mails_count_waiting(struct store *store, int64_t *ret, int64_t *ret_tried)
{
	struct waiting waiting = { 0 };
	int r = db_each(store->db, SQL_MAIL_COUNT_WAITING, read_waiting, &waiting, "");

	*ret = waiting.n;
	*ret_tried = waiting.tried;
	return r;
}

int mails_next_due(struct store *store, int64_t now_s, int64_t *ret)
{
	return db_each(store->db, SQL_MAIL_NEXT_DUE, read_count, ret, "i", now_s);
}

int mails_purge(struct store *store, int64_t before_s, int64_t limit)
{
	return db_run(store->db, SQL_MAIL_PURGE, NULL, "ii", before_s, limit);
}
