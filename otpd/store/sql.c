/* SPDX-License-Identifier: MIT */
/*
 * Every statement, in one place, as PostgreSQL takes it too: $n for parameters, and of
 * what goes beyond the standard only ON CONFLICT, RETURNING and LIMIT. The schema, and
 * what its columns mean, is in schema.c.
 */
#include "otpd/store/sql.h"

#define CHALLENGE_COLUMNS                                                                    \
	"id, user, service, rhost, tty, peer, purpose, decoy, key_id, hash, reference,"      \
	" length, alphabet, state, tries, max_tries, created_at, expires_at, mail, address," \
	" unknown"
#define USER_COLUMNS                                                       \
	"name, address, person, state, verified_at, created_at, login_at," \
	" language, second, second_verified_at, refusals"
#define MAIL_COLUMNS                                                                   \
	"id, name, user, purpose, state, tries, at, next_at, deadline, sender, nonce," \
	" sealed, detail, transport, second, own"
/* The user whose own address the mail went to. */
#define OWNER_OF_MAIL "(SELECT user FROM mail WHERE id = $1 AND own = 1)"
#define ACCOUNT_COLUMNS                                                                \
	"id, tenant, address, login, password, profile, language, state, verified_at," \
	" created_at, login_at, password_at, reset_until"
#define REGISTRATION_COLUMNS \
	"challenge, tenant, client, address, login, password, profile, language, expires_at"
#define GRANT_COLUMNS \
	"hash, purpose, tenant, client, account, address, amr, auth_time, expires_at"
