/* SPDX-License-Identifier: MIT */
/* Codes are even, hashes bind everything, comparison is exact. */
#include "otpd/core/code.h"

#include <sodium.h>
#include <sodium/randombytes_internal_random.h>

#include "tests/unit/unit.h"

/*
 * Chi-square of counts that should be equal. The limits are the 1e-6 points of the
 * distribution (9, 20 and 99 degrees of freedom), so that a good generator fails once
 * in ten thousand runs of this file and a biased one always.
 */
static double chi_square(const long *counts, int n, long total)
{
	double expected = (double)total / n, sum = 0;

	for (int i = 0; i < n; i++)
		sum += ((double)counts[i] - expected) * ((double)counts[i] - expected) /
			expected;
	return sum;
}

/* The same uniform draw over a generator that is no system call for each digit. */
static void start_sodium(void)
{
	ck_assert_int_eq(
		randombytes_set_implementation(&randombytes_internal_implementation),
		0);
	ck_assert_int_ge(sodium_init(), 0);
}

START_TEST(a_million_codes_have_even_digits_in_every_place_and_pair)
{
	static long counts[6][10], pairs[5][100];
	const long n = 1000000;

	start_sodium();
	for (long i = 0; i < n; i++) {
		char code[LIMIT_CODE + 1];

		code_draw(code, 6, CODE_DIGITS);
		if (strlen(code) != 6 || strspn(code, "0123456789") != 6)
			ck_abort_msg("%s", code);
		for (int p = 0; p < 6; p++)
			counts[p][code[p] - '0']++;
		for (int p = 0; p < 5; p++)
			pairs[p][(code[p] - '0') * 10 + code[p + 1] - '0']++;
	}
	for (int p = 0; p < 6; p++)
		ck_assert_double_lt(chi_square(counts[p], 10, n), 45.1);
	for (int p = 0; p < 5; p++)
		ck_assert_double_lt(chi_square(pairs[p], 100, n), 179.0);
}
END_TEST

START_TEST(letters_are_even_too_and_only_those_that_nobody_confuses)
{
	static long counts[8][32];
	const int letters = (int)strlen(CODE_LETTERS);
	const long n = 300000;

	start_sodium();
	for (long i = 0; i < n; i++) {
		char code[LIMIT_CODE + 1];

		code_draw(code, 8, CODE_LETTERED);
		if (strlen(code) != 8 || strspn(code, CODE_LETTERS) != 8)
			ck_abort_msg("%s", code);
		for (int p = 0; p < 8; p++)
			counts[p][strchr(CODE_LETTERS, code[p]) - CODE_LETTERS]++;
	}
	for (int p = 0; p < 8; p++)
		ck_assert_double_lt(chi_square(counts[p], letters, n), 70.0);
	for (int i = 0; i < letters; i++)
		for (int j = 0; j < i; j++)
			ck_assert_int_ne(CODE_LETTERS[i], CODE_LETTERS[j]);
	ck_assert_ptr_null(strpbrk(CODE_LETTERS, "AEIOU01ILOSZB258"));
}
END_TEST

START_TEST(codes_have_the_length_that_was_asked_for)
{
	ck_assert_int_ge(sodium_init(), 0);
	for (int length = LIMIT_CODE_MIN; length <= LIMIT_CODE; length++)
		for (int alphabet = CODE_DIGITS; alphabet <= CODE_LETTERED;
			alphabet++) {
			char code[LIMIT_CODE + 1];

			memset(code, 'z', sizeof(code));
			code_draw(code, length, (enum code_alphabet)alphabet);
			ck_assert_uint_eq(strlen(code), (size_t)length);
			/* Separators are never part of a code. */
			ck_assert_ptr_null(strpbrk(code, " -"));
		}
}
END_TEST

START_TEST(references_are_three_clear_letters)
{
	char one[LIMIT_REFERENCE + 1], other[LIMIT_REFERENCE + 1];
	int same = 0;

	ck_assert_int_ge(sodium_init(), 0);
	code_draw_reference(one);
	for (int i = 0; i < 1000; i++) {
		code_draw_reference(other);
		ck_assert_uint_eq(strlen(other), 3);
		ck_assert_uint_eq(strspn(other, CODE_LETTERS), 3);
		same += strcmp(one, other) == 0;
	}
	ck_assert_int_lt(same, 20);
}
END_TEST

static void hash_of(uint8_t out[CODE_HASH], uint8_t key_byte, int64_t purpose,
	uint8_t id_byte, const char *user, const char *service, const char *code)
{
	uint8_t bytes[32], id[CODE_ID];
	struct code_key key;

	memset(bytes, key_byte, sizeof(bytes));
	memset(id, 7, sizeof(id));
	id[CODE_ID - 1] = id_byte;
	code_key_init(&key, bytes);
	code_hash(out, &key, purpose, id, user, service, code);
}

