/* SPDX-License-Identifier: MIT */
/* What administrators do with accounts, as whole calls: whom they mean, what ends. */
#include <pwd.h>

#include "otpd/account/designate.h"
#include "otpd/account/token_keys.h"
#include "otpd/store/grants.h"
#include "otpd/store/recovery.h"
#include "otpd/store/registrations.h"
#include "otpd/store/sessions.h"
#include "otpd/store/spending.h"
#include "otpd/util/hex.h"
#include "tests/unit/rig.h"

#define ONE  "tenant acme { reset = admin }\n"
#define BOTH ONE "tenant shop { wrong_passwords_per_hour = 3 }\n"

#define CLIENT(title, user, tenant) \
	"client " title " { user = " user "\n tenant = " tenant " }\n"

static struct rig rig;

/* ---- calls */

static int call(const char *method, json_t *parameters, json_t **ret_out)
{
	char name[64];

	snprintf(name, sizeof(name), "Admin.%s", method);
	return rig_call(&rig, 0, name, parameters, ret_out);
}

/* The outcome alone. */
static int on(const char *method, const char *login)
{
	return call(method, json_pack("{s:s}", "login", login), NULL);
}

static int on_of(const char *method, const char *login, const char *tenant)
{
	return call(method, json_pack("{s:s, s:s}", "login", login, "tenant", tenant),
		NULL);
}

static const char *string_of(const json_t *out, const char *name)
{
	const char *text = json_string_value(json_object_get(out, name));

	ck_assert_msg(text != NULL, "%s", name);
	return text;
}

static int64_t int_of(const json_t *out, const char *name)
{
	ck_assert_msg(json_is_integer(json_object_get(out, name)), "%s", name);
	return json_integer_value(json_object_get(out, name));
}

static int add_as(const char *tenant, const char *address, const char *login,
	char id[LIMIT_ACCOUNT + 1])
{
	json_t *out;
	int r = call("AddAccount",
		json_pack("{s:s, s:s, s:s}", "address", address, "login", login,
			"tenant", tenant),
		&out);

	if (r == 0)
		snprintf(id, LIMIT_ACCOUNT + 1, "%s", string_of(out, "account"));
	json_decref(out);
	return r;
}

/* NAME@example.org with the user name NAME. */
static void add(const char *tenant, const char *name, char id[LIMIT_ACCOUNT + 1])
{
	char address[128];

	snprintf(address, sizeof(address), "%s@example.org", name);
	ck_assert_int_eq(add_as(tenant, address, name, id), 0);
}

/* The answer of ShowAccount; the caller gives it back. */
static json_t *show(const char *login)
{
	json_t *out;

	ck_assert_int_eq(
		call("ShowAccount", json_pack("{s:s}", "login", login), &out), 0);
	return out;
}

static void check_state(const char *login, const char *state)
{
	json_t *out = show(login);

	ck_assert_str_eq(string_of(json_object_get(out, "account"), "state"), state);
	json_decref(out);
}

static void check_count(const char *login, const char *name, int64_t n)
{
	json_t *out = show(login);
	json_t *account = json_object_get(out, "account");
	bool inside = json_object_get(account, name) != NULL;

	ck_assert_msg(int_of(inside ? account : out, name) == n, "%s is %lld", name,
		(long long)int_of(inside ? account : out, name));
	json_decref(out);
}

/* How many events of the kind there are about a principal ("": nobody). */
static int64_t events(const char *event, const char *id)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM audit WHERE event = '%s' AND uid = 0 AND user = "
		"'%s%s'",
		event, id[0] ? "acct:" : "", id);
	return rig_count(&rig, sql);
}

/* ---- what an account has, put into the store beside the calls */

static struct store *idle_store(void)
{
	(void)rig_count(&rig, "SELECT 1");
	return &rig.daemon.store;
}

static void open_sessions(const char *id, uint8_t n)
{
	for (uint8_t i = 0; i < n; i++) {
		struct session session = { .id = { (uint8_t)id[0], (uint8_t)id[31], i },
			.client = "web",
			.amr = "pwd otp",
			.generation = 1,
			.hash = { (uint8_t)id[0], (uint8_t)id[31], i },
			.auth_time = RIG_NOW,
			.used_at = RIG_NOW,
			.expires_at = RIG_NOW + 1000 };

		session.id[4] = (uint8_t)id[1];
		ck_assert_int_eq(hex_decode(session.account, ACCOUNT_ID, id), 0);
		ck_assert_int_eq(sessions_insert(idle_store(), &session), 0);
	}
}

static void give_grant(const char *id)
{
	struct grant grant = { .hash = { (uint8_t)id[0], (uint8_t)id[1] },
		.purpose = GRANT_RECEIPT,
		.tenant = "acme",
		.client = "web",
		.amr = "pwd otp",
		.auth_time = RIG_NOW,
		.expires_at = RIG_NOW + 300 };

	ck_assert_int_eq(hex_decode(grant.account, ACCOUNT_ID, id), 0);
	ck_assert_int_eq(grants_insert(idle_store(), &grant), 0);
}

static void principal(const char *id, char out[LIMIT_USER + 1])
{
	snprintf(out, LIMIT_USER + 1, "acct:%s", id);
}

