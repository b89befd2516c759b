/* SPDX-License-Identifier: MIT */
/*
 * What the tests of recovery codes share: users of this host, calls in their names, and
 * what they got. The statements and the Argon2ids that a call causes are counted, and
 * one can be held back: link with -Wl,--wrap=sqlite3_step,--wrap=password_compare.
 */
#ifndef TESTS_UNIT_RECOVERY_H
#define TESTS_UNIT_RECOVERY_H

#include <semaphore.h>
#include <stdatomic.h>

#include "otpd/core/recovery.h"
#include "otpd/store/recovery.h"
#include "tests/unit/people.h"

/* ---- what is counted */

#define SEEN_MAX 400

struct sqlite3_stmt;
int __real_sqlite3_step(struct sqlite3_stmt *statement);
int __wrap_sqlite3_step(struct sqlite3_stmt *statement);
const char *sqlite3_sql(struct sqlite3_stmt *statement);
int __real_password_compare(const char *hash, const char *password);
int __wrap_password_compare(const char *hash, const char *password);

static const char *seen[SEEN_MAX]; /* statements in their order, rows once */
static size_t n_seen;
static atomic_int n_compared;
static atomic_bool hold; /* the next compare waits for let_go() */
static sem_t held, go_on;

int __wrap_sqlite3_step(struct sqlite3_stmt *statement)
{
	const char *sql = sqlite3_sql(statement);

	if (n_seen < SEEN_MAX && (n_seen == 0 || seen[n_seen - 1] != sql))
		seen[n_seen++] = sql;
	return __real_sqlite3_step(statement);
}

int __wrap_password_compare(const char *hash, const char *password)
{
	n_compared++;
	if (atomic_exchange(&hold, false)) {
		sem_post(&held);
		while (sem_wait(&go_on) < 0)
			;
	}
	return __real_password_compare(hash, password);
}

/* ---- calls */

struct got {
	int r;
	char state[32], challenge[LIMIT_CHALLENGE + 1], purpose[32], delivery[16];
	bool resumed, locked, has_token;
	int64_t resend_in, tries_left, retry_after;
	size_t members;
};

static char domains[600]; /* of the last answer */

static inline struct got read_got(int r, json_t *out)
{
	struct got got = { .r = r };

#define TEXT(member) \
	snprintf(got.member, sizeof(got.member), "%s", string_of(out, #member))
	TEXT(state);
	TEXT(challenge);
	TEXT(purpose);
	TEXT(delivery);
#undef TEXT
	got.resumed = json_is_true(json_object_get(out, "resumed"));
	snprintf(domains, sizeof(domains), "%s", string_of(out, "domains"));
	got.has_token = string_of(out, "token")[0] != '\0';
	got.locked = json_is_true(json_object_get(out, "locked"));
	got.resend_in = number_or(out, "resend_in");
	got.tries_left = number_or(out, "tries_left");
	got.retry_after = number_or(out, "retry_after");
	got.members = json_object_size(out);
	/* Nothing but a success says a state. */
	ck_assert(r == 0 || !got.state[0]);
	json_decref(out);
	return got;
}

static inline struct got ask(uid_t uid, const char *method, json_t *in)
{
	json_t *out;
	int r = rig_call(&rig, uid, method, in, &out);

	return read_got(r, out);
}

/* Begins as PAM in a process of root does that can ask for everything. */
static inline struct got begin_from(const char *user, const char *rhost)
{
	return ask(0, "Auth.Begin",
		json_pack("{s:s, s:s, s:s, s:b, s:b}", "user", user, "service", "sshd",
			"rhost", rhost, "enrol", 1, "recovery", 1));
}

static inline struct got begin(const char *user)
{
	return begin_from(user, "");
}

static inline json_t *recover_in(const char *challenge, const char *typed)
{
	return json_pack("{s:s, s:s}", "challenge", challenge, "code", typed);
}

static inline struct got recover(const char *challenge, const char *typed)
{
	return ask(0, "Auth.Recover", recover_in(challenge, typed));
}

static inline int verify(const char *challenge, const char *typed)
{
	return ask(0, "Auth.Verify", recover_in(challenge, typed)).r;
}

static inline int on_user(const char *method, const char *user)
{
	return rig_call(&rig, 0, method, json_pack("{s:s}", "user", user), NULL);
}

static inline void add_user(const char *name, bool verified)
{
	char address[128];

	snprintf(address, sizeof(address), "%s@example.org", name);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.AddUser",
				 json_pack("{s:s, s:s, s:b}", "user", name, "address",
					 address, "verified", verified),
				 NULL),
		0);
}

