/* SPDX-License-Identifier: MIT */
/* Accounts in the store, and what belongs to them: rows come back as they were written,
 * end when their time is over, and are found by what they are looked for. */
#include "otpd/store/accounts.h"

#include <errno.h>
#include <sqlite3.h>

#include "otpd/store/db.h"
#include "otpd/store/grants.h"
#include "otpd/store/principals.h"
#include "otpd/store/recovery.h"
#include "otpd/store/registrations.h"
#include "otpd/store/sessions.h"
#include "tests/unit/unit.h"

#define NOW 1700000000

static char path[UNIT_PATH];

static bool more; /* of the purges */

static struct store opened(void)
{
	struct store store;
	char error[512];

	unit_path(path, "otpd.db");
	ck_assert_msg(store_open(&store, path, error, sizeof(error)) == 0, "%s", error);
	return store;
}

static int64_t rows(struct store *store, const char *table)
{
	char sql[64];
	int64_t n = -1;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
	ck_assert_int_eq(db_number(store->db, sql, &n), 0);
	return n;
}

/* Fills text to its last byte, so that a size that is one too small shows. */
static void fill(char *text, size_t size, char c)
{
	memset(text, c, size - 1);
	text[size - 1] = '\0';
}

/* ---- accounts */

static struct account account_of(uint8_t number, const char *address, const char *login)
{
	struct account a = { .id = { number, [15] = 0xaa },
		.tenant = "acme",
		.password = "$argon2id$1",
		.profile = "{}",
		.created_at = NOW };

	snprintf(a.address, sizeof(a.address), "%s", address);
	snprintf(a.login, sizeof(a.login), "%s", login);
	return a;
}

static struct account added(
	struct store *store, uint8_t number, const char *address, const char *login)
{
	struct account a = account_of(number, address, login);

	ck_assert_int_eq(accounts_insert(store, &a), 0);
	return a;
}

static struct account got(struct store *store, const struct account *a)
{
	struct account found;

	ck_assert_int_eq(accounts_get(store, a->id, &found), 0);
	return found;
}

static void same_account(const struct account *a, const struct account *b)
{
	ck_assert_mem_eq(a->id, b->id, sizeof(a->id));
	ck_assert_str_eq(a->tenant, b->tenant);
	ck_assert_str_eq(a->address, b->address);
	ck_assert_str_eq(a->login, b->login);
	ck_assert_str_eq(a->password, b->password);
	ck_assert_str_eq(a->profile, b->profile);
	ck_assert_str_eq(a->language, b->language);
	ck_assert_int_eq(a->state, b->state);
	ck_assert_int_eq(a->verified_at, b->verified_at);
	ck_assert_int_eq(a->created_at, b->created_at);
	ck_assert_int_eq(a->login_at, b->login_at);
	ck_assert_int_eq(a->password_at, b->password_at);
	ck_assert_int_eq(a->reset_until, b->reset_until);
}

START_TEST(an_account_comes_back_in_every_field_and_at_its_longest)
{
	struct store store = opened();
	struct account a = { .id = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
				     16 },
		.state = ACCOUNT_MUST_RESET,
		.verified_at = 1,
		.created_at = 2,
		.login_at = 3,
		.password_at = 4,
		.reset_until = 5 };
	struct account found;

	fill(a.tenant, sizeof(a.tenant), 't');
	fill(a.address, sizeof(a.address), 'A');
	a.address[7] = '@';
	fill(a.login, sizeof(a.login), 'l');
	fill(a.password, sizeof(a.password), 'p');
	fill(a.profile, sizeof(a.profile), '{');
	fill(a.language, sizeof(a.language), 'd');
	ck_assert_int_eq(accounts_get(&store, a.id, &found), -ENOENT);
	ck_assert_int_eq(accounts_insert(&store, &a), 0);
	found = got(&store, &a);
	same_account(&found, &a);
	memset(&found, 0, sizeof(found));
	ck_assert_int_eq(accounts_find(&store, a.tenant, a.address, &found), 0);
	same_account(&found, &a);
	memset(&found, 0, sizeof(found));
	ck_assert_int_eq(accounts_find(&store, a.tenant, a.login, &found), 0);
	same_account(&found, &a);
	store_close(&store);
}
END_TEST

START_TEST(an_account_is_found_by_address_or_user_name_in_any_case)
{
	static const struct {
		const char *login;
		uint8_t number; /* 0: none */
	} table[] = { { "Ada.L@Example.org", 1 }, { "ada.l@example.org", 1 },
		{ "ADA.L@EXAMPLE.ORG", 1 }, { "ada", 1 }, { "ADA", 1 },
		{ "bob@example.org", 2 }, { "bob", 0 }, { "ada.l", 0 }, { "", 0 },
		{ "@", 0 }, { "ada.l@example.or", 0 }, { "ada.l@example.orgg", 0 },
		{ "ada ", 0 }, { "ad\xc3\xa4@example.org", 3 },
		{ "AD\xc3\xa4@example.org", 3 }, { "ad\xc3\x84@example.org", 0 },
		{ "%@example.org", 0 }, { "ad_", 0 } };
	struct store store = opened();
	struct account found;
	char longest[LIMIT_ADDRESS + 2];

	added(&store, 1, "Ada.L@Example.org", "Ada");
	added(&store, 2, "bob@example.org", "");
	added(&store, 3, "ad\xc3\xa4@example.org", "");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int r = accounts_find(&store, "acme", table[i].login, &found);

		ck_assert_msg(r == (table[i].number ? 0 : -ENOENT), "\"%s\": %d",
			table[i].login, r);
		if (r == 0)
			ck_assert_uint_eq(found.id[0], table[i].number);
		ck_assert_int_eq(
			accounts_find(&store, "shop", table[i].login, &found), -ENOENT);
	}
	/* Titles of tenants are as they are written. */
	ck_assert_int_eq(accounts_find(&store, "ACME", "ada", &found), -ENOENT);
	fill(longest, sizeof(longest), 'a');
	ck_assert_int_eq(accounts_find(&store, "acme", longest, &found), -ENOENT);
	ck_assert_int_eq(accounts_find(&store, "acme", "ADA", &found), 0);
	/* Addresses as their owners spell them, user names in lower case. */
	ck_assert_str_eq(found.address, "Ada.L@Example.org");
	ck_assert_str_eq(found.login, "ada");
	store_close(&store);
}
END_TEST

