/* SPDX-License-Identifier: MIT */
/*
 * Recovery codes and break-glass codes in place of mailed ones: what they open, what
 * they never do, races between their phases, and that strangers learn nothing.
 */
#include "otpd/store/principals.h"
#include "otpd/store/spending.h"
#include "tests/unit/recovery.h"

#define FAST "cool_down = 0 sends_per_hour = 100 sends_per_day = 400"
#define OPEN "policy default { " FAST " conceal = no }\n"

/* Wrong mailed codes until the user is locked. */
static void lock(const char *user)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM audit WHERE user = '%s' AND event IN"
		" ('locked', 'disabled')",
		user);
	for (int i = 0; i < 30 && rig_count(&rig, sql) == 0; i++) {
		struct got got = begin(user);

		ck_assert_int_eq(got.r, 0);
		take_mail();
		for (int j = 0; j < 5; j++)
			(void)verify(got.challenge, wrong_one());
	}
	ck_assert_int_gt(rig_count(&rig, sql), 0);
}

START_TEST(a_recovery_code_lets_in_once_in_any_spelling)
{
	struct got got;
	char typed[2 * RECOVERY_SHOWN];
	json_t *letter;
	size_t n = 0;

	set_up_users("policy default { " FAST " }\n");
	make_codes("alice");
	ck_assert(mailed("recovery-codes", "alice@example.org"));
	for (const char *at = codes[0]; *at; at++) {
		typed[n++] = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
		if (*at == '-')
			typed[n - 1] = ' ';
	}
	typed[n] = '\0';
	got = begin_from("alice", HOME);
	ck_assert_str_eq(got.delivery, "queued");
	got = recover(got.challenge, typed);
	ck_assert_int_eq(got.r, 0);
	ck_assert_str_eq(got.state, "verified");
	ck_assert_uint_eq(got.members, 1);
	ck_assert_int_eq(left("alice"), 9);
	letter = rig_letter(&rig);
	ck_assert_str_eq(string_of(letter, "template"), "recovery-used");
	ck_assert_str_eq(string_of(letter, "to"), "alice@example.org");
	ck_assert_str_eq(string_of(letter, "left"), "9");
	ck_assert_str_eq(string_of(letter, "rhost"), HOME);
	ck_assert_str_eq(string_of(letter, "code"), "");
	json_decref(letter);
	ck_assert_int_eq(events("recovery_used"), 1);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT login_at FROM users WHERE name = 'alice'"),
		RIG_NOW);
	/* Used once: on another challenge, and on a passed one nothing is. */
	got = begin("alice");
	ck_assert_int_eq(recover(got.challenge, codes[0]).r, OUTCOME_WRONG_CODE);
	ck_assert_int_eq(recover(got.challenge, codes[1]).r, 0);
	ck_assert_int_eq(recover(got.challenge, codes[2]).r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(left("alice"), 8);
	rig_close(&rig);
}
END_TEST