/* Not inline: the letters of a long test would not fit its stack. */
static __attribute__((noinline, unused)) bool mailed(
	const char *kind, const char *address)
{
	return mail_is(kind, address);
}

static __attribute__((noinline, unused)) void take_mail(void)
{
	read_mail();
}

/* ---- codes */

static char codes[RECOVERY_CODES][RECOVERY_SHOWN];

/* Splits "A B C"; how many there were. */
static inline size_t take_codes(const char *text)
{
	size_t n = 0;

	while (*text && n < RECOVERY_CODES) {
		size_t length = strcspn(text, " ");

		ck_assert_uint_lt(length, sizeof(codes[0]));
		memcpy(codes[n], text, length);
		codes[n++][length] = '\0';
		text += length + (text[length] == ' ');
	}
	return n;
}

/* Ten new ones of a user, by root. */
static inline void make_codes(const char *user)
{
	json_t *out, *list;

	ck_assert_int_eq(rig_call(&rig, 0, "Admin.RecoveryCodes",
				 json_pack("{s:s}", "user", user), &out),
		0);
	list = json_object_get(out, "codes");
	ck_assert_uint_eq(json_array_size(list), RECOVERY_CODES);
	for (size_t i = 0; i < RECOVERY_CODES; i++)
		snprintf(codes[i], sizeof(codes[i]), "%s",
			json_string_value(json_array_get(list, i)));
	json_decref(out);
}

static inline int64_t left(const char *user)
{
	int64_t n = -1;

	(void)rig_count(&rig, "SELECT 1");
	ck_assert_int_eq(recovery_count(&rig.daemon.store, user, &n), 0);
	return n;
}

/* The same selector with another secret. */
static inline const char *spoiled(const char *good)
{
	static char bad[RECOVERY_SHOWN];

	snprintf(bad, sizeof(bad), "%s", good);
	bad[strlen(bad) - 1] = bad[strlen(bad) - 1] == '7' ? '8' : '7';
	return bad;
}

static inline int64_t events(const char *event)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM audit WHERE event = '%s'",
		event);
	return rig_count(&rig, sql);
}

/* ---- a call that is held between its phases */

static inline int start_held(uid_t uid, const char *method, json_t *in)
{
	char *text, name[128];
	int fd = rig_connect(&rig, uid);
	json_t *message;

	snprintf(name, sizeof(name), "org.emailotp.%s", method);
	message = json_pack("{s:s, s:o}", "method", name, "parameters", in);
	text = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	hold = true;
	ck_assert_int_eq(
		send(fd, text, strlen(text) + 1, 0), (ssize_t)strlen(text) + 1);
	free(text);
	while (sem_trywait(&held) < 0)
		uv_run(&rig.daemon.loop, UV_RUN_NOWAIT);
	return fd;
}

static inline struct got let_go(int fd)
{
	static char answer[LIMIT_REPLY];
	const char *error;
	json_t *message;
	struct got got;
	size_t length;

	sem_post(&go_on);
	length = rig_answer(&rig, fd, answer, sizeof(answer));
	close(fd);
	message = json_loadb(answer, length, JSON_REJECT_DUPLICATES, NULL);
	ck_assert(json_is_object(message));
	error = json_string_value(json_object_get(message, "error"));
	got = read_got(error ? outcome_from_error(error) : 0,
		json_incref(json_object_get(message, "parameters")));
	json_decref(message);
	return got;
}

static inline void set_up_users(const char *config)
{
	sem_init(&held, 0, 0);
	sem_init(&go_on, 0, 0);
	set_up(config);
	add_user("alice", true);
	add_user("bob", true);
}

#endif