START_TEST(a_taken_address_or_user_name_is_taken_in_any_case_within_a_tenant)
{
	struct store store = opened();
	struct account a = added(&store, 1, "ada@example.org", "ada"), b;
	int64_t n;

	b = account_of(2, "ADA@Example.org", "");
	ck_assert_int_eq(accounts_insert(&store, &b), -EEXIST);
	b = account_of(2, "b@example.org", "ADA");
	ck_assert_int_eq(accounts_insert(&store, &b), -EEXIST);
	b = account_of(1, "b@example.org", "b");
	ck_assert_int_eq(accounts_insert(&store, &b), -EEXIST);
	ck_assert_int_eq(accounts_count(&store, &n), 0);
	ck_assert_int_eq(n, 1);
	/* None is a user name that any number may have; other tenants know nothing. */
	added(&store, 3, "c@example.org", "");
	added(&store, 4, "d@example.org", "");
	b = account_of(5, "ada@example.org", "ada");
	snprintf(b.tenant, sizeof(b.tenant), "shop");
	ck_assert_int_eq(accounts_insert(&store, &b), 0);
	ck_assert_int_eq(accounts_count(&store, &n), 0);
	ck_assert_int_eq(n, 4);
	b = got(&store, &a);
	same_account(&b, &a);
	store_close(&store);
}
END_TEST

START_TEST(each_change_changes_what_it_names_and_nothing_else)
{
	struct store store = opened();
	struct account a = added(&store, 1, "ada@example.org", "ada"), found;
	struct account other = added(&store, 2, "bob@example.org", "bob");

	ck_assert_int_eq(accounts_set_password(&store, a.id, "$new", NOW + 1), 0);
	snprintf(a.password, sizeof(a.password), "$new");
	a.password_at = NOW + 1;
	found = got(&store, &a);
	same_account(&found, &a);
	ck_assert_int_eq(accounts_rehash(&store, a.id, "$better"), 0);
	snprintf(a.password, sizeof(a.password), "$better");
	found = got(&store, &a);
	same_account(&found, &a);
	ck_assert_int_eq(accounts_set_profile(&store, a.id, "{\"a\":1}"), 0);
	snprintf(a.profile, sizeof(a.profile), "{\"a\":1}");
	found = got(&store, &a);
	same_account(&found, &a);
	ck_assert_int_eq(accounts_set_state(&store, a.id, ACCOUNT_MUST_RESET), 0);
	a.state = ACCOUNT_MUST_RESET;
	found = got(&store, &a);
	same_account(&found, &a);
	ck_assert_int_eq(accounts_set_verified(&store, a.id, NOW + 2), 0);
	a.verified_at = NOW + 2;
	found = got(&store, &a);
	same_account(&found, &a);
	ck_assert_int_eq(accounts_set_login(&store, a.id, NOW + 3), 0);
	a.login_at = NOW + 3;
	found = got(&store, &a);
	same_account(&found, &a);
	ck_assert_int_eq(accounts_set_reset_until(&store, a.id, NOW + 4), 0);
	a.reset_until = NOW + 4;
	found = got(&store, &a);
	same_account(&found, &a);
	found = got(&store, &other);
	same_account(&found, &other);
	store_close(&store);
}
END_TEST

START_TEST(another_address_is_proven_and_looked_for_anew)
{
	struct store store = opened();
	struct account a = added(&store, 1, "ada@example.org", ""), found;

	added(&store, 2, "Bob@example.org", "");
	ck_assert_int_eq(accounts_set_address(&store, a.id, "BOB@EXAMPLE.ORG", NOW + 1),
		-EEXIST);
	found = got(&store, &a);
	same_account(&found, &a);
	ck_assert_int_eq(
		accounts_set_address(&store, a.id, "Ada@New.example", NOW + 1), 0);
	snprintf(a.address, sizeof(a.address), "Ada@New.example");
	a.verified_at = NOW + 1;
	found = got(&store, &a);
	same_account(&found, &a);
	ck_assert_int_eq(accounts_find(&store, "acme", "ada@new.example", &found), 0);
	ck_assert_int_eq(
		accounts_find(&store, "acme", "ada@example.org", &found), -ENOENT);
	/* Its own in another spelling, and the one that it has left. */
	ck_assert_int_eq(
		accounts_set_address(&store, a.id, "ADA@new.example", NOW + 2), 0);
	added(&store, 3, "ada@example.org", "");
	store_close(&store);
}
END_TEST

START_TEST(changes_of_an_account_that_is_gone_are_no_errors)
{
	static const uint8_t id[ACCOUNT_ID] = { 9 };
	struct store store = opened();

	ck_assert_int_eq(accounts_set_password(&store, id, "$", NOW), 0);
	ck_assert_int_eq(accounts_rehash(&store, id, "$"), 0);
	ck_assert_int_eq(accounts_set_address(&store, id, "a@example.org", NOW), 0);
	ck_assert_int_eq(accounts_set_profile(&store, id, "{}"), 0);
	ck_assert_int_eq(accounts_set_state(&store, id, ACCOUNT_DISABLED), 0);
	ck_assert_int_eq(accounts_set_verified(&store, id, NOW), 0);
	ck_assert_int_eq(accounts_set_login(&store, id, NOW), 0);
	ck_assert_int_eq(accounts_set_reset_until(&store, id, NOW), 0);
	ck_assert_int_eq(accounts_delete(&store, id), 0);
	ck_assert_int_eq(rows(&store, "accounts"), 0);
	store_close(&store);
}
END_TEST

struct page {
	char last[LIMIT_ADDRESS + 1];
	char seen[2000];
	int n;
	int stop_at;
};

static int see(const struct account *account, void *arg)
{
	struct page *page = arg;
	size_t used = strlen(page->seen);

	snprintf(page->last, sizeof(page->last), "%s", account->address);
	snprintf(page->seen + used, sizeof(page->seen) - used, "%s ", account->address);
	return ++page->n == page->stop_at ? 7 : 0;
}

