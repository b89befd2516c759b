/* SPDX-License-Identifier: MIT */
/* The life of a challenge: one way, once. */
#include "otpd/core/challenge.h"

#include <signal.h>
#include <sys/wait.h>

#include "otpd/proto/outcome.h"
#include "tests/unit/unit.h"

#define PEER 1000

static struct challenge live(void)
{
	return (struct challenge){
		.peer = PEER, .max_tries = 5, .created_at = 1000, .expires_at = 1600
	};
}

/* Whether the step is one that the table allows; asserts end a process of their own. */
static bool steps(int64_t from, enum challenge_state to)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct challenge challenge = live();

		challenge.state = from;
		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		signal(SIGABRT, SIG_DFL);
		challenge_set_state(&challenge, to);
		_exit(challenge.state == (int64_t)to ? 0 : 1);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

START_TEST(only_a_live_one_ends_and_nothing_becomes_live_again)
{
	for (int from = CHALLENGE_LIVE; from <= CHALLENGE_CANCELLED; from++)
		for (int to = CHALLENGE_LIVE; to <= CHALLENGE_CANCELLED; to++)
			ck_assert_msg(steps(from, (enum challenge_state)to) ==
					(from == CHALLENGE_LIVE &&
						to != CHALLENGE_LIVE),
				"%d to %d", from, to);
	/* A row that somebody has damaged. */
	ck_assert(!steps(4, CHALLENGE_PASSED));
	ck_assert(!steps(-1, CHALLENGE_PASSED));
}
END_TEST

START_TEST(it_passes_once)
{
	struct challenge challenge = live();

	ck_assert_int_eq(challenge_check(&challenge, PEER, 1001), 0);
	ck_assert_int_eq(challenge_try(&challenge, true), 0);
	ck_assert_int_eq(challenge.state, CHALLENGE_PASSED);
	ck_assert_int_eq(challenge_check(&challenge, PEER, 1001), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(challenge.tries, 1);
}
END_TEST

START_TEST(it_is_burnt_with_its_last_try)
{
	for (int64_t tries = 1; tries <= 5; tries++) {
		struct challenge challenge = live();

		challenge.max_tries = tries;
		for (int64_t i = 1; i < tries; i++) {
			ck_assert_int_eq(
				challenge_try(&challenge, false), OUTCOME_WRONG_CODE);
			ck_assert_int_eq(challenge_tries_left(&challenge), tries - i);
			ck_assert_int_eq(challenge_check(&challenge, PEER, 1001), 0);
		}
		ck_assert_int_eq(challenge_try(&challenge, false), OUTCOME_BURNT);
		ck_assert_int_eq(challenge.state, CHALLENGE_BURNT);
		ck_assert_int_eq(challenge_tries_left(&challenge), 0);
		ck_assert_int_eq(
			challenge_check(&challenge, PEER, 1001), OUTCOME_BURNT);
	}
}
END_TEST

START_TEST(the_last_try_may_be_the_right_one)
{
	struct challenge challenge = live();

	for (int i = 0; i < 4; i++)
		challenge_try(&challenge, false);
	ck_assert_int_eq(challenge_try(&challenge, true), 0);
	ck_assert_int_eq(challenge.state, CHALLENGE_PASSED);
}
END_TEST

START_TEST(it_expires_at_the_second)
{
	struct challenge challenge = live();

	ck_assert_int_eq(challenge_check(&challenge, PEER, 1599), 0);
	ck_assert_int_eq(challenge_check(&challenge, PEER, 1600), OUTCOME_EXPIRED);
	ck_assert_int_eq(challenge_check(&challenge, PEER, 1601), OUTCOME_EXPIRED);
	ck_assert_int_eq(challenge_check(&challenge, PEER, INT64_MAX), OUTCOME_EXPIRED);
}
END_TEST

START_TEST(another_caller_learns_nothing_of_it)
{
	for (int state = CHALLENGE_LIVE; state <= CHALLENGE_CANCELLED; state++) {
		struct challenge challenge = live();

		challenge.state = state;
		ck_assert_int_eq(challenge_check(&challenge, PEER + 1, 1001),
			OUTCOME_NO_CHALLENGE);
		ck_assert_int_eq(challenge_check(&challenge, PEER + 1, 9999),
			OUTCOME_NO_CHALLENGE);
		ck_assert_int_eq(
			challenge_check(&challenge, 0, 1001), OUTCOME_NO_CHALLENGE);
	}
}
END_TEST

START_TEST(what_has_ended_says_so_whatever_the_time)
{
	struct challenge challenge = live();

	challenge.state = CHALLENGE_CANCELLED;
	ck_assert_int_eq(challenge_check(&challenge, PEER, 1001), OUTCOME_NO_CHALLENGE);
	challenge.state = CHALLENGE_BURNT;
	ck_assert_int_eq(challenge_check(&challenge, PEER, 9999), OUTCOME_BURNT);
	/* Not one of the states: never let through. */
	challenge.state = 17;
	ck_assert_int_eq(challenge_check(&challenge, PEER, 1001), OUTCOME_NO_CHALLENGE);
}
END_TEST

START_TEST(a_decoy_is_never_right_and_burns_like_any_other)
{
	struct challenge decoy = live();

	decoy.decoy = true;
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(challenge_try(&decoy, true), OUTCOME_WRONG_CODE);
	ck_assert_int_eq(challenge_try(&decoy, true), OUTCOME_BURNT);
	ck_assert_int_eq(decoy.state, CHALLENGE_BURNT);
}
END_TEST

START_TEST(tries_left_is_never_negative)
{
	struct challenge challenge = live();

	challenge.tries = 1000;
	ck_assert_int_eq(challenge_tries_left(&challenge), 0);
	/* A policy that was made stricter meanwhile. */
	ck_assert_int_eq(challenge_try(&challenge, false), OUTCOME_BURNT);
}
END_TEST

UNIT_MAIN("challenge", only_a_live_one_ends_and_nothing_becomes_live_again,
	it_passes_once, it_is_burnt_with_its_last_try,
	the_last_try_may_be_the_right_one, it_expires_at_the_second,
	another_caller_learns_nothing_of_it, what_has_ended_says_so_whatever_the_time,
	a_decoy_is_never_right_and_burns_like_any_other, tries_left_is_never_negative);
