/* SPDX-License-Identifier: MIT */
#include "otpd/core/repeats.h"
#include "tests/unit/unit.h"

static struct repeats repeats;
static struct code_key key;

static void mark(
	uint8_t out[REPEATS_MARK], const char *budget, int64_t at, const char *password)
{
	repeats_mark(out, &key, budget, at, password);
}

START_TEST(a_mark_is_of_key_budget_time_and_password)
{
	static const uint8_t other_bytes[32] = { 1 };
	uint8_t one[REPEATS_MARK], other[REPEATS_MARK];
	struct code_key other_key;

	repeats_clear(&repeats);
	mark(one, "pw:acct:1", 7, "horse");
	ck_assert(!repeats_has(&repeats, one));
	repeats_add(&repeats, one);
	ck_assert(repeats_has(&repeats, one));
	mark(other, "pw:acct:1", 7, "horse");
	ck_assert(repeats_has(&repeats, other));
	mark(other, "pw:acct:2", 7, "horse");
	ck_assert(!repeats_has(&repeats, other));
	mark(other, "pw:acct:1", 8, "horse");
	ck_assert(!repeats_has(&repeats, other));
	mark(other, "pw:acct:1", 7, "Horse");
	ck_assert(!repeats_has(&repeats, other));
	mark(other, "pw:acct:1", 7, "");
	ck_assert(!repeats_has(&repeats, other));
	code_key_init(&other_key, other_bytes);
	repeats_mark(other, &other_key, "pw:acct:1", 7, "horse");
	ck_assert(!repeats_has(&repeats, other));
}
END_TEST

START_TEST(the_oldest_of_a_slot_makes_room)
{
	uint8_t marks[REPEATS_WAYS + 1][REPEATS_MARK] = { 0 };

	repeats_clear(&repeats);
	for (uint8_t i = 0; i <= REPEATS_WAYS; i++) {
		marks[i][0] = 1; /* all of one slot */
		marks[i][5] = (uint8_t)(i + 1);
		repeats_add(&repeats, marks[i]);
	}
	ck_assert(!repeats_has(&repeats, marks[0]));
	for (size_t i = 1; i <= REPEATS_WAYS; i++)
		ck_assert(repeats_has(&repeats, marks[i]));
	repeats_clear(&repeats);
	for (size_t i = 0; i <= REPEATS_WAYS; i++)
		ck_assert(!repeats_has(&repeats, marks[i]));
}
END_TEST

UNIT_MAIN("repeats", a_mark_is_of_key_budget_time_and_password,
	the_oldest_of_a_slot_makes_room);
