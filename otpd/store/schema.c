/* SPDX-License-Identifier: MIT */
/*
 * The schema, version by version. What a version says MUST NOT be changed: databases of
 * it exist.
 *
 * Times are seconds since 1970. A row of mail is the record of a send as well as the
 * outbox: the budgets of sends count its rows, so that a mail and its cost cannot part.
 * Its origin is what a budget besides the user's is about: the remote host (of IPv6 its
 * /64), or of an enrolment a keyed hash of the address.
 * Its own is 1 while it went to the address that its user has now, and 0 once that has
 * changed: only such mails say anything of the address. users.refusals counts how many
 * of them in a row were refused or came back; bounced says that one came back, so that
 * a server that takes a mail proves nothing, and only a code that was typed does.
 * Rows of decoys have state 4 (void), are never sent, and cost the same: they keep a
 * blob of a letter to nobody, and mail_void, which no statement reads, is there so that
 * they too are written to an index like mail_due. Wrong tries on decoys are written for
 * the same reason, and are nobody's. Whatever is compared without regard to case stands
 * in a column of its own in lower case (address_key), made so in C: what a locale
 * thinks of letters decides nothing here. Rows of accounts may have kilobytes, and no
 * order but that of their making, so they have a rowid; sessions are numbered because
 * the oldest ones of an account end. recovery.principal, and the user of challenges,
 * wrong, grace and mail, is a principal (core/principal.h). grace.length and alphabet
 * are the form of the code that was right. recovery.expires_at is 0 of a recovery code,
 * and the end of a break-glass code, of which a principal has one at most.
 * challenges.unknown is 1 if the system did not know the user, whom no recovery code
 * helps then. A state 1 of users and accounts from before version 4 may be that of the
 * monthly budget, which has numbers of its own since (2 and 3): they stay disabled,
 * since nothing tells them apart. wrong_stranger is for the wrong recovery codes of
 * users that there are not.
 */
#include "otpd/store/sql.h"

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

static const char version_3[] =
	"CREATE TABLE accounts ("
	"  id BLOB NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, address TEXT NOT NULL,"
	"  address_key TEXT NOT NULL, login TEXT NOT NULL, password TEXT NOT NULL,"
	"  language TEXT NOT NULL, state INTEGER NOT NULL, verified_at INTEGER NOT NULL,"
	"  created_at INTEGER NOT NULL, login_at INTEGER NOT NULL,"
	"  password_at INTEGER NOT NULL, reset_until INTEGER NOT NULL,"
	"  profile TEXT NOT NULL"
	") STRICT;"
	"CREATE UNIQUE INDEX accounts_address ON accounts (tenant, address_key);"
	"CREATE UNIQUE INDEX accounts_login ON accounts (tenant, login)"
	"  WHERE login <> '';"
	"CREATE TABLE registrations ("
	"  challenge BLOB PRIMARY KEY, tenant TEXT NOT NULL, client TEXT NOT NULL,"
	"  address TEXT NOT NULL, address_key TEXT NOT NULL, login TEXT NOT NULL,"
	"  password TEXT NOT NULL, language TEXT NOT NULL, expires_at INTEGER NOT NULL,"
	"  profile TEXT NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX registrations_address"
	"  ON registrations (tenant, address_key, challenge);"
	"CREATE INDEX registrations_end ON registrations (expires_at);"
	"CREATE TABLE grants ("
	"  hash BLOB PRIMARY KEY, purpose INTEGER NOT NULL, tenant TEXT NOT NULL,"
	"  client TEXT NOT NULL, account BLOB NOT NULL, address TEXT NOT NULL,"
	"  amr TEXT NOT NULL, auth_time INTEGER NOT NULL, expires_at INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX grants_account ON grants (account);"
	"CREATE INDEX grants_end ON grants (expires_at);"
	"CREATE TABLE sessions ("
	"  number INTEGER PRIMARY KEY, id BLOB NOT NULL, account BLOB NOT NULL,"
	"  client TEXT NOT NULL, amr TEXT NOT NULL, generation INTEGER NOT NULL,"
	"  hash BLOB NOT NULL, auth_time INTEGER NOT NULL, used_at INTEGER NOT NULL,"
	"  expires_at INTEGER NOT NULL"
	") STRICT;"
	"CREATE UNIQUE INDEX sessions_id ON sessions (id);"
	"CREATE INDEX sessions_account ON sessions (account);"
	"CREATE INDEX sessions_end ON sessions (expires_at);"
	"CREATE TABLE recovery ("
	"  principal TEXT NOT NULL, selector TEXT NOT NULL, hash TEXT NOT NULL,"
	"  PRIMARY KEY (principal, selector)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX wrong_password ON wrong (at)"
	"  WHERE user >= 'pw:' AND user < 'pw;';"
	"CREATE INDEX mail_void ON mail (next_at) WHERE state = 4;"
	"ALTER TABLE grace ADD COLUMN length INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE grace ADD COLUMN alphabet INTEGER NOT NULL DEFAULT 0;";

static const char version_4[] =
	"ALTER TABLE recovery ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX recovery_end ON recovery (expires_at) WHERE expires_at <> 0;"
	"ALTER TABLE challenges ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX wrong_stranger ON wrong (at)"
	"  WHERE user >= 'rc:addr:' AND user < 'rc:addr;';";

const char *const sql_schema[SQL_VERSION] = { version_1, version_2, version_3,
	version_4 };