START_TEST(accounts_are_listed_by_address_a_page_at_a_time)
{
	struct store store = opened();
	struct page page = { 0 };
	struct account other;

	added(&store, 1, "d@example.org", "a");
	added(&store, 2, "B@example.org", "b");
	added(&store, 3, "a@example.org", "c");
	added(&store, 4, "C@example.org", "d");
	other = account_of(5, "b0@example.org", "");
	snprintf(other.tenant, sizeof(other.tenant), "shop");
	ck_assert_int_eq(accounts_insert(&store, &other), 0);
	ck_assert_int_eq(accounts_list(&store, "acme", "", 3, see, &page), 0);
	ck_assert_str_eq(page.seen, "a@example.org B@example.org C@example.org ");
	/* The next page begins after the address as it was shown. */
	page.seen[0] = '\0';
	ck_assert_int_eq(accounts_list(&store, "acme", page.last, 3, see, &page), 0);
	ck_assert_str_eq(page.seen, "d@example.org ");
	page.seen[0] = '\0';
	ck_assert_int_eq(accounts_list(&store, "acme", page.last, 3, see, &page), 0);
	ck_assert_str_eq(page.seen, "");
	ck_assert_int_eq(accounts_list(&store, "nobody", "", 3, see, &page), 0);
	ck_assert_str_eq(page.seen, "");
	page.n = 0;
	page.stop_at = 2;
	ck_assert_int_eq(accounts_list(&store, "acme", "", 10, see, &page), 7);
	ck_assert_str_eq(page.seen, "a@example.org B@example.org ");
	store_close(&store);
}
END_TEST

/* ---- principals */

START_TEST(a_principal_is_a_unix_user_an_account_or_nobody)
{
	static const struct code_key key = { .id = 1 };
	struct store store = opened();
	struct account a = added(&store, 1, "ada@example.org", "ada");
	struct user unix_user = { .name = "ada",
		.address = "ada@unix.example",
		.second = "+4930123456",
		.created_at = 5 };
	char principal[PRINCIPAL_SIZE];
	struct user user;

	ck_assert_int_eq(principals_get(&store, "ada", &user), -ENOENT);
	ck_assert_int_eq(users_insert(&store, &unix_user), 0);
	ck_assert_int_eq(principals_get(&store, "ada", &user), 0);
	ck_assert_str_eq(user.address, "ada@unix.example");
	ck_assert_str_eq(user.second, "+4930123456");
	memset(&user, 'x', sizeof(user));
	principal_of_account(principal, a.id);
	ck_assert_int_eq(principals_get(&store, principal, &user), 0);
	ck_assert_str_eq(user.name, principal);
	ck_assert_str_eq(user.address, "ada@example.org");
	ck_assert_str_eq(user.person, "ada");
	ck_assert_str_eq(user.second, "");
	ck_assert_int_eq(user.second_verified_at, 0);
	ck_assert_int_eq(user.refusals, 0);
	ck_assert_int_eq(user.created_at, NOW);
	a.id[3] = 1;
	principal_of_account(principal, a.id);
	ck_assert_int_eq(principals_get(&store, principal, &user), -ENOENT);
	principal_of_nobody(principal, &key, "acme", "ada@example.org");
	ck_assert_int_eq(principals_get(&store, principal, &user), -ENOENT);
	store_close(&store);
}
END_TEST

/* What a principal is made to be, seen through it and in the table behind it. */
static void change_principal(struct store *store, const char *principal)
{
	struct user user;

	ck_assert_int_eq(principals_get(store, principal, &user), 0);
	ck_assert_int_eq(user.state, USER_ACTIVE);
	ck_assert_int_eq(user.verified_at, 0);
	ck_assert_int_eq(user.login_at, 0);
	ck_assert_int_eq(principals_set_verified(store, principal, NOW + 1), 0);
	ck_assert_int_eq(principals_set_login(store, principal, NOW + 2), 0);
	ck_assert_int_eq(principals_get(store, principal, &user), 0);
	ck_assert_int_eq(user.state, USER_ACTIVE);
	ck_assert_int_eq(user.verified_at, NOW + 1);
	ck_assert_int_eq(user.login_at, NOW + 2);
	ck_assert_int_eq(principals_unlock(store, principal), 0);
	ck_assert_int_eq(principals_get(store, principal, &user), 0);
	ck_assert_int_eq(user.state, USER_ACTIVE);
	ck_assert_int_eq(principals_lock(store, principal), 0);
	ck_assert_int_eq(principals_get(store, principal, &user), 0);
	ck_assert_int_eq(user.state, USER_LOCKED);
	ck_assert_int_eq(principals_unlock(store, principal), 0);
	ck_assert_int_eq(principals_get(store, principal, &user), 0);
	ck_assert_int_eq(user.state, USER_ACTIVE);
}

static void ten_codes(struct recovery codes[10], char letter);

static void stays_disabled(struct store *store, const char *principal)
{
	struct user user;

	ck_assert_int_eq(principals_lock(store, principal), 0);
	ck_assert_int_eq(principals_get(store, principal, &user), 0);
	ck_assert_int_eq(user.state, USER_DISABLED);
	ck_assert_int_eq(principals_unlock(store, principal), 0);
	ck_assert_int_eq(principals_get(store, principal, &user), 0);
	ck_assert_int_eq(user.state, USER_DISABLED);
}

START_TEST(what_an_administrator_has_disabled_is_neither_locked_nor_unlocked)
{
	struct store store = opened();
	struct account a = account_of(1, "ada@example.org", "ada"), now;
	struct user unix_user = { .name = "ada", .address = "ada@example.org" };
	char principal[PRINCIPAL_SIZE];

	principal_of_account(principal, a.id);
	a.state = ACCOUNT_DISABLED;
	unix_user.state = USER_DISABLED;
	ck_assert_int_eq(accounts_insert(&store, &a), 0);
	ck_assert_int_eq(users_insert(&store, &unix_user), 0);
	stays_disabled(&store, principal);
	stays_disabled(&store, "ada");
	/* Nor is a reset that is due forgotten by a lock. */
	ck_assert_int_eq(accounts_set_state(&store, a.id, ACCOUNT_MUST_RESET), 0);
	ck_assert_int_eq(principals_lock(&store, principal), 0);
	ck_assert_int_eq(principals_unlock(&store, principal), 0);
	ck_assert_int_eq(accounts_get(&store, a.id, &now), 0);
	ck_assert_int_eq(now.state, ACCOUNT_MUST_RESET);
	store_close(&store);
}
END_TEST