START_TEST(it_is_for_the_user_and_the_caller_of_the_challenge)
{
	struct got got;

	set_up_users("policy default { " FAST " }\n");
	make_codes("alice");
	got = begin("bob");
	ck_assert_int_eq(recover(got.challenge, codes[0]).r, OUTCOME_WRONG_CODE);
	got = begin("alice");
	ck_assert_int_eq(
		ask(shop, "Auth.Recover", recover_in(got.challenge, codes[0])).r,
		OUTCOME_NO_CHALLENGE);
	rig.now += 601;
	ck_assert_int_eq(recover(got.challenge, codes[0]).r, OUTCOME_EXPIRED);
	ck_assert_int_eq(recover("00000000000000000000000000000000", codes[0]).r,
		OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(left("alice"), 10);
	rig_close(&rig);
}
END_TEST

/* Answers of two calls that are under way at once. */
static void both(json_t *one, json_t *two, struct got *ret_one, struct got *ret_two)
{
	int first = start_held(0, "Auth.Recover", one);
	int second = start_held(0, "Auth.Recover", two);

	sem_post(&go_on);
	*ret_one = let_go(first);
	*ret_two = let_go(second);
}

START_TEST(of_two_who_bring_a_code_at_once_exactly_one_is_let_in)
{
	struct got one, two, a, b;

	set_up_users("policy default { " FAST " }\n");
	make_codes("alice");
	for (int i = 0; i < 4; i++) {
		one = begin_from("alice", "192.0.2.1");
		two = begin_from("alice", "198.51.100.2");
		both(recover_in(one.challenge, codes[i]),
			recover_in(two.challenge, codes[i]), &a, &b);
		ck_assert_int_eq((a.r == 0) + (b.r == 0), 1);
		ck_assert_int_eq(a.r + b.r, OUTCOME_WRONG_CODE);
		ck_assert_int_eq(left("alice"), 9 - i);
	}
	/* One challenge, two codes: the one that is not needed stays good. */
	one = begin_from("alice", "203.0.113.1");
	both(recover_in(one.challenge, codes[5]), recover_in(one.challenge, codes[6]),
		&a, &b);
	ck_assert_int_eq((a.r == 0) + (b.r == 0), 1);
	ck_assert_int_eq(a.r + b.r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(left("alice"), 5);
	rig_close(&rig);
}
END_TEST

START_TEST(what_changes_between_the_phases_counts)
{
	static const char *const changes[] = { "Admin.DisableUser", "Admin.RemoveUser",
		"Admin.RecoveryCodes" };
	char old[RECOVERY_SHOWN];
	int fd;

	for (size_t i = 0; i < 3; i++) {
		struct got got;

		set_up_users("policy default { " FAST " }\n");
		make_codes("alice");
		strcpy(old, codes[0]);
		got = begin("alice");
		fd = start_held(0, "Auth.Recover", recover_in(got.challenge, old));
		ck_assert_int_eq(on_user(changes[i], "alice"), 0);
		got = let_go(fd);
		ck_assert_msg(
			got.r == OUTCOME_NO_CHALLENGE || got.r == OUTCOME_WRONG_CODE,
			"%s: %d", changes[i], got.r);
		ck_assert_int_eq(events("recovery_used"), 0);
		tear_down();
	}
}
END_TEST

START_TEST(a_reload_between_the_phases_is_none_of_its_business)
{
	struct got got;
	int fd;

	set_up_users("policy default { " FAST " }\n");
	make_codes("alice");
	got = begin("alice");
	fd = start_held(0, "Auth.Recover", recover_in(got.challenge, codes[0]));
	rig_config(&rig, OPEN);
	ck_assert_int_eq(let_go(fd).r, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_lock_is_taken_back_and_a_disabled_user_stays_disabled)
{
	struct got got;

	/* By the hour, and by the month, which is a state. */
	for (int month = 0; month < 2; month++) {
		set_up_users(month ? "policy default { " FAST
				     " wrong_per_month = 10 }\n"
				   : "policy default { " FAST " }\n");
		make_codes("alice");
		lock("alice");
		ck_assert_int_eq(
			rig_count(&rig, "SELECT state FROM users WHERE name = 'alice'"),
			month ? USER_LOCKED : USER_ACTIVE);
		if (month)
			rig.now += 40 *
				86400; /* the wrong ones are old, the state stays */
		got = begin("alice");
		ck_assert_int_eq(got.r, 0);
		ck_assert(!got.locked);
		ck_assert_int_eq(recover(got.challenge, codes[0]).r, 0);
		ck_assert_int_eq(
			rig_count(&rig, "SELECT state FROM users WHERE name = 'alice'"),
			USER_ACTIVE);
		got = begin("alice");
		take_mail();
		ck_assert_int_eq(verify(got.challenge, code), 0);
		tear_down();
	}
	set_up_users("policy default { " FAST " }\n");
	make_codes("alice");
	ck_assert_int_eq(on_user("Admin.DisableUser", "alice"), 0);
	got = begin("alice");
	ck_assert_int_eq(recover(got.challenge, codes[0]).r, OUTCOME_WRONG_CODE);
	ck_assert_int_eq(left("alice"), 10);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT state FROM users WHERE name = 'alice'"),
		USER_DISABLED);
	ck_assert_int_eq(on_user("Admin.UnlockUser", "alice"), 0);
	got = begin("alice");
	ck_assert_int_eq(recover(got.challenge, codes[0]).r, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_challenge_from_before_the_lock_is_opened_too)
{
	struct got before, got;

	set_up_users("policy default { " FAST " }\n");
	make_codes("alice");
	before = begin_from("alice", HOME);
	lock("alice");
	take_mail();
	got = recover(before.challenge, codes[0]);
	ck_assert_int_eq(got.r, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(what_is_locked_openly_is_a_challenge_for_who_has_a_code)
{
	struct got got;

	set_up_users(OPEN);
	lock("alice");
	ck_assert_int_eq(begin("alice").r, OUTCOME_LOCKED);
	make_codes("alice");
	got = begin("alice");
	ck_assert_int_eq(got.r, 0);
	ck_assert(got.locked);
	ck_assert_int_gt(got.retry_after, 0);
	ck_assert_int_eq(recover(got.challenge, codes[0]).r, 0);
	/* Not where none is good, nor for callers that cannot ask for one. */
	ck_assert_int_eq(on_user("Admin.DisableUser", "alice"), 0);
	ck_assert_int_eq(begin("alice").r, OUTCOME_LOCKED);
	lock("bob");
	make_codes("bob");
	ck_assert(begin("bob").locked);
	ck_assert_int_eq(
		ask(0, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "bob", "service", "sshd"))
			.r,
		OUTCOME_LOCKED);
	rig_close(&rig);
}
END_TEST

START_TEST(the_budget_is_its_own_and_the_same_for_nobody)
{
	static const char *const names[] = { "alice", "carol" }; /* carol: nobody */

	set_up_users("policy default { " FAST " }\n");
	make_codes("alice");
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 2; i++) {
			struct got got = begin(names[i]);

			for (int n = 4; n >= 0; n--) {
				struct got wrong =
					recover(got.challenge, spoiled(codes[n]));
				int64_t month = 19 - 5 * round - (4 - n);

				ck_assert_int_eq(wrong.r, OUTCOME_WRONG_CODE);
				ck_assert_int_eq(
					wrong.tries_left, n < month ? n : month);
				ck_assert_uint_eq(wrong.members, 3);
			}
			got = recover(got.challenge, codes[0]);
			ck_assert_int_eq(got.r, OUTCOME_LOCKED);
			ck_assert_int_eq(got.retry_after,
				round < 3 ? 3600 : 30 * 86400 - 3 * 3601);
		}
		rig.now += 3601;
	}
	ck_assert_int_eq(events("recovery_locked"), 8);
	/* Mailed codes have nothing to do with it. */
	struct got got = begin("alice");
	take_mail();
	ck_assert_int_eq(verify(got.challenge, code), 0);
	/* A day later it is the same for both, and root helps. */
	rig.now += 86400;
	ck_assert_int_eq(recover(begin("carol").challenge, codes[0]).r, OUTCOME_LOCKED);
	got = begin("alice");
	ck_assert_int_eq(recover(got.challenge, codes[0]).r, OUTCOME_LOCKED);
	ck_assert_int_eq(on_user("Admin.UnlockUser", "alice"), 0);
	ck_assert_int_eq(recover(got.challenge, codes[0]).r, 0);
	/* No name of a user that there is not stands among them. */
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM wrong WHERE user LIKE '%carol%'"),
		0);
	rig_close(&rig);
}
END_TEST

START_TEST(what_has_not_the_form_of_one_costs_nothing)
{
	static const char *const typed[] = { "", "123456", "AAAA-BBBB-CCCC-DDDD-EEE",
		"AAAA-BBBB-CCCC-DDDD-EEEEE", "AAAA-BBBB-CCCC-DDDD-EEE!" };
	struct got got;

	set_up_users("policy default { " FAST " }\n");
	for (int known = 0; known < 2; known++) {
		got = begin(known ? "alice" : "carol");
		for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
			struct got wrong = recover(got.challenge, typed[i]);

			ck_assert_int_eq(wrong.r, OUTCOME_WRONG_CODE);
			ck_assert_int_eq(wrong.tries_left, 5);
		}
	}
	ck_assert_int_eq(n_compared, 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM wrong"), 0);
	rig_close(&rig);
}
END_TEST

/* What one wrong try did. */
struct work {
	const char *statements[SEEN_MAX];
	size_t n;
	int compared;
	struct got got;
};

static void try_and_watch(const char *challenge, const char *typed, struct work *ret)
{
	(void)rig_count(&rig, "SELECT 1");
	n_seen = 0;
	n_compared = 0;
	ret->got = recover(challenge, typed);
	ret->n = n_seen;
	ret->compared = n_compared;
	memcpy(ret->statements, seen, sizeof(seen));
	ck_assert_uint_lt(ret->n, SEEN_MAX);
}

START_TEST(a_wrong_one_costs_and_says_the_same_whoever_it_is)
{
	/* With codes, with none, disabled, never proven, not there; and the last as one
	 * whom the system does not know. */
	static const char *const names[] = { "alice", "bob", "dora", "erin", "carol",
		"frank" };
	static struct work first, later;

	set_up_users("policy default { " FAST " }\n");
	add_user("dora", true);
	add_user("erin", false);
	make_codes("dora");
	ck_assert_int_eq(on_user("Admin.DisableUser", "dora"), 0);
	make_codes("alice");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct got got = ask(0, "Auth.Begin",
			json_pack("{s:s, s:s, s:b, s:b}", "user", names[i], "service",
				"sshd", "recovery", 1, "unknown", i == 5));

		ck_assert_int_eq(got.r, 0);
		/* A selector that alice has, and one that nobody has. */
		for (int j = 0; j < 2; j++) {
			struct work *work = i + j == 0 ? &first : &later;

			try_and_watch(got.challenge,
				j ? "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ" : spoiled(codes[0]),
				work);
			ck_assert_int_eq(work->compared, 1);
			ck_assert_int_eq(work->got.r, OUTCOME_WRONG_CODE);
			ck_assert_int_eq(work->got.tries_left, 4 - j);
			if (i + j == 0)
				continue;
			ck_assert_str_eq(work->got.delivery, first.got.delivery);
			ck_assert_uint_eq(work->got.members, first.got.members);
			ck_assert_msg(work->n == first.n, "%s: %zu statements, not %zu",
				names[i], work->n, first.n);
			for (size_t k = 0; k < first.n; k++)
				ck_assert_msg(strcmp(work->statements[k],
						      first.statements[k]) == 0,
					"%s: %s in place of %s", names[i],
					work->statements[k], first.statements[k]);
		}
	}
	rig_close(&rig);
}
END_TEST

