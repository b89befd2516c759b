/* SPDX-License-Identifier: MIT */
/* The store: what it opens, what it refuses, and the rules that stand in SQL. */
#include "otpd/store/store.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "otpd/store/accounts.h"
#include "otpd/store/audit.h"
#include "otpd/store/challenges.h"
#include "otpd/store/db.h"
#include "otpd/store/mails.h"
#include "otpd/store/principals.h"
#include "otpd/store/recovery.h"
#include "otpd/store/spending.h"
#include "otpd/store/users.h"
#include "tests/unit/unit.h"

#define NOW 1700000000

static char path[UNIT_PATH], error[512];

static struct store opened(void)
{
	struct store store;

	unit_path(path, "otpd.db");
	ck_assert_msg(store_open(&store, path, error, sizeof(error)) == 0, "%s", error);
	return store;
}

static int try_open(void)
{
	struct store store;
	int r;

	error[0] = '\0';
	r = store_open(&store, path, error, sizeof(error));
	if (r == 0)
		store_close(&store);
	else
		ck_assert_msg(strstr(error, path) == error, "\"%s\"", error);
	return r;
}

static struct user user_named(const char *name)
{
	struct user user = { .created_at = NOW };

	snprintf(user.name, sizeof(user.name), "%s", name);
	snprintf(user.address, sizeof(user.address), "%s@example.org", name);
	snprintf(user.person, sizeof(user.person), "The %s", name);
	return user;
}

static void fill(struct store *store, int n)
{
	ck_assert_int_eq(store_begin(store, true), 0);
	for (int i = 0; i < n; i++) {
		char name[16];
		struct user user;

		snprintf(name, sizeof(name), "user%04d", i);
		user = user_named(name);
		ck_assert_int_eq(users_insert(store, &user), 0);
		ck_assert_int_eq(spending_add_wrong(store, name, false, NOW + i), 0);
	}
	ck_assert_int_eq(store_commit(store), 0);
}

START_TEST(a_new_store_is_private_and_comes_back)
{
	struct store store = opened();
	struct stat st;
	int64_t n = 0;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	fill(&store, 3);
	store_close(&store);
	store = opened();
	ck_assert_int_eq(users_count(&store, &n), 0);
	ck_assert_int_eq(n, 3);
	store_close(&store);
}
END_TEST

START_TEST(every_statement_is_prepared_at_the_start)
{
	struct store store = opened();

	for (int i = 0; i < SQL_COUNT; i++)
		ck_assert_msg(sql_text((enum sql)i) != NULL, "%d has no text", i);
	ck_assert_int_eq(db_script(store.db, "DROP TABLE grace"), 0);
	store_close(&store);
	/* A schema that does not fit is found before anything is served. */
	ck_assert_int_lt(try_open(), 0);
	ck_assert_ptr_nonnull(strstr(error, "grace"));
}
END_TEST

START_TEST(what_protects_the_file_is_on)
{
	static const struct {
		const char *sql;
		int64_t value;
	} pragmas[] = { { "PRAGMA synchronous", 2 }, { "PRAGMA secure_delete", 1 },
		{ "PRAGMA trusted_schema", 0 }, { "PRAGMA foreign_keys", 1 },
		{ "PRAGMA cell_size_check", 1 },
		{ "PRAGMA application_id", 0x6f747064 }, { "PRAGMA user_version", 4 },
		{ "PRAGMA temp_store", 2 },
		{ "SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1 },
		{ "SELECT locking_mode = 'exclusive' FROM pragma_locking_mode", 1 },
		{ "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND"
		  " NOT strict AND name NOT LIKE 'sqlite_%'",
			0 } };
	struct store store = opened();

	for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++) {
		int64_t value = -1;

		ck_assert_int_eq(db_number(store.db, pragmas[i].sql, &value), 0);
		ck_assert_msg(value == pragmas[i].value, "%s is %lld", pragmas[i].sql,
			(long long)value);
	}
	store_close(&store);
}
END_TEST

/* The file is what it was; the store did not open. */
static void refused_untouched(const void *data, size_t size, const char *word)
{
	char *after;
	size_t after_size;

	unit_write(path, data, size, 0600);
	ck_assert_int_eq(try_open(), -EUCLEAN);
	ck_assert_msg(strstr(error, word) != NULL, "\"%s\" lacks \"%s\"", error, word);
	after = unit_read(path, &after_size);
	ck_assert_uint_eq(after_size, size);
	ck_assert_mem_eq(after, data, size);
	free(after);
}

START_TEST(foreign_files_are_refused_and_stay_as_they_are)
{
	struct store store;
	char *data;
	char zeros[8192] = { 0 };
	size_t size;

	unit_path(path, "otpd.db");
	refused_untouched("hello, this is a text", 21, "");
	refused_untouched(zeros, sizeof(zeros), "");
	refused_untouched("SQLite format 3", 16, "");
	/* Another program's database, and a newer otpd's. */
	unlink(path);
	store = opened();
	ck_assert_int_eq(db_script(store.db, "PRAGMA application_id=7"), 0);
	store_close(&store);
	data = unit_read(path, &size);
	refused_untouched(data, size, "not a database of otpd");
	free(data);
	unlink(path);
	store = opened();
	ck_assert_int_eq(db_script(store.db, "PRAGMA user_version=5"), 0);
	store_close(&store);
	data = unit_read(path, &size);
	refused_untouched(data, size, "newer");
	free(data);
}
END_TEST

START_TEST(a_file_of_the_wrong_kind_or_mode_is_refused)
{
	char target[UNIT_PATH];
	struct store store = opened();

	store_close(&store);
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(try_open(), -EUCLEAN);
	ck_assert_ptr_nonnull(strstr(error, "0600"));
	ck_assert_int_eq(chmod(path, 0600), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 65534, 65534), 0);
		ck_assert_int_eq(try_open(), -EUCLEAN);
		ck_assert_int_eq(chown(path, 0, 0), 0);
	}
	ck_assert_int_eq(rename(path, unit_path(target, "real.db")), 0);
	ck_assert_int_eq(symlink(target, path), 0);
	ck_assert_int_eq(try_open(), -ELOOP);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(try_open(), -EUCLEAN);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(try_open(), -EISDIR);
	unit_path(path, "no/such/otpd.db");
	ck_assert_int_eq(try_open(), -ENOENT);
}
END_TEST

