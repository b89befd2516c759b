/* SPDX-License-Identifier: MIT */
/*
 * The schema and every statement, in one place.
 *
 * Times are seconds since 1970. A row of mail is the record of a send as well as the
 * outbox: the budgets of sends count its rows, so that a mail and its cost cannot part.
 * Its origin is what a budget besides the user's is about: the remote host (of IPv6 its
 * /64), or of an enrolment a keyed hash of the address.
 * Its own is 1 while it went to the address that its user has now, and 0 once that has
 * changed: only such mails say anything of the address. users.refusals counts how many
 * of them in a row were refused or came back; bounced says that one came back, so that
 * a server that takes a mail proves nothing, and only a code that was typed does.
 * Rows of decoys have state 4 (void) and no blob: they cost the same and are never
 * sent. Wrong tries on decoys are written for the same reason, and are nobody's.
 */
#include "otpd/store/sql.h"

/* What stands here MUST NOT be changed: databases of this version exist. */
static const char version_1[] =
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;"
	"CREATE TABLE users ("
	"  name TEXT PRIMARY KEY, address TEXT NOT NULL, person TEXT NOT NULL,"
	"  state INTEGER NOT NULL, verified_at INTEGER NOT NULL,"
	"  created_at INTEGER NOT NULL, login_at INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE challenges ("
	"  id BLOB PRIMARY KEY, user TEXT NOT NULL, service TEXT NOT NULL,"
	"  rhost TEXT NOT NULL, tty TEXT NOT NULL, peer INTEGER NOT NULL,"
	"  purpose INTEGER NOT NULL,"
	"  decoy INTEGER NOT NULL, key_id INTEGER NOT NULL, hash BLOB NOT NULL,"
	"  reference TEXT NOT NULL, length INTEGER NOT NULL, alphabet INTEGER NOT NULL,"
	"  state INTEGER NOT NULL, tries INTEGER NOT NULL, max_tries INTEGER NOT NULL,"
	"  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,"
	"  mail INTEGER NOT NULL, address TEXT NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX challenges_live ON challenges (user) WHERE state = 0;"
	"CREATE TABLE wrong ("
	"  id INTEGER PRIMARY KEY, user TEXT NOT NULL, decoy INTEGER NOT NULL,"
	"  at INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX wrong_user ON wrong (user, decoy, at);"
	"CREATE INDEX wrong_decoy ON wrong (at) WHERE decoy <> 0;"
	"CREATE TABLE grace ("
	"  user TEXT NOT NULL, service TEXT NOT NULL, rhost TEXT NOT NULL,"
	"  tty TEXT NOT NULL, peer INTEGER NOT NULL, until INTEGER NOT NULL,"
	"  PRIMARY KEY (user, service, rhost, tty, peer)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE mail ("
	"  id INTEGER PRIMARY KEY, name BLOB NOT NULL, user TEXT NOT NULL,"
	"  origin TEXT NOT NULL, purpose INTEGER NOT NULL, state INTEGER NOT NULL,"
	"  tries INTEGER NOT NULL, at INTEGER NOT NULL, next_at INTEGER NOT NULL,"
	"  deadline INTEGER NOT NULL, sender BLOB, nonce BLOB, sealed BLOB,"
	"  detail TEXT NOT NULL"
	") STRICT;"
	"CREATE INDEX mail_user ON mail (user, at);"
	"CREATE INDEX mail_origin ON mail (origin, at) WHERE origin <> '';"
	"CREATE INDEX mail_due ON mail (next_at) WHERE state = 0;"
	"CREATE TABLE audit ("
	"  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL,"
	"  user TEXT NOT NULL, service TEXT NOT NULL, rhost TEXT NOT NULL,"
	"  uid INTEGER NOT NULL, reference TEXT NOT NULL, detail TEXT NOT NULL"
	") STRICT;";

static const char version_2[] =
	"ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE users ADD COLUMN second TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE users ADD COLUMN second_verified_at INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE users ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE users ADD COLUMN bounced INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mail ADD COLUMN transport TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE mail ADD COLUMN second INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mail ADD COLUMN own INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX mail_sent ON mail (name) WHERE state = 1;";

const char *const sql_schema[SQL_VERSION] = { version_1, version_2 };

#define CHALLENGE_COLUMNS                                                               \
	"id, user, service, rhost, tty, peer, purpose, decoy, key_id, hash, reference," \
	" length, alphabet, state, tries, max_tries, created_at, expires_at, mail, address"