START_TEST(whom_the_system_does_not_know_no_code_helps)
{
	struct got got;

	set_up_users("policy default { " FAST " }\n");
	make_codes("alice");
	got = ask(0, "Auth.Begin",
		json_pack("{s:s, s:s, s:b, s:b}", "user", "alice", "service", "sshd",
			"recovery", 1, "unknown", 1));
	ck_assert_int_eq(recover(got.challenge, codes[0]).r, OUTCOME_WRONG_CODE);
	ck_assert_int_eq(left("alice"), 10);
	/* That challenge is not gone on with by who is known. */
	ck_assert_str_ne(begin("alice").challenge, got.challenge);
	rig_close(&rig);
}
END_TEST

START_TEST(wrong_ones_of_strangers_are_bounded)
{
	set_up_users("");
	(void)rig_count(&rig, "SELECT 1");
	ck_assert_int_eq(
		db_script(rig.daemon.store.db,
			"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
			" FROM n WHERE i < 100300) INSERT INTO wrong (user, decoy,"
			" at) SELECT 'rc:addr:' || i, 0, 1999900000 + i FROM n"),
		0);
	ck_assert_int_eq(
		spending_add_wrong(&rig.daemon.store, "rc:alice", false, 1999900000),
		0);
	ck_assert_int_eq(spending_purge(&rig.daemon.store, RIG_NOW, 200), 0);
	ck_assert_int_eq(spending_purge(&rig.daemon.store, RIG_NOW, 200), 0);
	/* The oldest are gone, and none of a user that there is. */
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM wrong"), 100001);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT min(at) FROM wrong"
				 " WHERE user LIKE 'rc:addr:%'"),
		1999900301);
	rig_close(&rig);
}
END_TEST

