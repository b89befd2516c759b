/* SPDX-License-Identifier: MIT */
/*
 * Whole calls of accounts that sign in: the password, and everything that must not pass
 * it; the second step; what a one-box client finds. Nothing here waits for time: the
 * clock is the rig's, and passwords are hashed for real.
 */
#include <errno.h>
#include <pwd.h>

#include "otpd/core/password.h"
#include "otpd/store/accounts.h"
#include "otpd/store/principals.h"
#include "otpd/store/registrations.h"
#include "otpd/store/spending.h"
#include "otpd/util/hex.h"
#include "tests/unit/rig.h"

#define ADA   "ada@example.org"
#define RIGHT "correct horse"
#define HOME  "192.0.2.1"

/* Two clients of one tenant, one of another, one with no purpose of ours, one without a
 * tenant; and root, by the policy of a service. */
#define SHOP                                                                   \
	"client shop { user = daemon services = { front } tenant = acme }\n"   \
	"client twin { user = bin tenant = acme }\n"                           \
	"client other { user = sys tenant = umbra }\n"                         \
	"client idle { user = games tenant = acme purposes = { register } }\n" \
	"client bare { user = man services = { shop } }\n"                     \
	"policy webmail { tenant = acme }\n"

static struct rig rig;
static uid_t shop, twin, other, idle, bare;
static char code[LIMIT_CODE + 1], wrong_code[LIMIT_CODE + 1];
static char id[LIMIT_CHALLENGE + 1];

static uid_t uid_of(const char *name)
{
	const struct passwd *user = getpwnam(name);

	ck_assert_ptr_nonnull(user);
	return user->pw_uid;
}

static void set_up(const char *config)
{
	char text[2048];

	snprintf(text, sizeof(text), SHOP "%s", config);
	shop = uid_of("daemon");
	twin = uid_of("bin");
	other = uid_of("sys");
	idle = uid_of("games");
	bare = uid_of("man");
	rig_open(&rig, text);
}

/* ---- accounts */

static const char *hash_of(const char *password)
{
	static char hash[PASSWORD_HASH];

	ck_assert_int_eq(password_hash(hash, password), 0);
	return hash;
}

static void add_account(uint8_t number, const char *tenant, const char *address,
	const char *login, const char *hash)
{
	static struct account account;

	account = (struct account){ .id = { number },
		.profile = "{}",
		.verified_at = RIG_NOW - 1000,
		.created_at = RIG_NOW - 2000,
		.password_at = RIG_NOW - 2000 };
	snprintf(account.tenant, sizeof(account.tenant), "%s", tenant);
	snprintf(account.address, sizeof(account.address), "%s", address);
	snprintf(account.login, sizeof(account.login), "%s", login);
	snprintf(account.password, sizeof(account.password), "%s", hash);
	ck_assert_int_eq(accounts_insert(&rig.daemon.store, &account), 0);
}

/* Ada, of the tenant acme. */
static void with_ada(const char *config)
{
	set_up(config);
	add_account(1, "acme", ADA, "ada", hash_of(RIGHT));
}

static const uint8_t ada[ACCOUNT_ID] = { 1 };
#define ADA_PRINCIPAL "acct:01000000000000000000000000000000"

static const struct account *account_now(void)
{
	static struct account account;

	ck_assert_int_eq(accounts_get(&rig.daemon.store, ada, &account), 0);
	return &account;
}

/* ---- calls */

static const char *string_of(json_t *out, const char *name)
{
	const char *text = json_string_value(json_object_get(out, name));

	return text ? text : "";
}

static int64_t int_of(json_t *out, const char *name)
{
	ck_assert_msg(json_is_integer(json_object_get(out, name)), "%s", name);
	return json_integer_value(json_object_get(out, name));
}

static json_t *login_in(
	const char *login, const char *password, const char *service, const char *rhost)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "login", login, "password", password,
		"service", service, "rhost", rhost);
}

static int login_as(uid_t uid, const char *login, const char *password,
	const char *service, const char *rhost, json_t **out)
{
	return rig_call(&rig, uid, "Account.Login",
		login_in(login, password, service, rhost), out);
}

static int login(const char *name, const char *password)
{
	return login_as(shop, name, password, "", HOME, NULL);
}

/* Logs Ada in up to the code; the challenge is in id, and whether it was resumed. */
static bool begun(uid_t uid, const char *service)
{
	json_t *out;
	bool resumed;

	ck_assert_int_eq(login_as(uid, ADA, RIGHT, service, HOME, &out), 0);
	ck_assert_str_eq(string_of(out, "state"), "challenge");
	snprintf(id, sizeof(id), "%s", string_of(out, "challenge"));
	resumed = json_is_true(json_object_get(out, "resumed"));
	json_decref(out);
	return resumed;
}

static int on_challenge(uid_t uid, const char *method)
{
	return rig_call(&rig, uid, method, json_pack("{s:s}", "challenge", id), NULL);
}

static int verify_as(uid_t uid, const char *method, const char *typed, json_t **out)
{
	return rig_call(&rig, uid, method,
		json_pack("{s:s, s:s}", "challenge", id, "code", typed), out);
}

static int verify(const char *typed)
{
	return verify_as(shop, "Account.Verify", typed, NULL);
}

static const char *wrong_one(void)
{
	strcpy(wrong_code, code);
	wrong_code[0] = wrong_code[0] == '9' ? '0' : (char)(wrong_code[0] + 1);
	return wrong_code;
}

static int status_as(uid_t uid, const char *name, const char *service)
{
	return rig_call(&rig, uid, "Account.Status",
		json_pack("{s:s, s:s}", "login", name, "service", service), NULL);
}

static int find_as(uid_t uid, const char *name, const char *service, const char *rhost,
	bool account, json_t **out)
{
	return rig_call(&rig, uid, "Auth.Find",
		json_pack("{s:s, s:s, s:s, s:b}", "user", name, "service", service,
			"rhost", rhost, "account", account),
		out);
}

static const char *found(const char *name, const char *rhost)
{
	static char state[16];
	json_t *out;

	ck_assert_int_eq(find_as(shop, name, "shop", rhost, true, &out), 0);
	snprintf(state, sizeof(state), "%s", string_of(out, "state"));
	json_decref(out);
	return state;
}

static int64_t count(const char *sql)
{
	return rig_count(&rig, sql);
}

static int64_t wrong_passwords(void)
{
	return count("SELECT count(*) FROM wrong WHERE user LIKE 'pw:%' AND decoy = 0");
}

/* ---- the password and the code */