#define USER_COLUMNS                                                       \
	"name, address, person, state, verified_at, created_at, login_at," \
	" language, second, second_verified_at, refusals"
#define MAIL_COLUMNS                                                                   \
	"id, name, user, purpose, state, tries, at, next_at, deadline, sender, nonce," \
	" sealed, detail, transport, second, own"
/* The user whose own address the mail went to. */
#define OWNER_OF_MAIL "(SELECT user FROM mail WHERE id = $1 AND own = 1)"
#define AUDIT_COLUMNS "id, at, event, user, service, rhost, uid, reference, detail"

static const char *const texts[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_BEGIN_READ] = "BEGIN",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_SAVEPOINT] = "SAVEPOINT call",
	[SQL_RELEASE] = "RELEASE call",
	[SQL_ROLLBACK_TO] = "ROLLBACK TO call",

	[SQL_META_GET] = "SELECT value FROM meta WHERE name = $1",
	[SQL_META_PUT] = "INSERT INTO meta (name, value) VALUES ($1, $2)"
			 " ON CONFLICT (name) DO UPDATE SET value = excluded.value",

	[SQL_USER_GET] = "SELECT " USER_COLUMNS " FROM users WHERE name = $1",
	[SQL_USER_INSERT] = "INSERT INTO users (" USER_COLUMNS
			    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)",
	[SQL_USER_REPLACE] =
		"UPDATE users SET address = $2, person = $3, verified_at = $4, language = $5,"
		" refusals = CASE WHEN address = $2 THEN refusals ELSE 0 END,"
		" bounced = CASE WHEN address = $2 THEN bounced ELSE 0 END"
		" WHERE name = $1",
	[SQL_USER_SET_STATE] = "UPDATE users SET state = $2 WHERE name = $1",
	[SQL_USER_SET_VERIFIED] = "UPDATE users SET verified_at = $2, refusals = 0,"
				  " bounced = 0 WHERE name = $1",
	[SQL_USER_SET_LOGIN] = "UPDATE users SET login_at = $2 WHERE name = $1",
	[SQL_USER_SET_LANGUAGE] = "UPDATE users SET language = $2 WHERE name = $1",
	[SQL_USER_SET_SECOND] = "UPDATE users SET second = $2, second_verified_at = $3"
				" WHERE name = $1",
	[SQL_USER_CLEAR_REFUSALS] =
		"UPDATE users SET refusals = 0, bounced = 0 WHERE name = $1",
	[SQL_USER_REFUSED] = "UPDATE users SET refusals = refusals + 1,"
			     " bounced = CASE WHEN $2 = 1 THEN 1 ELSE bounced END"
			     " WHERE name = " OWNER_OF_MAIL " RETURNING name, refusals",
	[SQL_USER_REACHED] = "UPDATE users SET refusals = 0 WHERE refusals <> 0"
			     " AND bounced = 0 AND name = " OWNER_OF_MAIL,
	/* The code arrived, and not by the second route. */
	[SQL_USER_PROVEN] = "UPDATE users SET refusals = 0, bounced = 0 WHERE name ="
			    " (SELECT user FROM mail WHERE id = $1 AND own = 1"
			    " AND state = 1 AND second = 0)",
	[SQL_USER_DELETE] = "DELETE FROM users WHERE name = $1",
	[SQL_USER_LIST] = "SELECT " USER_COLUMNS
			  " FROM users WHERE name > $1 ORDER BY name LIMIT $2",
	[SQL_USER_COUNT] = "SELECT count(*) FROM users",

	[SQL_CHALLENGE_INSERT] =
		"INSERT INTO challenges (" CHALLENGE_COLUMNS
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
		" $12, $13, $14, $15, $16, $17, $18, $19, $20)",
	[SQL_CHALLENGE_GET] =
		"SELECT " CHALLENGE_COLUMNS " FROM challenges WHERE id = $1",
	[SQL_CHALLENGE_FIND] =
		"SELECT " CHALLENGE_COLUMNS
		" FROM challenges WHERE state = 0 AND user = $1"
		" AND service = $2 AND rhost = $3 AND peer = $4 AND expires_at > $5"
		" ORDER BY created_at DESC LIMIT 1",
	/* state = 0: no row, and so an error, if somebody else has ended it. */
	[SQL_CHALLENGE_UPDATE] = "UPDATE challenges SET state = $2, tries = $3"
				 " WHERE id = $1 AND state = 0",
	[SQL_CHALLENGE_REDRAW] =
		"UPDATE challenges SET key_id = $2, hash = $3, reference = $4, length = $5,"
		" alphabet = $6, expires_at = $7, mail = $8 WHERE id = $1 AND state = 0",
	[SQL_CHALLENGE_CONCEAL_USER] =
		"UPDATE challenges SET decoy = 1 WHERE state = 0 AND user = $1",
	[SQL_CHALLENGE_CANCEL_USER] =
		"UPDATE challenges SET state = 3 WHERE state = 0 AND user = $1",
	[SQL_CHALLENGE_CANCEL_ALL] = "UPDATE challenges SET state = 3 WHERE state = 0",
	[SQL_CHALLENGE_COUNT_LIVE] =
		"SELECT count(*) FROM challenges WHERE state = 0 AND expires_at > $1",
	[SQL_CHALLENGE_COUNT_USER] =
		"SELECT count(*) FROM challenges"
		" WHERE state = 0 AND user = $1 AND expires_at > $2",
	[SQL_CHALLENGE_PURGE] =
		/* Identifiers grow with time, so the oldest are the first. */
	"DELETE FROM challenges WHERE expires_at < $1 AND id IN"
	" (SELECT id FROM challenges ORDER BY id LIMIT $2)",

	[SQL_WRONG_INSERT] = "INSERT INTO wrong (user, decoy, at) VALUES ($1, $2, $3)",
	[SQL_WRONG_TIMES] = "SELECT at FROM wrong WHERE user = $1 AND decoy = 0"
			    " AND at > $2 ORDER BY at DESC LIMIT $3",
	[SQL_WRONG_FORGET] = "DELETE FROM wrong WHERE user = $1",
	[SQL_WRONG_RATE] = "SELECT at FROM wrong WHERE at > $1 AND decoy = 0",
	[SQL_WRONG_PURGE] = "DELETE FROM wrong WHERE at < $1 AND id IN"
			    " (SELECT id FROM wrong ORDER BY id LIMIT $2)",
	[SQL_WRONG_PURGE_DECOYS] = "DELETE FROM wrong WHERE id IN (SELECT id FROM wrong"
				   " WHERE decoy <> 0 AND at < $1 LIMIT $2)",

	[SQL_GRACE_PUT] = "INSERT INTO grace (user, service, rhost, tty, peer, until)"
			  " VALUES ($1, $2, $3, $4, $5, $6)"
			  " ON CONFLICT (user, service, rhost, tty, peer)"
			  " DO UPDATE SET until = excluded.until",
	[SQL_GRACE_GET] = "SELECT until FROM grace WHERE user = $1 AND service = $2"
			  " AND rhost = $3 AND tty = $4 AND peer = $5",
	[SQL_GRACE_FORGET] = "DELETE FROM grace WHERE user = $1",
	[SQL_GRACE_PURGE] = "DELETE FROM grace WHERE until <= $1",

	[SQL_MAIL_INSERT] =
		"INSERT INTO mail (name, user, origin, purpose, state, tries, at, next_at,"
		" deadline, sender, nonce, sealed, detail, own)"
		" VALUES ($1, $2, $3, $4, $5, 0, $6, $6, $7, $8, $9, $10, '', $11)",
	[SQL_MAIL_GET] = "SELECT " MAIL_COLUMNS " FROM mail WHERE id = $1",
	[SQL_MAIL_GET_BY_NAME] = "SELECT " MAIL_COLUMNS
				 " FROM mail WHERE name = $1 ORDER BY id DESC LIMIT 1",
	/* Sends that failed (3) or came back (2) cost nothing here, and have a budget
	 * of their own; notices (purpose 4) and tests (5) cost nothing at all. */
	[SQL_MAIL_USER_TIMES] = "SELECT at FROM mail WHERE user = $1 AND at > $2"
				" AND state <> 3 AND state <> 2 AND purpose = $4"
				" ORDER BY at DESC, id DESC LIMIT $3",
	[SQL_MAIL_FAILED_TIMES] = "SELECT at FROM mail WHERE user = $1 AND at > $2"
				  " AND state IN (2, 3) AND purpose NOT IN (4, 5)"
				  " ORDER BY at DESC, id DESC LIMIT $3",
	[SQL_MAIL_ORIGIN_TIMES] =
		"SELECT at FROM mail WHERE origin = $1 AND origin <> '' AND at > $2"
		" ORDER BY at DESC LIMIT $3",
	[SQL_MAIL_RATE] = "SELECT at FROM mail WHERE at > $1 AND state <> 4",
	[SQL_MAIL_DUE] =
		"SELECT " MAIL_COLUMNS " FROM mail WHERE state = 0 AND next_at <= $1"
		" ORDER BY next_at LIMIT $2",
	[SQL_MAIL_UPDATE] =
		"UPDATE mail SET state = $2, tries = $3, next_at = $4, detail = $5,"
		" transport = $6, second = $7,"
		" sealed = CASE WHEN $2 = 0 THEN sealed END WHERE id = $1 AND state = 0",
	[SQL_MAIL_BOUNCED] = "UPDATE mail SET state = 2, detail = $2"
			     " WHERE name = $1 AND state = 1 RETURNING id, second",
	[SQL_MAIL_DISOWN] = "UPDATE mail SET own = 0 WHERE user = $1 AND own = 1",
	[SQL_MAIL_DISOWN_MOVED] =
		"UPDATE mail SET own = 0 WHERE user = $1 AND own = 1 AND EXISTS"
		" (SELECT 1 FROM users WHERE name = $1 AND address <> $2)",
	[SQL_MAIL_KILL] = "UPDATE mail SET state = 5, sealed = NULL"
			  " WHERE id = $1 AND state = 0",
	[SQL_MAIL_KILL_USER] =
		"UPDATE mail SET state = 5, sealed = NULL WHERE state = 0 AND id IN"
		" (SELECT mail FROM challenges WHERE state = 0 AND user = $1)",
	[SQL_MAIL_KILL_ALL] =
		"UPDATE mail SET state = 5, sealed = NULL WHERE state = 0 AND id IN"
		" (SELECT mail FROM challenges WHERE state = 0)",
	[SQL_MAIL_KILL_LATE] = "UPDATE mail SET state = 3, sealed = NULL,"
			       " detail = CASE WHEN detail = '' THEN"
			       " 'not delivered in time' ELSE detail END"
			       " WHERE state = 0 AND deadline <= $1",
	[SQL_MAIL_LIST] =
		"SELECT " MAIL_COLUMNS
		" FROM mail WHERE id < $1 AND state <> 4 ORDER BY id DESC LIMIT $2",
	[SQL_MAIL_LIST_OPEN] =
		"SELECT " MAIL_COLUMNS " FROM mail WHERE id < $1 AND state = 0"
		" ORDER BY id DESC LIMIT $2",
	[SQL_MAIL_COUNT_OPEN] = "SELECT count(*) FROM mail WHERE state = 0",
	[SQL_MAIL_NEXT_DUE] = "SELECT min(next_at) FROM mail WHERE state = 0"
			      " AND next_at > $1",
	[SQL_MAIL_PURGE] = "DELETE FROM mail WHERE state <> 0 AND at < $1"
			   " AND id < (SELECT max(id) FROM mail) AND id IN"
			   " (SELECT id FROM mail ORDER BY id LIMIT $2)",

	[SQL_AUDIT_INSERT] =
		"INSERT INTO audit (at, event, user, service, rhost, uid, reference, detail)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	[SQL_AUDIT_LIST] = "SELECT " AUDIT_COLUMNS
			   " FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2",
	[SQL_AUDIT_LIST_USER] = "SELECT " AUDIT_COLUMNS " FROM audit WHERE id < $1"
				" AND id >= $1 - 50000 AND user = $3"
				" ORDER BY id DESC LIMIT $2",
	[SQL_AUDIT_END] = "SELECT coalesce(max(id), 0) + 1 FROM audit",
	/*
	 * Rows lie in the order of time, so the oldest are the first. The newest stays,
	 * so that no identifier is given twice.
	 */
	[SQL_AUDIT_PURGE_OLD] = "DELETE FROM audit WHERE at < $1"
				" AND id < (SELECT max(id) FROM audit) AND id IN"
				" (SELECT id FROM audit ORDER BY id LIMIT $2)",
	[SQL_AUDIT_PURGE_MANY] =
		"DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - $1"
		" AND id < (SELECT max(id) FROM audit) AND id IN"
		" (SELECT id FROM audit ORDER BY id LIMIT $2)",
};

const char *sql_text(enum sql id)
{
	return texts[id];
}
