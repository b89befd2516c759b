/* SPDX-License-Identifier: MIT */
/*
 * Copies of the store, and another store in its place: what is in a copy and what is
 * not, and that whoever is killed at any system call of an exchange finds one whole
 * store.
 */
#include "otpd/store/backup.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "otpd/store/db.h"
#include "otpd/store/restore.h"
#include "otpd/store/store.h"
#include "tests/unit/unit.h"

static char error[512];

static struct store opened(const char *name)
{
	char path[UNIT_PATH];
	struct store store;

	ck_assert_msg(
		store_open(&store, unit_path(path, name), error, sizeof(error)) == 0,
		"%s", error);
	return store;
}

static void script(struct store *store, const char *sql)
{
	ck_assert_msg(
		db_script(store->db, sql) == 0, "%s: %s", sql, db_error(store->db));
}

static int64_t count(struct store *store, const char *sql)
{
	int64_t n = -1;

	ck_assert_msg(
		db_number(store->db, sql, &n) == 0, "%s: %s", sql, db_error(store->db));
	return n;
}

static int64_t count_in(const char *name, const char *sql)
{
	struct store store = opened(name);
	int64_t n = count(&store, sql);

	store_close(&store);
	return n;
}

#define USER                                                                        \
	"INSERT INTO users (name, address, person, state, verified_at, created_at," \
	" login_at) VALUES "

static void fill(struct store *store, int from, int to)
{
	char sql[512];

	script(store, "BEGIN");
	for (int i = from; i < to; i++) {
		snprintf(sql, sizeof(sql),
			USER
			"('u%06d', 'u%06d@example.org', hex(zeroblob(60)), 0, 1, 1, 0)",
			i, i);
		script(store, sql);
	}
	script(store, "COMMIT");
}

/* The whole copy, and how many steps it took. between is called between two of them. */
static int copied(
	struct store *store, const char *name, void (*between)(struct store *, int))
{
	struct backup *backup = NULL;
	char path[UNIT_PATH];
	int n = 0, r;

	unit_path(path, name);
	ck_assert_int_eq(backup_open(store, path, &backup), 0);
	while ((r = backup_step(backup)) == 1) {
		n++;
		ck_assert_int_lt(n, 100000);
		if (between)
			between(store, n);
	}
	ck_assert_int_eq(r, 0);
	backup_close(backup);
	ck_assert_int_eq(backup_strip(path), 0);
	ck_assert_int_eq(backup_sign(path, 1700000000, 42), 0);
	return n;
}

static void write_between(struct store *store, int n)
{
	char sql[256];

	if (n > 200)
		return;
	snprintf(sql, sizeof(sql),
		USER "('late%d', 'x', '', 0, 0, 0, 0); UPDATE users SET login_at = %d",
		n, n);
	script(store, sql);
	if (n % 5 == 0)
		ck_assert_int_eq(store_tidy(store), 0);
}