START_TEST(a_break_glass_code_is_one_and_ends_and_recovery_codes_stay)
{
	struct store store = opened();
	struct recovery codes[10], found;
	struct recovery glass = { "ZAA1", "$first", NOW + 900 };
	bool has;
	int64_t n;

	ck_assert_int_eq(recovery_has(&store, "bob", NOW, &has), 0);
	ck_assert(!has);
	ck_assert_int_eq(recovery_put_glass(&store, "bob", &glass), 0);
	ck_assert_int_eq(recovery_get(&store, "bob", "ZAA1", NOW + 899, &found), 0);
	ck_assert_int_eq(found.expires_at, NOW + 900);
	ck_assert_int_eq(
		recovery_get(&store, "bob", "ZAA1", NOW + 900, &found), -ENOENT);
	ck_assert_int_eq(recovery_has(&store, "bob", NOW + 899, &has), 0);
	ck_assert(has);
	ck_assert_int_eq(recovery_has(&store, "bob", NOW + 900, &has), 0);
	ck_assert(!has);
	/* It is none of the ten, and outlives new ones. */
	ten_codes(codes, 'Q');
	ck_assert_int_eq(recovery_replace(&store, "bob", codes, 10), 0);
	ck_assert_int_eq(recovery_count(&store, "bob", &n), 0);
	ck_assert_int_eq(n, 10);
	ck_assert_int_eq(recovery_get(&store, "bob", "ZAA1", NOW, &found), 0);
	/* Another one takes its place, with the same letters or others. */
	strcpy(glass.hash, "$second");
	ck_assert_int_eq(recovery_put_glass(&store, "bob", &glass), 0);
	strcpy(glass.selector, "ZAA2");
	ck_assert_int_eq(recovery_put_glass(&store, "bob", &glass), 0);
	ck_assert_int_eq(recovery_get(&store, "bob", "ZAA1", NOW, &found), -ENOENT);
	ck_assert_int_eq(recovery_get(&store, "bob", "ZAA2", NOW, &found), 0);
	ck_assert_int_eq(recovery_purge(&store, NOW + 899), 0);
	ck_assert_int_eq(recovery_get(&store, "bob", "ZAA2", NOW, &found), 0);
	ck_assert_int_eq(recovery_purge(&store, NOW + 900), 0);
	ck_assert_int_eq(recovery_get(&store, "bob", "ZAA2", NOW, &found), -ENOENT);
	ck_assert_int_eq(recovery_put_glass(&store, "bob", &glass), 0);
	ck_assert_int_eq(recovery_delete_glass(&store, "bob"), 0);
	ck_assert_int_eq(recovery_get(&store, "bob", "ZAA2", NOW, &found), -ENOENT);
	ck_assert_int_eq(recovery_count(&store, "bob", &n), 0);
	ck_assert_int_eq(n, 10);
	store_close(&store);
}
END_TEST

START_TEST(changes_of_a_principal_land_where_it_is)
{
	struct store store = opened();
	struct account a = account_of(1, "ada@example.org", "ada");
	struct user unix_user = { .name = "ada", .address = "ada@example.org" }, user;
	char principal[PRINCIPAL_SIZE];

	snprintf(a.language, sizeof(a.language), "de");
	ck_assert_int_eq(accounts_insert(&store, &a), 0);
	ck_assert_int_eq(users_insert(&store, &unix_user), 0);
	principal_of_account(principal, a.id);
	change_principal(&store, principal);
	a = got(&store, &a);
	ck_assert_int_eq(a.state, ACCOUNT_ACTIVE);
	ck_assert_int_eq(a.verified_at, NOW + 1);
	ck_assert_int_eq(a.login_at, NOW + 2);
	/* The user of the same name has not changed until now. */
	change_principal(&store, "ada");
	/* Whoever must reset his password still gets the code for it. */
	ck_assert_int_eq(accounts_set_state(&store, a.id, ACCOUNT_MUST_RESET), 0);
	ck_assert_int_eq(principals_get(&store, principal, &user), 0);
	ck_assert_int_eq(user.state, USER_ACTIVE);
	ck_assert_str_eq(user.language, "de");
	store_close(&store);
}
END_TEST

/* ---- registrations */

static struct registration form(uint8_t number, const char *address, int64_t expires_at)
{
	struct registration g = { .challenge = { number, [15] = (uint8_t)~number },
		.tenant = "acme",
		.client = "shop",
		.expires_at = expires_at };

	snprintf(g.address, sizeof(g.address), "%s", address);
	return g;
}

static void put(struct store *store, const struct registration *g)
{
	ck_assert_int_eq(registrations_put(store, g), 0);
}

static void same_registration(
	const struct registration *a, const struct registration *b)
{
	ck_assert_mem_eq(a->challenge, b->challenge, sizeof(a->challenge));
	ck_assert_str_eq(a->tenant, b->tenant);
	ck_assert_str_eq(a->client, b->client);
	ck_assert_str_eq(a->address, b->address);
	ck_assert_str_eq(a->login, b->login);
	ck_assert_str_eq(a->password, b->password);
	ck_assert_str_eq(a->profile, b->profile);
	ck_assert_str_eq(a->language, b->language);
	ck_assert_int_eq(a->expires_at, b->expires_at);
}

START_TEST(a_form_waits_until_its_time_is_over_and_is_replaced_whole)
{
	struct store store = opened();
	struct registration g = form(1, "", NOW + 10), found;
	uint8_t id[CODE_ID];

	fill(g.tenant, sizeof(g.tenant), 't');
	fill(g.client, sizeof(g.client), 'c');
	fill(g.address, sizeof(g.address), 'A');
	fill(g.login, sizeof(g.login), 'l');
	fill(g.password, sizeof(g.password), 'p');
	fill(g.profile, sizeof(g.profile), '{');
	fill(g.language, sizeof(g.language), 'd');
	ck_assert_int_eq(registrations_get(&store, g.challenge, NOW, &found), -ENOENT);
	put(&store, &g);
	ck_assert_int_eq(registrations_get(&store, g.challenge, NOW + 9, &found), 0);
	same_registration(&found, &g);
	ck_assert_int_eq(
		registrations_get(&store, g.challenge, NOW + 10, &found), -ENOENT);
	g = form(1, "other@example.org", NOW + 20);
	snprintf(g.tenant, sizeof(g.tenant), "two");
	snprintf(g.client, sizeof(g.client), "web");
	snprintf(g.login, sizeof(g.login), "me");
	snprintf(g.password, sizeof(g.password), "$2");
	snprintf(g.profile, sizeof(g.profile), "{\"b\":2}");
	snprintf(g.language, sizeof(g.language), "fr");
	put(&store, &g);
	ck_assert_int_eq(rows(&store, "registrations"), 1);
	ck_assert_int_eq(registrations_get(&store, g.challenge, NOW + 19, &found), 0);
	same_registration(&found, &g);
	ck_assert_int_eq(
		registrations_find(&store, "two", "OTHER@example.org", NOW, id), 0);
	ck_assert_mem_eq(id, g.challenge, sizeof(id));
	store_close(&store);
}
END_TEST