/* A live challenge, a remembered step-up, and a mail that waits in memory. */
static void begin_all(const char *id)
{
	struct challenge challenge = { .service = "web",
		.purpose = CODE_LOGIN,
		.reference = "K7M",
		.length = 6,
		.max_tries = 5,
		.created_at = RIG_NOW,
		.expires_at = RIG_NOW + 600 };
	struct mail mail = { .purpose = CODE_LOGIN,
		.at = RIG_NOW,
		.next_at = RIG_NOW,
		.deadline = RIG_NOW + 600,
		.sealed_size = 1 };

	ck_assert_int_eq(hex_decode(challenge.id, CODE_ID, id), 0);
	principal(id, challenge.user);
	principal(id, mail.user);
	ck_assert_int_eq(mails_insert(idle_store(), &mail), 0);
	challenge.mail = mail.id;
	ck_assert_int_eq(challenges_insert(idle_store(), &challenge), 0);
	ck_assert_int_eq(grace_put(idle_store(), challenge.user, "web", "192.0.2.1", "",
				 0, RIG_NOW + 600, 6, 0),
		0);
	outbox_add(&rig.daemon.outbox, outgoing_new(&mail));
}

/* Whether all that has been begun for the account is over, or none of it. */
static void check_ended(const char *id, bool ended)
{
	static const char *const tables[][2] = {
		{ "sessions", "account = x'%s'" },
		{ "grants", "account = x'%s'" },
		{ "challenges", "user = 'acct:%s' AND state = 0" },
		{ "grace", "user = 'acct:%s'" },
		{ "mail", "user = 'acct:%s' AND state = 0" },
	};
	char sql[256], where[128], user[LIMIT_USER + 1];
	int64_t waiting = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		const char *from = strstr(tables[i][1], "%s");

		snprintf(where, sizeof(where), "%.*s%s%s", (int)(from - tables[i][1]),
			tables[i][1], id, from + 2);
		snprintf(sql, sizeof(sql), "SELECT count(*) > 0 FROM %s WHERE %s",
			tables[i][0], where);
		ck_assert_msg(rig_count(&rig, sql) == !ended, "%s", sql);
	}
	principal(id, user);
	list_for_each(it, &rig.daemon.outbox.mails)
		waiting +=
			strcmp(list_entry(it, struct outgoing, link)->user, user) == 0;
	ck_assert_int_eq(waiting, !ended);
}

static void fill_account(const char *id)
{
	open_sessions(id, 3);
	give_grant(id);
	begin_all(id);
	check_ended(id, false);
}

static void wrong_tries(const char *id, int64_t codes, int64_t passwords)
{
	char codes_of[LIMIT_USER + 1], passwords_of[LIMIT_USER + 4];

	principal(id, codes_of);
	snprintf(passwords_of, sizeof(passwords_of), "pw:%s", codes_of);
	for (int64_t i = 0; i < codes; i++)
		ck_assert_int_eq(
			spending_add_wrong(idle_store(), codes_of, false, RIG_NOW - 10),
			0);
	for (int64_t i = 0; i < passwords; i++)
		ck_assert_int_eq(spending_add_wrong(idle_store(), passwords_of, false,
					 RIG_NOW - 10),
			0);
}

/* ---- adding */