START_TEST(a_copy_is_what_the_store_is_at_the_end)
{
	struct store store = opened("otpd.db");
	struct stat st;
	char path[UNIT_PATH];
	int64_t users;
	int steps;

	fill(&store, 0, 3000);
	steps = copied(&store, "copy", write_between);
	ck_assert_int_ge(steps, 5);
	users = count(&store, "SELECT count(*) FROM users");
	ck_assert_int_eq(users, 3000 + (steps < 200 ? steps : 200));
	ck_assert_int_eq(
		count_in("copy",
			"SELECT integrity_check = 'ok' FROM pragma_integrity_check"),
		1);
	ck_assert_int_eq(count_in("copy", "SELECT count(*) FROM users"), users);
	ck_assert_int_eq(count_in("copy", "SELECT count(DISTINCT login_at) FROM users"),
		count(&store, "SELECT count(DISTINCT login_at) FROM users"));
	ck_assert_int_eq(stat(unit_path(path, "copy"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	store_close(&store);
}
END_TEST

static void roll_back_between(struct store *store, int n)
{
	if (n > 40)
		return;
	script(store,
		"BEGIN; UPDATE users SET login_at = 77; ROLLBACK;"
		"BEGIN; SAVEPOINT s; DELETE FROM users; ROLLBACK TO s; RELEASE s;"
		"UPDATE users SET state = state; COMMIT");
}

START_TEST(what_was_rolled_back_is_not_in_a_copy)
{
	struct store store = opened("otpd.db");

	fill(&store, 0, 2000);
	copied(&store, "copy", roll_back_between);
	ck_assert_int_eq(
		count_in("copy", "SELECT count(*) FROM users WHERE login_at = 0"),
		2000);
	ck_assert_int_eq(
		count_in("copy",
			"SELECT integrity_check = 'ok' FROM pragma_integrity_check"),
		1);
	store_close(&store);
}
END_TEST

START_TEST(a_copy_of_a_store_that_goes_away_is_closed)
{
	struct store store = opened("otpd.db");
	struct backup *backup = NULL;
	char path[UNIT_PATH];

	fill(&store, 0, 2000);
	/* A link in its place is not followed. */
	ck_assert_int_eq(symlink("/nonexistent/x", unit_path(path, "copy")), 0);
	ck_assert_int_eq(backup_open(&store, path, &backup), 0);
	ck_assert_int_eq(backup_step(backup), 1);
	backup_close(backup);
	backup_close(NULL);
	backup_remove(path);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_lt(
		backup_open(&store, unit_path(path, "no/such/copy"), &backup), 0);
	store_close(&store);
}
END_TEST

static const char live[] =
	"INSERT INTO challenges VALUES (x'01', 'MARKuser', 's', 'r', 't', 0, 1, 0, 1,"
	" x'02', 'CDF', 6, 0, 0, 0, 5, 1, 99, 1, 'MARKchallenge', 0);"
	"INSERT INTO registrations VALUES (x'01', 't', 'c', 'MARKform', 'k', 'l', 'p', '',"
	" 99, '{}');"
	"INSERT INTO grants VALUES (x'03', 1, 't', 'c', x'04', 'MARKgrant', '', 1, 99);"
	"INSERT INTO sessions VALUES (1, x'05', x'06', 'MARKsession', '', 1, x'07', 1, 1,"
	" 99);"
	"INSERT INTO grace (user, service, rhost, tty, peer, until)"
	" VALUES ('MARKgrace', 's', 'r', 't', 0, 99);"
	"INSERT INTO mail (id, name, user, origin, purpose, state, tries, at, next_at,"
	" deadline, sender, nonce, sealed, detail) VALUES"
	" (1, x'08', 'u', '', 1, 0, 0, 1, 1, 99, x'4d41524b01', x'4d41524b02', x'4d41524b03', ''),"
	" (2, x'09', 'u', '', 1, 4, 0, 1, 1, 99, x'4d41524b01', x'4d41524b02', x'4d41524b04', ''),"
	" (3, x'0a', 'kept', '', 1, 1, 0, 1, 1, 99, NULL, NULL, NULL, '');"
	"INSERT OR REPLACE INTO meta VALUES ('boot_id', 'MARKboot'),"
	" ('mailer_key', 'MARKkey');";

START_TEST(what_is_live_is_not_in_a_copy)
{
	struct store store = opened("otpd.db");
	char path[UNIT_PATH];
	char *data;
	size_t size;

	fill(&store, 0, 300);
	script(&store, live);
	copied(&store, "copy", NULL);
	data = unit_read(unit_path(path, "copy"), &size);
	ck_assert_ptr_null(memmem(data, size, "MARK", 4));
	ck_assert_ptr_nonnull(memmem(data, size, "kept", 4));
	free(data);
	ck_assert_int_eq(access(unit_path(path, "copy-wal"), F_OK), -1);
	ck_assert_int_eq(
		count_in("copy", "SELECT count(*) FROM mail WHERE state = 5"), 1);
	ck_assert_int_eq(count_in("copy", "SELECT count(*) FROM mail"), 3);
	ck_assert_int_eq(count(&store, "SELECT count(*) FROM challenges"), 1);
	store_close(&store);
}
END_TEST

static int prepare(const char *name, struct restore_facts *facts)
{
	char path[UNIT_PATH];

	return restore_prepare(unit_path(path, name), facts, error, sizeof(error));
}

static int exchange(struct restore_report *report)
{
	char path[UNIT_PATH], prepared[UNIT_PATH];

	return restore_exchange(unit_path(path, "otpd.db"), unit_path(prepared, "copy"),
		report, error, sizeof(error));
}

#define ACCOUNTS                                                                   \
	"INSERT INTO accounts (id, tenant, address, address_key, login, password," \
	" language, state, verified_at, created_at, login_at, password_at,"        \
	" reset_until, profile) VALUES"                                            \
	" (x'01', 't', 'a@x', 'a@x', 'a', '', '', 0, 1, 1, 0, 1, 0, ''),"          \
	" (x'02', 't', 'b@x', 'b@x', 'b', '', '', 0, 1, 1, 0, 1, 0, '');"

#define CODES                                                     \
	"INSERT INTO recovery (principal, selector, hash) VALUES" \
	" ('ada', 'AAAA', 'h1'), ('ada', 'BBBB', 'h2'), ('bob', 'AAAA', 'h3');"

START_TEST(what_must_not_go_back_in_time_does_not)
{
	struct restore_report report = { 0 };
	struct restore_facts facts = { 0 };
	struct store store = opened("otpd.db");

	fill(&store, 0, 10);
	script(&store,
		CODES "INSERT OR REPLACE INTO meta VALUES ('high_water', 1000),"
		      " ('token_key', 3), ('token_key_at', 5);"
		      "INSERT INTO wrong (user, decoy, at) VALUES ('ada', 0, 10)");
	copied(&store, "copy", NULL);
	script(&store,
		"DELETE FROM recovery WHERE selector = 'BBBB';"
		"UPDATE recovery SET hash = 'new' WHERE principal = 'bob';"
		"UPDATE meta SET value = 2000 WHERE name = 'high_water';"
		"UPDATE meta SET value = 5 WHERE name = 'token_key';"
		"INSERT OR REPLACE INTO meta VALUES ('mailer_key', x'01');"
		"INSERT INTO wrong (user, decoy, at) VALUES ('ada', 0, 20);"
		"DELETE FROM users");
	ck_assert_int_eq(exchange(&report), -EBUSY);
	ck_assert_ptr_nonnull(strstr(error, "another otpd"));
	store_close(&store);

	ck_assert_msg(prepare("copy", &facts) == 0, "%s", error);
	ck_assert_int_eq(facts.users, 10);
	ck_assert_int_eq(facts.recovery_codes, 3);
	ck_assert_int_eq(facts.made_at, 1700000000);
	ck_assert_int_eq(facts.key_id, 42);
	ck_assert_msg(exchange(&report) == 0, "%s", error);
	ck_assert(report.had_store && report.read_store);
	ck_assert_int_eq(report.voided_codes, 2);
	store = opened("otpd.db");
	ck_assert_int_eq(count(&store, "SELECT count(*) FROM users"), 10);
	ck_assert_int_eq(count(&store, "SELECT count(*) FROM recovery"), 1);
	ck_assert_int_eq(
		count(&store, "SELECT count(*) FROM recovery WHERE hash = 'h1'"), 1);
	ck_assert_int_eq(
		count(&store, "SELECT value FROM meta WHERE name = 'high_water'"),
		2000);
	ck_assert_int_eq(
		count(&store, "SELECT value FROM meta WHERE name = 'token_key'"), 5);
	ck_assert_int_eq(
		count(&store, "SELECT count(*) FROM meta WHERE name = 'mailer_key'"),
		1);
	ck_assert_int_eq(count(&store, "SELECT count(*) FROM wrong"), 2);
	store_close(&store);
	ck_assert_int_eq(
		count_in("otpd.db.before-restore", "SELECT count(*) FROM users"), 0);
}
END_TEST

START_TEST(who_was_disabled_since_stays_disabled)
{
	struct restore_report report = { 0 };
	struct restore_facts facts = { 0 };
	struct store store = opened("otpd.db");

	fill(&store, 0, 3);
	script(&store, ACCOUNTS);
	copied(&store, "copy", NULL);
	script(&store,
		"UPDATE users SET state = 1 WHERE name = (SELECT min(name) FROM users);"
		"UPDATE users SET state = 2 WHERE name = (SELECT max(name) FROM users);"
		"UPDATE accounts SET state = 1 WHERE id = x'01'");
	store_close(&store);
	ck_assert_msg(prepare("copy", &facts) == 0, "%s", error);
	ck_assert_msg(exchange(&report) == 0, "%s", error);
	store = opened("otpd.db");
	ck_assert_int_eq(count(&store, "SELECT sum(state) FROM users"), 1);
	ck_assert_int_eq(count(&store, "SELECT sum(state) FROM accounts"), 1);
	store_close(&store);
}
END_TEST

START_TEST(what_is_later_in_the_backup_stays)
{
	struct restore_report report = { 0 };
	struct restore_facts facts;
	struct store store = opened("otpd.db");

	script(&store,
		"INSERT OR REPLACE INTO meta VALUES ('high_water', 2000), ('token_key', 9)");
	copied(&store, "copy", NULL);
	script(&store,
		"UPDATE meta SET value = 1000 WHERE name = 'high_water';"
		"UPDATE meta SET value = 8 WHERE name = 'token_key'");
	store_close(&store);
	ck_assert_int_eq(prepare("copy", &facts), 0);
	ck_assert_int_eq(exchange(&report), 0);
	ck_assert_int_eq(
		count_in("otpd.db", "SELECT value FROM meta WHERE name = 'high_water'"),
		2000);
	ck_assert_int_eq(
		count_in("otpd.db", "SELECT value FROM meta WHERE name = 'token_key'"),
		9);
}
END_TEST

START_TEST(a_store_can_be_put_where_there_is_none)
{
	struct restore_report report = { 0 };
	struct restore_facts facts;
	struct store store = opened("otpd.db");
	char path[UNIT_PATH];

	fill(&store, 0, 5);
	copied(&store, "copy", NULL);
	store_close(&store);
	ck_assert_int_eq(unlink(unit_path(path, "otpd.db")), 0);
	ck_assert_int_eq(unlink(unit_path(path, "otpd.db-wal")), 0);
	ck_assert_int_eq(prepare("copy", &facts), 0);
	ck_assert_msg(exchange(&report) == 0, "%s", error);
	ck_assert(!report.had_store);
	ck_assert_int_eq(count_in("otpd.db", "SELECT count(*) FROM users"), 5);
}
END_TEST

static void damage(const char *name, off_t at, size_t size)
{
	uint8_t rubbish[4096];
	char path[UNIT_PATH];
	int fd = open(unit_path(path, name), O_WRONLY | O_CLOEXEC);

	memset(rubbish, 0x5a, sizeof(rubbish));
	ck_assert_int_eq(pwrite(fd, rubbish, size, at), (ssize_t)size);
	close(fd);
}

START_TEST(a_damaged_store_is_set_aside_with_its_log)
{
	struct restore_report report = { 0 };
	struct restore_facts facts;
	struct store store = opened("otpd.db");
	char path[UNIT_PATH];
	char *data;
	size_t size;

	script(&store, CODES);
	fill(&store, 0, 500);
	copied(&store, "copy", NULL);
	store_close(&store);
	damage("otpd.db", 0, 4096);
	unit_write_text(unit_path(path, "otpd.db-wal"), "a log of that one");
	ck_assert_int_eq(prepare("copy", &facts), 0);
	ck_assert_msg(exchange(&report) == 0, "%s", error);
	ck_assert(report.had_store && !report.read_store);
	ck_assert_int_eq(report.voided_codes, 0);
	ck_assert_int_eq(count_in("otpd.db", "SELECT count(*) FROM users"), 500);
	data = unit_read(unit_path(path, "otpd.db.before-restore"), &size);
	ck_assert_int_eq(data[0], 0x5a);
	free(data);
	data = unit_read(unit_path(path, "otpd.db.before-restore-wal"), &size);
	free(data);
}
END_TEST

START_TEST(what_is_no_backup_is_refused)
{
	static const char *const strange[] = {
		"CREATE TRIGGER t AFTER DELETE ON challenges BEGIN DELETE FROM users; END",
		"CREATE VIEW v AS SELECT 1",
		"PRAGMA user_version = 999",
		"PRAGMA application_id = 7",
		"DROP TABLE wrong",
		"ALTER TABLE users RENAME COLUMN person TO nobody",
	};
	struct restore_facts facts;
	struct store store = opened("otpd.db");
	char path[UNIT_PATH];

	fill(&store, 0, 2000);
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		struct db *db = NULL;

		copied(&store, "copy", NULL);
		ck_assert_int_eq(
			db_open(unit_path(path, "copy"), &db, error, sizeof(error)), 0);
		ck_assert_int_eq(db_script(db, strange[i]), 0);
		db_close(db);
		ck_assert_msg(prepare("copy", &facts) < 0, "%s", strange[i]);
		backup_remove(path);
	}
	for (off_t at = 8192; at < 100000; at += 12288) {
		copied(&store, "copy", NULL);
		damage("copy", at, 100);
		ck_assert_msg(prepare("copy", &facts) < 0, "damage at %ld", (long)at);
	}
	copied(&store, "copy", NULL);
	ck_assert_int_eq(truncate(unit_path(path, "copy"), 40960), 0);
	ck_assert_int_lt(prepare("copy", &facts), 0);
	unit_write_text(path, "SQLite format 3");
	ck_assert_int_lt(prepare("copy", &facts), 0);
	store_close(&store);
}
END_TEST

/* The store as a killed otpd leaves it: its last rows are in the log only. */
static void keep_files(const char *from, const char *to)
{
	static const char *const ends[] = { "", "-wal" };

	for (int i = 0; i < 2; i++) {
		char name[64], path[UNIT_PATH];
		char *data;
		size_t size;

		snprintf(name, sizeof(name), "%s%s", from, ends[i]);
		if (access(unit_path(path, name), F_OK) < 0)
			continue;
		data = unit_read(path, &size);
		snprintf(name, sizeof(name), "%s%s", to, ends[i]);
		unit_write(unit_path(path, name), data, size, 0600);
		free(data);
	}
}

static void remove_all(void)
{
	static const char *const names[] = { "otpd.db", "otpd.db.before-restore",
		"otpd.db.before-restore.new", "copy" };
	char path[UNIT_PATH];

	for (size_t i = 0; i < 4; i++)
		backup_remove(unit_path(path, names[i]));
}

/* Runs the exchange and kills it at its n-th stop. False: it was done before. */
static bool kill_at(int n)
{
	struct restore_report report;
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(exchange(&report) == 0 ? 0 : 9);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSTOPPED(status), "ptrace is not allowed here");
	while (n-- > 0) {
		ck_assert_int_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			ck_assert_int_eq(WEXITSTATUS(status), 0);
			return false;
		}
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return true;
}

START_TEST(whoever_is_killed_finds_one_whole_store)
{
	struct restore_facts facts;
	struct store store = opened("otpd.db");
	int n_old = 0, n_new = 0;

	fill(&store, 0, 40);
	copied(&store, "copy", NULL);
	ck_assert_int_eq(prepare("copy", &facts), 0);
	keep_files("copy", "kept-copy");
	fill(&store, 40, 100);
	keep_files("otpd.db", "kept");
	store_close(&store);
	for (int n = 1;; n++) {
		int64_t users;
		bool killed;

		remove_all();
		keep_files("kept", "otpd.db");
		keep_files("kept-copy", "copy");
		killed = kill_at(n);
		users = count_in("otpd.db",
			"SELECT count(*) FROM users WHERE (SELECT integrity_check = 'ok'"
			" FROM pragma_integrity_check LIMIT 1)");
		ck_assert_msg(users == 40 || users == 100, "killed at %d: %lld users",
			n, (long long)users);
		n_old += users == 100;
		n_new += users == 40;
		/* A sanitizer's own calls differ from run to run, so the n-th stop may
		 * lie before that of the run before. At the end it is the new one, and
		 * where it is, the old one is aside. */
		ck_assert(users == 40 || killed);
		if (users == 40)
			ck_assert_int_eq(count_in("otpd.db.before-restore",
						 "SELECT count(*) FROM users"),
				100);
		if (!killed)
			break;
	}
	ck_assert_int_ge(n_old, 50);
	ck_assert_int_ge(n_new, 5);
}
END_TEST

UNIT_MAIN("backup", a_copy_is_what_the_store_is_at_the_end,
	what_was_rolled_back_is_not_in_a_copy,
	a_copy_of_a_store_that_goes_away_is_closed, what_is_live_is_not_in_a_copy,
	what_must_not_go_back_in_time_does_not, who_was_disabled_since_stays_disabled,
	what_is_later_in_the_backup_stays, a_store_can_be_put_where_there_is_none,
	a_damaged_store_is_set_aside_with_its_log, what_is_no_backup_is_refused,
	whoever_is_killed_finds_one_whole_store);