START_TEST(the_newest_form_of_an_address_is_found_in_any_case)
{
	struct store store = opened();
	struct registration g = form(2, "Eve@Example.org", NOW + 5);
	char longest[LIMIT_ADDRESS + 2];
	uint8_t id[CODE_ID];

	put(&store, &g);
	/* It waits longer, and is older all the same. */
	g = form(1, "eve@example.org", NOW + 50);
	put(&store, &g);
	g = form(3, "eva@example.org", NOW + 50);
	put(&store, &g);
	ck_assert_int_eq(
		registrations_find(&store, "acme", "EVE@example.ORG", NOW, id), 0);
	ck_assert_uint_eq(id[0], 2);
	ck_assert_int_eq(
		registrations_find(&store, "acme", "eve@example.org", NOW + 5, id), 0);
	ck_assert_uint_eq(id[0], 1);
	ck_assert_int_eq(
		registrations_find(&store, "acme", "eve@example.org", NOW + 50, id),
		-ENOENT);
	ck_assert_int_eq(registrations_find(&store, "shop", "eve@example.org", NOW, id),
		-ENOENT);
	ck_assert_int_eq(
		registrations_find(&store, "acme", "nobody@example.org", NOW, id),
		-ENOENT);
	fill(longest, sizeof(longest), 'a');
	ck_assert_int_eq(registrations_find(&store, "acme", longest, NOW, id), -ENOENT);
	store_close(&store);
}
END_TEST

START_TEST(forms_go_by_challenge_by_address_or_when_their_time_is_over)
{
	struct store store = opened();
	struct registration g;
	char longest[LIMIT_ADDRESS + 2];
	int64_t n;

	for (uint8_t i = 1; i <= 6; i++) {
		g = form(i, i <= 3 ? "Eve@example.org" : "eva@example.org", NOW + i);
		put(&store, &g);
	}
	g = form(7, "eve@example.org", NOW + 7);
	snprintf(g.tenant, sizeof(g.tenant), "shop");
	put(&store, &g);
	ck_assert_int_eq(registrations_count(&store, &n), 0);
	ck_assert_int_eq(n, 7);
	g = form(1, "", 0);
	ck_assert_int_eq(registrations_delete(&store, g.challenge), 0);
	ck_assert_int_eq(registrations_delete(&store, g.challenge), 0);
	ck_assert_int_eq(registrations_count(&store, &n), 0);
	ck_assert_int_eq(n, 6);
	fill(longest, sizeof(longest), 'a');
	ck_assert_int_eq(registrations_delete_address(&store, "acme", longest), 0);
	ck_assert_int_eq(
		registrations_delete_address(&store, "acme", "EVE@EXAMPLE.ORG"), 0);
	ck_assert_int_eq(registrations_count(&store, &n), 0);
	ck_assert_int_eq(n, 4);
	/* The oldest ends first, and no more than were asked for. */
	ck_assert_int_eq(registrations_purge(&store, NOW + 3, 9, &more), 0);
	ck_assert(!more);
	ck_assert_int_eq(registrations_count(&store, &n), 0);
	ck_assert_int_eq(n, 4);
	ck_assert_int_eq(registrations_purge(&store, NOW + 6, 2, &more), 0);
	ck_assert_int_eq(registrations_count(&store, &n), 0);
	ck_assert_int_eq(n, 2);
	ck_assert(more);
	ck_assert_int_eq(registrations_purge(&store, NOW + 6, 2, &more), 0);
	g = form(7, "", 0);
	ck_assert_int_eq(registrations_get(&store, g.challenge, NOW, &g), 0);
	ck_assert_int_eq(registrations_count(&store, &n), 0);
	ck_assert_int_eq(n, 1);
	store_close(&store);
}
END_TEST

/* ---- grants */

static struct grant grant_of(uint8_t number, uint8_t account, int64_t expires_at)
{
	return (struct grant){ .hash = { number, [31] = 1 },
		.purpose = GRANT_PASSWORD,
		.tenant = "acme",
		.client = "shop",
		.account = { account },
		.expires_at = expires_at };
}

static void grant(
	struct store *store, uint8_t number, uint8_t account, int64_t expires_at)
{
	struct grant g = grant_of(number, account, expires_at);

	ck_assert_int_eq(grants_insert(store, &g), 0);
}

START_TEST(a_grant_comes_back_for_its_purpose_and_in_its_time_only)
{
	struct store store = opened();
	struct grant g = grant_of(1, 4, NOW + 10), found;

	g.account[15] = 9;
	g.purpose = GRANT_RECEIPT;
	g.auth_time = NOW - 5;
	fill(g.tenant, sizeof(g.tenant), 't');
	fill(g.client, sizeof(g.client), 'c');
	fill(g.address, sizeof(g.address), 'A');
	fill(g.amr, sizeof(g.amr), 'o');
	ck_assert_int_eq(
		grants_get(&store, g.hash, GRANT_RECEIPT, NOW, &found), -ENOENT);
	ck_assert_int_eq(grants_insert(&store, &g), 0);
	ck_assert_int_eq(grants_insert(&store, &g), -EEXIST);
	memset(&found, 'x', sizeof(found));
	ck_assert_int_eq(grants_get(&store, g.hash, GRANT_RECEIPT, NOW + 9, &found), 0);
	ck_assert_mem_eq(found.hash, g.hash, sizeof(g.hash));
	ck_assert_mem_eq(found.account, g.account, sizeof(g.account));
	ck_assert_int_eq(found.purpose, GRANT_RECEIPT);
	ck_assert_str_eq(found.tenant, g.tenant);
	ck_assert_str_eq(found.client, g.client);
	ck_assert_str_eq(found.address, g.address);
	ck_assert_str_eq(found.amr, g.amr);
	ck_assert_int_eq(found.auth_time, NOW - 5);
	ck_assert_int_eq(found.expires_at, NOW + 10);
	ck_assert_int_eq(
		grants_get(&store, g.hash, GRANT_RECEIPT, NOW + 10, &found), -ENOENT);
	ck_assert_int_eq(
		grants_get(&store, g.hash, GRANT_PASSWORD, NOW, &found), -ENOENT);
	ck_assert_int_eq(
		grants_get(&store, g.hash, GRANT_REGISTER, NOW, &found), -ENOENT);
	g.hash[30] = 1;
	ck_assert_int_eq(
		grants_get(&store, g.hash, GRANT_RECEIPT, NOW, &found), -ENOENT);
	store_close(&store);
}
END_TEST

