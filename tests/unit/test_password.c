/* SPDX-License-Identifier: MIT */
/* Passwords: what may be chosen, what is guessed first, what a hash costs. */
#include "otpd/core/password.h"

#include <sodium.h>

#include "otpd/core/common_passwords.h"
#include "otpd/core/password_guess.h"
#include "otpd/proto/limits.h"
#include "otpd/proto/outcome.h"
#include "tests/unit/unit.h"

#define ADDRESS "alice.smith@shop.example"
#define LOGIN   "zorbax77"

/* Eight characters each. */
static const char cats[] =
	"\360\237\220\261\360\237\220\261\360\237\220\261\360\237\220\261"
	"\360\237\220\261\360\237\220\261\360\237\220\261\360\237\220\261";
static const char japanese[] = "\346\227\245\346\234\254\350\252\236\343\201\256"
			       "\351\215\265\343\201\247\343\201\231\343\200\202";

static const char *problem(const char *password)
{
	return password_problem(password, ADDRESS, LOGIN);
}

static void repeat(char *out, const char *piece, int n)
{
	*out = '\0';
	while (n-- > 0)
		out = stpcpy(out, piece);
}

START_TEST(the_list_is_sorted_and_can_be_searched)
{
	ck_assert_uint_gt(common_passwords_count, 1000);
	for (size_t i = 0; i < common_passwords_count; i++) {
		const char *word = common_passwords[i];

		ck_assert_uint_ge(strlen(word), 4);
		ck_assert_uint_le(strlen(word), 32);
		for (const char *c = word; *c; c++)
			ck_assert_msg(
				!(*c >= 'A' && *c <= 'Z') && *c != ' ', "%s", word);
		if (i > 0)
			ck_assert_msg(
				strcmp(common_passwords[i - 1], word) < 0, "%s", word);
		ck_assert_msg(password_is_common(word), "%s", word);
	}
}
END_TEST

START_TEST(what_is_guessed_first_is_refused)
{
	static const char *const guesses[] = { "password", "Password", "PASSWORD",
		"password1", "Password123", "Password123!", "P@ssw0rd", "p4$$w0rd!",
		"Pa55w0rd1", "pa55word", "passw0rd2024", "password1234567890",
		"passwordpassword", "PasswordPassword1", "letmein123", "1etmein!!",
		"we1come1", "adm1n1strator", "!nternet", "monkey123", "Dragon2023",
		"iloveyou", "il0vey0u", "trustno1", "sunshine1", "Summer2024!",
		"Winter23!", "December2024", "michael1", "Football99", "chelsea1905",
		"starwars77", "qwerty123", "Qwerty123!", "qwertyuiop", "QWERTYUIOP1",
		"qwertzuiop", "azertyuiop", "asdfghjkl", "lkjhgfdsa", "zxcvbnm123",
		"1q2w3e4r", "1qaz2wsx", "!QAZ2wsx", "qazwsxedc", "zaq12wsx", "q1w2e3r4",
		"1234qwer", "qweasdzxc", "poiuytrewq", "12345678", "123456789",
		"1234567890", "0987654321", "87654321", "12345678!", "00000000",
		"11111111", "99999999", "11112222", "123123123", "12341234",
		"121212121", "aaaaaaaa", "AAAAAAAA", "aaaaaaaa1", "aaaabbbb",
		"........", "abcabcabc", "abcdabcd", "abababab", "ab12ab12", "abcdefgh",
		"ABCDEFGHIJ", "zyxwvuts", "hgfedcba", "abcdefg1", "abc12345",
		"abcd1234", "a1b2c3d4", "!@#$%^&*", "!@#$%^&*()", "changeme",
		"changeme!", "contrase\303\261a",
		"\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251",
		cats, "hallo123", "schatz2020", "juventus", "liverpool1", "jordan23",
		"charlie99", "pokemon!", "princess7", "blink182!" };

	for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
		ck_assert_msg(password_is_common(guesses[i]), "%s", guesses[i]);
		ck_assert_msg(problem(guesses[i]) != NULL, "%s", guesses[i]);
	}
}
END_TEST