START_TEST(a_password_and_a_code_open_a_session)
{
	json_t *out;
	char to[LIMIT_ADDRESS + 1];

	with_ada("");
	ck_assert_int_eq(login_as(shop, ADA, RIGHT, "", HOME, &out), 0);
	ck_assert_str_eq(string_of(out, "state"), "challenge");
	ck_assert_str_eq(string_of(out, "purpose"), "login");
	ck_assert_str_eq(string_of(out, "alphabet"), "digits");
	ck_assert_str_eq(string_of(out, "delivery"), "queued");
	ck_assert_int_eq(int_of(out, "length"), 6);
	ck_assert_int_eq(int_of(out, "tries_left"), 5);
	ck_assert_int_eq(int_of(out, "expires_in"), 600);
	ck_assert_int_eq(int_of(out, "resend_in"), 60);
	ck_assert_uint_eq(json_object_size(out), 11);
	snprintf(id, sizeof(id), "%s", string_of(out, "challenge"));
	json_decref(out);
	rig_mail(&rig, code, to);
	ck_assert_str_eq(to, ADA);
	ck_assert_int_eq(verify(wrong_one()), OUTCOME_WRONG_CODE);
	ck_assert_int_eq(verify_as(shop, "Account.Verify", code, &out), 0);
	ck_assert_str_eq(string_of(out, "state"), "verified");
	ck_assert_str_eq(string_of(out, "account"), "01000000000000000000000000000000");
	ck_assert_uint_gt(strlen(string_of(out, "access_token")), 0);
	ck_assert_int_eq(int_of(out, "expires_in"), 900);
	json_decref(out);
	ck_assert_int_eq(verify(code), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(account_now()->login_at, RIG_NOW);
	ck_assert_int_eq(count("SELECT count(*) FROM sessions WHERE client = 'shop'"
			       " AND amr = 'pwd otp'"),
		1);
	ck_assert_int_eq(count("SELECT count(*) FROM audit"
			       " WHERE event IN ('issued', 'wrong', 'verified',"
			       " 'session_opened') AND user = '" ADA_PRINCIPAL "'"),
		4);
	rig_close(&rig);
}
END_TEST

START_TEST(the_terminal_of_a_login_stands_in_its_challenge)
{
	json_t *in = login_in(ADA, RIGHT, "", HOME);

	with_ada("");
	json_object_set_new(in, "tty",
		json_string("tty\x01"
			    "7"));
	ck_assert_int_eq(rig_call(&rig, shop, "Account.Login", in, NULL), 0);
	ck_assert_int_eq(
		count("SELECT count(*) FROM challenges WHERE tty = 'tty?7'"), 1);
	in = login_in(ADA, RIGHT, "", "a'b.example");
	rig.now += 60;
	ck_assert_int_eq(rig_call(&rig, shop, "Account.Login", in, NULL), 0);
	ck_assert_int_eq(
		count("SELECT count(*) FROM challenges WHERE rhost = 'a?b.example'"),
		1);
	rig_close(&rig);
}
END_TEST

START_TEST(login_is_by_address_or_user_name_in_any_case)
{
	static const char *const names[] = { "ada", "ADA", "Ada@Example.ORG" };

	with_ada("");
	ck_assert(!begun(shop, ""));
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(login(names[i], RIGHT), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM challenges"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(what_is_no_login_is_refused_before_anything_is_looked_up)
{
	static const char *const names[] = { "", "a\nb", "a\x7f", "\xc2\x85" };

	with_ada("");
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(login(names[i], RIGHT), OUTCOME_BAD_NAME);
		ck_assert_int_eq(status_as(shop, names[i], ""), OUTCOME_BAD_NAME);
		ck_assert_int_eq(
			find_as(shop, names[i], "", "", true, NULL), OUTCOME_BAD_NAME);
	}
	ck_assert_int_eq(count("SELECT count(*) FROM audit"), 0);
	rig_close(&rig);
}
END_TEST

/* The same whole answer, and the same rows; only what they are about is another. */
START_TEST(nobody_is_told_from_somebody_with_a_wrong_password)
{
	static const char *const names[] = { ADA, "nobody@example.org", "nobody" };
	json_t *out;

	with_ada("");
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(
			login_as(shop, names[i], "wrong horse", "", HOME, &out),
			OUTCOME_WRONG_PASSWORD);
		ck_assert_uint_eq(json_object_size(out), 0);
		json_decref(out);
		ck_assert_int_eq(wrong_passwords(), (int64_t)i + 1);
		ck_assert_int_eq(count("SELECT count(*) FROM audit"), (int64_t)i + 1);
	}
	ck_assert_int_eq(count("SELECT count(*) FROM audit"
			       " WHERE event = 'password_wrong'"),
		3);
	ck_assert_int_eq(count("SELECT count(*) FROM challenges"), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM mail"), 0);
	/* Nobody's login stands nowhere as it was typed. */
	ck_assert_int_eq(
		count("SELECT count(*) FROM wrong WHERE user LIKE '%nobody%'"), 0);
	ck_assert_int_eq(
		count("SELECT count(*) FROM audit WHERE user LIKE '%nobody%'"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(an_account_without_a_password_opens_to_none)
{
	set_up("");
	add_account(1, "acme", ADA, "", "");
	ck_assert_int_eq(login(ADA, ""), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(login(ADA, RIGHT), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(wrong_passwords(), 2);
	rig_close(&rig);
}
END_TEST

/* ---- the lock */

#define FEW "tenant acme { wrong_passwords_per_hour = 3 wrong_passwords_per_day = 5 }\n"

static int64_t notices(const char *state)
{
	char sql[128];

	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM mail WHERE purpose = %d AND state %s",
		CODE_NOTICE, state);
	return count(sql);
}

static void locked_for(const char *name, const char *password, int64_t wait)
{
	json_t *out;

	ck_assert_int_eq(
		login_as(shop, name, password, "", HOME, &out), OUTCOME_LOCKED);
	ck_assert_uint_eq(json_object_size(out), 1);
	ck_assert_int_eq(int_of(out, "retry_after"), wait);
	json_decref(out);
}

static const char *hash_of_ada(void)
{
	static struct account account;

	ck_assert_int_eq(accounts_get(&rig.daemon.store, ada, &account), 0);
	return account.password;
}

/* Another one each time: one that is repeated counts once. */
static const char *new_guess(void)
{
	static char guess[32];
	static int n;

	snprintf(guess, sizeof(guess), "wrong horse %d", ++n);
	return guess;
}

static void miss(const char *name, int times)
{
	for (int i = 0; i < times; i++)
		ck_assert_int_eq(login(name, new_guess()), OUTCOME_WRONG_PASSWORD);
}

/* A mail program with a stale password says it again and again. */
START_TEST(a_wrong_password_that_is_repeated_counts_once)
{
	static const char *const names[] = { ADA, "nobody@example.org" };

	with_ada(FEW);
	for (int64_t i = 0; i < 2; i++) {
		for (int times = 0; times < 20; times++)
			ck_assert_int_eq(
				login(names[i], "stale horse"), OUTCOME_WRONG_PASSWORD);
		ck_assert_int_eq(wrong_passwords(), i + 1);
	}
	ck_assert_int_eq(count("SELECT count(*) FROM audit WHERE event ="
			       " 'password_wrong' AND detail = 'repeated'"),
		2 * 19);
	/* Against another password it is another guess. */
	ck_assert_int_eq(accounts_set_password(
				 &rig.daemon.store, ada, hash_of_ada(), RIG_NOW + 1),
		0);
	ck_assert_int_eq(login(ADA, "stale horse"), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(wrong_passwords(), 3);
	/* What was not written has not counted. */
	rig.daemon.batch.landed(rig.daemon.batch.context, -EIO);
	ck_assert_int_eq(login(ADA, "stale horse"), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(wrong_passwords(), 4);
	rig_close(&rig);
}
END_TEST

/* One after the other, the lock of an account and that of nobody. */
START_TEST(a_lock_refuses_right_and_wrong_and_nobody_alike)
{
	static const char *const names[] = { ADA, "nobody@example.org" };
	struct budget_rate sends = { 0 }, codes = { 0 };

	with_ada(FEW);
	for (size_t i = 0; i < 2; i++) {
		miss(names[i], 3);
		locked_for(names[i], RIGHT, 3600);
		locked_for(names[i], "wrong horse", 3600);
	}
	/* What is refused unseen counts for nothing. */
	ck_assert_int_eq(wrong_passwords(), 6);
	ck_assert_int_eq(count("SELECT count(*) FROM audit"
			       " WHERE event = 'password_locked' AND detail = '3600s'"),
		2);
	ck_assert_int_eq(
		count("SELECT count(*) FROM audit WHERE event = 'refused_locked'"), 4);
	ck_assert_int_eq(count("SELECT count(*) FROM challenges"), 0);
	/* Codes are another budget, and another rate of the whole host. */
	ck_assert_int_eq(budget_rate_hour(&rig.daemon.wrong, RIG_NOW), 0);
	ck_assert_int_eq(
		spending_load_rates(&rig.daemon.store, RIG_NOW, &sends, &codes), 0);
	ck_assert_int_eq(budget_rate_hour(&codes, RIG_NOW), 0);
	ck_assert_int_eq(status_as(shop, ADA, ""), 0);
	/* At the second; and the day's window holds over the hours. */
	rig.now += 3599;
	locked_for(ADA, RIGHT, 1);
	rig.now += 1;
	miss(ADA, 2);
	locked_for(ADA, RIGHT, 86400 - 3600);
	ck_assert_int_eq(login("nobody@example.org", RIGHT), OUTCOME_WRONG_PASSWORD);
	rig_close(&rig);
}
END_TEST

START_TEST(the_owner_is_told_once_for_each_lock)
{
	json_t *letter;

	with_ada(FEW);
	miss("nobody@example.org", 3);
	ck_assert_int_eq(notices("= 4"), 1);
	miss("ada", 2);
	ck_assert_int_eq(notices("<> 4"), 0);
	miss(ADA, 1);
	locked_for(ADA, RIGHT, 3600);
	ck_assert_int_eq(notices("<> 4"), 1);
	letter = rig_letter(&rig);
	ck_assert_str_eq(string_of(letter, "to"), ADA);
	ck_assert_str_eq(string_of(letter, "template"), "locked");
	ck_assert_str_eq(string_of(letter, "tenant"), "acme");
	ck_assert_str_eq(string_of(letter, "code"), "");
	json_decref(letter);
	ck_assert_int_eq(count("SELECT count(*) FROM mail"), 2);
	rig_close(&rig);
}
END_TEST

START_TEST(strangers_cannot_have_an_owner_mailed_without_end)
{
	with_ada("tenant acme { wrong_passwords_per_hour = 3 wrong_passwords_per_day = "
		 "100 }\n");
	for (int i = 0; i < 12; i++) {
		miss(ADA, 3);
		rig.now += 3600;
	}
	ck_assert_int_eq(count("SELECT count(*) FROM audit"
			       " WHERE event = 'password_locked'"),
		12);
	ck_assert_int_eq(notices("<> 4"), 10);
	ck_assert_int_eq(notices("= 4"), 2);
	rig_close(&rig);
}
END_TEST

START_TEST(nobody_proven_is_mailed_of_a_lock)
{
	with_ada(FEW);
	ck_assert_int_eq(accounts_set_verified(&rig.daemon.store, ada, 0), 0);
	miss(ADA, 3);
	ck_assert_int_eq(notices("<> 4"), 0);
	ck_assert_int_eq(notices("= 4"), 1);
	rig_close(&rig);
}
END_TEST

/* ---- between the phases */

START_TEST(a_full_queue_is_busy_and_counts_nothing)
{
	json_t *out;

	with_ada("");
	rig.daemon.hasher.n_waiting = HASHER_WAITING;
	ck_assert_int_eq(
		login_as(shop, ADA, "wrong horse", "", HOME, &out), OUTCOME_BUSY);
	ck_assert_int_eq(int_of(out, "retry_after"), 1);
	json_decref(out);
	ck_assert_int_eq(login("nobody", RIGHT), OUTCOME_BUSY);
	rig.daemon.hasher.n_waiting = 0;
	ck_assert_int_eq(wrong_passwords(), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM audit"), 0);
	ck_assert_int_eq(login(ADA, RIGHT), 0);
	rig_close(&rig);
}
END_TEST

/* Sends a Login and leaves it with the hasher; the client's end. */
static int half_way(const char *password)
{
	char text[512];
	int fd = rig_connect(&rig, shop);
	size_t size;
	json_t *message =
		json_pack("{s:s, s:o}", "method", "org.emailotp.Account.Login",
			"parameters", login_in(ADA, password, "", HOME));

	size = json_dumpb(message, text, sizeof(text) - 1, JSON_COMPACT);
	text[size] = '\0';
	json_decref(message);
	ck_assert_int_eq(send(fd, text, size + 1, 0), (ssize_t)size + 1);
	while (hasher_is_idle(&rig.daemon.hasher))
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	return fd;
}

static void settle(void)
{
	while (!hasher_is_idle(&rig.daemon.hasher) || !batch_is_idle(&rig.daemon.batch))
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
}

START_TEST(who_leaves_between_the_phases_has_tried_all_the_same)
{
	with_ada("");
	close(half_way("wrong horse"));
	settle();
	ck_assert_int_eq(wrong_passwords(), 1);
	close(half_way(RIGHT));
	settle();
	ck_assert_int_eq(wrong_passwords(), 1);
	ck_assert_int_eq(count("SELECT count(*) FROM challenges"), 1);
	/* And the connection itself is gone while the hasher works. */
	int fd = half_way(new_guess());
	server_drain(&rig.daemon.server);
	server_close(&rig.daemon.server);
	settle();
	ck_assert_int_eq(wrong_passwords(), 2);
	close(fd);
	outbox_close(&rig.daemon.outbox);
	batch_close(&rig.daemon.batch);
	uv_run(&rig.daemon.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&rig.daemon.loop), 0);
	store_close(&rig.daemon.store);
	config_free(rig.daemon.config);
}
END_TEST

static int answer_of(int fd)
{
	static char text[LIMIT_REPLY];
	size_t size = rig_answer(&rig, fd, text, sizeof(text));
	json_t *message = json_loadb(text, size, 0, NULL);
	const char *error = json_string_value(json_object_get(message, "error"));
	int r = error ? outcome_from_error(error) : 0;

	ck_assert_ptr_nonnull(message);
	json_decref(message);
	close(fd);
	return r;
}

/* Only a transaction that writes moves the clock's mark. */
START_TEST(the_first_phase_reads_and_the_second_writes)
{
	int64_t before, between, after;
	int fd;

	with_ada("");
	ck_assert_int_eq(login(ADA, "wrong horse"), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(store_get_number(&rig.daemon.store, "high_water", &before), 0);
	rig.now += 5000;
	fd = half_way("wrong horse");
	ck_assert_int_eq(
		store_get_number(&rig.daemon.store, "high_water", &between), 0);
	ck_assert_int_eq(between, before);
	ck_assert_int_eq(answer_of(fd), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(store_get_number(&rig.daemon.store, "high_water", &after), 0);
	ck_assert_int_ge(after, rig.now);
	rig_close(&rig);
}
END_TEST

START_TEST(a_password_that_changes_meanwhile_opens_nothing)
{
	char another[PASSWORD_HASH];
	int fd;

	with_ada("");
	snprintf(another, sizeof(another), "%s", hash_of("another horse"));
	fd = half_way(RIGHT);
	ck_assert_int_eq(
		accounts_set_password(&rig.daemon.store, ada, another, RIG_NOW), 0);
	ck_assert_int_eq(answer_of(fd), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(wrong_passwords(), 0);
	ck_assert_int_eq(login(ADA, "another horse"), 0);
	/* An account that comes, or goes, meanwhile. */
	fd = half_way("another horse");
	ck_assert_int_eq(accounts_delete(&rig.daemon.store, ada), 0);
	ck_assert_int_eq(answer_of(fd), OUTCOME_WRONG_PASSWORD);
	fd = half_way("another horse");
	add_account(1, "acme", ADA, "ada", another);
	ck_assert_int_eq(answer_of(fd), OUTCOME_WRONG_PASSWORD);
	rig_close(&rig);
}
END_TEST

START_TEST(a_lock_that_falls_meanwhile_holds)
{
	int fd;

	with_ada(FEW);
	fd = half_way(RIGHT);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(spending_add_wrong(&rig.daemon.store,
					 "pw:" ADA_PRINCIPAL, false, RIG_NOW),
			0);
	ck_assert_int_eq(answer_of(fd), OUTCOME_LOCKED);
	ck_assert_int_eq(count("SELECT count(*) FROM challenges"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(an_old_hash_is_made_anew_and_only_for_the_right_password)
{
	char old[crypto_pwhash_STRBYTES];
	int first, second;

	ck_assert_int_ge(sodium_init(), 0);
	ck_assert_int_eq(
		crypto_pwhash_str(old, RIGHT, strlen(RIGHT), crypto_pwhash_OPSLIMIT_MIN,
			crypto_pwhash_MEMLIMIT_MIN),
		0);
	set_up("");
	add_account(1, "acme", ADA, "", old);
	miss(ADA, 1);
	ck_assert_str_eq(account_now()->password, old);
	/* Two at once: the second finds the hash of the first, and is let in. */
	first = half_way(RIGHT);
	second = half_way(RIGHT);
	ck_assert_int_eq(answer_of(first), 0);
	ck_assert_int_eq(answer_of(second), 0);
	ck_assert_str_ne(account_now()->password, old);
	ck_assert(!password_is_old(account_now()->password));
	ck_assert_int_eq(account_now()->password_at, RIG_NOW - 2000);
	ck_assert_int_eq(login(ADA, RIGHT), 0);
	ck_assert_int_eq(wrong_passwords(), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(an_old_hash_is_not_made_anew_over_another_password)
{
	char old[crypto_pwhash_STRBYTES], another[PASSWORD_HASH];
	int fd;

	ck_assert_int_ge(sodium_init(), 0);
	ck_assert_int_eq(
		crypto_pwhash_str(old, RIGHT, strlen(RIGHT), crypto_pwhash_OPSLIMIT_MIN,
			crypto_pwhash_MEMLIMIT_MIN),
		0);
	set_up("");
	add_account(1, "acme", ADA, "", old);
	snprintf(another, sizeof(another), "%s", hash_of("another horse"));
	fd = half_way(RIGHT);
	ck_assert_int_eq(
		accounts_set_password(&rig.daemon.store, ada, another, RIG_NOW), 0);
	ck_assert_int_eq(answer_of(fd), OUTCOME_WRONG_PASSWORD);
	ck_assert_str_eq(account_now()->password, another);
	rig_close(&rig);
}
END_TEST

/* ---- who may */

START_TEST(only_clients_of_the_tenant_may_for_their_purposes_and_services)
{
	with_ada("");
	add_account(2, "umbra", ADA, "", hash_of("other horse"));
	ck_assert_int_eq(login_as(idle, ADA, RIGHT, "", HOME, NULL), OUTCOME_DENIED);
	ck_assert_int_eq(login_as(bare, ADA, RIGHT, "", HOME, NULL), OUTCOME_DENIED);
	ck_assert_int_eq(
		login_as(RIG_NOBODY, ADA, RIGHT, "", HOME, NULL), OUTCOME_DENIED);
	ck_assert_int_eq(
		login_as(shop, ADA, RIGHT, "twin", HOME, NULL), OUTCOME_DENIED);
	ck_assert_int_eq(login_as(0, ADA, RIGHT, "sshd", HOME, NULL), OUTCOME_DENIED);
	ck_assert_int_eq(login_as(0, ADA, RIGHT, "", HOME, NULL), OUTCOME_DENIED);
	ck_assert_int_eq(status_as(idle, ADA, ""), OUTCOME_DENIED);
	ck_assert_int_eq(status_as(RIG_NOBODY, ADA, ""), OUTCOME_DENIED);
	ck_assert_int_eq(find_as(idle, ADA, "", HOME, true, NULL), OUTCOME_DENIED);
	ck_assert_int_eq(
		find_as(RIG_NOBODY, ADA, "shop", HOME, true, NULL), OUTCOME_DENIED);
	ck_assert_int_eq(find_as(0, ADA, "sshd", HOME, true, NULL), OUTCOME_DENIED);
	ck_assert_int_eq(verify_as(idle, "Account.Verify", "1", NULL), OUTCOME_DENIED);
	ck_assert_int_eq(verify_as(0, "Account.Verify", "1", NULL), OUTCOME_DENIED);
	ck_assert_int_eq(count("SELECT count(*) FROM audit"), 0);
	/* Another tenant has an account of its own under this address. */
	ck_assert_int_eq(
		login_as(other, ADA, RIGHT, "", HOME, NULL), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(login_as(other, ADA, "other horse", "", HOME, NULL), 0);
	ck_assert_int_eq(login(ADA, "other horse"), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(login_as(shop, ADA, RIGHT, "front", HOME, NULL), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(nobody_goes_on_with_the_challenge_of_another)
{
	with_ada("");
	ck_assert(!begun(shop, ""));
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(
		verify_as(twin, "Account.Verify", code, NULL), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		verify_as(other, "Account.Verify", code, NULL), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(verify_as(0, "Auth.Verify", code, NULL), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(on_challenge(twin, "Account.Resend"), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(on_challenge(0, "Account.Resend"), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(on_challenge(twin, "Account.Cancel"), 0);
	ck_assert_int_eq(verify(wrong_one()), OUTCOME_WRONG_CODE);
	ck_assert_int_eq(verify(code), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_challenge_ends_with_its_tenant)
{
	with_ada("");
	ck_assert(!begun(shop, ""));
	rig_mail(&rig, code, NULL);
	rig_config(&rig, "client shop { user = daemon tenant = umbra }\n");
	ck_assert_int_eq(verify(code), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(on_challenge(shop, "Account.Resend"), OUTCOME_NO_CHALLENGE);
	rig_config(&rig, SHOP);
	ck_assert_int_eq(verify(code), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_unix_user_has_no_part_in_it)
{
	json_t *out;

	set_up("");
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.AddUser",
				 json_pack("{s:s, s:s, s:b}", "user", "bob", "address",
					 "bob@example.org", "verified", true),
				 NULL),
		0);
	ck_assert_int_eq(
		rig_call(&rig, shop, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "bob", "service", "front"),
			&out),
		0);
	snprintf(id, sizeof(id), "%s", string_of(out, "challenge"));
	json_decref(out);
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify(code), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(on_challenge(shop, "Account.Resend"), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(on_challenge(shop, "Account.Cancel"), 0);
	/* And no account has a part in Begin. */
	ck_assert_int_eq(rig_call(&rig, 0, "Auth.Begin",
				 json_pack("{s:s, s:s}", "user", ADA_PRINCIPAL,
					 "service", "front"),
				 NULL),
		OUTCOME_BAD_NAME);
	ck_assert_int_eq(
		find_as(0, ADA_PRINCIPAL, "front", "", false, NULL), OUTCOME_BAD_NAME);
	ck_assert_int_eq(verify_as(shop, "Auth.Verify", code, NULL), 0);
	rig_close(&rig);
}
END_TEST

/* ---- what the state of an account says, behind the right password only */

static void refuses(int outcome)
{
	int64_t before = wrong_passwords();

	ck_assert_int_eq(login(ADA, new_guess()), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(wrong_passwords(), before + 1);
	ck_assert_int_eq(login(ADA, RIGHT), outcome);
	ck_assert_int_eq(status_as(shop, ADA, ""), outcome);
	ck_assert_str_eq(found(ADA, HOME), "none");
	ck_assert_int_eq(count("SELECT count(*) FROM challenges"), 0);
}

START_TEST(the_state_is_told_to_the_owner_only)
{
	with_ada("policy shop { unverified = refuse }\n");
	accounts_set_state(&rig.daemon.store, ada, ACCOUNT_DISABLED);
	refuses(OUTCOME_DISABLED);
	accounts_set_state(&rig.daemon.store, ada, ACCOUNT_MUST_RESET);
	refuses(OUTCOME_MUST_RESET);
	accounts_set_state(&rig.daemon.store, ada, ACCOUNT_ACTIVE);
	accounts_set_verified(&rig.daemon.store, ada, 0);
	refuses(OUTCOME_NOT_VERIFIED);
	ck_assert_int_eq(
		count("SELECT count(*) FROM audit WHERE event = 'refused_state'"), 3);
	ck_assert_int_eq(status_as(shop, "nobody", ""), OUTCOME_NO_USER);
	accounts_set_verified(&rig.daemon.store, ada, RIG_NOW);
	ck_assert_int_eq(status_as(shop, ADA, ""), 0);
	ck_assert_int_eq(status_as(0, "ada", "webmail"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(an_address_that_was_never_proven_is_proven_and_opens_nothing)
{
	json_t *out;

	with_ada("");
	accounts_set_verified(&rig.daemon.store, ada, 0);
	ck_assert_int_eq(status_as(shop, ADA, ""), OUTCOME_NOT_VERIFIED);
	ck_assert_int_eq(login_as(shop, ADA, RIGHT, "", HOME, &out), 0);
	ck_assert_str_eq(string_of(out, "purpose"), "verify_address");
	snprintf(id, sizeof(id), "%s", string_of(out, "challenge"));
	json_decref(out);
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify_as(shop, "Account.Verify", code, &out), 0);
	ck_assert_str_eq(string_of(out, "state"), "address_verified");
	ck_assert_uint_eq(json_object_size(out), 1);
	json_decref(out);
	ck_assert_int_eq(count("SELECT count(*) FROM sessions"), 0);
	ck_assert_int_eq(account_now()->verified_at, RIG_NOW);
	rig.now += 60;
	ck_assert(!begun(shop, ""));
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify(code), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(an_address_that_has_changed_is_not_proven_by_the_old_code)
{
	with_ada("");
	accounts_set_verified(&rig.daemon.store, ada, 0);
	ck_assert(!begun(shop, ""));
	rig_mail(&rig, code, NULL);
	accounts_set_address(&rig.daemon.store, ada, "lovelace@example.org", 0);
	ck_assert_int_eq(verify(code), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(account_now()->verified_at, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(what_an_administrator_changes_meanwhile_holds_at_the_code)
{
	json_t *out;

	with_ada("policy shop { conceal = no }\n");
	ck_assert(!begun(shop, ""));
	rig_mail(&rig, code, NULL);
	accounts_set_state(&rig.daemon.store, ada, ACCOUNT_DISABLED);
	ck_assert_int_eq(verify(code), OUTCOME_LOCKED);
	accounts_set_state(&rig.daemon.store, ada, ACCOUNT_MUST_RESET);
	ck_assert_int_eq(
		verify_as(shop, "Account.Verify", code, &out), OUTCOME_MUST_RESET);
	ck_assert_uint_eq(json_object_size(out), 0);
	json_decref(out);
	ck_assert_int_eq(count("SELECT count(*) FROM sessions"), 0);
	rig_close(&rig);
}
END_TEST

/* ---- the second step's own rules, as Begin has them */

START_TEST(a_live_challenge_is_resumed_whatever_else_lives)
{
	char first[LIMIT_CHALLENGE + 1];
	struct challenge change;

	with_ada("");
	ck_assert(!begun(shop, ""));
	strcpy(first, id);
	ck_assert(begun(shop, "shop"));
	ck_assert_str_eq(id, first);
	/* A newer one of another purpose, for the same account, service and host. */
	ck_assert_int_eq(challenges_find(&rig.daemon.store, ADA_PRINCIPAL, "shop", HOME,
				 shop, RIG_NOW, &change),
		0);
	change.id[0] ^= 1;
	change.purpose = CODE_CHANGE_PASSWORD;
	change.created_at++;
	ck_assert_int_eq(challenges_insert(&rig.daemon.store, &change), 0);
	ck_assert(begun(shop, ""));
	ck_assert_str_eq(id, first);
	ck_assert_int_eq(count("SELECT count(*) FROM mail"), 1);
	ck_assert_int_eq(
		count("SELECT count(*) FROM audit WHERE event = 'resumed'"), 2);
	/* Not by another client, service, or host. */
	ck_assert_int_eq(
		login_as(shop, ADA, RIGHT, "front", HOME, NULL), OUTCOME_THROTTLED);
	rig.now += 61;
	ck_assert(!begun(twin, ""));
	ck_assert_str_ne(id, first);
	rig_close(&rig);
}
END_TEST

/* Wrong codes until Ada's codes are locked for the hour. */
static void lock_codes(void)
{
	for (int i = 0; i < 2; i++) {
		ck_assert(!begun(shop, ""));
		rig_mail(&rig, code, NULL);
		for (int j = 0; j < 4; j++)
			ck_assert_int_eq(verify(wrong_one()), OUTCOME_WRONG_CODE);
		ck_assert_int_eq(verify(wrong_one()), OUTCOME_BURNT);
	}
}

START_TEST(too_many_wrong_codes_lock_openly_or_concealed)
{
	json_t *out, *letter;

	with_ada("policy shop { cool_down = 0 conceal = no }\n");
	lock_codes();
	letter = rig_letter(&rig);
	ck_assert_str_eq(string_of(letter, "template"), "locked");
	ck_assert_str_eq(string_of(letter, "tenant"), "acme");
	json_decref(letter);
	ck_assert_int_eq(login_as(shop, ADA, RIGHT, "", HOME, &out), OUTCOME_LOCKED);
	ck_assert_int_eq(int_of(out, "retry_after"), 3600);
	json_decref(out);
	ck_assert_int_eq(status_as(shop, ADA, ""), OUTCOME_LOCKED);
	rig_config(&rig, SHOP "policy shop { cool_down = 0 conceal = yes }\n");
	ck_assert(!begun(shop, ""));
	ck_assert_int_eq(
		count("SELECT count(*) FROM challenges"
		      " WHERE state = 0 AND decoy = 1 AND user = '" ADA_PRINCIPAL "'"),
		1);
	ck_assert(begun(shop, ""));
	ck_assert_int_eq(verify("123456"), OUTCOME_WRONG_CODE);
	/* What was begun while he was locked stays what it was; he begins anew. */
	ck_assert_int_eq(spending_forget_wrong(&rig.daemon.store, ADA_PRINCIPAL), 0);
	ck_assert(!begun(shop, ""));
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify(code), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(the_last_budget_of_codes_locks_the_account)
{
	with_ada("policy shop { cool_down = 0 conceal = no wrong_per_month = 3\n"
		 "wrong_per_day = 3 wrong_per_hour = 3 }\n");
	ck_assert(!begun(shop, ""));
	rig_mail(&rig, code, NULL);
	for (int j = 0; j < 3; j++)
		ck_assert_int_eq(verify(wrong_one()), OUTCOME_WRONG_CODE);
	ck_assert_int_eq(verify(code), OUTCOME_LOCKED);
	ck_assert_int_eq(account_now()->state, ACCOUNT_LOCKED);
	ck_assert_int_eq(login(ADA, RIGHT), OUTCOME_LOCKED);
	ck_assert_int_eq(status_as(shop, ADA, ""), OUTCOME_LOCKED);
	/* For good, and not until the wrong ones are old. */
	rig.now += 40 * 86400;
	ck_assert_int_eq(login(ADA, RIGHT), OUTCOME_LOCKED);
	rig_close(&rig);
}
END_TEST

START_TEST(resend_and_cancel_are_for_every_purpose)
{
	char old[LIMIT_CODE + 1];
	json_t *out;
	struct registration pending = { .tenant = "acme",
		.client = "shop",
		.address = ADA,
		.profile = "{}",
		.expires_at = RIG_NOW + 600 };
	struct challenge c;

	with_ada("");
	ck_assert(!begun(shop, ""));
	rig_mail(&rig, old, NULL);
	ck_assert_int_eq(on_challenge(shop, "Account.Resend"), OUTCOME_THROTTLED);
	rig.now += 60;
	ck_assert_int_eq(rig_call(&rig, shop, "Account.Resend",
				 json_pack("{s:s}", "challenge", id), &out),
		0);
	/* In the form of this interface. */
	ck_assert_ptr_null(json_object_get(out, "state"));
	ck_assert_uint_eq(json_object_size(out), 10);
	ck_assert_str_eq(string_of(out, "purpose"), "login");
	json_decref(out);
	rig_mail(&rig, code, NULL);
	ck_assert(strcmp(old, code) == 0 || verify(old) == OUTCOME_WRONG_CODE);
	ck_assert_int_eq(challenges_find(&rig.daemon.store, ADA_PRINCIPAL, "shop", HOME,
				 shop, rig.now, &c),
		0);
	memcpy(pending.challenge, c.id, CODE_ID);
	ck_assert_int_eq(registrations_put(&rig.daemon.store, &pending), 0);
	ck_assert_int_eq(on_challenge(shop, "Account.Cancel"), 0);
	ck_assert_int_eq(on_challenge(shop, "Account.Cancel"), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM registrations"), 0);
	ck_assert_int_eq(verify(code), OUTCOME_NO_CHALLENGE);
	strcpy(id, "zz");
	ck_assert_int_eq(on_challenge(shop, "Account.Cancel"), OUTCOME_NO_CHALLENGE);
	rig_close(&rig);
}
END_TEST

START_TEST(mails_are_of_the_tenant_and_in_its_language)
{
	json_t *letter;

	with_ada("tenant acme { language = de }\n");
	ck_assert(!begun(shop, ""));
	letter = rig_letter(&rig);
	ck_assert_str_eq(string_of(letter, "tenant"), "acme");
	ck_assert_str_eq(string_of(letter, "language"), "de");
	ck_assert_str_eq(string_of(letter, "service"), "shop");
	json_decref(letter);
	rig.now += 60;
	ck_assert_int_eq(on_challenge(shop, "Account.Resend"), 0);
	letter = rig_letter(&rig);
	ck_assert_str_eq(string_of(letter, "tenant"), "acme");
	ck_assert_str_eq(string_of(letter, "language"), "de");
	ck_assert_str_eq(string_of(letter, "name"), "ada");
	json_decref(letter);
	rig_close(&rig);
}
END_TEST

/* A challenge to register, as Register leaves it; decoy: Ada's address has an account.
 */
static void register_pending(const char *address, bool decoy)
{
	struct challenge c;
	struct registration pending = { .tenant = "acme",
		.client = "shop",
		.profile = "{}",
		.language = "fr",
		.expires_at = RIG_NOW + 1800 };

	ck_assert(!begun(shop, ""));
	ck_assert_int_eq(challenges_find(&rig.daemon.store, ADA_PRINCIPAL, "shop", HOME,
				 shop, RIG_NOW, &c),
		0);
	principal_of_nobody(c.user, &rig.key, "acme", address);
	c.id[0] ^= 1;
	c.purpose = CODE_REGISTER;
	c.decoy = decoy;
	snprintf(c.address, sizeof(c.address), "%s", address);
	ck_assert_int_eq(challenges_insert(&rig.daemon.store, &c), 0);
	memcpy(pending.challenge, c.id, CODE_ID);
	snprintf(pending.address, sizeof(pending.address), "%s", address);
	ck_assert_int_eq(registrations_put(&rig.daemon.store, &pending), 0);
	hex_encode(id, c.id, CODE_ID);
}

static void resends(const char *template, const char *to, const char *language)
{
	json_t *letter;

	ck_assert_int_eq(on_challenge(shop, "Account.Resend"), 0);
	letter = rig_letter(&rig);
	ck_assert_str_eq(string_of(letter, "template"), template);
	ck_assert_str_eq(string_of(letter, "to"), to);
	ck_assert_str_eq(string_of(letter, "language"), language);
	ck_assert_str_eq(string_of(letter, "tenant"), "acme");
	ck_assert_int_eq(
		*string_of(letter, "code") != '\0', strcmp(template, "register") == 0);
	json_decref(letter);
	ck_assert_int_eq(on_challenge(shop, "Account.Resend"), OUTCOME_THROTTLED);
}

#define GERMAN "tenant acme { language = de }\npolicy shop { cool_down = 60 }\n"

START_TEST(whoever_registers_is_sent_another_code_in_his_language)
{
	with_ada(GERMAN);
	register_pending("new@example.org", false);
	resends("register", "new@example.org", "fr");
	rig_close(&rig);
}
END_TEST

START_TEST(the_owner_of_a_taken_address_is_told_again_in_place_of_that)
{
	with_ada(GERMAN);
	register_pending(ADA, true);
	resends("registered", ADA, "de");
	/* And it stays one that no code passes. */
	ck_assert_int_eq(count("SELECT decoy FROM challenges WHERE purpose = 7"), 1);
	rig_close(&rig);
}
END_TEST

/* ---- remembered step-ups, Find, receipts */

static void step_up(uid_t uid, const char *service, const char *method)
{
	ck_assert(!begun(uid, service));
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify_as(uid, method, code, NULL), 0);
}

static int login_for_token(uid_t uid, const char *service, bool token, json_t **out)
{
	json_t *in = login_in(ADA, RIGHT, service, HOME);

	json_object_set_new(in, "token", json_boolean(token));
	return rig_call(&rig, uid, "Account.Login", in, out);
}

START_TEST(a_remembered_step_up_is_verified_and_brings_a_receipt_if_asked)
{
	json_t *out;

	with_ada("policy shop { grace = 15m cool_down = 0 }\n");
	step_up(shop, "", "Account.Verify");
	ck_assert_int_eq(login_for_token(shop, "", false, &out), 0);
	ck_assert_str_eq(string_of(out, "state"), "verified");
	ck_assert_uint_eq(json_object_size(out), 1);
	json_decref(out);
	ck_assert_int_eq(count("SELECT count(*) FROM grants"), 0);
	ck_assert_int_eq(login_for_token(shop, "", true, &out), 0);
	ck_assert_str_eq(string_of(out, "state"), "verified");
	ck_assert_uint_gt(strlen(string_of(out, "token")), 0);
	json_decref(out);
	ck_assert_int_eq(count("SELECT count(*) FROM grants WHERE purpose = 3"
			       " AND amr = 'pwd' AND client = 'shop'"),
		1);
	/* Only behind the password, from there, and while the account may sign in. */
	ck_assert_int_eq(login(ADA, "wrong horse"), OUTCOME_WRONG_PASSWORD);
	ck_assert_str_eq(found(ADA, "192.0.2.2"), "none");
	ck_assert_str_eq(found("ada", HOME), "verified");
	accounts_set_state(&rig.daemon.store, ada, ACCOUNT_MUST_RESET);
	ck_assert_int_eq(login(ADA, RIGHT), OUTCOME_MUST_RESET);
	ck_assert_str_eq(found(ADA, HOME), "none");
	accounts_set_state(&rig.daemon.store, ada, ACCOUNT_ACTIVE);
	rig.now += 900;
	ck_assert_str_eq(found(ADA, HOME), "none");
	ck_assert(!begun(shop, ""));
	rig_close(&rig);
}
END_TEST

START_TEST(find_says_what_a_login_would_meet_and_leaves_no_trace)
{
	json_t *out;
	int64_t rows;

	with_ada(
		"policy shop { grace = 15m code_length = 8 code_alphabet = letters }\n");
	ck_assert_str_eq(found(ADA, HOME), "none");
	ck_assert_str_eq(found("nobody", HOME), "none");
	ck_assert(!begun(shop, ""));
	rig_mail(&rig, code, NULL);
	rows = count("SELECT count(*) FROM audit");
	ck_assert_int_eq(find_as(shop, "ADA", "shop", HOME, true, &out), 0);
	ck_assert_str_eq(string_of(out, "state"), "challenge");
	ck_assert_str_eq(string_of(out, "challenge"), id);
	ck_assert_int_eq(int_of(out, "length"), 8);
	ck_assert_str_eq(string_of(out, "alphabet"), "letters");
	json_decref(out);
	ck_assert_str_eq(found(ADA, "192.0.2.2"), "none");
	ck_assert_int_eq(find_as(twin, ADA, "", HOME, true, &out), 0);
	ck_assert_str_eq(string_of(out, "state"), "none");
	ck_assert_uint_eq(json_object_size(out), 1);
	json_decref(out);
	ck_assert_int_eq(count("SELECT count(*) FROM audit"), rows);
	ck_assert_int_eq(verify(code), 0);
	/* The form of the code that was right, whatever the policy has become. */
	rig_config(&rig, SHOP "policy shop { grace = 15m code_length = 6 }\n");
	ck_assert_int_eq(find_as(shop, ADA, "shop", HOME, true, &out), 0);
	ck_assert_str_eq(string_of(out, "state"), "verified");
	ck_assert_int_eq(int_of(out, "length"), 8);
	ck_assert_str_eq(string_of(out, "alphabet"), "letters");
	ck_assert_ptr_null(json_object_get(out, "challenge"));
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(find_is_for_unix_users_too)
{
	json_t *out;

	set_up("policy front { grace = 15m cool_down = 0 }\n");
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.AddUser",
				 json_pack("{s:s, s:s, s:b}", "user", "bob", "address",
					 "bob@example.org", "verified", true),
				 NULL),
		0);
	for (int i = 0; i < 3; i++) {
		static const char *const states[] = { "none", "challenge", "verified" };

		ck_assert_int_eq(find_as(shop, "bob", "front", HOME, false, &out), 0);
		ck_assert_str_eq(string_of(out, "state"), states[i]);
		json_decref(out);
		if (i == 1)
			ck_assert_int_eq(verify_as(shop, "Auth.Verify", code, NULL), 0);
		if (i != 0)
			continue;
		ck_assert_int_eq(rig_call(&rig, shop, "Auth.Begin",
					 json_pack("{s:s, s:s, s:s}", "user", "bob",
						 "service", "front", "rhost", HOME),
					 &out),
			0);
		snprintf(id, sizeof(id), "%s", string_of(out, "challenge"));
		json_decref(out);
		rig_mail(&rig, code, NULL);
	}
	/* Who has become exempt meets nothing, whatever lives. */
	ck_assert_int_eq(
		rig_call(&rig, shop, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "bob", "service", "front"),
			NULL),
		0);
	rig_config(&rig, SHOP "policy front { exempt_users = { bob } }\n");
	ck_assert_int_eq(find_as(shop, "bob", "front", "", false, &out), 0);
	ck_assert_str_eq(string_of(out, "state"), "none");
	json_decref(out);
	/* As Begin: not root's, not of other services. */
	ck_assert_int_eq(
		find_as(shop, "root", "front", HOME, false, NULL), OUTCOME_DENIED);
	ck_assert_int_eq(
		find_as(shop, "bob", "sshd", HOME, false, NULL), OUTCOME_DENIED);
	ck_assert_int_eq(
		find_as(RIG_NOBODY, "bob", "front", HOME, false, NULL), OUTCOME_DENIED);
	/* Whom nobody knows has a decoy, and it is found. */
	ck_assert_int_eq(rig_call(&rig, 0, "Auth.Begin",
				 json_pack("{s:s, s:s, s:b}", "user", "ghost",
					 "service", "sshd", "unknown", true),
				 NULL),
		0);
	ck_assert_int_eq(find_as(0, "ghost", "sshd", "", false, &out), 0);
	ck_assert_str_eq(string_of(out, "state"), "challenge");
	json_decref(out);
	rig_close(&rig);
}
END_TEST

/* Through PAM in a process of root, the tenant is the policy's. */
START_TEST(auth_verify_gives_receipts)
{
	json_t *out;

	with_ada("");
	ck_assert(!begun(0, "webmail"));
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(rig_call(&rig, 0, "Auth.Verify",
				 json_pack("{s:s, s:s, s:b}", "challenge", id, "code",
					 wrong_one(), "token", true),
				 &out),
		OUTCOME_WRONG_CODE);
	ck_assert_ptr_null(json_object_get(out, "token"));
	json_decref(out);
	ck_assert_int_eq(rig_call(&rig, 0, "Auth.Verify",
				 json_pack("{s:s, s:s, s:b}", "challenge", id, "code",
					 code, "token", true),
				 &out),
		0);
	ck_assert_str_eq(string_of(out, "state"), "verified");
	ck_assert_uint_gt(strlen(string_of(out, "token")), 0);
	json_decref(out);
	ck_assert_int_eq(count("SELECT count(*) FROM grants WHERE purpose = 3"
			       " AND amr = 'pwd otp' AND client = ''"
			       " AND tenant = 'acme'"),
		1);
	ck_assert_int_eq(count("SELECT count(*) FROM sessions"), 0);
	/* Whose account is gone has no challenge any more. */
	rig.now += 60;
	ck_assert(!begun(0, "webmail"));
	rig.now += 60;
	ck_assert_int_eq(on_challenge(0, "Auth.Resend"), 0);
	rig.now += 120;
	ck_assert_int_eq(accounts_delete(&rig.daemon.store, ada), 0);
	ck_assert_int_eq(on_challenge(0, "Auth.Resend"), OUTCOME_NO_CHALLENGE);
	rig_close(&rig);
}
END_TEST

START_TEST(auth_verify_gives_no_receipt_unless_asked)
{
	json_t *out;

	with_ada("");
	ck_assert(!begun(0, "webmail"));
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify_as(0, "Auth.Verify", code, &out), 0);
	ck_assert_ptr_null(json_object_get(out, "token"));
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(a_unix_user_has_a_receipt_and_no_grant)
{
	json_t *out;

	set_up("");
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.AddUser",
				 json_pack("{s:s, s:s, s:b}", "user", "bob", "address",
					 "bob@example.org", "verified", true),
				 NULL),
		0);
	ck_assert_int_eq(
		rig_call(&rig, 0, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "bob", "service", "sshd"),
			&out),
		0);
	snprintf(id, sizeof(id), "%s", string_of(out, "challenge"));
	json_decref(out);
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(rig_call(&rig, 0, "Auth.Verify",
				 json_pack("{s:s, s:s, s:b}", "challenge", id, "code",
					 code, "token", true),
				 &out),
		0);
	ck_assert_uint_gt(strlen(string_of(out, "token")), 0);
	json_decref(out);
	ck_assert_int_eq(count("SELECT count(*) FROM grants"), 0);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("account_login", a_password_and_a_code_open_a_session,
	the_terminal_of_a_login_stands_in_its_challenge,
	login_is_by_address_or_user_name_in_any_case,
	what_is_no_login_is_refused_before_anything_is_looked_up,
	nobody_is_told_from_somebody_with_a_wrong_password,
	a_wrong_password_that_is_repeated_counts_once,
	an_account_without_a_password_opens_to_none,
	a_lock_refuses_right_and_wrong_and_nobody_alike,
	the_owner_is_told_once_for_each_lock,
	strangers_cannot_have_an_owner_mailed_without_end,
	nobody_proven_is_mailed_of_a_lock, a_full_queue_is_busy_and_counts_nothing,
	who_leaves_between_the_phases_has_tried_all_the_same,
	the_first_phase_reads_and_the_second_writes,
	a_password_that_changes_meanwhile_opens_nothing,
	a_lock_that_falls_meanwhile_holds,
	an_old_hash_is_made_anew_and_only_for_the_right_password,
	an_old_hash_is_not_made_anew_over_another_password,
	only_clients_of_the_tenant_may_for_their_purposes_and_services,
	nobody_goes_on_with_the_challenge_of_another, a_challenge_ends_with_its_tenant,
	a_unix_user_has_no_part_in_it, the_state_is_told_to_the_owner_only,
	an_address_that_was_never_proven_is_proven_and_opens_nothing,
	an_address_that_has_changed_is_not_proven_by_the_old_code,
	what_an_administrator_changes_meanwhile_holds_at_the_code,
	a_live_challenge_is_resumed_whatever_else_lives,
	too_many_wrong_codes_lock_openly_or_concealed,
	the_last_budget_of_codes_locks_the_account,
	resend_and_cancel_are_for_every_purpose,
	mails_are_of_the_tenant_and_in_its_language,
	whoever_registers_is_sent_another_code_in_his_language,
	the_owner_of_a_taken_address_is_told_again_in_place_of_that,
	a_remembered_step_up_is_verified_and_brings_a_receipt_if_asked,
	find_says_what_a_login_would_meet_and_leaves_no_trace,
	find_is_for_unix_users_too, auth_verify_gives_receipts,
	auth_verify_gives_no_receipt_unless_asked,
	a_unix_user_has_a_receipt_and_no_grant);