START_TEST(an_account_is_made_without_a_password)
{
	char id[LIMIT_ACCOUNT + 1];
	json_t *out, *account;

	rig_open(&rig, ONE);
	ck_assert_int_eq(
		call("AddAccount",
			json_pack("{s:s, s:s, s:b, s:s}", "address", "Ada@Example.ORG",
				"login", "Ada.L", "verified", 1, "language", "pt-BR"),
			&out),
		0);
	ck_assert_str_eq(string_of(out, "tenant"), "acme");
	snprintf(id, sizeof(id), "%s", string_of(out, "account"));
	json_decref(out);
	out = show(id);
	account = json_object_get(out, "account");
	ck_assert_str_eq(string_of(account, "account"), id);
	ck_assert_str_eq(string_of(account, "tenant"), "acme");
	ck_assert_str_eq(string_of(account, "address"), "Ada@example.org");
	ck_assert_str_eq(string_of(account, "login"), "ada.l");
	ck_assert_str_eq(string_of(account, "language"), "pt-BR");
	ck_assert_str_eq(string_of(account, "state"), "active");
	ck_assert(json_is_true(json_object_get(account, "verified")));
	ck_assert(json_is_false(json_object_get(account, "has_password")));
	ck_assert_int_eq(int_of(account, "created_at"), RIG_NOW);
	ck_assert_int_eq(int_of(account, "last_login_at"), 0);
	ck_assert_int_eq(int_of(account, "password_at"), 0);
	ck_assert_int_eq(int_of(account, "reset_until"), 0);
	json_decref(out);
	ck_assert_int_eq(events("account_created", id), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(an_address_or_a_user_name_is_taken_once_in_a_tenant)
{
	char id[LIMIT_ACCOUNT + 1];

	rig_open(&rig, BOTH);
	add("acme", "ada", id);
	ck_assert_int_eq(add_as("acme", "ADA@example.org", "", id), OUTCOME_EXISTS);
	ck_assert_int_eq(add_as("acme", "b@example.org", "ADA", id), OUTCOME_EXISTS);
	ck_assert_int_eq(add_as("acme", "b@example.org", "", id), 0);
	ck_assert_int_eq(add_as("acme", "c@example.org", "", id), 0);
	add("shop", "ada", id);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM accounts"), 4);
	ck_assert_int_eq(
		rig_count(&rig,
			"SELECT count(*) FROM audit WHERE event = 'account_created'"),
		4);
	rig_close(&rig);
}
END_TEST

START_TEST(a_registration_that_waits_ends_when_its_account_is_made)
{
	struct registration waiting = { .challenge = { 1 },
		.tenant = "acme",
		.client = "web",
		.address = "ADA@example.org",
		.profile = "{}",
		.expires_at = RIG_NOW + 600 };
	char id[LIMIT_ACCOUNT + 1];

	rig_open(&rig, BOTH);
	ck_assert_int_eq(registrations_put(idle_store(), &waiting), 0);
	add("shop", "ada", id);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM registrations"), 1);
	add("acme", "ada", id);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM registrations"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(what_is_no_address_or_name_makes_no_account)
{
	static const struct {
		const char *name;
		const char *value;
		int outcome;
	} rows[] = {
		{ "address", "", OUTCOME_BAD_ADDRESS },
		{ "address", "ada", OUTCOME_BAD_ADDRESS },
		{ "address", "+491701234567", OUTCOME_BAD_ADDRESS },
		{ "address", "a@example.org\r\nX: y", OUTCOME_BAD_ADDRESS },
		{ "login", "ad", OUTCOME_BAD_LOGIN },
		{ "login", "a b", OUTCOME_BAD_LOGIN },
		{ "login", "a@b", OUTCOME_BAD_LOGIN },
		{ "login", "acct:1", OUTCOME_BAD_LOGIN },
		{ "login", ".a", OUTCOME_BAD_LOGIN },
		{ "login", "\xc3\xa4", OUTCOME_BAD_LOGIN },
		{ "language", "german", OUTCOME_BAD_NAME },
		{ "tenant", "amce", OUTCOME_BAD_NAME },
		{ "tenant", "ACME", OUTCOME_BAD_NAME },
	};

	rig_open(&rig, ONE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *in = json_pack("{s:s}", "address", "a@example.org"), *out;

		json_object_set_new(in, rows[i].name, json_string(rows[i].value));
		ck_assert_msg(call("AddAccount", in, &out) == rows[i].outcome, "%s %s",
			rows[i].name, rows[i].value);
		ck_assert(rows[i].outcome == OUTCOME_BAD_NAME ||
			json_object_get(out, "reason"));
		json_decref(out);
	}
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM accounts"), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM audit"), 0);
	rig_close(&rig);
}
END_TEST

/* ---- who is meant */

static void check_tenants(const char *config, const char *only, size_t n)
{
	json_t *array, *out;
	char id[LIMIT_ACCOUNT + 1], path[UNIT_PATH];
	const char *tenant;
	int r;

	rig_open(&rig, config);
	array = designate_tenants(rig.daemon.config);
	ck_assert_uint_eq(json_array_size(array), n);
	r = designate_tenant(rig.daemon.config, "", &tenant);
	ck_assert_int_eq(r, only ? 0 : OUTCOME_BAD_NAME);
	if (only)
		ck_assert_str_eq(tenant, only);
	ck_assert_int_eq(call("AddAccount",
				 json_pack("{s:s}", "address", "a@example.org"), NULL),
		only ? 0 : OUTCOME_BAD_NAME);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(add_as(json_string_value(json_array_get(array, i)),
					 "b@example.org", "", id),
			0);
	ck_assert_int_eq(call("Status", NULL, &out), 0);
	ck_assert(json_equal(json_object_get(out, "tenants"), array));
	json_decref(out);
	json_decref(array);
	rig_close(&rig);
	/* The next one begins with a store of its own. */
	ck_assert_int_eq(unlink(unit_path(path, "rig.db")), 0);
}

START_TEST(the_only_tenant_need_not_be_named)
{
	check_tenants("", NULL, 0);
	check_tenants("tenant acme { }", "acme", 1);
	check_tenants(CLIENT("web", "daemon", "acme"), "acme", 1);
	check_tenants("tenant acme { }\n" CLIENT("web", "daemon", "acme"), "acme", 1);
	check_tenants("tenant shop { }\n" CLIENT("web", "daemon", "acme"), NULL, 2);
	check_tenants(
		CLIENT("web", "daemon", "acme") CLIENT("b", "bin", "acme"), "acme", 1);
	check_tenants(
		CLIENT("web", "daemon", "acme") CLIENT("b", "bin", "shop"), NULL, 2);
	/* Of policies, which may name one for the look of mails, only if they are all.
	 */
	check_tenants("policy mail { tenant = acme }\n", "acme", 1);
	check_tenants(
		"policy a { tenant = acme }\npolicy b { tenant = shop }\n", NULL, 2);
	check_tenants("policy sshd { tenant = staff }\ntenant acme { }", "acme", 1);
}
END_TEST

START_TEST(a_tenant_of_a_policy_can_be_named)
{
	char id[LIMIT_ACCOUNT + 1];

	rig_open(&rig, "policy mail { tenant = staff }\ntenant acme { }");
	ck_assert_int_eq(add_as("staff", "a@example.org", "", id), 0);
	ck_assert_int_eq(on_of("VerifyAccount", "a@example.org", "staff"), 0);
	ck_assert_int_eq(
		on_of("VerifyAccount", "a@example.org", "acme"), OUTCOME_NO_USER);
	rig_close(&rig);
}
END_TEST

START_TEST(an_account_is_meant_by_any_of_its_names)
{
	char id[LIMIT_ACCOUNT + 1], other[LIMIT_ACCOUNT + 1];
	char user[LIMIT_USER + 1];

	rig_open(&rig, BOTH);
	add("acme", "ada", id);
	add("shop", "bob", other);
	principal(id, user);
	ck_assert_int_eq(on_of("VerifyAccount", "ada", "acme"), 0);
	ck_assert_int_eq(on_of("VerifyAccount", "ADA", "acme"), 0);
	ck_assert_int_eq(on_of("VerifyAccount", "Ada@Example.Org", "acme"), 0);
	ck_assert_int_eq(on_of("VerifyAccount", id, "acme"), 0);
	/* An identifier says whose tenant it is. */
	ck_assert_int_eq(on("VerifyAccount", id), 0);
	ck_assert_int_eq(on("VerifyAccount", user), 0);
	ck_assert_int_eq(events("account_verified", id), 6);

	ck_assert_int_eq(on("VerifyAccount", "ada"), OUTCOME_BAD_NAME);
	ck_assert_int_eq(on_of("VerifyAccount", "ada", "amce"), OUTCOME_BAD_NAME);
	ck_assert_int_eq(on_of("VerifyAccount", "ada", "shop"), OUTCOME_NO_USER);
	ck_assert_int_eq(on_of("VerifyAccount", id, "shop"), OUTCOME_NO_USER);
	ck_assert_int_eq(on_of("VerifyAccount", "", "acme"), OUTCOME_NO_USER);
	ck_assert_int_eq(on_of("VerifyAccount", "ad", "acme"), OUTCOME_NO_USER);
	ck_assert_int_eq(on_of("VerifyAccount", "ada%", "acme"), OUTCOME_NO_USER);
	ck_assert_int_eq(events("account_verified", other), 0);
	ck_assert_int_eq(rig_call(&rig, RIG_NOBODY, "Admin.VerifyAccount",
				 json_pack("{s:s}", "login", id), NULL),
		OUTCOME_DENIED);
	rig_close(&rig);
}
END_TEST

START_TEST(nobody_hides_behind_the_identifier_of_another)
{
	char id[LIMIT_ACCOUNT + 1], thief[LIMIT_ACCOUNT + 1];

	rig_open(&rig, ONE);
	add("acme", "ada", id);
	ck_assert_int_eq(add_as("acme", "eve@example.org", id, thief), 0);
	ck_assert_int_eq(on("DisableAccount", id), 0);
	check_state("ada", "disabled");
	check_state("eve@example.org", "active");
	rig_close(&rig);
}
END_TEST

START_TEST(no_user_has_the_name_of_an_account)
{
	char id[LIMIT_ACCOUNT + 1], user[LIMIT_USER + 1];

	rig_open(&rig, ONE);
	add("acme", "ada", id);
	principal(id, user);
	ck_assert_int_eq(call("AddUser",
				 json_pack("{s:s, s:s}", "user", user, "address",
					 "eve@example.org"),
				 NULL),
		OUTCOME_BAD_NAME);
	ck_assert_int_eq(call("DisableUser", json_pack("{s:s}", "user", user), NULL),
		OUTCOME_NO_USER);
	check_state("ada", "active");
	rig_close(&rig);
}
END_TEST

/* ---- changing */

START_TEST(verifying_needs_no_code)
{
	char id[LIMIT_ACCOUNT + 1];
	json_t *out;

	rig_open(&rig, ONE);
	add("acme", "ada", id);
	out = show("ada");
	ck_assert(json_is_false(
		json_object_get(json_object_get(out, "account"), "verified")));
	json_decref(out);
	ck_assert_int_eq(on("VerifyAccount", "ada"), 0);
	out = show("ada");
	ck_assert(json_is_true(
		json_object_get(json_object_get(out, "account"), "verified")));
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(disabling_ends_what_has_begun_and_unlock_takes_it_back)
{
	char id[LIMIT_ACCOUNT + 1], other[LIMIT_ACCOUNT + 1];

	rig_open(&rig, ONE);
	add("acme", "ada", id);
	add("acme", "bob", other);
	fill_account(id);
	fill_account(other);
	ck_assert_int_eq(on("DisableAccount", "ada"), 0);
	check_state("ada", "disabled");
	check_ended(id, true);
	check_ended(other, false);
	check_state("bob", "active");
	ck_assert_int_eq(events("account_disabled", id), 1);
	ck_assert_int_eq(on("UnlockAccount", "ada"), 0);
	check_state("ada", "active");
	check_ended(id, true);
	ck_assert_int_eq(events("account_unlocked", id), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(unlocking_forgets_wrong_codes_and_wrong_passwords)
{
	char id[LIMIT_ACCOUNT + 1], other[LIMIT_ACCOUNT + 1];

	rig_open(&rig, ONE);
	add("acme", "ada", id);
	add("acme", "bob", other);
	wrong_tries(id, 10, 10);
	wrong_tries(other, 9, 9);
	check_count("ada", "wrong_hour", 10);
	check_count("ada", "wrong_day", 10);
	check_count("ada", "wrong_month", 10);
	check_count("ada", "locked_for", BUDGET_HOUR - 10);
	check_count("ada", "wrong_passwords_hour", 10);
	check_count("ada", "wrong_passwords_day", 10);
	check_count("ada", "passwords_locked_for", BUDGET_HOUR - 10);
	check_count("bob", "locked_for", 0);
	check_count("bob", "passwords_locked_for", 0);
	ck_assert_int_eq(on("UnlockAccount", "ada"), 0);
	check_count("ada", "wrong_month", 0);
	check_count("ada", "locked_for", 0);
	check_count("ada", "wrong_passwords_day", 0);
	check_count("ada", "passwords_locked_for", 0);
	check_count("bob", "wrong_month", 9);
	check_count("bob", "wrong_passwords_day", 9);
	rig_close(&rig);
}
END_TEST

START_TEST(unlocking_forgets_wrong_resets_too)
{
	char id[LIMIT_ACCOUNT + 1], name[LIMIT_USER + 4];

	rig_open(&rig, ONE "policy sshd { wrong_per_hour = 4 }");
	add("acme", "ada", id);
	snprintf(name, sizeof(name), "rs:acct:%s", id);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(
			spending_add_wrong(idle_store(), name, false, RIG_NOW - 9), 0);
	check_count("ada", "wrong_resets_month", 4);
	check_count("ada", "resets_locked_for", BUDGET_HOUR - 9);
	check_count("ada", "wrong_month", 0);
	check_count("ada", "locked_for", 0);
	snprintf(name, sizeof(name), "rc:acct:%s", id);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(
			spending_add_wrong(idle_store(), name, false, RIG_NOW - 5), 0);
	check_count("ada", "resets_locked_for", BUDGET_HOUR - 5);
	ck_assert_int_eq(on("UnlockAccount", "ada"), 0);
	check_count("ada", "wrong_resets_month", 0);
	check_count("ada", "resets_locked_for", 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM wrong"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(wrong_passwords_are_counted_by_the_tenant_of_the_account)
{
	char id[LIMIT_ACCOUNT + 1];

	rig_open(&rig, BOTH);
	add("shop", "ada", id);
	wrong_tries(id, 0, 3);
	check_count(id, "wrong_passwords_hour", 3);
	check_count(id, "passwords_locked_for", BUDGET_HOUR - 10);
	check_count(id, "locked_for", 0);
	rig.now += BUDGET_HOUR;
	check_count(id, "wrong_passwords_hour", 0);
	check_count(id, "wrong_passwords_day", 3);
	check_count(id, "passwords_locked_for", 0);
	rig_close(&rig);
}
END_TEST

START_TEST(wrong_passwords_of_sign_ins_are_those_that_are_shown)
{
	static const char *const guesses[] = { "not the right one", "nor this one" };
	const struct passwd *user = getpwnam("daemon");
	char id[LIMIT_ACCOUNT + 1];

	ck_assert_ptr_nonnull(user);
	rig_open(&rig, ONE CLIENT("web", "daemon", "acme"));
	add("acme", "ada", id);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(rig_call(&rig, user->pw_uid, "Account.Login",
					 json_pack("{s:s, s:s}", "login", "ada",
						 "password", guesses[i]),
					 NULL),
			OUTCOME_WRONG_PASSWORD);
	check_count("ada", "wrong_passwords_hour", 2);
	check_count("ada", "wrong_hour", 0);
	ck_assert_int_eq(on("UnlockAccount", "ada"), 0);
	check_count("ada", "wrong_passwords_hour", 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_required_reset_ends_sessions_and_outlives_unlock)
{
	char id[LIMIT_ACCOUNT + 1];
	struct account account;

	rig_open(&rig, ONE);
	add("acme", "ada", id);
	fill_account(id);
	ck_assert_int_eq(accounts_find(idle_store(), "acme", "ada", &account), 0);
	ck_assert_int_eq(
		accounts_set_password(idle_store(), account.id, "$hash", RIG_NOW), 0);
	ck_assert_int_eq(on("RequireReset", "ada"), 0);
	check_state("ada", "must_reset");
	check_ended(id, true);
	ck_assert_int_eq(events("reset_required", id), 1);
	ck_assert_int_eq(on("UnlockAccount", "ada"), 0);
	check_state("ada", "must_reset");
	/* A reset would let in somebody who is disabled. */
	ck_assert_int_eq(on("DisableAccount", "ada"), 0);
	ck_assert_int_eq(on("RequireReset", "ada"), OUTCOME_DISABLED);
	check_state("ada", "disabled");
	/* The password that had to be reset does not come back. */
	ck_assert_int_eq(on("UnlockAccount", "ada"), 0);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM accounts WHERE password = ''"
				 " AND password_at > 0"),
		1);
	rig_close(&rig);
}
END_TEST

static int allow(const char *login, const char *tenant, int64_t seconds, json_t **out)
{
	return call("AllowReset",
		json_pack("{s:s, s:s, s:I}", "login", login, "tenant", tenant,
			"seconds", (json_int_t)seconds),
		out);
}

START_TEST(a_reset_is_allowed_for_a_time_and_where_it_must_be)
{
	char id[LIMIT_ACCOUNT + 1], other[LIMIT_ACCOUNT + 1];
	json_t *out;

	rig_open(&rig, BOTH);
	add("acme", "ada", id);
	add("shop", "bob", other);
	ck_assert_int_eq(allow("ada", "acme", 86401, NULL), -EINVAL);
	ck_assert_int_eq(allow("ada", "acme", -1, NULL), -EINVAL);
	check_count(id, "reset_until", 0);
	ck_assert_int_eq(allow("ada", "acme", 86400, &out), 0);
	ck_assert_int_eq(int_of(out, "reset_until"), RIG_NOW + 86400);
	json_decref(out);
	check_count(id, "reset_until", RIG_NOW + 86400);
	rig.now += 86400;
	check_count(id, "reset_until", 0);
	ck_assert_int_eq(allow("ada", "acme", 60, NULL), 0);
	check_count(id, "reset_until", rig.now + 60);
	ck_assert_int_eq(allow("ada", "acme", 0, NULL), 0);
	check_count(id, "reset_until", 0);
	ck_assert_int_eq(events("reset_allowed", id), 3);

	ck_assert_int_eq(allow("bob", "shop", 60, NULL), OUTCOME_NOT_ALLOWED);
	check_count(other, "reset_until", 0);
	ck_assert_int_eq(on_of("DisableAccount", "ada", "acme"), 0);
	ck_assert_int_eq(allow("ada", "acme", 60, NULL), OUTCOME_DISABLED);
	rig_close(&rig);
}
END_TEST

static int reset_by_mail(uid_t uid, const char *login)
{
	char code[LIMIT_CODE + 1], to[LIMIT_ADDRESS + 1];
	json_t *out, *in;
	int r = rig_call(&rig, uid, "Account.RequestReset",
		json_pack("{s:s}", "login", login), &out);

	ck_assert_int_eq(r, 0);
	rig_mail(&rig, code, to);
	ck_assert_str_eq(to, "ada@example.org");
	in = json_pack(
		"{s:s, s:s}", "challenge", string_of(out, "challenge"), "code", code);
	json_decref(out);
	r = rig_call(&rig, uid, "Account.Confirm", in, &out);
	if (r == 0)
		ck_assert_ptr_nonnull(json_object_get(out, "grant"));
	json_decref(out);
	return r;
}

START_TEST(an_allowed_reset_takes_the_place_of_a_recovery_code)
{
	const struct passwd *user = getpwnam("daemon");
	char id[LIMIT_ACCOUNT + 1];

	ck_assert_ptr_nonnull(user);
	rig_open(&rig,
		"tenant acme { reset = recovery }\n" CLIENT("web", "daemon", "acme"));
	ck_assert_int_eq(add_as("acme", "ada@example.org", "ada", id), 0);
	ck_assert_int_eq(reset_by_mail(user->pw_uid, "ada"), OUTCOME_RECOVERY_NEEDED);
	ck_assert_int_eq(allow("ada", "acme", 3600, NULL), 0);
	rig.now += 600;
	ck_assert_int_eq(reset_by_mail(user->pw_uid, "ada"), 0);
	rig.now += 3600;
	ck_assert_int_eq(reset_by_mail(user->pw_uid, "ada"), OUTCOME_RECOVERY_NEEDED);
	rig_close(&rig);
}
END_TEST

START_TEST(a_removed_account_leaves_nothing)
{
	struct recovery code = { .selector = "ABCD", .hash = "$argon2id$1" };
	char id[LIMIT_ACCOUNT + 1], user[LIMIT_USER + 1];

	rig_open(&rig, ONE);
	add("acme", "ada", id);
	fill_account(id);
	principal(id, user);
	ck_assert_int_eq(recovery_replace(idle_store(), user, &code, 1), 0);
	check_count("ada", "recovery_codes", 1);
	check_count("ada", "sessions", 3);
	check_count("ada", "live_challenges", 1);
	ck_assert_int_eq(on("RemoveAccount", "ada"), 0);
	check_ended(id, true);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM accounts"), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM recovery"), 0);
	ck_assert_int_eq(events("account_removed", id), 1);
	ck_assert_int_eq(on("RemoveAccount", "ada"), OUTCOME_NO_USER);
	ck_assert_int_eq(on("ShowAccount", id), OUTCOME_NO_USER);
	rig_close(&rig);
}
END_TEST

/* ---- sessions and keys */

static int64_t end(json_t *parameters)
{
	json_t *out;
	int64_t n;

	ck_assert_int_eq(call("EndSessions", parameters, &out), 0);
	n = int_of(out, "sessions");
	json_decref(out);
	return n;
}

START_TEST(sessions_end_for_one_for_a_tenant_and_for_all)
{
	char ada[LIMIT_ACCOUNT + 1], bob[LIMIT_ACCOUNT + 1], cyd[LIMIT_ACCOUNT + 1];

	rig_open(&rig, BOTH);
	add("acme", "ada", ada);
	add("acme", "bob", bob);
	add("shop", "cyd", cyd);
	open_sessions(ada, 3);
	open_sessions(bob, 2);
	open_sessions(cyd, 4);
	give_grant(ada);
	give_grant(cyd);
	/* What an empty variable leaves of a call. */
	ck_assert_int_eq(call("EndSessions", NULL, NULL), OUTCOME_NO_USER);
	ck_assert_int_eq(on("EndSessions", ""), OUTCOME_NO_USER);
	ck_assert_int_eq(on_of("EndSessions", "", "acme"), OUTCOME_NO_USER);
	ck_assert_int_eq(
		call("EndSessions", json_pack("{s:s, s:b}", "login", "ada", "all", 1),
			NULL),
		OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM sessions"), 9);

	ck_assert_int_eq(end(json_pack("{s:s}", "login", ada)), 3);
	check_count(ada, "sessions", 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grants"), 1);
	ck_assert_int_eq(events("sessions_ended", ada), 1);
	ck_assert_int_eq(end(json_pack("{s:s}", "login", ada)), 0);
	open_sessions(ada, 3);
	ck_assert_int_eq(
		call("EndSessions", json_pack("{s:s, s:b}", "tenant", "amce", "all", 1),
			NULL),
		OUTCOME_BAD_NAME);
	ck_assert_int_eq(end(json_pack("{s:s, s:b}", "tenant", "acme", "all", 1)), 5);
	check_count(cyd, "sessions", 4);
	open_sessions(bob, 1);
	ck_assert_int_eq(grace_put(&rig.daemon.store, "acct:00", "web", "192.0.2.1", "",
				 1, RIG_NOW + 900, 6, 0),
		0);
	ck_assert_int_eq(grace_put(&rig.daemon.store, "ada", "sshd", "192.0.2.1", "", 0,
				 RIG_NOW + 900, 6, 0),
		0);
	ck_assert_int_eq(end(json_pack("{s:b}", "all", 1)), 5);
	/* A Unix user has no sessions here. */
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grace"), 1);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM grace WHERE user = 'ada'"), 1);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM sessions"), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grants"), 0);
	ck_assert_int_eq(events("sessions_ended", ""), 2);
	rig_close(&rig);
}
END_TEST

/* The kid of the n-th key that is told, and how many there are. */
static size_t key(size_t n, char kid[TOKEN_KID + 1])
{
	json_t *out, *keys;
	size_t all;

	ck_assert_int_eq(rig_call(&rig, 0, "Account.Keys", NULL, &out), 0);
	keys = json_object_get(out, "keys");
	all = json_array_size(keys);
	snprintf(kid, TOKEN_KID + 1, "%s", string_of(json_array_get(keys, n), "kid"));
	json_decref(out);
	return all;
}

START_TEST(the_next_key_signs_after_a_rotation)
{
	char next[TOKEN_KID + 1], before[TOKEN_KID + 1], now[TOKEN_KID + 1];
	json_t *out;

	rig_open(&rig, ONE);
	ck_assert_uint_eq(key(0, before), 2);
	ck_assert_uint_eq(key(1, next), 2);
	ck_assert_int_eq(call("RotateTokenKey", NULL, &out), 0);
	ck_assert_str_eq(string_of(out, "kid"), next);
	json_decref(out);
	ck_assert_uint_eq(key(0, now), 3);
	ck_assert_str_eq(now, next);
	ck_assert_uint_eq(key(2, now), 3);
	ck_assert_str_eq(now, before);
	ck_assert_int_eq(events("token_key_rotated", ""), 1);
	/* So many keys cannot have tokens that live. */
	for (int i = 1; i < TOKEN_KEYS_OLD; i++)
		ck_assert_int_eq(call("RotateTokenKey", NULL, NULL), 0);
	ck_assert_int_eq(call("RotateTokenKey", NULL, &out), OUTCOME_THROTTLED);
	ck_assert_int_gt(int_of(out, "retry_after"), 0);
	json_decref(out);
	ck_assert_int_eq(events("token_key_rotated", ""), TOKEN_KEYS_OLD);
	rig_close(&rig);
}
END_TEST

/* ---- looking */

/* A page: how many, the first address, and what to ask for next ("": no more). */
static size_t page(const char *tenant, const char *after, int64_t limit,
	char first[LIMIT_ADDRESS + 1], char next[LIMIT_ADDRESS + 1])
{
	const char *cursor;
	json_t *out, *rows;
	size_t n;

	ck_assert_int_eq(call("ListAccounts",
				 json_pack("{s:s, s:s, s:I}", "tenant", tenant, "after",
					 after, "limit", (json_int_t)limit),
				 &out),
		0);
	rows = json_object_get(out, "accounts");
	n = json_array_size(rows);
	snprintf(first, LIMIT_ADDRESS + 1, "%s",
		n ? string_of(json_array_get(rows, 0), "address") : "");
	cursor = json_string_value(json_object_get(out, "next"));
	snprintf(next, LIMIT_ADDRESS + 1, "%s", cursor ? cursor : "");
	json_decref(out);
	return n;
}

START_TEST(accounts_are_listed_by_tenant_page_by_page)
{
	char first[LIMIT_ADDRESS + 1], next[LIMIT_ADDRESS + 1];
	char id[LIMIT_ACCOUNT + 1], name[16];

	rig_open(&rig, BOTH);
	for (int i = 0; i < 45; i++) {
		snprintf(name, sizeof(name), "%c%02d", i % 2 ? 'U' : 'u', i);
		add("acme", name, id);
	}
	add("shop", "t00", id);
	ck_assert_uint_eq(page("acme", "", 0, first, next), LIMIT_PAGE);
	ck_assert_str_eq(first, "u00@example.org");
	ck_assert_str_eq(next, "U39@example.org");
	ck_assert_uint_eq(page("acme", next, 0, first, next), 5);
	ck_assert_str_eq(first, "u40@example.org");
	ck_assert_str_eq(next, "");
	ck_assert_uint_eq(page("acme", "", 2, first, next), 2);
	ck_assert_str_eq(next, "U01@example.org");
	ck_assert_uint_eq(page("shop", "", 0, first, next), 1);
	ck_assert_str_eq(first, "t00@example.org");
	ck_assert_int_eq(call("ListAccounts", NULL, NULL), OUTCOME_BAD_NAME);
	ck_assert_int_eq(
		call("ListAccounts", json_pack("{s:s}", "tenant", "amce"), NULL),
		OUTCOME_BAD_NAME);
	rig_close(&rig);
}
END_TEST

START_TEST(the_longest_page_fits_an_answer)
{
	char first[LIMIT_ADDRESS + 1], next[LIMIT_ADDRESS + 1];
	char address[LIMIT_ADDRESS + 1], login[LIMIT_LOGIN + 1];
	char id[LIMIT_ACCOUNT + 1], label[62];

	rig_open(&rig, ONE);
	memset(label, 'b', sizeof(label));
	for (int i = 0; i < LIMIT_PAGE; i++) {
		snprintf(address, sizeof(address), "%064d@%.61s.%.61s.%.60s.org", i,
			label, label, label);
		snprintf(login, sizeof(login), "%064d", i);
		ck_assert_int_eq(add_as("acme", address, login, id), 0);
	}
	ck_assert_uint_eq(page("acme", "", 0, first, next), LIMIT_PAGE);
	rig_close(&rig);
}
END_TEST

START_TEST(status_counts_accounts)
{
	struct registration waiting = { .challenge = { 1 },
		.tenant = "acme",
		.client = "web",
		.address = "new@example.org",
		.profile = "{}",
		.expires_at = RIG_NOW + 600 };
	char id[LIMIT_ACCOUNT + 1];
	json_t *out;

	rig_open(&rig, BOTH);
	add("acme", "ada", id);
	add("shop", "bob", id);
	open_sessions(id, 3);
	ck_assert_int_eq(registrations_put(idle_store(), &waiting), 0);
	ck_assert_int_eq(call("Status", NULL, &out), 0);
	ck_assert_int_eq(int_of(out, "accounts"), 2);
	ck_assert_int_eq(int_of(out, "sessions"), 3);
	ck_assert_int_eq(int_of(out, "pending_registrations"), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(out, "tenants")), 2);
	json_decref(out);
	rig.now += 1000;
	ck_assert_int_eq(call("Status", NULL, &out), 0);
	ck_assert_int_eq(int_of(out, "sessions"), 0);
	json_decref(out);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("accounts_admin", an_account_is_made_without_a_password,
	an_address_or_a_user_name_is_taken_once_in_a_tenant,
	a_registration_that_waits_ends_when_its_account_is_made,
	what_is_no_address_or_name_makes_no_account, the_only_tenant_need_not_be_named,
	a_tenant_of_a_policy_can_be_named, an_account_is_meant_by_any_of_its_names,
	nobody_hides_behind_the_identifier_of_another,
	no_user_has_the_name_of_an_account, verifying_needs_no_code,
	disabling_ends_what_has_begun_and_unlock_takes_it_back,
	unlocking_forgets_wrong_codes_and_wrong_passwords,
	unlocking_forgets_wrong_resets_too,
	wrong_passwords_are_counted_by_the_tenant_of_the_account,
	an_allowed_reset_takes_the_place_of_a_recovery_code,
	wrong_passwords_of_sign_ins_are_those_that_are_shown,
	a_required_reset_ends_sessions_and_outlives_unlock,
	a_reset_is_allowed_for_a_time_and_where_it_must_be,
	a_removed_account_leaves_nothing, sessions_end_for_one_for_a_tenant_and_for_all,
	the_next_key_signs_after_a_rotation, accounts_are_listed_by_tenant_page_by_page,
	the_longest_page_fits_an_answer, status_counts_accounts);