/* Uses up what may be mailed to a user. */
static void exhaust(const char *user)
{
	char rhost[32];

	for (int i = 0; i < 6; i++) {
		snprintf(rhost, sizeof(rhost), "192.0.2.%d", i + 10);
		(void)ask(0, "Auth.Begin",
			json_pack("{s:s, s:s, s:s}", "user", user, "service", "sshd",
				"rhost", rhost));
	}
	ck_assert_int_eq(
		ask(0, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", user, "service", "sshd"))
			.r,
		OUTCOME_THROTTLED);
}

START_TEST(without_a_mail_there_is_a_challenge_for_a_recovery_code)
{
	struct got got, nobody, again;

	set_up_users("policy default { cool_down = 0 }\n");
	make_codes("alice");
	exhaust("alice");
	exhaust("carol");
	got = begin("alice");
	nobody = begin("carol");
	ck_assert_int_eq(got.r, 0);
	ck_assert_str_eq(got.delivery, "none");
	ck_assert_int_eq(got.resend_in, 3600);
	ck_assert_int_eq(nobody.r, 0);
	ck_assert_str_eq(nobody.delivery, got.delivery);
	ck_assert_int_eq(nobody.resend_in, got.resend_in);
	ck_assert_uint_eq(nobody.members, got.members);
	/* It goes on, and is none for callers that cannot ask for one. */
	again = begin("alice");
	ck_assert(again.resumed);
	ck_assert_str_eq(again.challenge, got.challenge);
	exhaust("alice");
	/* No mailed code opens it. */
	ck_assert_int_eq(verify(got.challenge, "123456"), OUTCOME_WRONG_CODE);
	ck_assert_int_eq(recover(got.challenge, codes[0]).r, 0);
	ck_assert_int_eq(recover(nobody.challenge, codes[1]).r, OUTCOME_WRONG_CODE);
	rig_close(&rig);
}
END_TEST

START_TEST(a_challenge_without_a_mail_gets_one_when_there_can_be)
{
	struct got got, again;

	set_up_users(
		"policy default { cool_down = 0 life = 10m sends_per_hour = 1 }\n");
	(void)ask(0, "Auth.Begin",
		json_pack("{s:s, s:s, s:s}", "user", "alice", "service", "sshd",
			"rhost", HOME));
	rig.now += 3300;
	got = begin("alice");
	ck_assert_str_eq(got.delivery, "none");
	ck_assert_int_eq(got.resend_in, 300);
	rig.now += 301;
	/* By Resend, */
	again = ask(0, "Auth.Resend", json_pack("{s:s}", "challenge", got.challenge));
	ck_assert_int_eq(again.r, 0);
	ck_assert_str_eq(again.delivery, "queued");
	take_mail();
	ck_assert_str_eq(to, "alice@example.org");
	ck_assert_int_eq(verify(got.challenge, code), 0);
	/* and by a login that begins again. */
	rig.now += 3300;
	got = begin("alice");
	ck_assert_str_eq(got.delivery, "none");
	rig.now += 301;
	again = begin("alice");
	ck_assert_str_eq(again.delivery, "queued");
	ck_assert_str_ne(again.challenge, got.challenge);
	rig_close(&rig);
}
END_TEST

START_TEST(without_a_mailer_recovery_works)
{
	struct got got;

	set_up_users("policy default { " FAST " }\npolicy open { conceal = no }\n");
	make_codes("alice");
	rig.daemon.seal.ready = false;
	ck_assert_int_eq(
		ask(0, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "alice", "service", "sshd"))
			.r,
		OUTCOME_UNAVAILABLE);
	/* Concealed: for everybody, since only some would say who has a code. */
	ck_assert_str_eq(begin("carol").delivery, "none");
	ck_assert_str_eq(begin("bob").delivery, "none");
	got = begin("alice");
	ck_assert_str_eq(got.delivery, "none");
	ck_assert_int_eq(recover(got.challenge, codes[0]).r, 0);
	/* Openly: for who has one. */
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(ask(0, "Auth.Begin",
					 json_pack("{s:s, s:s, s:b}", "user",
						 i ? "alice" : "bob", "service", "open",
						 "recovery", 1))
					 .r,
			i ? 0 : OUTCOME_UNAVAILABLE);
	/* And root makes new ones. */
	make_codes("alice");
	ck_assert_int_eq(recover(begin("alice").challenge, codes[3]).r, 0);
	rig_close(&rig);
}
END_TEST