START_TEST(the_hash_binds_every_field_and_no_two_can_lend_each_other_bytes)
{
	static const struct {
		uint8_t key;
		int64_t purpose;
		uint8_t id;
		const char *user, *service, *code;
	} inputs[] = { { 1, 1, 1, "alice", "sshd", "123456" },
		{ 2, 1, 1, "alice", "sshd", "123456" },
		{ 1, 2, 1, "alice", "sshd", "123456" },
		{ 1, 3, 1, "alice", "sshd", "123456" },
		{ 1, 1, 2, "alice", "sshd", "123456" },
		{ 1, 1, 1, "Alice", "sshd", "123456" },
		{ 1, 1, 1, "alice", "sudo", "123456" },
		{ 1, 1, 1, "alice", "sshd", "123457" },
		{ 1, 1, 1, "alice", "sshd", "12345" },
		{ 1, 1, 1, "alices", "shd", "123456" },
		{ 1, 1, 1, "alic", "esshd", "123456" },
		{ 1, 1, 1, "alice", "sshd1", "23456" },
		{ 1, 1, 1, "alicesshd", "", "123456" },
		{ 1, 1, 1, "", "alicesshd", "123456" },
		{ 1, 1, 1, "alice", "sshd123456", "" }, { 1, 1, 1, "", "", "" } };
	enum {
		N = sizeof(inputs) / sizeof(inputs[0])
	};
	uint8_t hashes[N][CODE_HASH], again[CODE_HASH];

	ck_assert_int_ge(sodium_init(), 0);
	for (int i = 0; i < N; i++) {
		hash_of(hashes[i], inputs[i].key, inputs[i].purpose, inputs[i].id,
			inputs[i].user, inputs[i].service, inputs[i].code);
		for (int j = 0; j < i; j++)
			ck_assert_msg(
				!code_hash_equal(hashes[i], hashes[j]), "%d %d", i, j);
	}
	hash_of(again, 1, 1, 1, "alice", "sshd", "123456");
	ck_assert(code_hash_equal(again, hashes[0]));
}
END_TEST

START_TEST(equality_is_of_all_bytes)
{
	uint8_t a[CODE_HASH], b[CODE_HASH];

	ck_assert_int_ge(sodium_init(), 0);
	randombytes_buf(a, sizeof(a));
	memcpy(b, a, sizeof(a));
	ck_assert(code_hash_equal(a, b));
	for (int bit = 0; bit < CODE_HASH * 8; bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!code_hash_equal(a, b));
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

START_TEST(a_key_has_an_id_of_its_own_that_is_never_negative)
{
	struct code_key one, other;
	uint8_t bytes[32] = { 0 };

	ck_assert_int_ge(sodium_init(), 0);
	code_key_init(&one, bytes);
	for (int i = 0; i < 256; i++) {
		randombytes_buf(bytes, sizeof(bytes));
		code_key_init(&other, bytes);
		ck_assert_mem_eq(other.bytes, bytes, 32);
		ck_assert_int_ge(other.id, 0);
		ck_assert_int_ne(other.id, one.id);
	}
	code_key_init(&other, one.bytes);
	ck_assert_int_eq(other.id, one.id);
}
END_TEST

START_TEST(purposes_have_names_of_their_own)
{
	/* Both kinds of enrolment have one name. */
	for (int64_t i = CODE_LOGIN; i <= CODE_RECOVERY; i++) {
		ck_assert_str_ne(code_purpose_name(i), "unknown");
		for (int64_t j = CODE_LOGIN; j < i; j++)
			ck_assert_int_eq(
				strcmp(code_purpose_name(i), code_purpose_name(j)) == 0,
				i == CODE_ENROL_LOGIN && j == CODE_ENROL);
	}
	ck_assert_str_eq(code_purpose_name(CODE_RECOVERY + 1), "unknown");
	for (int64_t i = 0; i <= 99; i++)
		ck_assert((code_realm(i) == CODE_OF_SELF) ==
			(i == CODE_ENROL || i == CODE_SECOND || i == CODE_RECOVERY));
	ck_assert_int_eq(code_realm(CODE_ENROL_LOGIN), CODE_OF_AUTH);
	ck_assert_str_eq(code_purpose_name(0), "unknown");
	ck_assert_str_eq(code_purpose_name(99), "unknown");
}
END_TEST

UNIT_MAIN("code", a_million_codes_have_even_digits_in_every_place_and_pair,
	letters_are_even_too_and_only_those_that_nobody_confuses,
	codes_have_the_length_that_was_asked_for, references_are_three_clear_letters,
	the_hash_binds_every_field_and_no_two_can_lend_each_other_bytes,
	equality_is_of_all_bytes, a_key_has_an_id_of_its_own_that_is_never_negative,
	purposes_have_names_of_their_own);
