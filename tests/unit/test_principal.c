/* SPDX-License-Identifier: MIT */
/* Whom something is about, as one word: three kinds that are never taken for another.
 */
#include "otpd/core/principal.h"

#include "tests/unit/unit.h"

static const uint8_t id[ACCOUNT_ID] = { 0x00, 0x01, 0x7f, 0x80, 0xff, 5, 6, 7, 8, 9, 10,
	11, 12, 13, 14, 0xfe };

static struct code_key key_of(uint8_t byte)
{
	struct code_key key = { .bytes = { byte }, .id = 7 };

	return key;
}

/* A static buffer of its own for each of the last four. */
static const char *nobody(uint8_t key_byte, const char *tenant, const char *text)
{
	static char names[4][PRINCIPAL_SIZE];
	static unsigned next;
	struct code_key key = key_of(key_byte);
	char *out = names[next++ % 4];

	principal_of_nobody(out, &key, tenant, text);
	return out;
}

START_TEST(an_account_is_named_by_its_identifier_and_found_again)
{
	char name[PRINCIPAL_SIZE];
	uint8_t back[ACCOUNT_ID];

	principal_of_account(name, id);
	ck_assert_str_eq(name, "acct:00017f80ff05060708090a0b0c0d0efe");
	ck_assert(principal_is_account(name, back));
	ck_assert_mem_eq(back, id, sizeof(id));
	ck_assert(!principal_is_nobody(name));
	ck_assert(principal_is_reserved(name));
}
END_TEST

START_TEST(nobody_has_a_name_that_is_no_account)
{
	const char *name = nobody(1, "acme", "eve@example.org");
	uint8_t back[ACCOUNT_ID];

	ck_assert_uint_eq(strlen(name), 5 + 2 * ACCOUNT_ID);
	ck_assert_int_eq(strncmp(name, "addr:", 5), 0);
	ck_assert(principal_is_nobody(name));
	ck_assert(!principal_is_account(name, back));
	ck_assert(principal_is_reserved(name));
	ck_assert_ptr_null(strstr(name, "eve"));
	/* As Python's hashlib has it: budgets outlive an otpd. */
	ck_assert_str_eq(name, "addr:a21d70ff240630603e6767e95ee7a78e");
}
END_TEST

START_TEST(the_case_of_ascii_letters_is_all_that_is_ignored)
{
	char upper[200], small[200];

	ck_assert_str_eq(nobody(1, "acme", "Eve.Z@Example.ORG"),
		nobody(1, "acme", "eve.z@example.org"));
	ck_assert_str_ne(nobody(1, "acme", "eve[@example.org"),
		nobody(1, "acme", "eve{@example.org"));
	ck_assert_str_ne(nobody(1, "acme", "\xc3\x84"), nobody(1, "acme", "\xc3\xa4"));
	ck_assert_str_ne(nobody(1, "acme", "eve"), nobody(1, "acme", "eve "));
	/* Of any length, and up to the last letter. */
	for (size_t n = 0; n < sizeof(small) - 1; n++) {
		memset(upper, 'Q', n);
		memset(small, 'q', n);
		upper[n] = small[n] = '\0';
		ck_assert_str_eq(nobody(1, "t", upper), nobody(1, "t", small));
		if (n > 0) {
			small[n - 1] = 'r';
			ck_assert_str_ne(nobody(1, "t", upper), nobody(1, "t", small));
			small[n - 1] = '\0';
			ck_assert_str_ne(nobody(1, "t", upper), nobody(1, "t", small));
		}
	}
}
END_TEST

START_TEST(key_tenant_and_text_each_make_another_name)
{
	ck_assert_str_eq(nobody(1, "acme", "eve"), nobody(1, "acme", "eve"));
	ck_assert_str_ne(nobody(1, "acme", "eve"), nobody(2, "acme", "eve"));
	ck_assert_str_ne(nobody(1, "acme", "eve"), nobody(1, "shop", "eve"));
	ck_assert_str_ne(nobody(1, "acme", "eve"), nobody(1, "acme", "eva"));
	/* Titles of tenants are as they are written. */
	ck_assert_str_ne(nobody(1, "acme", "eve"), nobody(1, "Acme", "eve"));
	/* What ends one field does not begin the next. */
	ck_assert_str_ne(nobody(1, "acme", "eve"), nobody(1, "acm", "eeve"));
	ck_assert_str_ne(nobody(1, "", "acmeeve"), nobody(1, "acmeeve", ""));
}
END_TEST

START_TEST(it_is_not_the_name_that_hides_an_address_elsewhere)
{
	struct code_key key = key_of(1);
	char hidden[33];

	code_hide_address(hidden, &key, "eve@example.org");
	ck_assert_str_ne(nobody(1, "", "eve@example.org") + 5, hidden);
}
END_TEST

START_TEST(what_is_not_exactly_one_is_none)
{
	static const char *const bad[] = { "", "acct", "acct:", "addr:", "alice",
		"root", "acct:00017f80ff05060708090a0b0c0d0ef",
		"acct:00017f80ff05060708090a0b0c0d0efe0",
		"acct:00017F80FF05060708090A0B0C0D0EFE",
		"Acct:00017f80ff05060708090a0b0c0d0efe",
		" acct:00017f80ff05060708090a0b0c0d0efe",
		"acct:00017f80ff05060708090a0b0c0d0efg",
		"acct00017f80ff05060708090a0b0c0d0efe0",
		"pw:acct:00017f80ff05060708090a0b0c0d0efe",
		"addr:00017f80ff05060708090a0b0c0d0ef",
		"addr:00017f80ff05060708090a0b0c0d0efe0",
		"ADDR:00017f80ff05060708090a0b0c0d0efe" };
	uint8_t back[ACCOUNT_ID];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!principal_is_account(bad[i], back), "%s", bad[i]);
		ck_assert_msg(!principal_is_nobody(bad[i]), "%s", bad[i]);
	}
	ck_assert(!principal_is_nobody("acct:00017f80ff05060708090a0b0c0d0efe"));
	ck_assert(!principal_is_account("addr:00017f80ff05060708090a0b0c0d0efe", back));
}
END_TEST

START_TEST(whatever_has_a_colon_is_kept_from_unix_users)
{
	ck_assert(principal_is_reserved("acct:x"));
	ck_assert(principal_is_reserved("pw:alice"));
	ck_assert(principal_is_reserved(":"));
	ck_assert(!principal_is_reserved("acct"));
	ck_assert(!principal_is_reserved("alice@example.org"));
	ck_assert(!principal_is_reserved("EXAMPLE\\alice"));
	ck_assert(!principal_is_reserved(""));
}
END_TEST

UNIT_MAIN("principal", an_account_is_named_by_its_identifier_and_found_again,
	nobody_has_a_name_that_is_no_account,
	the_case_of_ascii_letters_is_all_that_is_ignored,
	key_tenant_and_text_each_make_another_name,
	it_is_not_the_name_that_hides_an_address_elsewhere,
	what_is_not_exactly_one_is_none, whatever_has_a_colon_is_kept_from_unix_users);