START_TEST(what_is_hard_to_guess_is_accepted)
{
	static const char *const good[] = { "correct horse battery staple",
		"password is a terrible password", "my password has a dragon in it",
		"dragonqwertymonkey", "iloveyou and the sea", "monkey see monkey do",
		"sunshine on a rainy day", "xkcdxkce936!", "tr0ub4dor&3", "zb9k3vq7",
		"48273615", "kofferraum", "vierzehn grad", "a b c d e f g",
		"hunter2hunter3", "passwordpasswore", "qwertyuiopasdfghx", "12345678x9",
		"abcabcabx", "dragon4815162342", "password83027491",
		"\303\274berm\303\244\303\237ig",
		"\320\277\321\200\320\270\320\262\320\265\321\202\320\260\321\201",
		japanese, "no digits here", "NODIGITSATALLBUTLONG", "        x",
		"wxyzpq19", "the quick brown fox", "alices restaurant",
		"smith and wesson" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(
			problem(good[i]) == NULL, "%s: %s", good[i], problem(good[i]));
}
END_TEST

START_TEST(lengths_are_of_characters_and_of_bytes)
{
	char text[LIMIT_PASSWORD + 2];

	ck_assert_str_eq(problem(""), "it is shorter than 8 characters");
	ck_assert_str_eq(problem("kv7Q!x2"), "it is shorter than 8 characters");
	ck_assert_ptr_null(problem("kv7Q!x2p"));
	/* Seven characters of fourteen bytes, and eight. */
	ck_assert_str_eq(
		problem("\303\244\303\266\303\274\303\237\303\251\303\250\303\240"),
		"it is shorter than 8 characters");
	ck_assert_ptr_null(
		problem("\303\244\303\266\303\274\303\237\303\251\303\250\303\240x"));
	for (int i = 0; i < LIMIT_PASSWORD + 1; i++)
		text[i] = (char)('a' + i * i % 23);
	text[LIMIT_PASSWORD + 1] = '\0';
	ck_assert_str_eq(problem(text), "it is longer than 1024 bytes");
	text[LIMIT_PASSWORD] = '\0';
	ck_assert_ptr_null(problem(text));
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
	ck_assert_str_eq(problem("kv7Q!x2p\377"), "it is no UTF-8");
	ck_assert_str_eq(problem("kv7Q!x2p\300\257"), "it is no UTF-8");
	ck_assert_str_eq(problem("kv7Q!x2p\355\240\200"), "it is no UTF-8");
	ck_assert_str_eq(problem("kv7Q!x2p\n"), "it has a control character");
	ck_assert_str_eq(problem("kv7Q\tx2px"), "it has a control character");
	ck_assert_str_eq(problem("kv7Q!x2p\177"), "it has a control character");
	ck_assert_str_eq(problem("kv7Q!x2p\302\205"), "it has a control character");
}
END_TEST

START_TEST(ones_own_names_are_refused)
{
	static const char *const address[] = { ADDRESS, "ALICE.SMITH@shop.example",
		"alice.smith", "Alice.Smith", "alice.smith1", "alice.smith2024!",
		"alice.smithalice.smith" };
	static const char *const login[] = { "zorbax77", "Zorbax77", "ZORBAX77!",
		"zorbax772024", "zorbax77zorbax77" };
	static const char clause[] = "it is the address, or the part before the @";

	for (size_t i = 0; i < sizeof(address) / sizeof(address[0]); i++) {
		ck_assert_msg(problem(address[i]) != NULL, "%s", address[i]);
		ck_assert_str_eq(problem(address[i]), clause);
	}
	for (size_t i = 0; i < sizeof(login) / sizeof(login[0]); i++) {
		ck_assert_msg(problem(login[i]) != NULL, "%s", login[i]);
		ck_assert_str_eq(problem(login[i]), "it is the user name");
	}
	ck_assert_ptr_null(problem("alice.smith likes tea"));
	ck_assert_ptr_null(problem("my zorbax77"));
	/* Without names there is nothing to be compared with. */
	ck_assert_ptr_null(password_problem("alice.smith", "", ""));
	ck_assert_ptr_null(password_problem("zorbax77", "", ""));
	/* A short name does not spoil what begins with it. */
	ck_assert_ptr_null(password_problem("al83027461", "al@shop.example", "al"));
}
END_TEST

START_TEST(long_passwords_are_looked_at_too)
{
	char text[LIMIT_PASSWORD + 1];

	repeat(text, "a", LIMIT_PASSWORD);
	ck_assert_ptr_nonnull(problem(text));
	repeat(text, "abcd", LIMIT_PASSWORD / 4);
	ck_assert_ptr_nonnull(problem(text));
	repeat(text, "1", 64);
	ck_assert_ptr_nonnull(problem(text));
	repeat(text, "password", 8);
	ck_assert_ptr_nonnull(problem(text));
	repeat(text, "battery staple ", 60);
	ck_assert_ptr_null(problem(text));
	/* A name of any length, where the password is as long. */
	repeat(text, "x1y2z3", 40);
	ck_assert_ptr_nonnull(password_problem(text, "", text));
}
END_TEST

/* What libsodium is asked to compare with, and really does. */
static char verified[crypto_pwhash_STRBYTES];

int crypto_pwhash_str_verify(const char str[crypto_pwhash_STRBYTES],
	const char *const passwd, unsigned long long passwdlen)
{
	snprintf(verified, sizeof(verified), "%s", str);
	return crypto_pwhash_argon2id_str_verify(str, passwd, passwdlen);
}

START_TEST(the_right_password_is_right_and_no_other)
{
	char hash[PASSWORD_HASH], again[PASSWORD_HASH];

	ck_assert_int_ge(sodium_init(), 0);
	ck_assert_int_eq(password_hash(hash, "correct horse"), 0);
	ck_assert_int_eq(password_hash(again, "correct horse"), 0);
	ck_assert_str_ne(hash, again);
	ck_assert_int_eq(strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
	ck_assert_uint_lt(strlen(hash), PASSWORD_HASH);
	ck_assert_int_eq(password_compare(hash, "correct horse"), 0);
	ck_assert_str_eq(verified, hash);
	ck_assert_int_eq(
		password_compare(hash, "correct hors"), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(
		password_compare(hash, "correct horsf"), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(
		password_compare(hash, "Correct horse"), OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(password_compare(hash, ""), OUTCOME_WRONG_PASSWORD);
	ck_assert(!password_is_old(hash));
}
END_TEST

START_TEST(a_hash_of_nobody_costs_as_much_and_is_never_right)
{
	static const char *const none[] = { "", "x", "*", "!",
		"$argon2id$v=19$m=19456,t=2,p=1$", "$2b$10$abcdefghijklmnopqrstuv",
		"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA",
		"$y$j9T$abc$def" };
	char hash[PASSWORD_HASH];

	ck_assert_int_ge(sodium_init(), 0);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		verified[0] = '\0';
		ck_assert_int_eq(password_compare(none[i], "correct horse"),
			OUTCOME_WRONG_PASSWORD);
		/* Compared all the same, with a hash of the cost of new ones. */
		ck_assert_str_ne(verified, none[i]);
		ck_assert_msg(!password_is_old(verified), "%s", none[i]);
		ck_assert(password_is_old(none[i]));
	}
	/* What they are compared with is a hash that can be computed: with an error in
	 * it, it would cost nothing. */
	ck_assert_int_eq(crypto_pwhash_argon2id_str_needs_rehash(
				 verified, 2, (size_t)19456 * 1024),
		0);
	strcpy(hash, verified);
	ck_assert_int_eq(password_compare(hash, ""), OUTCOME_WRONG_PASSWORD);
}
END_TEST

START_TEST(hashes_of_another_cost_are_right_and_old)
{
	char hash[PASSWORD_HASH];

	ck_assert_int_ge(sodium_init(), 0);
	ck_assert_int_eq(crypto_pwhash_str_alg(hash, "correct horse", 13, 1,
				 8192 * 1024, crypto_pwhash_ALG_ARGON2ID13),
		0);
	ck_assert_int_eq(password_compare(hash, "correct horse"), 0);
	ck_assert_int_eq(
		password_compare(hash, "correct hors"), OUTCOME_WRONG_PASSWORD);
	ck_assert(password_is_old(hash));
}
END_TEST

UNIT_MAIN("password", the_list_is_sorted_and_can_be_searched,
	what_is_guessed_first_is_refused, what_is_hard_to_guess_is_accepted,
	lengths_are_of_characters_and_of_bytes, bytes_that_are_no_text_are_refused,
	ones_own_names_are_refused, long_passwords_are_looked_at_too,
	the_right_password_is_right_and_no_other,
	a_hash_of_nobody_costs_as_much_and_is_never_right,
	hashes_of_another_cost_are_right_and_old);