START_TEST(a_grant_is_taken_once)
{
	struct store store = opened();
	struct grant g = grant_of(1, 1, NOW + 10);

	grant(&store, 1, 1, NOW + 10);
	grant(&store, 2, 1, NOW + 10);
	ck_assert_int_eq(grants_delete(&store, g.hash), 0);
	ck_assert_int_eq(grants_delete(&store, g.hash), -ENOENT);
	ck_assert_int_eq(grants_get(&store, g.hash, GRANT_PASSWORD, NOW, &g), -ENOENT);
	ck_assert_int_eq(rows(&store, "grants"), 1);
	store_close(&store);
}
END_TEST

START_TEST(grants_go_with_their_account_or_when_their_time_is_over)
{
	static const uint8_t nobody[ACCOUNT_ID];
	struct store store = opened();
	struct grant g = grant_of(1, 0, 0);

	grant(&store, 1, 0, NOW + 1);
	grant(&store, 2, 0, NOW + 2);
	grant(&store, 3, 7, NOW + 3);
	grant(&store, 4, 7, NOW + 4);
	grant(&store, 5, 8, NOW + 5);
	/* Those for addresses without an account are not all of one account. */
	ck_assert_int_eq(grants_delete_account(&store, nobody), 0);
	ck_assert_int_eq(rows(&store, "grants"), 5);
	memset(g.account, 'x', sizeof(g.account));
	ck_assert_int_eq(grants_get(&store, g.hash, GRANT_PASSWORD, NOW, &g), 0);
	ck_assert_mem_eq(g.account, nobody, sizeof(nobody));
	ck_assert_int_eq(
		grants_delete_account(&store, (const uint8_t[ACCOUNT_ID]){ 7 }), 0);
	ck_assert_int_eq(rows(&store, "grants"), 3);
	ck_assert_int_eq(grants_purge(&store, NOW + 2, 1, &more), 0);
	ck_assert(more);
	ck_assert_int_eq(rows(&store, "grants"), 2);
	ck_assert_int_eq(
		grants_get(&store, g.hash, GRANT_PASSWORD, NOW - 100, &g), -ENOENT);
	ck_assert_int_eq(grants_purge(&store, NOW + 4, 9, &more), 0);
	ck_assert_int_eq(rows(&store, "grants"), 1);
	ck_assert_int_eq(grants_purge(&store, NOW + 5, 9, &more), 0);
	ck_assert(!more);
	ck_assert_int_eq(rows(&store, "grants"), 0);
	store_close(&store);
}
END_TEST

/* ---- sessions */

static struct session session_of(uint8_t number, uint8_t account, int64_t expires_at)
{
	return (struct session){ .id = { number, [15] = 1 },
		.account = { account },
		.client = "shop",
		.amr = "pwd otp",
		.generation = 1,
		.hash = { number },
		.auth_time = NOW,
		.used_at = NOW,
		.expires_at = expires_at };
}

static void session(
	struct store *store, uint8_t number, uint8_t account, int64_t expires_at)
{
	struct session s = session_of(number, account, expires_at);

	ck_assert_int_eq(sessions_insert(store, &s), 0);
}

/* The numbers of an account's sessions that live, as a text. */
static const char *living(struct store *store, uint8_t account)
{
	static char out[300];
	size_t n = 0;

	out[0] = '\0';
	for (int i = 0; i < 60; i++) {
		struct session s = session_of((uint8_t)i, 0, 0);

		if (sessions_get(store, s.id, NOW, &s) == 0 && s.account[0] == account)
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%d ", i);
	}
	return out;
}

START_TEST(a_session_comes_back_in_every_field_until_its_time_is_over)
{
	struct store store = opened();
	struct session s = session_of(1, 2, NOW + 10), found;

	s.account[15] = 9;
	s.hash[31] = 7;
	s.generation = 3;
	s.auth_time = NOW - 1;
	s.used_at = NOW - 2;
	fill(s.client, sizeof(s.client), 'c');
	fill(s.amr, sizeof(s.amr), 'o');
	ck_assert_int_eq(sessions_get(&store, s.id, NOW, &found), -ENOENT);
	ck_assert_int_eq(sessions_insert(&store, &s), 0);
	ck_assert_int_eq(sessions_insert(&store, &s), -EEXIST);
	memset(&found, 'x', sizeof(found));
	ck_assert_int_eq(sessions_get(&store, s.id, NOW + 9, &found), 0);
	ck_assert_mem_eq(found.id, s.id, sizeof(s.id));
	ck_assert_mem_eq(found.account, s.account, sizeof(s.account));
	ck_assert_str_eq(found.client, s.client);
	ck_assert_str_eq(found.amr, s.amr);
	ck_assert_int_eq(found.generation, 3);
	ck_assert_mem_eq(found.hash, s.hash, sizeof(s.hash));
	ck_assert_int_eq(found.auth_time, NOW - 1);
	ck_assert_int_eq(found.used_at, NOW - 2);
	ck_assert_int_eq(found.expires_at, NOW + 10);
	ck_assert_int_eq(sessions_get(&store, s.id, NOW + 10, &found), -ENOENT);
	store_close(&store);
}
END_TEST

START_TEST(a_session_goes_on_with_its_next_token_and_not_after_its_end)
{
	struct store store = opened();
	struct session s = session_of(1, 2, NOW + 10), found;

	session(&store, 1, 2, NOW + 10);
	session(&store, 2, 2, NOW + 10);
	s.generation = 2;
	s.hash[0] = 0xee;
	s.used_at = NOW + 5;
	s.expires_at = NOW + 50;
	/* These are not written. */
	s.auth_time = 1;
	snprintf(s.amr, sizeof(s.amr), "none");
	ck_assert_int_eq(sessions_rotate(&store, &s), 0);
	ck_assert_int_eq(sessions_get(&store, s.id, NOW + 49, &found), 0);
	ck_assert_int_eq(found.generation, 2);
	ck_assert_uint_eq(found.hash[0], 0xee);
	ck_assert_int_eq(found.used_at, NOW + 5);
	ck_assert_int_eq(found.expires_at, NOW + 50);
	ck_assert_int_eq(found.auth_time, NOW);
	ck_assert_str_eq(found.amr, "pwd otp");
	s = session_of(2, 2, 0);
	ck_assert_int_eq(sessions_get(&store, s.id, NOW + 9, &found), 0);
	ck_assert_int_eq(found.generation, 1);
	ck_assert_int_eq(sessions_end(&store, s.id), 0);
	ck_assert_int_eq(sessions_end(&store, s.id), 0);
	ck_assert_int_eq(sessions_rotate(&store, &s), -ENOENT);
	ck_assert_int_eq(sessions_get(&store, s.id, NOW, &found), -ENOENT);
	ck_assert_str_eq(living(&store, 2), "1 ");
	store_close(&store);
}
END_TEST