/* The statements of a Begin from before anything is counted. */
static struct got begin_and_watch(const char *user, struct work *ret)
{
	struct got got;

	(void)rig_count(&rig, "SELECT 1");
	n_seen = 0;
	got = begin_from(user, HOME);
	ret->n = n_seen;
	memcpy(ret->statements, seen, sizeof(seen));
	return got;
}

START_TEST(a_challenge_without_a_mail_costs_the_same_whoever_it_is)
{
	static const char *const names[] = { "alice", "bob", "carol", "dora" };
	static struct work first, later;

	set_up_users("policy default { " FAST " }\n");
	add_user("dora", true);
	ck_assert_int_eq(on_user("Admin.DisableUser", "dora"), 0);
	make_codes("alice");
	rig.daemon.seal.ready = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct work *work = i == 0 ? &first : &later;
		struct got got = begin_and_watch(names[i], work);

		ck_assert_int_eq(got.r, 0);
		ck_assert_str_eq(got.delivery, "none");
		ck_assert_uint_eq(work->n, first.n);
		for (size_t k = 0; k < first.n; k++)
			ck_assert_msg(
				strcmp(work->statements[k], first.statements[k]) == 0,
				"%s: %s in place of %s", names[i], work->statements[k],
				first.statements[k]);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(challenges_without_a_mail_are_bounded)
{
	char name[32];
	int n = 0;

	set_up_users("sends_per_host_hour = 10\npolicy default { " FAST " }\n");
	make_codes("alice");
	rig.daemon.seal.ready = false;
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "nobody%d", i);
		n += begin(name).r == 0;
	}
	ck_assert_int_eq(n, 10);
	/* Those of strangers are not those of others. */
	ck_assert_int_eq(recover(begin("alice").challenge, codes[0]).r, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(nobody_uses_up_what_others_may_have_without_a_mail)
{
	char service[32];
	int n = 0;

	set_up_users("sends_per_host_hour = 11\npolicy default { " FAST " }\n");
	make_codes("alice");
	rig.daemon.seal.ready = false;
	for (int i = 0; i < 30; i++) {
		snprintf(service, sizeof(service), "service%d", i);
		n += ask(0, "Auth.Begin",
			     json_pack("{s:s, s:s, s:b}", "user", "bob", "service",
				     service, "recovery", 1))
				.r == 0;
	}
	ck_assert_int_eq(n, RECOVERY_CODES);
	ck_assert_int_eq(recover(begin("alice").challenge, codes[0]).r, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(an_account_recovers_as_a_user_does)
{
	struct got got;
	char principal[PRINCIPAL_SIZE];
	char plain[RECOVERY_SIZE] = "QQQQAAAABBBBCCCCDDDD";
	struct recovery row = { .selector = "QQQQ" };
	json_t *login;

	set_up("policy webmail2 { tenant = acme wrong_per_month = 5 cool_down = 0 }\n");
	add_account(7, "acme", "ada@example.org", "ada", RIGHT);
	principal_of_account(principal, (const uint8_t[ACCOUNT_ID]){ 7 });
	ck_assert_int_eq(password_hash(row.hash, plain + RECOVERY_SELECTOR), 0);
	ck_assert_int_eq(recovery_replace(&rig.daemon.store, principal, &row, 1), 0);
	login = json_pack("{s:s, s:s, s:s}", "login", "ada", "password", RIGHT,
		"service", "webmail2");
	got = ask(0, "Account.Login", json_incref(login));
	ck_assert_int_eq(got.r, 0);
	take_mail();
	for (int i = 0; i < 5; i++)
		(void)verify(got.challenge, wrong_one());
	ck_assert_int_eq(found("ada")->state, ACCOUNT_LOCKED);
	/* Right password, concealed: the prompt of everybody, and the code opens it. */
	got = ask(0, "Account.Login", login);
	ck_assert_str_eq(got.state, "challenge");
	got = ask(0, "Auth.Recover",
		json_pack("{s:s, s:s, s:b}", "challenge", got.challenge, "code", plain,
			"token", 1));
	ck_assert_int_eq(got.r, 0);
	ck_assert(got.has_token);
	ck_assert_int_eq(found("ada")->state, ACCOUNT_ACTIVE);
	ck_assert(mailed("recovery-used", "ada@example.org"));
	rig_close(&rig);
}
END_TEST

/* ---- break-glass */

struct glass {
	int r;
	char code[RECOVERY_SHOWN];
	int64_t expires_at, told;
};

static struct glass make_glass(const char *user)
{
	struct glass glass = { .told = -1 };
	json_t *out;

	glass.r = rig_call(
		&rig, 0, "Admin.BreakGlass", json_pack("{s:s}", "user", user), &out);
	snprintf(glass.code, sizeof(glass.code), "%s", string_of(out, "code"));
	glass.expires_at = number_or(out, "expires_at");
	glass.told = number_or(out, "told");
	ck_assert((glass.r == 0) == (glass.code[0] != '\0'));
	json_decref(out);
	return glass;
}

START_TEST(a_break_glass_code_is_told_to_all_and_opens_one_login)
{
	struct glass glass, old;
	struct got got;
	json_t *letter;

	set_up_users("administrators = { Root@Example.org, \"b@example.net\" }\n"
		     "policy default { " FAST " grace = 10m }\n");
	add_user("daemon", true);
	old = make_glass("daemon");
	ck_assert_int_eq(old.r, 0);
	ck_assert_int_eq(old.told, 2);
	ck_assert_int_eq(old.expires_at, RIG_NOW + 900);
	letter = rig_letter(&rig);
	ck_assert_str_eq(string_of(letter, "template"), "break-glass-made");
	ck_assert_str_eq(string_of(letter, "to"), "b@example.net");
	ck_assert_str_eq(string_of(letter, "user"), "daemon");
	ck_assert_str_eq(string_of(letter, "code"), "");
	ck_assert_int_eq(int_of(letter, "expires_at"), RIG_NOW + 900);
	json_decref(letter);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM mail WHERE state = 0"), 2);
	ck_assert_int_eq(events("break_glass_made"), 1);
	/* Another one takes its place. */
	glass = make_glass("daemon");
	got = begin_from("daemon", HOME);
	ck_assert_int_eq(recover(got.challenge, old.code).r, OUTCOME_WRONG_CODE);
	ck_assert_int_eq(recover(got.challenge, glass.code).r, 0);
	ck_assert(mailed("break-glass", "daemon@example.org"));
	ck_assert_int_eq(events("break_glass_used"), 1);
	/* Once, and it is not remembered. */
	got = begin_from("daemon", HOME);
	ck_assert_str_eq(got.state, "challenge");
	ck_assert_int_eq(recover(got.challenge, glass.code).r, OUTCOME_WRONG_CODE);
	rig_close(&rig);
}
END_TEST

START_TEST(a_break_glass_code_ends_and_is_replaced_between_phases)
{
	struct glass glass;
	struct got got;
	int fd;

	set_up_users("policy default { " FAST " }\n");
	add_user("daemon", true);
	glass = make_glass("daemon");
	rig.now += 899;
	got = begin("daemon");
	fd = start_held(0, "Auth.Recover", recover_in(got.challenge, glass.code));
	rig.now += 1;
	ck_assert_int_eq(let_go(fd).r, OUTCOME_WRONG_CODE);
	ck_assert_int_eq(recover(got.challenge, glass.code).r, OUTCOME_WRONG_CODE);
	glass = make_glass("daemon");
	fd = start_held(0, "Auth.Recover", recover_in(got.challenge, glass.code));
	glass = make_glass("daemon");
	ck_assert_int_eq(let_go(fd).r, OUTCOME_WRONG_CODE);
	ck_assert_int_eq(recover(got.challenge, glass.code).r, 0);
	/* A clock that goes back ends it too. */
	glass = make_glass("daemon");
	rig.now -= 3600;
	got = begin("daemon");
	ck_assert_int_eq(recover(got.challenge, glass.code).r, OUTCOME_WRONG_CODE);
	rig_close(&rig);
}
END_TEST

START_TEST(a_break_glass_code_helps_whose_wrong_ones_are_used_up)
{
	struct glass glass;
	struct got got;

	set_up_users("policy default { " FAST " }\n");
	add_user("daemon", true);
	make_codes("daemon");
	got = begin("daemon");
	for (int i = 0; i < 5; i++)
		(void)recover(got.challenge, spoiled(codes[0]));
	ck_assert_int_eq(recover(got.challenge, codes[0]).r, OUTCOME_LOCKED);
	glass = make_glass("daemon");
	ck_assert_int_eq(recover(got.challenge, glass.code).r, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_break_glass_code_is_for_whom_the_system_knows)
{
	struct glass glass;
	struct got got;

	set_up_users("administrators = { \"b@example.net\" }\n"
		     "policy default { " FAST " unenrolled = enrol }\n");
	ck_assert_int_eq(make_glass("no-such-user-here").r, OUTCOME_NO_USER);
	ck_assert_int_eq(make_glass("").r, OUTCOME_BAD_NAME);
	ck_assert_int_eq(make_glass("acct:00").r, OUTCOME_BAD_NAME);
	/* Not enrolled, and the mailer never seen: it opens a decoy. */
	ck_assert_str_eq(begin("daemon").state, "enrol");
	rig.daemon.seal.ready = false;
	glass = make_glass("daemon");
	ck_assert_int_eq(glass.r, 0);
	ck_assert_int_eq(glass.told, 0);
	got = begin("daemon");
	ck_assert_str_eq(got.state, "challenge");
	ck_assert_int_eq(recover(got.challenge, glass.code).r, 0);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM users WHERE name = 'daemon'"), 0);
	rig.daemon.seal.ready = true;
	/* Disabled, before or after: none. */
	add_user("daemon", true);
	glass = make_glass("daemon");
	ck_assert_int_eq(on_user("Admin.DisableUser", "daemon"), 0);
	ck_assert_int_eq(make_glass("daemon").r, OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(on_user("Admin.UnlockUser", "daemon"), 0);
	got = begin("daemon");
	ck_assert_int_eq(recover(got.challenge, glass.code).r, OUTCOME_WRONG_CODE);
	glass = make_glass("daemon");
	ck_assert_int_eq(on_user("Admin.RemoveUser", "daemon"), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM recovery"), 0);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("recover", a_recovery_code_lets_in_once_in_any_spelling,
	it_is_for_the_user_and_the_caller_of_the_challenge,
	of_two_who_bring_a_code_at_once_exactly_one_is_let_in,
	what_changes_between_the_phases_counts,
	a_reload_between_the_phases_is_none_of_its_business,
	a_lock_is_taken_back_and_a_disabled_user_stays_disabled,
	a_challenge_from_before_the_lock_is_opened_too,
	what_is_locked_openly_is_a_challenge_for_who_has_a_code,
	the_budget_is_its_own_and_the_same_for_nobody,
	what_has_not_the_form_of_one_costs_nothing,
	a_wrong_one_costs_and_says_the_same_whoever_it_is,
	whom_the_system_does_not_know_no_code_helps,
	wrong_ones_of_strangers_are_bounded,
	without_a_mail_there_is_a_challenge_for_a_recovery_code,
	a_challenge_without_a_mail_gets_one_when_there_can_be,
	a_challenge_without_a_mail_costs_the_same_whoever_it_is,
	without_a_mailer_recovery_works, challenges_without_a_mail_are_bounded,
	nobody_uses_up_what_others_may_have_without_a_mail,
	an_account_recovers_as_a_user_does,
	a_break_glass_code_is_told_to_all_and_opens_one_login,
	a_break_glass_code_ends_and_is_replaced_between_phases,
	a_break_glass_code_helps_whose_wrong_ones_are_used_up,
	a_break_glass_code_is_for_whom_the_system_knows);