#define SESSION_COLUMNS \
	"id, account, client, amr, generation, hash, auth_time, used_at, expires_at"
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
	[SQL_USER_MOVE_STATE] =
		"UPDATE users SET state = $3 WHERE name = $1 AND state = $2",
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
		" $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
	[SQL_CHALLENGE_GET] =
		"SELECT " CHALLENGE_COLUMNS " FROM challenges WHERE id = $1",
	[SQL_CHALLENGE_FIND] =
		"SELECT " CHALLENGE_COLUMNS
		" FROM challenges WHERE state = 0 AND user = $1"
		" AND service = $2 AND rhost = $3 AND peer = $4 AND expires_at > $5"
		" ORDER BY created_at DESC LIMIT 1",
	/* CODE_LOGIN and CODE_VERIFY_ADDRESS. */
	[SQL_CHALLENGE_FIND_LOGIN] =
		"SELECT " CHALLENGE_COLUMNS
		" FROM challenges WHERE state = 0 AND user = $1"
		" AND service = $2 AND rhost = $3 AND peer = $4 AND expires_at > $5"
		" AND purpose IN (1, 2) ORDER BY created_at DESC LIMIT 1",
	[SQL_CHALLENGE_FIND_PURPOSE] =
		"SELECT " CHALLENGE_COLUMNS
		" FROM challenges WHERE state = 0 AND user = $1"
		" AND service = $2 AND rhost = $3 AND peer = $4 AND expires_at > $5"
		" AND purpose = $6 ORDER BY created_at DESC LIMIT 1",
	/* state = 0: no row, and so an error, if somebody else has ended it. */
	[SQL_CHALLENGE_UPDATE] = "UPDATE challenges SET state = $2, tries = $3"
				 " WHERE id = $1 AND state = 0",
	/* Of two who want it at once, only one finds it passed (1). */
	[SQL_CHALLENGE_SPEND] =
		"UPDATE challenges SET state = 4 WHERE id = $1 AND state = 1",
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
	/* Identifiers begin with the time. */
	[SQL_CHALLENGE_COUNT_MAILLESS] = "SELECT count(*) FROM challenges"
					 " WHERE id >= $1 AND user = $2 AND mail = 0",
	[SQL_CHALLENGE_PURGE] =
		/* Identifiers grow with time, so the oldest are the first. */
	"DELETE FROM challenges WHERE expires_at < $1 AND id IN"
	" (SELECT id FROM challenges ORDER BY id LIMIT $2)",

	[SQL_WRONG_INSERT] = "INSERT INTO wrong (user, decoy, at) VALUES ($1, $2, $3)",
	[SQL_WRONG_TIMES] = "SELECT at FROM wrong WHERE user = $1 AND decoy = 0"
			    " AND at > $2 ORDER BY at DESC LIMIT $3",
	[SQL_WRONG_FORGET] = "DELETE FROM wrong WHERE user = $1",
	/* Mailed codes only: wrong passwords and recovery codes say nothing of who
	 * guesses them. */
	[SQL_WRONG_RATE] = "SELECT at FROM wrong WHERE at > $1 AND decoy = 0"
			   " AND substr(user, 1, 3) NOT IN ('pw:', 'rc:')",
	[SQL_WRONG_PURGE] = "DELETE FROM wrong WHERE at < $1 AND id IN"
			    " (SELECT id FROM wrong ORDER BY id LIMIT $2)",
	[SQL_WRONG_PURGE_DECOYS] = "DELETE FROM wrong WHERE id IN (SELECT id FROM wrong"
				   " WHERE decoy <> 0 AND at < $1 LIMIT $2)",
	/* Those of accounts' passwords, which have no longer window; strangers can have
	 * one row each written for logins that nobody has. */
	[SQL_WRONG_PURGE_PASSWORDS] =
		"DELETE FROM wrong WHERE id IN (SELECT id FROM wrong"
		" WHERE user >= 'pw:' AND user < 'pw;' AND at < $1 LIMIT $2)",

	/* Wrong recovery codes of users that there are not: they count for as long as
	 * those of others, or the difference would be seen, and are so many at most. */
	[SQL_WRONG_PURGE_STRANGERS] =
		"DELETE FROM wrong WHERE id IN (SELECT id FROM wrong"
		" WHERE user >= 'rc:addr:' AND user < 'rc:addr;'"
		" ORDER BY at DESC LIMIT $2 OFFSET $1)",

	[SQL_GRACE_PUT] =
		"INSERT INTO grace (user, service, rhost, tty, peer, until, length, alphabet)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
		" ON CONFLICT (user, service, rhost, tty, peer)"
		" DO UPDATE SET until = excluded.until, length = excluded.length,"
		" alphabet = excluded.alphabet",
	[SQL_GRACE_GET] = "SELECT until, length, alphabet FROM grace WHERE user = $1"
			  " AND service = $2 AND rhost = $3 AND tty = $4 AND peer = $5",
	[SQL_GRACE_FORGET] = "DELETE FROM grace WHERE user = $1",
	[SQL_GRACE_FORGET_ACCOUNTS] =
		"DELETE FROM grace WHERE substr(user, 1, 5) = 'acct:'",
	[SQL_GRACE_PURGE] = "DELETE FROM grace WHERE until <= $1",

	[SQL_MAIL_INSERT] =
		"INSERT INTO mail (name, user, origin, purpose, state, tries, at, next_at,"
		" deadline, sender, nonce, sealed, detail, own)"
		" VALUES ($1, $2, $3, $4, $5, 0, $6, $6, $7, $8, $9, $10, '', $11)",
	[SQL_MAIL_GET] = "SELECT " MAIL_COLUMNS " FROM mail WHERE id = $1",
	[SQL_MAIL_GET_BY_NAME] = "SELECT " MAIL_COLUMNS
				 " FROM mail WHERE name = $1 ORDER BY id DESC LIMIT 1",
	/* Sends that failed (3) or came back (2) cost nothing here, and have a budget
	 * of their own; notices (purpose 4) and tests (5) cost nothing at all. Those of
	 * resets (8) cost what they cost: strangers would see that one has failed. */
	[SQL_MAIL_USER_TIMES] = "SELECT at FROM mail WHERE user = $1 AND at > $2"
				" AND (state NOT IN (2, 3) OR purpose = 8)"
				" AND purpose = $4 ORDER BY at DESC, id DESC LIMIT $3",
	[SQL_MAIL_FAILED_TIMES] = "SELECT at FROM mail WHERE user = $1 AND at > $2"
				  " AND state IN (2, 3) AND purpose NOT IN (4, 5, 8)"
				  " ORDER BY at DESC, id DESC LIMIT $3",
	/* Those that there was a mail of: strangers cause void ones (state 4). */
	[SQL_MAIL_NOTICE_TIMES] = "SELECT at FROM mail WHERE user = $1 AND at > $2"
				  " AND state <> 4 AND purpose = 4"
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
	[SQL_MAIL_COUNT_WAITING] =
		"SELECT count(*), coalesce(sum(CASE WHEN tries > 0 THEN 1 ELSE 0 END), 0)"
		" FROM mail WHERE state = 0",
	[SQL_MAIL_NEXT_DUE] = "SELECT min(next_at) FROM mail WHERE state = 0"
			      " AND next_at > $1",
	[SQL_MAIL_PURGE] = "DELETE FROM mail WHERE state <> 0 AND at < $1"
			   " AND id < (SELECT max(id) FROM mail) AND id IN"
			   " (SELECT id FROM mail ORDER BY id LIMIT $2)",

	[SQL_ACCOUNT_GET] = "SELECT " ACCOUNT_COLUMNS " FROM accounts WHERE id = $1",
	[SQL_ACCOUNT_PRINCIPAL] = "SELECT address, login, language, state, verified_at,"
				  " created_at, login_at FROM accounts WHERE id = $1",
	[SQL_ACCOUNT_BY_ADDRESS] =
		"SELECT " ACCOUNT_COLUMNS
		", address_key FROM accounts WHERE tenant = $1 AND address_key >= $2"
		" ORDER BY address_key LIMIT 1",
	/* The second half is that of the index. */
	[SQL_ACCOUNT_BY_LOGIN] =
		"SELECT " ACCOUNT_COLUMNS
		", login FROM accounts WHERE tenant = $1 AND login >= $2 AND login <> ''"
		" ORDER BY login LIMIT 1",
	[SQL_ACCOUNT_INSERT] =
		"INSERT INTO accounts (" ACCOUNT_COLUMNS ", address_key)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
	[SQL_ACCOUNT_SET_PASSWORD] =
		"UPDATE accounts SET password = $2, password_at = $3 WHERE id = $1",
	[SQL_ACCOUNT_REHASH] = "UPDATE accounts SET password = $2 WHERE id = $1",
	[SQL_ACCOUNT_SET_ADDRESS] =
		"UPDATE accounts SET address = $2, address_key = $3, verified_at = $4"
		" WHERE id = $1",
	[SQL_ACCOUNT_SET_PROFILE] = "UPDATE accounts SET profile = $2 WHERE id = $1",
	[SQL_ACCOUNT_SET_STATE] = "UPDATE accounts SET state = $2 WHERE id = $1",
	[SQL_ACCOUNT_MOVE_STATE] =
		"UPDATE accounts SET state = $3 WHERE id = $1 AND state = $2",
	[SQL_ACCOUNT_SET_VERIFIED] =
		"UPDATE accounts SET verified_at = $2 WHERE id = $1",
	[SQL_ACCOUNT_SET_LOGIN] = "UPDATE accounts SET login_at = $2 WHERE id = $1",
	[SQL_ACCOUNT_SET_RESET_UNTIL] =
		"UPDATE accounts SET reset_until = $2 WHERE id = $1",
	[SQL_ACCOUNT_DELETE] = "DELETE FROM accounts WHERE id = $1",
	[SQL_ACCOUNT_LIST] = "SELECT " ACCOUNT_COLUMNS
			     " FROM accounts WHERE tenant = $1 AND address_key > $2"
			     " ORDER BY address_key LIMIT $3",
	[SQL_ACCOUNT_COUNT] = "SELECT count(*) FROM accounts",

	[SQL_REGISTRATION_PUT] =
		"INSERT INTO registrations (" REGISTRATION_COLUMNS ", address_key)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
		" ON CONFLICT (challenge) DO UPDATE SET tenant = excluded.tenant,"
		" client = excluded.client, address = excluded.address,"
		" address_key = excluded.address_key, login = excluded.login,"
		" password = excluded.password, profile = excluded.profile,"
		" language = excluded.language, expires_at = excluded.expires_at",
	[SQL_REGISTRATION_GET] =
		"SELECT " REGISTRATION_COLUMNS
		" FROM registrations WHERE challenge = $1 AND expires_at > $2",
	/* Identifiers of challenges grow with time. */
	[SQL_REGISTRATION_FIND] =
		"SELECT challenge FROM registrations WHERE tenant = $1"
		" AND address_key = $2 AND expires_at > $3"
		" ORDER BY challenge DESC LIMIT 1",
	[SQL_REGISTRATION_DELETE] = "DELETE FROM registrations WHERE challenge = $1",
	[SQL_REGISTRATION_DELETE_ADDRESS] =
		"DELETE FROM registrations WHERE tenant = $1 AND address_key = $2",
	[SQL_REGISTRATION_PURGE] =
		"DELETE FROM registrations WHERE challenge IN"
		" (SELECT challenge FROM registrations WHERE expires_at <= $1"
		" ORDER BY expires_at LIMIT $2)",
	[SQL_REGISTRATION_COUNT] = "SELECT count(*) FROM registrations",

	[SQL_GRANT_INSERT] = "INSERT INTO grants (" GRANT_COLUMNS
			     ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
	[SQL_GRANT_GET] = "SELECT " GRANT_COLUMNS " FROM grants WHERE hash = $1"
			  " AND purpose = $2 AND expires_at > $3",
	[SQL_GRANT_DELETE] = "DELETE FROM grants WHERE hash = $1",
	[SQL_GRANT_DELETE_ACCOUNT] = "DELETE FROM grants WHERE account = $1",
	[SQL_GRANT_PURGE] = "DELETE FROM grants WHERE hash IN (SELECT hash FROM grants"
			    " WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",

	[SQL_SESSION_INSERT] = "INSERT INTO sessions (" SESSION_COLUMNS
			       ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
	[SQL_SESSION_GET] = "SELECT " SESSION_COLUMNS
			    " FROM sessions WHERE id = $1 AND expires_at > $2",
	[SQL_SESSION_ROTATE] =
		"UPDATE sessions SET generation = $2, hash = $3, used_at = $4,"
		" expires_at = $5 WHERE id = $1",
	[SQL_SESSION_END] = "DELETE FROM sessions WHERE id = $1",
	[SQL_SESSION_END_ACCOUNT] = "DELETE FROM sessions WHERE account = $1",
	[SQL_SESSION_END_ALL] = "DELETE FROM sessions",
	[SQL_SESSION_COUNT_ACCOUNT] = "SELECT count(*) FROM sessions"
				      " WHERE account = $1 AND expires_at > $2",
	[SQL_SESSION_COUNT] = "SELECT count(*) FROM sessions WHERE expires_at > $1",
	/* The inner number is NULL, and so none is deleted, if there are not too many.
	 */
	[SQL_SESSION_TRIM] = "DELETE FROM sessions WHERE account = $1 AND number <="
			     " (SELECT number FROM sessions WHERE account = $1"
			     " ORDER BY number DESC LIMIT 1 OFFSET $2)",
	[SQL_SESSION_PURGE] =
		"DELETE FROM sessions WHERE number IN (SELECT number FROM sessions"
		" WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",

	/* expires_at is 0 of a recovery code, and of a break-glass code when it ends.
	 */
	[SQL_RECOVERY_INSERT] =
		"INSERT INTO recovery (principal, selector, hash, expires_at)"
		" VALUES ($1, $2, $3, $4)",
	[SQL_RECOVERY_GET] =
		"SELECT selector, hash, expires_at FROM recovery WHERE principal = $1"
		" AND selector = $2 AND (expires_at = 0 OR expires_at > $3)",
	[SQL_RECOVERY_DELETE] = "DELETE FROM recovery WHERE principal = $1"
				" AND selector = $2 AND hash = $3",
	[SQL_RECOVERY_DELETE_CODES] =
		"DELETE FROM recovery WHERE principal = $1 AND expires_at = 0",
	[SQL_RECOVERY_DELETE_GLASS] =
		"DELETE FROM recovery WHERE principal = $1 AND expires_at <> 0",
	[SQL_RECOVERY_DELETE_ALL] = "DELETE FROM recovery WHERE principal = $1",
	[SQL_RECOVERY_COUNT] = "SELECT count(*) FROM recovery"
			       " WHERE principal = $1 AND expires_at = 0",
	[SQL_RECOVERY_HAS] = "SELECT 1 FROM recovery WHERE principal = $1"
			     " AND (expires_at = 0 OR expires_at > $2) LIMIT 1",
	[SQL_RECOVERY_PURGE] =
		"DELETE FROM recovery WHERE expires_at <> 0 AND expires_at <= $1",

	[SQL_AUDIT_INSERT] =
		"INSERT INTO audit (at, event, user, service, rhost, uid, reference, detail)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	[SQL_AUDIT_LIST] = "SELECT " AUDIT_COLUMNS
			   " FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2",
	[SQL_AUDIT_LIST_WANTED] =
		"SELECT " AUDIT_COLUMNS " FROM audit WHERE id < $1 AND id >= $3"
		" AND ($4 = '' OR user = $4) AND ($5 = '' OR event = $5)"
		" AND ($6 = '' OR service = $6) AND ($7 = '' OR rhost = $7)"
		" AND at >= $8 AND at < $9 ORDER BY id DESC LIMIT $2",
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