START_TEST(sessions_end_by_account_or_all_at_once_and_are_counted)
{
	static const uint8_t two[ACCOUNT_ID] = { 2 }, none[ACCOUNT_ID] = { 4 };
	struct store store = opened();
	int64_t n = -1;

	for (uint8_t i = 1; i <= 5; i++)
		session(&store, i, i <= 3 ? 2 : 3, NOW + i);
	ck_assert_int_eq(sessions_count(&store, NOW, &n), 0);
	ck_assert_int_eq(n, 5);
	ck_assert_int_eq(sessions_count(&store, NOW + 2, &n), 0);
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(sessions_count_account(&store, two, NOW, &n), 0);
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(sessions_count_account(&store, two, NOW + 2, &n), 0);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(sessions_count_account(&store, none, NOW, &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(sessions_end_account(&store, two, &n), 0);
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(sessions_end_account(&store, two, &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_str_eq(living(&store, 3), "4 5 ");
	ck_assert_int_eq(sessions_end_all(&store, &n), 0);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(rows(&store, "sessions"), 0);
	ck_assert_int_eq(sessions_end_account(&store, two, NULL), 0);
	ck_assert_int_eq(sessions_end_all(&store, NULL), 0);
	store_close(&store);
}
END_TEST

START_TEST(of_too_many_sessions_those_that_were_opened_first_end)
{
	static const uint8_t two[ACCOUNT_ID] = { 2 };
	struct store store = opened();

	/* All of one second, and identifiers that fall as time goes on. */
	for (uint8_t i = 9; i > 0; i--) {
		session(&store, i, 2, NOW + 10);
		session(&store, (uint8_t)(i + 20), 3, NOW + 10);
	}
	ck_assert_int_eq(sessions_trim(&store, two, 9), 0);
	ck_assert_str_eq(living(&store, 2), "1 2 3 4 5 6 7 8 9 ");
	ck_assert_int_eq(sessions_trim(&store, two, 100), 0);
	ck_assert_str_eq(living(&store, 2), "1 2 3 4 5 6 7 8 9 ");
	ck_assert_int_eq(sessions_trim(&store, two, 8), 0);
	ck_assert_str_eq(living(&store, 2), "1 2 3 4 5 6 7 8 ");
	ck_assert_int_eq(sessions_trim(&store, two, 1), 0);
	ck_assert_str_eq(living(&store, 2), "1 ");
	session(&store, 50, 2, NOW + 10);
	ck_assert_int_eq(sessions_trim(&store, two, 1), 0);
	ck_assert_str_eq(living(&store, 2), "50 ");
	ck_assert_str_eq(living(&store, 3), "21 22 23 24 25 26 27 28 29 ");
	store_close(&store);
}
END_TEST

START_TEST(sessions_whose_time_is_over_are_purged_in_bites)
{
	struct store store = opened();

	for (uint8_t i = 1; i <= 5; i++)
		session(&store, i, 2, NOW + i);
	ck_assert_int_eq(sessions_purge(&store, NOW, 9, &more), 0);
	ck_assert(!more);
	ck_assert_int_eq(rows(&store, "sessions"), 5);
	ck_assert_int_eq(sessions_purge(&store, NOW + 4, 3, &more), 0);
	ck_assert_str_eq(living(&store, 2), "4 5 ");
	ck_assert(more);
	ck_assert_int_eq(sessions_purge(&store, NOW + 4, 3, &more), 0);
	ck_assert_str_eq(living(&store, 2), "5 ");
	store_close(&store);
}
END_TEST

/* ---- recovery codes */

static void ten_codes(struct recovery codes[10], char letter)
{
	for (int i = 0; i < 10; i++) {
		codes[i].expires_at = 0;
		snprintf(codes[i].selector, sizeof(codes[i].selector), "%cAA%c", letter,
			'0' + i);
		snprintf(codes[i].hash, sizeof(codes[i].hash), "$%c%d", letter, i);
	}
}

START_TEST(a_recovery_code_is_found_by_its_selector_and_used_once)
{
	struct store store = opened();
	struct recovery codes[10], found;
	int64_t n;

	ten_codes(codes, 'Q');
	fill(codes[9].hash, sizeof(codes[9].hash), 'h');
	ck_assert_int_eq(recovery_get(&store, "acct:1", "QAA3", NOW, &found), -ENOENT);
	ck_assert_int_eq(recovery_replace(&store, "acct:1", codes, 10), 0);
	ck_assert_int_eq(recovery_replace(&store, "acct:2", codes, 2), 0);
	for (int i = 0; i < 10; i++) {
		memset(&found, 'x', sizeof(found));
		ck_assert_int_eq(
			recovery_get(&store, "acct:1", codes[i].selector, NOW, &found),
			0);
		ck_assert_str_eq(found.selector, codes[i].selector);
		ck_assert_str_eq(found.hash, codes[i].hash);
	}
	/* Another hash is another code, though it has the same letters. */
	ck_assert_int_eq(recovery_get(&store, "acct:1", "QAA0", NOW, &found), 0);
	strcat(found.hash, "0");
	ck_assert_int_eq(recovery_delete(&store, "acct:1", &found), -ENOENT);
	ck_assert_int_eq(recovery_delete(&store, "acct:1", &codes[0]), 0);
	ck_assert_int_eq(recovery_get(&store, "acct:1", "QAA0", NOW, &found), -ENOENT);
	ck_assert_int_eq(recovery_delete(&store, "acct:1", &codes[0]), -ENOENT);
	ck_assert_int_eq(recovery_delete(&store, "acct:3", &codes[1]), -ENOENT);
	ck_assert_int_eq(recovery_count(&store, "acct:1", &n), 0);
	ck_assert_int_eq(n, 9);
	/* The same letters of somebody else are another code. */
	ck_assert_int_eq(recovery_get(&store, "acct:2", "QAA0", NOW, &found), 0);
	ck_assert_int_eq(recovery_count(&store, "acct:2", &n), 0);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(recovery_count(&store, "acct:3", &n), 0);
	ck_assert_int_eq(n, 0);
	store_close(&store);
}
END_TEST

START_TEST(new_recovery_codes_make_the_earlier_ones_void)
{
	struct store store = opened();
	struct recovery codes[10], found;
	int64_t n;

	ten_codes(codes, 'Q');
	ck_assert_int_eq(recovery_replace(&store, "acct:1", codes, 10), 0);
	ck_assert_int_eq(recovery_replace(&store, "acct:2", codes, 10), 0);
	ten_codes(codes, 'R');
	ck_assert_int_eq(recovery_replace(&store, "acct:1", codes, 9), 0);
	ck_assert_int_eq(recovery_get(&store, "acct:1", "QAA3", NOW, &found), -ENOENT);
	ck_assert_int_eq(recovery_get(&store, "acct:1", "RAA3", NOW, &found), 0);
	ck_assert_int_eq(recovery_count(&store, "acct:1", &n), 0);
	ck_assert_int_eq(n, 9);
	/* Two alike: nothing has happened once that is taken back. */
	memcpy(codes[7].selector, codes[2].selector, sizeof(codes[7].selector));
	ck_assert_int_eq(store_begin(&store, true), 0);
	ck_assert_int_eq(recovery_replace(&store, "acct:1", codes, 10), -EEXIST);
	store_rollback(&store);
	ck_assert_int_eq(recovery_count(&store, "acct:1", &n), 0);
	ck_assert_int_eq(n, 9);
	ck_assert_int_eq(recovery_delete_all(&store, "acct:1"), 0);
	ck_assert_int_eq(recovery_delete_all(&store, "acct:1"), 0);
	ck_assert_int_eq(recovery_count(&store, "acct:1", &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(recovery_count(&store, "acct:2", &n), 0);
	ck_assert_int_eq(n, 10);
	store_close(&store);
}
END_TEST

/* ---- all of them */

/* A session, a grant and ten codes. */
static void give_all(struct store *store, const struct account *a)
{
	struct session s = session_of(a->id[0], 0, NOW + 10);
	struct grant g = grant_of(a->id[0], 0, NOW + 10);
	struct recovery codes[10];
	char principal[PRINCIPAL_SIZE];

	ten_codes(codes, 'Q');
	memcpy(s.account, a->id, sizeof(s.account));
	memcpy(g.account, a->id, sizeof(g.account));
	principal_of_account(principal, a->id);
	ck_assert_int_eq(sessions_insert(store, &s), 0);
	ck_assert_int_eq(grants_insert(store, &g), 0);
	ck_assert_int_eq(recovery_replace(store, principal, codes, 10), 0);
}

START_TEST(with_an_account_goes_all_that_is_its_own_and_nothing_else)
{
	struct store store = opened();
	struct account a = added(&store, 1, "ada@example.org", "ada"), found;
	char principal[PRINCIPAL_SIZE];
	int64_t n;

	give_all(&store, &a);
	principal_of_account(principal, a.id);
	ck_assert_int_eq(accounts_delete(&store, a.id), 0);
	ck_assert_int_eq(accounts_get(&store, a.id, &found), -ENOENT);
	ck_assert_int_eq(accounts_find(&store, "acme", "ada", &found), -ENOENT);
	for (size_t i = 0; i < 4; i++) {
		static const char *const tables[] = { "accounts", "sessions", "grants",
			"recovery" };

		ck_assert_msg(rows(&store, tables[i]) == 0, "%s", tables[i]);
	}
	/* Its address and its user name are free. */
	a = added(&store, 2, "ada@example.org", "ada");
	give_all(&store, &a);
	a.id[0] = 1;
	ck_assert_int_eq(accounts_delete(&store, a.id), 0);
	ck_assert_int_eq(rows(&store, "accounts"), 1);
	ck_assert_int_eq(rows(&store, "sessions"), 1);
	ck_assert_int_eq(rows(&store, "grants"), 1);
	a.id[0] = 2;
	principal_of_account(principal, a.id);
	ck_assert_int_eq(recovery_count(&store, principal, &n), 0);
	ck_assert_int_eq(n, 10);
	store_close(&store);
}
END_TEST

/* What SQLite would do for a statement; whether it would read a whole table. */
static bool scans(sqlite3 *handle, enum sql id)
{
	sqlite3_stmt *plan = NULL;
	char sql[1024];
	bool found = false;

	snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", sql_text(id));
	ck_assert_int_eq(sqlite3_prepare_v2(handle, sql, -1, &plan, NULL), SQLITE_OK);
	while (sqlite3_step(plan) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(plan, 3);

		found = found || strstr(step, "SCAN") || strstr(step, "TEMP B-TREE");
	}
	sqlite3_finalize(plan);
	return found;
}

START_TEST(no_statement_but_whole_counts_goes_through_a_table)
{
	struct store store = opened();
	sqlite3 *handle = NULL;

	store_close(&store);
	ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
	for (int i = SQL_ACCOUNT_GET; i <= SQL_RECOVERY_COUNT; i++) {
		bool whole = i == SQL_ACCOUNT_COUNT || i == SQL_REGISTRATION_COUNT;

		ck_assert_msg(scans(handle, (enum sql)i) == whole, "%s",
			sql_text((enum sql)i));
	}
	sqlite3_close(handle);
}
END_TEST

UNIT_MAIN("accounts", what_an_administrator_has_disabled_is_neither_locked_nor_unlocked,
	a_break_glass_code_is_one_and_ends_and_recovery_codes_stay,
	an_account_comes_back_in_every_field_and_at_its_longest,
	an_account_is_found_by_address_or_user_name_in_any_case,
	a_taken_address_or_user_name_is_taken_in_any_case_within_a_tenant,
	each_change_changes_what_it_names_and_nothing_else,
	another_address_is_proven_and_looked_for_anew,
	changes_of_an_account_that_is_gone_are_no_errors,
	accounts_are_listed_by_address_a_page_at_a_time,
	a_principal_is_a_unix_user_an_account_or_nobody,
	changes_of_a_principal_land_where_it_is,
	a_form_waits_until_its_time_is_over_and_is_replaced_whole,
	the_newest_form_of_an_address_is_found_in_any_case,
	forms_go_by_challenge_by_address_or_when_their_time_is_over,
	a_grant_comes_back_for_its_purpose_and_in_its_time_only, a_grant_is_taken_once,
	grants_go_with_their_account_or_when_their_time_is_over,
	a_session_comes_back_in_every_field_until_its_time_is_over,
	a_session_goes_on_with_its_next_token_and_not_after_its_end,
	sessions_end_by_account_or_all_at_once_and_are_counted,
	of_too_many_sessions_those_that_were_opened_first_end,
	sessions_whose_time_is_over_are_purged_in_bites,
	a_recovery_code_is_found_by_its_selector_and_used_once,
	new_recovery_codes_make_the_earlier_ones_void,
	with_an_account_goes_all_that_is_its_own_and_nothing_else,
	no_statement_but_whole_counts_goes_through_a_table);