START_TEST(a_second_opener_is_told_who_has_it)
{
	struct store store = opened();
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(try_open() == -EBUSY && strstr(error, "another otpd") ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	store_close(&store);
	ck_assert_int_eq(try_open(), 0);
}
END_TEST

/* One mutant: it may be refused, or work; it may not crash, and may not be emptied. */
static void judge_mutant(const char *data, size_t size, int users, int number)
{
	struct store store;
	int r;

	unit_write(path, data, size, 0600);
	r = store_open(&store, path, error, sizeof(error));
	if (r < 0) {
		size_t after_size;
		char *after = unit_read(path, &after_size);

		ck_assert_msg(r != -EBUSY && r != -EEXIST, "%d: %d", number, r);
		ck_assert_msg(error[0], "mutant %d was refused without a word", number);
		ck_assert_uint_ge(after_size, size < 4096 ? size : 4096);
		free(after);
	} else {
		struct spending wrong;
		struct user user;
		int64_t n = 0;

		r = users_count(&store, &n);
		ck_assert_msg(
			r < 0 || n == users, "%d has %lld users", number, (long long)n);
		(void)users_get(&store, "user0007", &user);
		(void)spending_wrong(&store, "user0007", 3600, 10, NOW, &wrong);
		(void)spending_add_wrong(&store, "user0007", false, NOW);
		store_close(&store);
	}
}

START_TEST(of_four_hundred_damaged_files_none_crashes_and_none_is_made_anew)
{
	const int users = 400;
	struct store store = opened();
	uint64_t state = 99;
	char *data, *mutant, log[UNIT_PATH + 8];
	size_t size;
	int refused = 0;

	fill(&store, users);
	store_close(&store);
	data = unit_read(path, &size);
	mutant = malloc(size);
	snprintf(log, sizeof(log), "%s-wal", path);
	for (int i = 0; i < 400; i++) {
		size_t n = size, at = unit_random(&state) % size;

		memcpy(mutant, data, size);
		if (i % 4 == 0) /* a byte of the header */
			mutant[unit_random(&state) % 100] ^=
				(char)(1 + unit_random(&state) % 255);
		else if (i % 4 == 1) /* a page of zeros or noise, as disks leave them */
			for (size_t j = at & ~(size_t)4095;
				j < size && j < (at & ~(size_t)4095) + 4096; j++)
				mutant[j] = i % 8 == 1 ? 0 : (char)unit_random(&state);
		else if (i % 4 == 2) /* the structure of some page */
			mutant[(at & ~(size_t)4095) + unit_random(&state) % 12] ^=
				(char)(1 + unit_random(&state) % 255);
		else /* cut */
			n = 1 + at;
		unlink(log);
		judge_mutant(mutant, n, users, i);
		refused += error[0] != '\0';
		error[0] = '\0';
	}
	ck_assert_int_gt(refused, 200);
	free(data);
	free(mutant);
}
END_TEST

START_TEST(a_damaged_log_loses_no_committed_row_that_is_in_the_file)
{
	uint64_t state = 5;

	for (int i = 0; i < 40; i++) {
		struct store store;
		char log[UNIT_PATH + 8], *data;
		size_t size;
		int64_t n = -1;
		pid_t pid;

		unit_path(path, "log.db");
		unlink(path);
		snprintf(log, sizeof(log), "%s-wal", path);
		unlink(log);
		ck_assert_int_eq(store_open(&store, path, error, sizeof(error)), 0);
		fill(&store, 10);
		ck_assert_int_eq(store_tidy(&store), 0);
		store_close(&store);
		pid = fork();
		if (pid == 0) {
			if (store_open(&store, path, error, sizeof(error)) < 0)
				_exit(1);
			(void)store_put_number(&store, "late", 1);
			kill(getpid(), SIGKILL);
		}
		waitpid(pid, NULL, 0);
		data = unit_read(log, &size);
		ck_assert_uint_gt(size, 0);
		data[unit_random(&state) % size] ^=
			(char)(1 + unit_random(&state) % 255);
		unit_write(log, data, size, 0600);
		free(data);
		if (store_open(&store, path, error, sizeof(error)) < 0)
			continue;
		ck_assert_int_eq(users_count(&store, &n), 0);
		ck_assert_int_eq(n, 10);
		store_close(&store);
	}
}
END_TEST

/* The schema of version 1, as the otpd of then wrote it. MUST stay as it is. */
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
	") STRICT;"
	"PRAGMA application_id=1869901924; PRAGMA user_version=1;";

/* Three users, a live challenge, mails in three states, a wrong try. */
static const char data_1[] =
	"INSERT INTO users VALUES ('alice', 'alice@example.org', 'Alice A.', 0, 100, 50, 70),"
	" ('bob', 'bob@example.org', '', 1, 0, 51, 0), ('carol', 'c@example.org', 'C', 0, 5, 5, 5);"
	"INSERT INTO meta VALUES ('high_water', 1699999999);"
	"INSERT INTO challenges VALUES (x'000102030405060708090a0b0c0d0e0f', 'alice', 'sshd',"
	" '', 'ssh', 0, 1, 0, 7, x'aa', 'K7Q', 6, 0, 0, 2, 5, 1700000000, 1700000600, 2, '');"
	"INSERT INTO mail VALUES (1, zeroblob(16), 'alice', '', 1, 1, 1, 1699999000, 1699999000,"
	" 1699999540, NULL, NULL, NULL, '250 ok'),"
	" (2, randomblob(16), 'alice', '192.0.2.1', 1, 0, 0, 1700000000, 1700000000, 1700000540,"
	" zeroblob(32), zeroblob(24), randomblob(300), ''),"
	" (3, randomblob(16), 'bob', '', 1, 3, 2, 1699999000, 0, 1699999540, NULL, NULL, NULL,"
	" '550 no');"
	"INSERT INTO wrong (user, decoy, at) VALUES ('alice', 0, 1699999990);";

/* What version 2 added, as the otpd of then did. MUST stay as it is. */
static const char version_2[] =
	"ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE users ADD COLUMN second TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE users ADD COLUMN second_verified_at INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE users ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE users ADD COLUMN bounced INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mail ADD COLUMN transport TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE mail ADD COLUMN second INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mail ADD COLUMN own INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX mail_sent ON mail (name) WHERE state = 1;"
	"PRAGMA user_version=2;";

/* A second route, refusals, a mail that says something of its address, two step-ups. */
static const char data_2[] =
	"UPDATE users SET language = 'de', second = '+4930123456', second_verified_at = 60,"
	" refusals = 2 WHERE name = 'alice';"
	"UPDATE mail SET own = 1, transport = 'relay' WHERE id = 2;"
	"INSERT INTO grace VALUES ('alice', 'sudo', '', 'tty1', 0, 1700003600),"
	" ('alice', 'cron', '', '', 0, 1700003600);";

/* What version 3 added, as the otpd of then did. MUST stay as it is. */
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
	"ALTER TABLE grace ADD COLUMN alphabet INTEGER NOT NULL DEFAULT 0;"
	"PRAGMA user_version=3;";

/* Codes of an account, one that is disabled, and a wrong try of a user of no name. */
static const char data_3[] =
	"INSERT INTO recovery VALUES ('acct:000102030405060708090a0b0c0d0e0f', 'QAA1', '$1'),"
	" ('acct:000102030405060708090a0b0c0d0e0f', 'QAA2', '$2');"
	"INSERT INTO accounts VALUES (x'000102030405060708090a0b0c0d0e0f', 'acme',"
	" 'a@example.org', 'a@example.org', '', '$h', '', 1, 5, 5, 5, 5, 0, '{}');";

static int64_t number(struct db *db, const char *sql)
{
	int64_t n = -1;

	ck_assert_msg(db_number(db, sql, &n) == 0, "%s: %s", sql, db_error(db));
	return n;
}

/* Makes the file as it was in that version, with one more statement. */
static void make_version(int version, const char *more)
{
	struct db *db;

	unit_path(path, "old.db");
	unlink(path);
	ck_assert_int_eq(db_open(path, &db, error, sizeof(error)), 0);
	ck_assert_int_eq(db_script(db, version_1), 0);
	ck_assert_int_eq(db_script(db, data_1), 0);
	if (version >= 2) {
		ck_assert_int_eq(db_script(db, version_2), 0);
		ck_assert_int_eq(db_script(db, data_2), 0);
	}
	if (version >= 3) {
		ck_assert_int_eq(db_script(db, version_3), 0);
		ck_assert_int_eq(db_script(db, data_3), 0);
	}
	ck_assert_int_eq(db_script(db, more), 0);
	db_close(db);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

/* It is exactly of that version, with all that was in it. */
static void is_whole(struct db *db, int64_t version)
{
	static const char columns[] =
		"SELECT (SELECT count(*) FROM pragma_table_info('recovery')) * 100000000 +"
		" (SELECT count(*) FROM pragma_table_info('challenges')) * 1000000 +"
		" (SELECT count(*) FROM pragma_table_info('users')) * 10000 +"
		" (SELECT count(*) FROM pragma_table_info('mail')) * 100 +"
		" (SELECT count(*) FROM pragma_table_info('grace'))";
	static const int64_t expected[] = { 0, 20071406, 20121706, 320121708,
		421121708 };
	static const int64_t tables[] = { 0, 7, 7, 12, 12 };

	ck_assert_int_eq(number(db, "PRAGMA user_version"), version);
	ck_assert_int_eq(number(db, columns), expected[version]);
	ck_assert_int_eq(
		number(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"),
		tables[version]);
	ck_assert_int_eq(number(db, "SELECT count(*) FROM users"), 3);
	ck_assert_int_eq(number(db, "SELECT count(*) FROM mail"), 3);
	ck_assert_int_eq(number(db, "SELECT count(*) FROM challenges"), 1);
	ck_assert_int_eq(number(db, "SELECT count(*) FROM wrong"), 1);
	ck_assert_int_eq(
		number(db, "SELECT length(sealed) FROM mail WHERE id = 2"), 300);
}

START_TEST(a_database_of_version_1_is_brought_up_with_all_that_is_in_it)
{
	static const uint8_t id[CODE_ID] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
		13, 14, 15 };
	struct challenge challenge;
	struct spending wrong;
	struct store store;
	struct mail mail;
	struct user user;
	int64_t n;

	make_version(1, "");
	/* Twice: the second time there is nothing to do. */
	for (int i = 0; i < 2; i++) {
		ck_assert_msg(store_open(&store, path, error, sizeof(error)) == 0, "%s",
			error);
		is_whole(store.db, SQL_VERSION);
		store_close(&store);
	}
	ck_assert_int_eq(store_open(&store, path, error, sizeof(error)), 0);
	ck_assert_int_eq(users_get(&store, "alice", &user), 0);
	ck_assert_str_eq(user.address, "alice@example.org");
	ck_assert_str_eq(user.person, "Alice A.");
	ck_assert_int_eq(user.verified_at, 100);
	ck_assert_int_eq(user.created_at, 50);
	ck_assert_int_eq(user.login_at, 70);
	ck_assert_str_eq(user.language, "");
	ck_assert_str_eq(user.second, "");
	ck_assert_int_eq(user.second_verified_at, 0);
	ck_assert_int_eq(user.refusals, 0);
	ck_assert_int_eq(users_get(&store, "bob", &user), 0);
	ck_assert_int_eq(user.state, USER_DISABLED);
	ck_assert_int_eq(challenges_get(&store, id, &challenge), 0);
	ck_assert_int_eq(challenge.tries, 2);
	ck_assert_int_eq(store_get_number(&store, "high_water", &n), 0);
	ck_assert_int_eq(n, 1699999999);
	ck_assert_int_eq(spending_wrong(&store, "alice", 3600, 10, NOW, &wrong), 0);
	ck_assert_uint_eq(wrong.n, 1);
	/* What waited is sent, and says nothing of an address that may be another. */
	ck_assert_int_eq(mails_get(&store, 2, &mail), 0);
	ck_assert(!mail.own && !mail.second && !mail.transport[0]);
	mail.state = MAIL_FAILED;
	mail.bad_address = true;
	ck_assert_int_eq(mails_update(&store, &mail), 0);
	ck_assert_int_eq(users_get(&store, "alice", &user), 0);
	ck_assert_int_eq(user.refusals, 0);
	store_close(&store);
}
END_TEST

START_TEST(a_database_of_version_2_is_brought_up_with_all_that_is_in_it)
{
	struct store store;
	struct user user;
	struct mail mail;
	int64_t length = -1, alphabet = -1, n = -1;

	make_version(2, "");
	ck_assert_msg(store_open(&store, path, error, sizeof(error)) == 0, "%s", error);
	is_whole(store.db, SQL_VERSION);
	ck_assert_int_eq(users_get(&store, "alice", &user), 0);
	ck_assert_str_eq(user.language, "de");
	ck_assert_str_eq(user.second, "+4930123456");
	ck_assert_int_eq(user.second_verified_at, 60);
	ck_assert_int_eq(user.refusals, 2);
	ck_assert_int_eq(mails_get(&store, 2, &mail), 0);
	ck_assert(mail.own);
	ck_assert_str_eq(mail.transport, "relay");
	/* Nobody remembers of which form that code was. */
	ck_assert_int_eq(grace_get(&store, "alice", "sudo", "", "tty1", 0, NOW, &length,
				 &alphabet),
		1);
	ck_assert_int_eq(length, 0);
	ck_assert_int_eq(alphabet, 0);
	/* And what was bound to nothing holds no longer. */
	ck_assert_int_eq(
		grace_get(&store, "alice", "cron", "", "", 0, NOW, &length, &alphabet),
		0);
	ck_assert_int_eq(accounts_count(&store, &n), 0);
	ck_assert_int_eq(n, 0);
	store_close(&store);
}
END_TEST

START_TEST(a_database_of_version_3_is_brought_up_with_all_that_is_in_it)
{
	static const char principal[] = "acct:000102030405060708090a0b0c0d0e0f";
	static const uint8_t id[CODE_ID] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
		13, 14, 15 };
	struct challenge challenge;
	struct recovery found;
	struct store store;
	struct user user;
	int64_t n = -1;

	make_version(3, "");
	ck_assert_msg(store_open(&store, path, error, sizeof(error)) == 0, "%s", error);
	is_whole(store.db, SQL_VERSION);
	/* What was there are recovery codes, and stay good. */
	ck_assert_int_eq(recovery_count(&store, principal, &n), 0);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(recovery_get(&store, principal, "QAA2", NOW, &found), 0);
	ck_assert_str_eq(found.hash, "$2");
	ck_assert_int_eq(found.expires_at, 0);
	/* Nothing tells who has disabled them: nobody is let in by that. */
	ck_assert_int_eq(principals_get(&store, principal, &user), 0);
	ck_assert_int_eq(user.state, USER_DISABLED);
	ck_assert_int_eq(users_get(&store, "bob", &user), 0);
	ck_assert_int_eq(user.state, USER_DISABLED);
	ck_assert_int_eq(challenges_get(&store, id, &challenge), 0);
	ck_assert(!challenge.unknown);
	store_close(&store);
}
END_TEST

START_TEST(a_new_database_is_what_a_migrated_one_is)
{
	static const char shape[] =
		"SELECT sum(length(t.name) * 7 + length(c.name) * (c.cid + 1) * 131 +"
		" length(c.type) + c.\"notnull\" * 3 + c.pk * 5 +"
		" coalesce(length(c.dflt_value), 0) * 17)"
		" FROM pragma_table_list AS t, pragma_table_info(t.name) AS c"
		" WHERE t.schema = 'main'";
	struct store store = opened();
	int64_t fresh = number(store.db, shape);
	int64_t indexes = number(
		store.db, "SELECT count(*) FROM sqlite_schema WHERE type = 'index'");

	store_close(&store);
	for (int version = 1; version < SQL_VERSION; version++) {
		make_version(version, "");
		ck_assert_int_eq(store_open(&store, path, error, sizeof(error)), 0);
		ck_assert_int_eq(number(store.db, shape), fresh);
		ck_assert_int_eq(
			number(store.db,
				"SELECT count(*) FROM sqlite_schema WHERE type = 'index'"),
			indexes);
		store_close(&store);
	}
}
END_TEST

/* An index of that name stands in the way, by when other tables are done. */
static void is_taken_back(int version, const char *index, const char *words)
{
	char sql[64];
	struct db *db;

	snprintf(sql, sizeof(sql), "CREATE INDEX %s ON mail (at)", index);
	make_version(version, sql);
	ck_assert_int_lt(try_open(), 0);
	ck_assert_msg(strstr(error, words) != NULL, "\"%s\"", error);
	ck_assert_int_eq(db_open(path, &db, error, sizeof(error)), 0);
	is_whole(db, version);
	snprintf(sql, sizeof(sql), "DROP INDEX %s", index);
	ck_assert_int_eq(db_script(db, sql), 0);
	db_close(db);
	ck_assert_int_eq(try_open(), 0);
}

START_TEST(a_migration_that_fails_in_the_middle_is_taken_back_whole)
{
	is_taken_back(1, "mail_sent", "cannot be brought from version 1 to 4");
	/* Version 2 was done then, but is not what is left either. */
	is_taken_back(1, "sessions_end", "cannot be brought from version 1 to 4");
	is_taken_back(2, "sessions_end", "cannot be brought from version 2 to 4");
	is_taken_back(3, "wrong_stranger", "cannot be brought from version 3 to 4");
}
END_TEST

/* Opens it in a process that the kernel kills at the first write beyond limit bytes of
 * a file; whether it was. */
static bool killed_at(rlim_t limit)
{
	const struct rlimit bytes = { limit, limit }, core = { 0, 0 };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct store store;

		signal(SIGXFSZ, SIG_DFL);
		setrlimit(RLIMIT_CORE, &core);
		setrlimit(RLIMIT_FSIZE, &bytes);
		_exit(store_open(&store, path, error, sizeof(error)) < 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(
		status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ),
		"at %ld: status %d", (long)limit, status);
	return status != 0;
}

static void is_killed_at_any_write(int from)
{
	char log[UNIT_PATH + 8], *data;
	bool killed = true;
	int n_old = 0, n_killed = 0;
	size_t size;

	make_version(from, "");
	data = unit_read(path, &size);
	snprintf(log, sizeof(log), "%s-wal", path);
	for (rlim_t limit = 0; killed; limit += 512) {
		struct store store;
		struct db *db;
		int64_t version;

		unlink(log);
		unit_write(path, data, size, 0600);
		killed = killed_at(limit);
		n_killed += killed;
		ck_assert_int_eq(db_open(path, &db, error, sizeof(error)), 0);
		/* It is as it was, or it is new; never between. */
		version = number(db, "PRAGMA user_version");
		ck_assert(version == from || version == SQL_VERSION);
		is_whole(db, version);
		n_old += version == from;
		db_close(db);
		ck_assert_msg(store_open(&store, path, error, sizeof(error)) == 0, "%s",
			error);
		is_whole(store.db, SQL_VERSION);
		store_close(&store);
	}
	ck_assert_int_gt(n_killed, 10);
	ck_assert_int_gt(n_old, 10);
	free(data);
}

START_TEST(a_migration_that_is_killed_at_any_write_loses_nothing)
{
	for (int version = 1; version < SQL_VERSION; version++)
		is_killed_at_any_write(version);
}
END_TEST

START_TEST(a_savepoint_takes_back_one_call_and_leaves_the_others)
{
	struct store store = opened();
	struct user a = user_named("a"), b = user_named("b"), c = user_named("c"),
		    found;

	ck_assert(!store_in_transaction(&store));
	ck_assert_int_eq(store_begin(&store, true), 0);
	ck_assert_int_eq(store_savepoint(&store), 0);
	ck_assert_int_eq(users_insert(&store, &a), 0);
	ck_assert_int_eq(store_release(&store), 0);
	ck_assert_int_eq(store_savepoint(&store), 0);
	ck_assert_int_eq(users_insert(&store, &b), 0);
	/* One inside, as ImportUsers has it. */
	ck_assert_int_eq(store_savepoint(&store), 0);
	ck_assert_int_eq(users_delete(&store, "a"), 0);
	ck_assert_int_eq(store_rollback_to(&store), 0);
	ck_assert_int_eq(users_get(&store, "a", &found), 0);
	ck_assert_int_eq(users_get(&store, "b", &found), 0);
	ck_assert_int_eq(store_rollback_to(&store), 0);
	ck_assert_int_eq(users_get(&store, "b", &found), -ENOENT);
	ck_assert_int_eq(users_insert(&store, &c), 0);
	ck_assert(store_in_transaction(&store));
	ck_assert_int_eq(store_commit(&store), 0);
	ck_assert(!store_in_transaction(&store));
	ck_assert_int_eq(users_get(&store, "a", &found), 0);
	ck_assert_int_eq(users_get(&store, "c", &found), 0);
	ck_assert_int_eq(store_begin(&store, true), 0);
	ck_assert_int_eq(users_delete(&store, "a"), 0);
	store_rollback(&store);
	store_rollback(&store);
	ck_assert_int_eq(users_get(&store, "a", &found), 0);
	store_close(&store);
}
END_TEST

START_TEST(small_values_keep_their_type_and_size)
{
	struct store store = opened();
	int64_t number = 0;
	char blob[4];

	ck_assert_int_eq(store_get_number(&store, "n", &number), -ENOENT);
	ck_assert_int_eq(store_put_number(&store, "n", INT64_MIN), 0);
	ck_assert_int_eq(store_put_number(&store, "n", -7), 0);
	ck_assert_int_eq(store_get_number(&store, "n", &number), 0);
	ck_assert_int_eq(number, -7);
	ck_assert_int_eq(store_get_blob(&store, "b", blob, 4), -ENOENT);
	ck_assert_int_eq(store_put_blob(&store, "b", "a\0c", 4), 0);
	ck_assert_int_eq(store_get_blob(&store, "b", blob, 4), 0);
	ck_assert_mem_eq(blob, "a\0c", 4);
	/* Of another size: zeros, never a part. */
	ck_assert_int_eq(store_get_blob(&store, "b", blob, 3), 0);
	ck_assert_mem_eq(blob, "\0\0\0", 3);
	store_close(&store);
}
END_TEST

START_TEST(users_are_kept_as_they_came_and_listed_in_order)
{
	struct store store = opened();
	struct user hostile = user_named("'; DROP TABLE users; --"), found, again;

	ck_assert_int_eq(users_insert(&store, &hostile), 0);
	ck_assert_int_eq(users_insert(&store, &hostile), -EEXIST);
	ck_assert_int_eq(users_get(&store, hostile.name, &found), 0);
	ck_assert_str_eq(found.name, hostile.name);
	ck_assert_str_eq(found.address, hostile.address);
	ck_assert_str_eq(found.person, hostile.person);
	ck_assert_int_eq(found.created_at, NOW);
	ck_assert_int_eq(found.verified_at, 0);
	ck_assert_int_eq(users_get(&store, "'; drop table users; --", &again), -ENOENT);
	ck_assert_int_eq(users_set_state(&store, hostile.name, USER_DISABLED), 0);
	ck_assert_int_eq(users_set_verified(&store, hostile.name, 5), 0);
	ck_assert_int_eq(users_set_login(&store, hostile.name, 6), 0);
	ck_assert_int_eq(users_get(&store, hostile.name, &found), 0);
	ck_assert_int_eq(found.state, USER_DISABLED);
	ck_assert_int_eq(found.verified_at, 5);
	ck_assert_int_eq(found.login_at, 6);
	ck_assert_int_eq(users_delete(&store, hostile.name), 0);
	ck_assert_int_eq(users_get(&store, hostile.name, &found), -ENOENT);
	store_close(&store);
}
END_TEST

struct names {
	char all[512];
	int n;
	int stop_at;
};

static int add_name(const struct user *user, void *arg)
{
	struct names *names = arg;

	strcat(names->all, user->name);
	strcat(names->all, " ");
	return ++names->n == names->stop_at ? 42 : 0;
}

START_TEST(lists_go_on_after_a_name_and_end_when_told)
{
	struct store store = opened();
	struct names names = { .stop_at = -1 };

	fill(&store, 12);
	ck_assert_int_eq(users_list(&store, "", 3, add_name, &names), 0);
	ck_assert_str_eq(names.all, "user0000 user0001 user0002 ");
	names = (struct names){ .stop_at = -1 };
	ck_assert_int_eq(users_list(&store, "user0009", 100, add_name, &names), 0);
	ck_assert_str_eq(names.all, "user0010 user0011 ");
	names = (struct names){ .stop_at = 2 };
	ck_assert_int_eq(users_list(&store, "", 100, add_name, &names), 42);
	ck_assert_int_eq(names.n, 2);
	store_close(&store);
}
END_TEST

static struct challenge challenge_of(uint8_t id, const char *user)
{
	struct challenge c = { .peer = 0,
		.purpose = CODE_LOGIN,
		.key_id = 77,
		.reference = "K7M",
		.length = 6,
		.max_tries = 5,
		.created_at = NOW,
		.expires_at = NOW + 600,
		.mail = 3,
		.address = "" };

	memset(c.id, id, sizeof(c.id));
	memset(c.hash, id + 1, sizeof(c.hash));
	snprintf(c.user, sizeof(c.user), "%s", user);
	strcpy(c.service, "sshd");
	strcpy(c.rhost, "192.0.2.1");
	strcpy(c.tty, "ssh");
	return c;
}

START_TEST(a_challenge_comes_back_in_every_field)
{
	struct store store = opened();
	struct challenge c = challenge_of(1, "alice"), found = { 0 };

	c.decoy = true;
	c.alphabet = CODE_LETTERED;
	c.tries = 2;
	c.peer = 4294967295;
	strcpy(c.address, "alice@example.org");
	ck_assert_int_eq(challenges_insert(&store, &c), 0);
	ck_assert_int_eq(challenges_insert(&store, &c), -EEXIST);
	ck_assert_int_eq(challenges_get(&store, c.id, &found), 0);
	ck_assert_mem_eq(found.id, c.id, sizeof(c.id));
	ck_assert_mem_eq(found.hash, c.hash, sizeof(c.hash));
	ck_assert_str_eq(found.user, c.user);
	ck_assert_str_eq(found.service, c.service);
	ck_assert_str_eq(found.rhost, c.rhost);
	ck_assert_str_eq(found.tty, c.tty);
	ck_assert_str_eq(found.reference, c.reference);
	ck_assert_str_eq(found.address, c.address);
	ck_assert(found.decoy);
	ck_assert_int_eq(found.peer, c.peer);
	ck_assert_int_eq(found.purpose, c.purpose);
	ck_assert_int_eq(found.key_id, c.key_id);
	ck_assert_int_eq(found.length, c.length);
	ck_assert_int_eq(found.alphabet, c.alphabet);
	ck_assert_int_eq(found.state, c.state);
	ck_assert_int_eq(found.tries, c.tries);
	ck_assert_int_eq(found.max_tries, c.max_tries);
	ck_assert_int_eq(found.created_at, c.created_at);
	ck_assert_int_eq(found.expires_at, c.expires_at);
	ck_assert_int_eq(found.mail, c.mail);
	memset(c.id, 9, sizeof(c.id));
	ck_assert_int_eq(challenges_get(&store, c.id, &found), -ENOENT);
	store_close(&store);
}
END_TEST

START_TEST(the_live_one_is_found_by_all_that_it_is_bound_to)
{
	struct store store = opened();
	struct challenge c = challenge_of(1, "alice"), newer = challenge_of(2, "alice"),
			 f;

	ck_assert_int_eq(challenges_insert(&store, &c), 0);
	newer.created_at++;
	ck_assert_int_eq(challenges_insert(&store, &newer), 0);
	ck_assert_int_eq(
		challenges_find(&store, "alice", "sshd", "192.0.2.1", 0, NOW, &f), 0);
	ck_assert_uint_eq(f.id[0], 2);
	ck_assert_int_eq(
		challenges_find(&store, "bob", "sshd", "192.0.2.1", 0, NOW, &f),
		-ENOENT);
	ck_assert_int_eq(
		challenges_find(&store, "alice", "sudo", "192.0.2.1", 0, NOW, &f),
		-ENOENT);
	ck_assert_int_eq(
		challenges_find(&store, "alice", "sshd", "192.0.2.2", 0, NOW, &f),
		-ENOENT);
	ck_assert_int_eq(
		challenges_find(&store, "alice", "sshd", "192.0.2.1", 1, NOW, &f),
		-ENOENT);
	ck_assert_int_eq(
		challenges_find(&store, "alice", "sshd", "192.0.2.1", 0, NOW + 599, &f),
		0);
	ck_assert_int_eq(
		challenges_find(&store, "alice", "sshd", "192.0.2.1", 0, NOW + 600, &f),
		-ENOENT);
	store_close(&store);
}
END_TEST

START_TEST(what_has_ended_is_written_no_more)
{
	struct store store = opened();
	struct challenge c = challenge_of(1, "alice"), found;

	ck_assert_int_eq(challenges_update(&store, &c), -ESTALE);
	ck_assert_int_eq(challenges_redraw(&store, &c), -ESTALE);
	ck_assert_int_eq(challenges_insert(&store, &c), 0);
	c.tries = 1;
	ck_assert_int_eq(challenges_update(&store, &c), 0);
	c.state = CHALLENGE_PASSED;
	ck_assert_int_eq(challenges_update(&store, &c), 0);
	/* Somebody who read it before and now thinks that it is live. */
	c.state = CHALLENGE_LIVE;
	c.tries = 0;
	ck_assert_int_eq(challenges_update(&store, &c), -ESTALE);
	ck_assert_int_eq(challenges_redraw(&store, &c), -ESTALE);
	ck_assert_int_eq(challenges_get(&store, c.id, &found), 0);
	ck_assert_int_eq(found.state, CHALLENGE_PASSED);
	ck_assert_int_eq(found.tries, 1);
	store_close(&store);
}
END_TEST

START_TEST(a_new_code_keeps_counters_and_binding)
{
	struct store store = opened();
	struct challenge c = challenge_of(1, "alice"), found;

	c.tries = 3;
	ck_assert_int_eq(challenges_insert(&store, &c), 0);
	memset(c.hash, 9, sizeof(c.hash));
	strcpy(c.reference, "XYZ");
	c.mail = 8;
	c.tries = 0;
	c.max_tries = 99;
	c.expires_at += 100;
	strcpy(c.user, "bob");
	ck_assert_int_eq(challenges_redraw(&store, &c), 0);
	ck_assert_int_eq(challenges_get(&store, c.id, &found), 0);
	ck_assert_mem_eq(found.hash, c.hash, sizeof(c.hash));
	ck_assert_str_eq(found.reference, "XYZ");
	ck_assert_int_eq(found.mail, 8);
	ck_assert_int_eq(found.expires_at, NOW + 700);
	ck_assert_int_eq(found.tries, 3);
	ck_assert_int_eq(found.max_tries, 5);
	ck_assert_str_eq(found.user, "alice");
	store_close(&store);
}
END_TEST

START_TEST(challenges_are_cancelled_counted_and_purged)
{
	struct store store = opened();
	int64_t n;

	for (uint8_t i = 1; i <= 10; i++) {
		struct challenge c = challenge_of(i, i % 2 ? "alice" : "bob");

		c.expires_at = NOW + i;
		ck_assert_int_eq(challenges_insert(&store, &c), 0);
	}
	ck_assert_int_eq(challenges_count_live(&store, NOW, &n), 0);
	ck_assert_int_eq(n, 10);
	ck_assert_int_eq(challenges_count_live(&store, NOW + 4, &n), 0);
	ck_assert_int_eq(n, 6);
	ck_assert_int_eq(challenges_cancel_user(&store, "alice"), 0);
	ck_assert_int_eq(challenges_count_user(&store, "alice", NOW, &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(challenges_count_user(&store, "bob", NOW, &n), 0);
	ck_assert_int_eq(n, 5);
	ck_assert_int_eq(challenges_cancel_all(&store), 0);
	ck_assert_int_eq(challenges_count_live(&store, NOW, &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(challenges_purge(&store, NOW + 6, 3), 0);
	ck_assert_int_eq(db_number(store.db, "SELECT count(*) FROM challenges", &n), 0);
	ck_assert_int_eq(n, 7);
	ck_assert_int_eq(challenges_purge(&store, NOW + 6, 3), 0);
	ck_assert_int_eq(challenges_purge(&store, NOW + 6, 3), 0);
	ck_assert_int_eq(
		db_number(store.db, "SELECT min(expires_at) FROM challenges", &n), 0);
	ck_assert_int_eq(n, NOW + 6);
	store_close(&store);
}
END_TEST

static struct mail mail_of(uint8_t name, int64_t state)
{
	struct mail mail = { .purpose = CODE_LOGIN,
		.state = state,
		.at = NOW,
		.deadline = NOW + 540,
		.sealed_size = 100 };

	memset(mail.name, name, sizeof(mail.name));
	memset(mail.sealed, 's', 100);
	strcpy(mail.user, "alice");
	strcpy(mail.origin, "192.0.2.1");
	return mail;
}

static int64_t blobs(struct store *store, int64_t id)
{
	char sql[96];
	int64_t n = -1;

	snprintf(sql, sizeof(sql),
		"SELECT coalesce(length(sealed), 0) FROM mail WHERE id = %lld",
		(long long)id);
	ck_assert_int_eq(db_number(store->db, sql, &n), 0);
	return n;
}

START_TEST(a_mail_that_is_final_stays_final_and_its_blob_is_gone)
{
	static const int64_t finals[] = { MAIL_SENT, MAIL_FAILED, MAIL_DEAD };
	struct store store = opened();

	for (size_t i = 0; i < 3; i++) {
		struct mail mail = mail_of((uint8_t)i, MAIL_QUEUED), found, late;

		ck_assert_int_eq(mails_insert(&store, &mail), 0);
		ck_assert_int_eq(mails_get(&store, mail.id, &found), 0);
		ck_assert_uint_eq(found.sealed_size, 100);
		ck_assert_mem_eq(found.sealed, mail.sealed, 100);
		/* Put off: the blob stays. */
		mail.tries = 1;
		mail.next_at = NOW + 5;
		strcpy(mail.detail, "451 later");
		ck_assert_int_eq(mails_update(&store, &mail), 0);
		ck_assert_int_eq(blobs(&store, mail.id), 100);
		mail.state = finals[i];
		ck_assert_int_eq(mails_update(&store, &mail), 0);
		ck_assert_int_eq(blobs(&store, mail.id), 0);
		for (int64_t state = 0; state < 6; state++) {
			late = mail;
			late.state = state;
			late.tries = 99;
			ck_assert_int_eq(mails_update(&store, &late), 0);
			ck_assert_int_eq(mails_kill(&store, mail.id), 0);
			ck_assert_int_eq(mails_kill_late(&store, NOW + 999999), 0);
			ck_assert_int_eq(mails_get(&store, mail.id, &found), 0);
			ck_assert_int_eq(found.state, finals[i]);
			ck_assert_int_eq(found.tries, 1);
			ck_assert_uint_eq(found.sealed_size, 0);
		}
	}
	store_close(&store);
}
END_TEST

START_TEST(late_mails_fail_with_words_and_killed_ones_are_dead)
{
	struct store store = opened();
	struct mail a = mail_of(1, MAIL_QUEUED), b = mail_of(2, MAIL_QUEUED), found;
	int64_t n;

	ck_assert_int_eq(mails_insert(&store, &a), 0);
	ck_assert_int_eq(mails_insert(&store, &b), 0);
	ck_assert_int_gt(b.id, a.id);
	ck_assert_int_eq(mails_count_open(&store, &n), 0);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(mails_kill(&store, a.id), 0);
	ck_assert_int_eq(mails_get(&store, a.id, &found), 0);
	ck_assert_int_eq(found.state, MAIL_DEAD);
	ck_assert_int_eq(blobs(&store, a.id), 0);
	ck_assert_int_eq(mails_kill_late(&store, NOW + 539), 0);
	ck_assert_int_eq(mails_get_by_name(&store, b.name, &found), 0);
	ck_assert_int_eq(found.state, MAIL_QUEUED);
	ck_assert_int_eq(mails_kill_late(&store, NOW + 540), 0);
	ck_assert_int_eq(mails_get_by_name(&store, b.name, &found), 0);
	ck_assert_int_eq(found.state, MAIL_FAILED);
	ck_assert_str_eq(found.detail, "not delivered in time");
	ck_assert_int_eq(blobs(&store, b.id), 0);
	ck_assert_int_eq(mails_count_open(&store, &n), 0);
	ck_assert_int_eq(n, 0);
	store_close(&store);
}
END_TEST

struct ids {
	int64_t at[64];
	int n;
};

static int add_id(const struct mail *mail, void *arg)
{
	struct ids *ids = arg;

	ids->at[ids->n++] = mail->id;
	return 0;
}

START_TEST(the_queue_gives_what_is_due_and_hides_what_was_never_sent)
{
	struct store store = opened();
	struct ids ids = { 0 };

	for (uint8_t i = 1; i <= 6; i++) {
		struct mail mail = mail_of(i, i == 4 ? MAIL_VOID : MAIL_QUEUED);

		mail.at = NOW + 10 - i;
		if (i == 4)
			mail.sealed_size = 0;
		ck_assert_int_eq(mails_insert(&store, &mail), 0);
		ck_assert_int_eq(mail.id, i);
	}
	ck_assert_int_eq(mails_due(&store, NOW + 7, 10, add_id, &ids), 0);
	ck_assert_int_eq(ids.n, 3); /* 6, 5 and 3, oldest first */
	ck_assert_int_eq(ids.at[0], 6);
	ck_assert_int_eq(ids.at[1], 5);
	ck_assert_int_eq(ids.at[2], 3);
	ids.n = 0;
	ck_assert_int_eq(mails_due(&store, NOW + 100, 2, add_id, &ids), 0);
	ck_assert_int_eq(ids.n, 2);
	ids.n = 0;
	ck_assert_int_eq(mails_list(&store, INT64_MAX, 10, false, add_id, &ids), 0);
	ck_assert_int_eq(ids.n, 5);
	ck_assert_int_eq(ids.at[0], 6);
	ck_assert_int_eq(mails_kill(&store, 6), 0);
	ids.n = 0;
	ck_assert_int_eq(mails_list(&store, 6, 2, true, add_id, &ids), 0);
	ck_assert_int_eq(ids.n, 2);
	ck_assert_int_eq(ids.at[0], 5);
	ck_assert_int_eq(ids.at[1], 3);
	store_close(&store);
}
END_TEST

START_TEST(only_final_mails_are_purged)
{
	struct store store = opened();
	int64_t n;

	for (uint8_t i = 1; i <= 6; i++) {
		struct mail mail = mail_of(i, MAIL_QUEUED);

		ck_assert_int_eq(mails_insert(&store, &mail), 0);
		if (i % 2)
			ck_assert_int_eq(mails_kill(&store, mail.id), 0);
	}
	ck_assert_int_eq(mails_purge(&store, NOW, 100), 0);
	ck_assert_int_eq(db_number(store.db, "SELECT count(*) FROM mail", &n), 0);
	ck_assert_int_eq(n, 6);
	ck_assert_int_eq(mails_purge(&store, NOW + 1, 100), 0);
	ck_assert_int_eq(db_number(store.db, "SELECT count(*) FROM mail", &n), 0);
	ck_assert_int_eq(n, 3);
	store_close(&store);
}
END_TEST

START_TEST(mail_states_have_names)
{
	ck_assert_str_eq(mail_state_name(MAIL_QUEUED), "queued");
	ck_assert_str_eq(mail_state_name(MAIL_SENT), "sent");
	ck_assert_str_eq(mail_state_name(MAIL_FAILED), "failed");
	ck_assert_str_eq(mail_state_name(MAIL_VOID), "void");
	ck_assert_str_eq(mail_state_name(MAIL_DEAD), "dead");
	ck_assert_str_eq(mail_state_name(MAIL_BOUNCED), "bounced");
	ck_assert_str_eq(mail_state_name(6), "unknown");
}
END_TEST

START_TEST(sends_count_by_purpose_and_failed_ones_are_free)
{
	struct store store = opened();
	struct spending sends;

	for (uint8_t i = 0; i < 10; i++) {
		struct mail mail = mail_of(i, i == 3 ? MAIL_VOID : MAIL_QUEUED);

		mail.at = NOW + i;
		mail.purpose = i % 2 ? CODE_LOGIN : CODE_ENROL;
		if (i == 9)
			mail.origin[0] = '\0';
		ck_assert_int_eq(mails_insert(&store, &mail), 0);
		mail.state = i == 5 ? MAIL_FAILED : MAIL_SENT;
		ck_assert_int_eq(mails_update(&store, &mail), 0);
	}
	/* 1, 3 (void costs like any other), 7, 9; not 5 */
	ck_assert_int_eq(spending_user_sends(&store, "alice", CODE_LOGIN, 86400, 100,
				 NOW + 20, &sends),
		0);
	ck_assert_uint_eq(sends.n, 4);
	ck_assert_int_eq(sends.at[0], NOW + 9);
	ck_assert_int_eq(sends.at[3], NOW + 1);
	ck_assert_int_eq(spending_user_sends(&store, "alice", CODE_LOGIN, 13, 100,
				 NOW + 20, &sends),
		0);
	ck_assert_uint_eq(sends.n, 1);
	ck_assert_int_eq(spending_user_sends(&store, "bob", CODE_LOGIN, 86400, 100,
				 NOW + 20, &sends),
		0);
	ck_assert_uint_eq(sends.n, 0);
	/* Free, but counted; of notices and tests neither. */
	for (uint8_t i = 10; i < 14; i++) {
		static const int64_t purposes[] = { CODE_ENROL, CODE_LOGIN, CODE_NOTICE,
			CODE_TEST };
		struct mail mail = mail_of(i, MAIL_QUEUED);
		struct refusal refusal;

		mail.at = NOW + i;
		mail.purpose = purposes[i - 10];
		mail.origin[0] = '\0';
		ck_assert_int_eq(mails_insert(&store, &mail), 0);
		mail.state = i == 10 ? MAIL_SENT : MAIL_FAILED;
		ck_assert_int_eq(mails_update(&store, &mail), 0);
		if (i == 10)
			ck_assert_int_eq(
				mails_bounced(&store, mail.name, "x", true, &refusal),
				1);
	}
	ck_assert_int_eq(
		spending_user_failed(&store, "alice", 86400, 100, NOW + 20, &sends), 0);
	ck_assert_uint_eq(sends.n, 3);
	ck_assert_int_eq(sends.at[0], NOW + 11);
	ck_assert_int_eq(sends.at[1], NOW + 10);
	ck_assert_int_eq(sends.at[2], NOW + 5);
	ck_assert_int_eq(
		spending_user_failed(&store, "alice", 86400, 2, NOW + 20, &sends), 0);
	ck_assert_uint_eq(sends.n, 2);
	ck_assert_int_eq(
		spending_user_failed(&store, "bob", 86400, 100, NOW + 20, &sends), 0);
	ck_assert_uint_eq(sends.n, 0);
	ck_assert_int_eq(spending_origin_sends(&store, "192.0.2.1", BUDGET_HOUR, 100,
				 NOW + 20, &sends),
		0);
	ck_assert_uint_eq(sends.n, 9);
	/* Local logins have no remote host, and no common budget. */
	ck_assert_int_eq(
		spending_origin_sends(&store, "", BUDGET_HOUR, 100, NOW + 20, &sends),
		0);
	ck_assert_uint_eq(sends.n, 0);
	store_close(&store);
}
END_TEST

static int64_t refusals_of(struct store *store, const char *name)
{
	struct user user;

	ck_assert_int_eq(users_get(store, name, &user), 0);
	return user.refusals;
}

/* A mail to alice, ended like this; what mails_update said. */
static int ended(
	struct store *store, int64_t state, bool second, bool bad, struct mail *ret)
{
	static uint8_t last;
	struct mail mail = mail_of(++last, MAIL_QUEUED);

	mail.own = true;
	ck_assert_int_eq(mails_insert(store, &mail), 0);
	mail.state = state;
	mail.tries = 1;
	mail.second = second;
	mail.bad_address = bad;
	strcpy(mail.transport, "relay");
	if (ret)
		*ret = mail;
	return mails_update(store, &mail);
}

START_TEST(refusals_in_a_row_are_counted_and_a_mail_that_is_taken_ends_them)
{
	struct store store = opened();
	struct user alice = user_named("alice");
	struct mail mail, found;

	ck_assert_int_eq(users_insert(&store, &alice), 0);
	ck_assert_int_eq(ended(&store, MAIL_FAILED, false, true, NULL), 1);
	ck_assert_int_eq(ended(&store, MAIL_FAILED, false, true, NULL), 2);
	ck_assert_int_eq(ended(&store, MAIL_SENT, false, false, NULL), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 0);
	/* One that could not be delivered says nothing, neither does one that waits. */
	ck_assert_int_eq(ended(&store, MAIL_FAILED, false, true, NULL), 1);
	ck_assert_int_eq(ended(&store, MAIL_FAILED, false, false, NULL), 0);
	ck_assert_int_eq(ended(&store, MAIL_QUEUED, false, true, &mail), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 1);
	/* It counts once, when it is final. */
	mail.state = MAIL_FAILED;
	ck_assert_int_eq(mails_update(&store, &mail), 2);
	ck_assert_int_eq(mails_update(&store, &mail), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 2);
	/* Sent, but by the second route: the first has refused it. */
	ck_assert_int_eq(ended(&store, MAIL_SENT, true, true, &mail), 3);
	ck_assert_int_eq(mails_get(&store, mail.id, &found), 0);
	ck_assert_str_eq(found.transport, "relay");
	ck_assert(found.second && found.own);
	ck_assert_int_eq(ended(&store, MAIL_FAILED, false, true, NULL), 4);
	ck_assert_int_eq(users_clear_refusals(&store, "alice"), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 0);
	ck_assert_int_eq(ended(&store, MAIL_FAILED, false, true, NULL), 1);
	ck_assert_int_eq(users_set_verified(&store, "alice", NOW), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 0);
	store_close(&store);
}
END_TEST

START_TEST(what_an_earlier_address_refuses_counts_for_nobody)
{
	struct store store = opened();
	struct user alice = user_named("alice"), bob = user_named("bob");
	struct mail mail;

	ck_assert_int_eq(users_insert(&store, &alice), 0);
	ck_assert_int_eq(users_insert(&store, &bob), 0);
	ck_assert_int_eq(ended(&store, MAIL_FAILED, false, true, NULL), 1);
	/* Another name and the same address: the mails stay his. */
	ck_assert_int_eq(ended(&store, MAIL_QUEUED, false, false, &mail), 0);
	strcpy(alice.person, "Another");
	ck_assert_int_eq(users_replace(&store, &alice), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 1);
	mail.state = MAIL_FAILED;
	mail.bad_address = true;
	ck_assert_int_eq(mails_update(&store, &mail), 2);
	/* Another address begins anew, whatever the old one does, also if he gets it
	 * back while the mail is under way. */
	ck_assert_int_eq(ended(&store, MAIL_QUEUED, false, false, &mail), 0);
	strcpy(alice.address, "new@example.org");
	ck_assert_int_eq(users_replace(&store, &alice), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 0);
	mail.state = MAIL_FAILED;
	mail.bad_address = true;
	ck_assert_int_eq(mails_update(&store, &mail), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 0);
	/* Neither does a mail of before make a new one look well. */
	ck_assert_int_eq(ended(&store, MAIL_QUEUED, false, false, &mail), 0);
	strcpy(alice.address, "newer@example.org");
	ck_assert_int_eq(users_replace(&store, &alice), 0);
	ck_assert_int_eq(ended(&store, MAIL_FAILED, false, true, NULL), 1);
	mail.state = MAIL_SENT;
	ck_assert_int_eq(mails_update(&store, &mail), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 1);
	/* Nor does the name, when it is given to somebody else. */
	ck_assert_int_eq(ended(&store, MAIL_QUEUED, false, false, &mail), 0);
	ck_assert_int_eq(users_delete(&store, "alice"), 0);
	ck_assert_int_eq(users_insert(&store, &alice), 0);
	mail.state = MAIL_FAILED;
	mail.bad_address = true;
	ck_assert_int_eq(mails_update(&store, &mail), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 0);
	ck_assert_int_eq(refusals_of(&store, "bob"), 0);
	store_close(&store);
}
END_TEST

START_TEST(a_bounce_counts_once_and_only_a_typed_code_ends_it)
{
	static const uint8_t nobody[MAIL_NAME] = { 0xff };
	struct store store = opened();
	struct user alice = user_named("alice");
	struct spending sends;
	struct refusal refusal;
	struct mail mail, found;

	ck_assert_int_eq(users_insert(&store, &alice), 0);
	ck_assert_int_eq(mails_bounced(&store, nobody, "x", true, &refusal), 0);
	for (int i = 1; i <= 3; i++) {
		/* The server takes each of them: that proves nothing any more. */
		ck_assert_int_eq(ended(&store, MAIL_SENT, false, false, &mail), 0);
		ck_assert_int_eq(refusals_of(&store, "alice"), i - 1);
		ck_assert_int_eq(mails_bounced(&store, mail.name, "5.1.1 no such user",
					 true, &refusal),
			1);
		ck_assert_int_eq(refusal.n, i);
		ck_assert_str_eq(refusal.user, "alice");
		ck_assert_int_eq(
			mails_bounced(&store, mail.name, "again", true, &refusal), 0);
		ck_assert_int_eq(refusal.n, 0);
	}
	ck_assert_int_eq(mails_get(&store, mail.id, &found), 0);
	ck_assert_int_eq(found.state, MAIL_BOUNCED);
	ck_assert_str_eq(found.detail, "5.1.1 no such user");
	/* It is final, and costs nothing. */
	ck_assert_int_eq(mails_kill(&store, mail.id), 0);
	mail.state = MAIL_SENT;
	ck_assert_int_eq(mails_update(&store, &mail), 0);
	ck_assert_int_eq(mails_get(&store, mail.id, &found), 0);
	ck_assert_int_eq(found.state, MAIL_BOUNCED);
	ck_assert_int_eq(spending_user_sends(&store, "alice", CODE_LOGIN, 86400, 100,
				 NOW + 20, &sends),
		0);
	ck_assert_uint_eq(sends.n, 0);
	/* Codes that went elsewhere, came back, or never left prove nothing. */
	ck_assert_int_eq(users_proven_by_mail(&store, mail.id), 0);
	ck_assert_int_eq(ended(&store, MAIL_SENT, true, true, &mail), 4);
	ck_assert_int_eq(users_proven_by_mail(&store, mail.id), 0);
	ck_assert_int_eq(ended(&store, MAIL_QUEUED, false, false, &mail), 0);
	ck_assert_int_eq(users_proven_by_mail(&store, mail.id), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 4);
	ck_assert_int_eq(ended(&store, MAIL_SENT, false, false, &mail), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 4);
	ck_assert_int_eq(users_proven_by_mail(&store, mail.id), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 0);
	/* And from here on a server is believed again. */
	ck_assert_int_eq(ended(&store, MAIL_FAILED, false, true, NULL), 1);
	ck_assert_int_eq(ended(&store, MAIL_SENT, false, false, NULL), 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 0);
	store_close(&store);
}
END_TEST

START_TEST(only_a_mail_that_was_sent_bounces)
{
	static const int64_t others[] = { MAIL_QUEUED, MAIL_FAILED, MAIL_DEAD,
		MAIL_VOID };
	struct store store = opened();
	struct user alice = user_named("alice");
	struct refusal refusal;
	static struct mail mail, found;

	ck_assert_int_eq(users_insert(&store, &alice), 0);
	for (size_t i = 0; i < 4; i++) {
		mail = mail_of((uint8_t)(200 + i), others[i]);
		mail.own = true;
		ck_assert_int_eq(mails_insert(&store, &mail), 0);
		ck_assert_int_eq(
			mails_bounced(&store, mail.name, "x", true, &refusal), 0);
		ck_assert_int_eq(mails_get(&store, mail.id, &found), 0);
		ck_assert_int_eq(found.state, others[i]);
	}
	/* One that came back from the second route, or from no user's address. */
	ck_assert_int_eq(ended(&store, MAIL_SENT, true, true, &mail), 1);
	ck_assert_int_eq(mails_bounced(&store, mail.name, "x", true, &refusal), 1);
	ck_assert_int_eq(refusal.n, 0);
	mail = mail_of(210, MAIL_QUEUED);
	ck_assert_int_eq(mails_insert(&store, &mail), 0);
	mail.state = MAIL_SENT;
	ck_assert_int_eq(mails_update(&store, &mail), 0);
	ck_assert_int_eq(mails_bounced(&store, mail.name, "x", true, &refusal), 1);
	ck_assert_int_eq(refusal.n, 0);
	ck_assert_int_eq(refusals_of(&store, "alice"), 1);
	store_close(&store);
}
END_TEST

START_TEST(a_user_has_a_language_and_a_second_route)
{
	struct store store = opened();
	struct user alice = user_named("alice"), found;

	strcpy(alice.language, "pt-BR");
	strcpy(alice.second, "+4930123456");
	alice.second_verified_at = NOW;
	alice.refusals = 7; /* never written */
	ck_assert_int_eq(users_insert(&store, &alice), 0);
	ck_assert_int_eq(users_get(&store, "alice", &found), 0);
	ck_assert_str_eq(found.language, "pt-BR");
	ck_assert_str_eq(found.second, "+4930123456");
	ck_assert_int_eq(found.second_verified_at, NOW);
	ck_assert_int_eq(found.refusals, 0);
	ck_assert_int_eq(users_set_language(&store, "alice", "de"), 0);
	ck_assert_int_eq(users_set_second(&store, "alice", "", 0), 0);
	ck_assert_int_eq(users_get(&store, "alice", &found), 0);
	ck_assert_str_eq(found.language, "de");
	ck_assert_str_eq(found.second, "");
	ck_assert_int_eq(found.second_verified_at, 0);
	store_close(&store);
}
END_TEST

START_TEST(wrong_tries_are_counted_forgotten_and_purged)
{
	struct store store = opened();
	struct user alice = user_named("alice");
	struct budget_rate sends = { 0 }, wrong_rate = { 0 };
	struct spending wrong;
	int64_t n;

	ck_assert_int_eq(users_insert(&store, &alice), 0);
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(
			spending_add_wrong(&store, "alice", false, NOW + i), 0);
		ck_assert_int_eq(
			spending_add_wrong(&store, "stranger", true, NOW + i), 0);
	}
	ck_assert_int_eq(spending_wrong(&store, "alice", 3600, 5, NOW + 10, &wrong), 0);
	ck_assert_uint_eq(wrong.n, 5);
	ck_assert_int_eq(wrong.at[0], NOW + 7);
	ck_assert_int_eq(spending_load_rates(&store, NOW + 10, &sends, &wrong_rate), 0);
	/* On a decoy no guess was evaluated. */
	ck_assert_int_eq(budget_rate_hour(&wrong_rate, NOW + 10), 8);
	ck_assert_int_eq(budget_rate_hour(&sends, NOW + 10), 0);
	ck_assert_int_eq(spending_add_wrong(&store, "pw:addr:1", false, NOW), 0);
	ck_assert_int_eq(spending_add_wrong(&store, "pw:addr:2", false, NOW + 5), 0);
	ck_assert_int_eq(spending_purge(&store, NOW + 86404, 2), 0);
	/* Wrong passwords have no window that is longer. */
	ck_assert_int_eq(
		db_number(store.db, "SELECT count(*) FROM wrong WHERE user LIKE 'pw:%'",
			&n),
		0);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(
		db_number(store.db, "SELECT count(*) FROM wrong WHERE user='stranger'",
			&n),
		0);
	ck_assert_int_eq(n, 6);
	ck_assert_int_eq(spending_purge(&store, NOW + 86400 + 100, 100), 0);
	ck_assert_int_eq(db_number(store.db, "SELECT count(*) FROM wrong", &n), 0);
	ck_assert_int_eq(n, 8);
	ck_assert_int_eq(spending_purge(&store, NOW + 30 * 86400 + 4, 100), 0);
	ck_assert_int_eq(db_number(store.db, "SELECT count(*) FROM wrong", &n), 0);
	ck_assert_int_eq(n, 4);
	ck_assert_int_eq(spending_forget_wrong(&store, "alice"), 0);
	ck_assert_int_eq(spending_wrong(&store, "alice", 1 << 30, 5, NOW, &wrong), 0);
	ck_assert_uint_eq(wrong.n, 0);
	store_close(&store);
}
END_TEST

/* Whether it holds, with its form. */
static int remembered(struct store *store, const char *rhost, const char *tty,
	int64_t now_s, int64_t *ret_length, int64_t *ret_alphabet)
{
	return grace_get(
		store, "a", "sudo", rhost, tty, 0, now_s, ret_length, ret_alphabet);
}

/* Whether it holds. */
static int holds(struct store *store, const char *user, const char *service,
	const char *rhost, const char *tty, int64_t peer, int64_t now_s)
{
	int64_t length, alphabet;

	return grace_get(
		store, user, service, rhost, tty, peer, now_s, &length, &alphabet);
}

START_TEST(a_step_up_is_remembered_for_exactly_what_it_was_given_for)
{
	struct store store = opened();

	ck_assert_int_eq(
		grace_put(&store, "a", "sudo", "", "tty1", 0, NOW + 10, 6, 0), 0);
	ck_assert_int_eq(holds(&store, "a", "sudo", "", "tty1", 0, NOW), 1);
	ck_assert_int_eq(holds(&store, "a", "sudo", "", "tty1", 0, NOW + 9), 1);
	ck_assert_int_eq(holds(&store, "a", "sudo", "", "tty1", 0, NOW + 10), 0);
	ck_assert_int_eq(holds(&store, "b", "sudo", "", "tty1", 0, NOW), 0);
	ck_assert_int_eq(holds(&store, "a", "sshd", "", "tty1", 0, NOW), 0);
	ck_assert_int_eq(holds(&store, "a", "sudo", "h", "tty1", 0, NOW), 0);
	ck_assert_int_eq(holds(&store, "a", "sudo", "", "tty2", 0, NOW), 0);
	ck_assert_int_eq(holds(&store, "a", "sudo", "", "tty1", 1, NOW), 0);
	ck_assert_int_eq(
		grace_put(&store, "a", "sudo", "", "tty1", 0, NOW + 20, 6, 0), 0);
	ck_assert_int_eq(holds(&store, "a", "sudo", "", "tty1", 0, NOW + 15), 1);
	ck_assert_int_eq(grace_purge(&store, NOW + 19), 0);
	ck_assert_int_eq(holds(&store, "a", "sudo", "", "tty1", 0, NOW), 1);
	ck_assert_int_eq(grace_forget(&store, "a"), 0);
	ck_assert_int_eq(holds(&store, "a", "sudo", "", "tty1", 0, NOW), 0);
	store_close(&store);
}
END_TEST

START_TEST(a_step_up_has_the_form_of_its_last_code)
{
	struct store store = opened();
	int64_t length = -1, alphabet = -1;

	ck_assert_int_eq(
		grace_put(&store, "a", "sudo", "h", "", 0, NOW + 10, 8, CODE_LETTERED),
		0);
	ck_assert_int_eq(remembered(&store, "h", "", NOW, &length, &alphabet), 1);
	ck_assert_int_eq(length, 8);
	ck_assert_int_eq(alphabet, CODE_LETTERED);
	ck_assert_int_eq(
		grace_put(&store, "a", "sudo", "h", "", 0, NOW + 20, 6, CODE_DIGITS),
		0);
	ck_assert_int_eq(remembered(&store, "h", "", NOW, &length, &alphabet), 1);
	ck_assert_int_eq(length, 6);
	ck_assert_int_eq(alphabet, CODE_DIGITS);
	ck_assert_int_eq(remembered(&store, "h", "", NOW + 20, &length, &alphabet), 0);
	store_close(&store);
}
END_TEST

START_TEST(a_step_up_from_nowhere_is_never_remembered)
{
	struct store store = opened();
	int64_t length, alphabet;

	ck_assert_int_eq(grace_put(&store, "a", "sudo", "", "", 0, NOW + 10, 6, 0), 0);
	ck_assert_int_eq(number(store.db, "SELECT count(*) FROM grace"), 0);
	ck_assert_int_eq(remembered(&store, "", "", NOW, &length, &alphabet), 0);
	/* Not even if there is such a row. */
	ck_assert_int_eq(db_script(store.db,
				 "INSERT INTO grace VALUES ('a', 'sudo', '', '', 0,"
				 " 1700003600, 6, 0)"),
		0);
	ck_assert_int_eq(remembered(&store, "", "", NOW, &length, &alphabet), 0);
	store_close(&store);
}
END_TEST

struct events {
	int64_t last;
	int n;
};

static int see_event(const struct audit_event *event, void *arg)
{
	struct events *events = arg;

	ck_assert(events->last == 0 || event->id < events->last);
	events->last = event->id;
	events->n++;
	return 0;
}

START_TEST(audit_pages_show_every_event_once_newest_first)
{
	struct store store = opened();
	struct events all = { 0 }, mine = { 0 };
	int64_t before = 0, pages = 0;

	ck_assert_int_eq(store_begin(&store, true), 0);
	for (int i = 1; i <= 257; i++) {
		struct audit_event event = {
			.at = NOW + i, .event = "wrong", .user = i % 5 ? "bob" : "alice"
		};

		ck_assert_int_eq(audit_add(&store, &event), 0);
	}
	ck_assert_int_eq(store_commit(&store), 0);
	do {
		ck_assert_int_eq(
			audit_list(&store, &before, 50, NULL, see_event, &all), 0);
	} while (before > 0 && ++pages < 100);
	ck_assert_int_eq(all.n, 257);
	ck_assert_int_eq(pages, 5);
	before = 0;
	do {
		ck_assert_int_eq(audit_list(&store, &before, 7,
					 &(struct audit_filter){ .user = "alice" },
					 see_event, &mine),
			0);
	} while (before > 0);
	ck_assert_int_eq(mine.n, 51);
	store_close(&store);
}
END_TEST

START_TEST(a_search_goes_through_a_long_audit_in_stretches)
{
	struct store store = opened();
	struct events found = { 0 };
	int64_t before = 0;
	int calls = 0;

	ck_assert_int_eq(db_script(store.db,
				 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
				 " SELECT i + 1 FROM n WHERE i < 120000)"
				 " INSERT INTO audit (at, event, user, service,"
				 " rhost, uid, reference, detail) SELECT i, 'e',"
				 " CASE WHEN i % 40000 = 1 THEN 'rare' ELSE 'x' END,"
				 " '', '', 0, '', '' FROM n"),
		0);
	do {
		ck_assert_int_eq(audit_list(&store, &before, 100,
					 &(struct audit_filter){ .user = "rare" },
					 see_event, &found),
			0);
		calls++;
	} while (before > 0);
	ck_assert_int_eq(found.n, 3);
	ck_assert_int_eq(calls, 120000 / AUDIT_STRETCH + 1);
	store_close(&store);
}
END_TEST

/* How many of 60 events a filter finds: three users, two of the rest, one a second. */
static int64_t found_by(struct store *store, struct audit_filter filter)
{
	struct events found = { 0 };
	int64_t before = 0;

	do
		ck_assert_int_eq(
			audit_list(store, &before, 7, &filter, see_event, &found), 0);
	while (before > 0);
	return found.n;
}

START_TEST(a_filter_of_the_audit_wants_all_that_it_names)
{
	static const char *const users[] = { "ada", "bob", "' OR '' = '" };
	struct store store = opened();

	for (int i = 0; i < 60; i++) {
		struct audit_event event = {
			.at = NOW + i,
			.event = i % 2 ? "wrong" : "verified",
			.user = users[i % 3],
			.service = i < 30 ? "sshd" : "sudo",
			.rhost = i % 4 < 2 ? "192.0.2.7" : "::1",
		};

		ck_assert_int_eq(audit_add(&store, &event), 0);
	}
	ck_assert_int_eq(found_by(&store, (struct audit_filter){ 0 }), 60);
	ck_assert_int_eq(found_by(&store, (struct audit_filter){ .user = "ada" }), 20);
	ck_assert_int_eq(
		found_by(&store, (struct audit_filter){ .user = users[2] }), 20);
	ck_assert_int_eq(found_by(&store, (struct audit_filter){ .user = "ad%" }), 0);
	ck_assert_int_eq(
		found_by(&store, (struct audit_filter){ .event = "wrong" }), 30);
	ck_assert_int_eq(
		found_by(&store, (struct audit_filter){ .service = "sudo" }), 30);
	ck_assert_int_eq(found_by(&store, (struct audit_filter){ .rhost = "::1" }), 30);
	ck_assert_int_eq(
		found_by(&store, (struct audit_filter){ .since_s = NOW + 50 }), 10);
	ck_assert_int_eq(
		found_by(&store, (struct audit_filter){ .until_s = NOW + 1 }), 1);
	ck_assert_int_eq(found_by(&store,
				 (struct audit_filter){ .user = "ada",
					 .event = "wrong",
					 .service = "sshd",
					 .rhost = "::1",
					 .since_s = NOW + 3,
					 .until_s = NOW + 15 }),
		1);
	store_close(&store);
}
END_TEST

START_TEST(the_audit_shrinks_by_age_and_by_number_in_bites)
{
	struct store store = opened();
	bool more;
	int64_t n;

	for (int i = 1; i <= 100; i++) {
		struct audit_event event = { .at = NOW + i, .event = "e" };

		ck_assert_int_eq(audit_add(&store, &event), 0);
	}
	ck_assert_int_eq(audit_purge(&store, NOW + 31, 1000, 10, &more), 0);
	ck_assert_int_eq(db_number(store.db, "SELECT count(*) FROM audit", &n), 0);
	ck_assert_int_eq(n, 90);
	ck_assert_int_eq(audit_purge(&store, NOW + 31, 1000, 1000, &more), 0);
	ck_assert_int_eq(db_number(store.db, "SELECT min(at) FROM audit", &n), 0);
	ck_assert_int_eq(n, NOW + 31);
	ck_assert_int_eq(audit_purge(&store, 0, 25, 1000, &more), 0);
	ck_assert_int_eq(db_number(store.db, "SELECT count(*) FROM audit", &n), 0);
	ck_assert_int_eq(n, 25);
	/* Identifiers are never given twice. */
	ck_assert_int_eq(audit_purge(&store, INT64_MAX, 0, 1000, &more), 0);
	ck_assert_int_eq(audit_add(&store, &(struct audit_event){ .event = "e" }), 0);
	ck_assert_int_eq(db_number(store.db, "SELECT max(id) FROM audit", &n), 0);
	ck_assert_int_eq(n, 101);
	store_close(&store);
}
END_TEST

START_TEST(a_full_disk_is_an_error_and_the_store_goes_on_after_it)
{
	struct store store = opened();
	int r = 0;
	int64_t n;

	ck_assert_int_eq(db_script(store.db, "PRAGMA max_page_count=20"), 0);
	for (int i = 0; r == 0 && i < 20000; i++) {
		struct audit_event event = { .at = NOW,
			.event = "e",
			.detail = "0123456789012345678901234567890123456789" };

		r = audit_add(&store, &event);
	}
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_uint_gt(strlen(store_error(&store)), 0);
	ck_assert_int_eq(db_script(store.db, "PRAGMA max_page_count=100000"), 0);
	ck_assert_int_eq(audit_add(&store, &(struct audit_event){ .event = "e" }), 0);
	ck_assert_int_eq(db_number(store.db, "PRAGMA quick_check", &n), 0);
	store_close(&store);
}
END_TEST

START_TEST(the_log_is_moved_into_the_file_when_it_has_grown)
{
	struct store store = opened();
	int i;

	ck_assert(!store_is_untidy(&store, true));
	for (i = 0; !store_is_untidy(&store, true) && i < 5000; i++)
		ck_assert_int_eq(store_put_number(&store, "n", i), 0);
	ck_assert_int_lt(i, 5000);
	ck_assert_int_eq(store_tidy(&store), 0);
	ck_assert(!store_is_untidy(&store, true));
	store_close(&store);
}
END_TEST

UNIT_MAIN("store", a_database_of_version_1_is_brought_up_with_all_that_is_in_it,
	a_database_of_version_2_is_brought_up_with_all_that_is_in_it,
	a_database_of_version_3_is_brought_up_with_all_that_is_in_it,
	a_new_database_is_what_a_migrated_one_is,
	a_migration_that_fails_in_the_middle_is_taken_back_whole,
	a_migration_that_is_killed_at_any_write_loses_nothing,
	refusals_in_a_row_are_counted_and_a_mail_that_is_taken_ends_them,
	what_an_earlier_address_refuses_counts_for_nobody,
	a_bounce_counts_once_and_only_a_typed_code_ends_it,
	only_a_mail_that_was_sent_bounces, a_user_has_a_language_and_a_second_route,
	a_new_store_is_private_and_comes_back, every_statement_is_prepared_at_the_start,
	what_protects_the_file_is_on, foreign_files_are_refused_and_stay_as_they_are,
	a_file_of_the_wrong_kind_or_mode_is_refused, a_second_opener_is_told_who_has_it,
	of_four_hundred_damaged_files_none_crashes_and_none_is_made_anew,
	a_damaged_log_loses_no_committed_row_that_is_in_the_file,
	a_savepoint_takes_back_one_call_and_leaves_the_others,
	small_values_keep_their_type_and_size,
	users_are_kept_as_they_came_and_listed_in_order,
	lists_go_on_after_a_name_and_end_when_told,
	a_challenge_comes_back_in_every_field,
	the_live_one_is_found_by_all_that_it_is_bound_to,
	what_has_ended_is_written_no_more, a_new_code_keeps_counters_and_binding,
	challenges_are_cancelled_counted_and_purged,
	a_mail_that_is_final_stays_final_and_its_blob_is_gone,
	late_mails_fail_with_words_and_killed_ones_are_dead,
	the_queue_gives_what_is_due_and_hides_what_was_never_sent,
	only_final_mails_are_purged, mail_states_have_names,
	sends_count_by_purpose_and_failed_ones_are_free,
	wrong_tries_are_counted_forgotten_and_purged,
	a_step_up_is_remembered_for_exactly_what_it_was_given_for,
	a_step_up_has_the_form_of_its_last_code,
	a_step_up_from_nowhere_is_never_remembered,
	audit_pages_show_every_event_once_newest_first,
	a_search_goes_through_a_long_audit_in_stretches,
	a_filter_of_the_audit_wants_all_that_it_names,
	the_audit_shrinks_by_age_and_by_number_in_bites,
	a_full_disk_is_an_error_and_the_store_goes_on_after_it,
	the_log_is_moved_into_the_file_when_it_has_grown);
