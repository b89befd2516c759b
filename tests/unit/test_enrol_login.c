/* SPDX-License-Identifier: MIT */
/*
 * Enrolment at the prompt of a login, and the recovery codes that follow it or that a
 * user asks for himself.
 */
#include "tests/unit/recovery.h"

#define ENROL "policy sshd { cool_down = 0 unenrolled = enrol }\n"

static struct got enrol_as(uid_t uid, const char *user, const char *address)
{
	return ask(uid, "Auth.Enrol",
		json_pack("{s:s, s:s, s:s}", "user", user, "service", "sshd", "address",
			address));
}

static struct got enrol(const char *user, const char *address)
{
	return enrol_as(0, user, address);
}

static struct got verify_all(const char *challenge, const char *typed)
{
	return ask(0, "Auth.Verify", recover_in(challenge, typed));
}

static int64_t users(const char *name)
{
	char sql[128];

	snprintf(
		sql, sizeof(sql), "SELECT count(*) FROM users WHERE name = '%s'", name);
	return rig_count(&rig, sql);
}

/* "A B C" of a method that gives them; its outcome. */
static int take(uid_t uid, const char *method, const char *challenge)
{
	json_t *out;
	int r = rig_call(
		&rig, uid, method, json_pack("{s:s}", "challenge", challenge), &out);

	ck_assert(r == 0 || !json_object_get(out, "codes"));
	if (r == 0)
		ck_assert_uint_eq(take_codes(string_of(out, "codes")), RECOVERY_CODES);
	json_decref(out);
	return r;
}

START_TEST(a_user_enrols_at_the_prompt_and_is_let_in)
{
	struct got got;

	set_up_users("enrol_domains = { example.org, example.net }\n" ENROL);
	got = begin_from("carol", HOME);
	ck_assert_int_eq(got.r, 0);
	ck_assert_str_eq(got.state, "enrol");
	ck_assert_str_eq(domains, "example.org example.net");
	ck_assert_uint_eq(got.members, 2);
	ck_assert_int_eq(enrol("carol", "carol@evil.example").r, OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(enrol("carol", "carol").r, OUTCOME_BAD_ADDRESS);
	got = enrol("carol", "carol@Example.ORG");
	ck_assert_int_eq(got.r, 0);
	ck_assert_str_eq(got.state, "challenge");
	ck_assert_str_eq(got.purpose, "enrol");
	take_mail();
	ck_assert_str_eq(to, "carol@example.org");
	ck_assert_int_eq(users("carol"), 0);
	ck_assert_int_eq(verify(got.challenge, wrong_one()), OUTCOME_WRONG_CODE);
	/* The code of another address is another code; a login's prompt is none of it.
	 */
	ck_assert_int_eq(recover(got.challenge, "AAAA-BBBB-CCCC-DDDD-EEEE").r,
		OUTCOME_NO_CHALLENGE);
	ck_assert_str_eq(enrol("carol", "carol@example.org").challenge, got.challenge);
	got = verify_all(got.challenge, code);
	ck_assert_int_eq(got.r, 0);
	ck_assert_str_eq(got.state, "verified");
	ck_assert_int_eq(events("enrolled"), 1);
	ck_assert_int_eq(events("verified"), 1);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT verified_at FROM users WHERE name ="
				 " 'carol' AND address = 'carol@example.org'"),
		RIG_NOW);
	/* The next login asks for a code. */
	ck_assert_str_eq(begin_from("carol", HOME).state, "challenge");
	ck_assert_int_eq(enrol("carol", "carol@example.net").r, OUTCOME_EXISTS);
	rig_close(&rig);
}
END_TEST

START_TEST(the_state_enrol_is_for_those_alone_who_may)
{
	static const char *const refusing[] = { "",
		"policy sshd { unenrolled = refuse }\n" };
	char many[2048] = "enrol_domains = {";
	struct got got;

	for (int i = 0; i < 2; i++) {
		set_up_users(refusing[i]);
		ck_assert_str_eq(begin("carol").state, "challenge");
		ck_assert_int_eq(
			enrol("carol", "c@example.org").r, OUTCOME_NOT_ALLOWED);
		tear_down();
	}
	set_up_users(ENROL "client front { user = nobody services = { sshd } }\n");
	ck_assert_str_eq(begin("carol").state, "enrol");
	ck_assert_str_eq(domains, "");
	/* Who is enrolled, who is not known, and who cannot ask. */
	ck_assert_str_eq(begin("alice").state, "challenge");
	ck_assert_str_eq(ask(0, "Auth.Begin",
				 json_pack("{s:s, s:s, s:b, s:b}", "user", "carol",
					 "service", "sshd", "enrol", 1, "unknown", 1))
				 .state,
		"challenge");
	ck_assert_str_eq(
		ask(0, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "carol", "service", "sshd"))
			.state,
		"challenge");
	/* nullok lets in only where nobody can be asked. */
	for (int can = 0; can < 2; can++)
		ck_assert_str_eq(
			ask(0, "Auth.Begin",
				json_pack("{s:s, s:s, s:b, s:b}", "user", "carol",
					"service", "sshd", "nullok", 1, "enrol", can))
				.state,
			can ? "enrol" : "not_enrolled");
	/* A client that has checked the password may; a user for himself may not. */
	got = ask(RIG_NOBODY, "Auth.Begin",
		json_pack("{s:s, s:s, s:b}", "user", "carol", "service", "sshd",
			"enrol", 1));
	ck_assert_str_eq(got.state, "enrol");
	ck_assert_int_eq(enrol_as(RIG_NOBODY, "carol", "c@example.org").r, 0);
	ck_assert_int_eq(enrol_as(shop, "daemon", "d@evil.example").r, OUTCOME_DENIED);
	tear_down();
	set_up_users(ENROL);
	got = ask(uid_of("daemon"), "Auth.Begin",
		json_pack("{s:s, s:s, s:b}", "user", "daemon", "service", "sshd",
			"enrol", 1));
	ck_assert_int_ne(got.r, OUTCOME_OK + (strcmp(got.state, "enrol") == 0));
	ck_assert_str_ne(got.state, "enrol");
	tear_down();
	/* More domains than a prompt can bear. */
	for (int i = 0; i < 40; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
			"%s d%02d.a-long-name.example", i ? "," : "", i);
	strcat(many, " }\n" ENROL);
	rig_open(&rig, many);
	got = begin("carol");
	ck_assert_str_eq(got.state, "enrol");
	ck_assert_uint_le(strlen(domains), 504);
	ck_assert_str_eq(domains + strlen(domains) - 4, " ...");
	rig_close(&rig);
}
END_TEST

START_TEST(another_address_begins_anew_within_the_budgets)
{
	struct got one, two;
	char first[LIMIT_CODE + 1];

	set_up_users(ENROL);
	one = enrol("carol", "one@example.org");
	take_mail();
	strcpy(first, code);
	two = enrol("carol", "two@example.org");
	ck_assert_int_eq(two.r, 0);
	ck_assert_str_ne(two.challenge, one.challenge);
	ck_assert_int_eq(verify(one.challenge, first), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(enrol("carol", "three@example.org").r, 0);
	ck_assert_int_eq(enrol("carol", "four@example.org").r, OUTCOME_THROTTLED);
	ck_assert_int_eq(ask(0, "Auth.Resend",
				 json_pack("{s:s}", "challenge",
					 enrol("carol", "three@example.org").challenge))
				 .r,
		OUTCOME_THROTTLED);
	/* One mailbox is as much asked for by several users as by one. */
	for (int i = 0; i < 4; i++) {
		char user[16];

		snprintf(user, sizeof(user), "user%d", i);
		ck_assert_int_eq(
			enrol(user, i % 2 ? "same@example.org" : "SAME@example.org").r,
			i < 3 ? 0 : OUTCOME_THROTTLED);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(wrong_codes_of_an_enrolment_are_counted_and_lock)
{
	set_up_users(ENROL);
	for (int i = 0; i < 2; i++) {
		char address[64];
		struct got got;

		snprintf(address, sizeof(address), "carol%d@example.org", i);
		got = enrol("carol", address);
		take_mail();
		for (int j = 0; j < 5; j++)
			ck_assert_int_gt(verify(got.challenge, wrong_one()), 0);
		ck_assert_int_eq(verify(got.challenge, code), OUTCOME_BURNT);
	}
	ck_assert_int_eq(enrol("carol", "carol@example.org").r, OUTCOME_LOCKED);
	ck_assert_int_eq(users("carol"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(what_has_changed_when_the_code_comes_counts)
{
	static const char *const configs[] = { "policy sshd { unenrolled = refuse }\n",
		"enrol_domains = { example.net }\n" ENROL };
	struct got got;

	for (int i = 0; i < 3; i++) {
		set_up_users(ENROL);
		got = enrol("carol", "carol@example.org");
		take_mail();
		if (i < 2)
			rig_config(&rig, configs[i]);
		else
			add_user("carol", true);
		ck_assert_int_eq(verify(got.challenge, code),
			i < 2 ? OUTCOME_NOT_ALLOWED : OUTCOME_NO_CHALLENGE);
		ck_assert_int_eq(users("carol"), i == 2);
		ck_assert_int_eq(verify(got.challenge, code), OUTCOME_NO_CHALLENGE);
		ck_assert_int_eq(events("enrolled"), 0);
		tear_down();
	}
}
END_TEST

START_TEST(a_passed_enrolment_gives_ten_codes_once)
{
	struct got got, other_one;
	int64_t mails;

	set_up_users(ENROL);
	got = enrol("carol", "carol@example.org");
	ck_assert_int_eq(
		take(0, "Auth.RecoveryCodes", got.challenge), OUTCOME_NO_CHALLENGE);
	take_mail();
	ck_assert_int_eq(verify(got.challenge, code), 0);
	mails = rig_count(&rig, "SELECT count(*) FROM mail");
	ck_assert_int_eq(
		take(RIG_NOBODY, "Auth.RecoveryCodes", got.challenge), OUTCOME_DENIED);
	ck_assert_int_eq(
		take(0, "Self.RecoveryCodes", got.challenge), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(take(0, "Auth.RecoveryCodes", got.challenge), 0);
	ck_assert_int_eq(left("carol"), 10);
	ck_assert_int_eq(
		take(0, "Auth.RecoveryCodes", got.challenge), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail"), mails);
	other_one = begin("carol");
	ck_assert_int_eq(recover(other_one.challenge, codes[9]).r, 0);
	/* A login that was passed gives none, by whatever. */
	ck_assert_int_eq(take(0, "Auth.RecoveryCodes", other_one.challenge),
		OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(left("carol"), 9);
	/* Nor one whose time is over, or whose user has changed. */
	for (int i = 0; i < 3; i++) {
		got = enrol("dora", "dora@example.org");
		take_mail();
		ck_assert_int_eq(verify(got.challenge, code), 0);
		if (i == 0)
			rig.now += 601;
		else if (i == 1)
			ck_assert_int_eq(on_user("Admin.DisableUser", "dora"), 0);
		else
			ck_assert_int_eq(
				rig_call(&rig, 0, "Admin.AddUser",
					json_pack("{s:s, s:s, s:b, s:b}", "user",
						"dora", "address", "other@example.org",
						"verified", 1, "replace", 1),
					NULL),
				0);
		ck_assert_int_eq(take(0, "Auth.RecoveryCodes", got.challenge),
			OUTCOME_NO_CHALLENGE);
		ck_assert_int_eq(left("dora"), 0);
		ck_assert_int_eq(on_user("Admin.RemoveUser", "dora"), 0);
		rig.now += 86400;
	}
	rig_close(&rig);
}
END_TEST

START_TEST(a_user_makes_codes_with_one_that_was_mailed)
{
	uid_t uid;
	struct got got;
	json_t *out;

	set_up_users("");
	uid = uid_of("daemon");
	ck_assert_int_eq(ask(uid, "Self.BeginRecovery", NULL).r, OUTCOME_NO_USER);
	add_user("daemon", false);
	ck_assert_int_eq(ask(uid, "Self.BeginRecovery", NULL).r, OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(on_user("Admin.VerifyUser", "daemon"), 0);
	got = ask(uid, "Self.BeginRecovery", NULL);
	ck_assert_int_eq(got.r, 0);
	ck_assert_str_eq(ask(uid, "Self.BeginRecovery", NULL).challenge, got.challenge);
	ck_assert(mailed("recovery", "daemon@example.org"));
	take_mail();
	ck_assert_int_eq(
		take(uid, "Self.RecoveryCodes", got.challenge), OUTCOME_NO_CHALLENGE);
	/* It opens no login. */
	ck_assert_int_eq(verify(got.challenge, code), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		ask(uid, "Self.Confirm", recover_in(got.challenge, wrong_one())).r,
		OUTCOME_WRONG_CODE);
	ck_assert_int_eq(
		ask(uid, "Self.Confirm", recover_in(got.challenge, code)).r, 0);
	ck_assert_int_eq(take(uid, "Self.RecoveryCodes", got.challenge), 0);
	ck_assert(mailed("recovery-codes", "daemon@example.org"));
	ck_assert_int_eq(
		take(uid, "Self.RecoveryCodes", got.challenge), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(left("daemon"), 10);
	ck_assert_int_eq(recover(begin("daemon").challenge, codes[4]).r, 0);
	ck_assert_int_eq(rig_call(&rig, uid, "Self.Status", NULL, &out), 0);
	ck_assert_int_eq(int_of(out, "recovery_codes"), 9);
	ck_assert(json_is_false(json_object_get(out, "locked")));
	json_decref(out);
	/* No codes that nobody is told of. */
	rig.now += 3601;
	got = ask(uid, "Self.BeginRecovery", NULL);
	take_mail();
	ck_assert_int_eq(
		ask(uid, "Self.Confirm", recover_in(got.challenge, code)).r, 0);
	rig.daemon.seal.ready = false;
	ck_assert_int_eq(
		take(uid, "Self.RecoveryCodes", got.challenge), OUTCOME_UNAVAILABLE);
	ck_assert_int_eq(left("daemon"), 9);
	rig.daemon.seal.ready = true;
	ck_assert_int_eq(take(uid, "Self.RecoveryCodes", got.challenge), 0);
	ck_assert_int_eq(left("daemon"), 10);
	rig_close(&rig);
}
END_TEST

START_TEST(of_two_who_want_the_codes_of_one_challenge_one_gets_them)
{
	static char answers[2][LIMIT_REPLY];
	int fds[2], n = 0;
	struct got got;
	char text[256];

	set_up_users(ENROL);
	got = enrol("carol", "carol@example.org");
	take_mail();
	ck_assert_int_eq(verify(got.challenge, code), 0);
	snprintf(text, sizeof(text),
		"{\"method\":\"org.emailotp.Auth.RecoveryCodes\",\"parameters\":"
		"{\"challenge\":\"%s\"}}",
		got.challenge);
	for (int i = 0; i < 2; i++) {
		fds[i] = rig_connect(&rig, 0);
		ck_assert_int_gt(send(fds[i], text, strlen(text) + 1, 0), 0);
	}
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_gt(
			rig_answer(&rig, fds[i], answers[i], sizeof(answers[i])), 0);
		close(fds[i]);
		n += strstr(answers[i], "\"codes\"") != NULL;
	}
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(events("recovery_made"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(root_sees_how_many_codes_are_left_and_who_is_locked)
{
	json_t *out, *user;

	set_up_users("");
	make_codes("alice");
	(void)recover(begin("alice").challenge, spoiled(codes[0]));
	for (int i = 0; i < 4; i++)
		(void)recover(begin("alice").challenge, spoiled(codes[0]));
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.ShowUser",
				 json_pack("{s:s}", "user", "alice"), &out),
		0);
	user = json_object_get(out, "user");
	ck_assert_int_eq(int_of(user, "recovery_codes"), 10);
	ck_assert(json_is_false(json_object_get(user, "locked")));
	ck_assert(json_is_false(json_object_get(user, "disabled")));
	ck_assert_int_eq(int_of(out, "recovery_locked_for"), 3600);
	ck_assert_int_eq(int_of(out, "locked_for"), 0);
	json_decref(out);
	ck_assert_int_eq(users_set_state(&rig.daemon.store, "bob", USER_LOCKED), 0);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.ListUsers", NULL, &out), 0);
	user = json_array_get(json_object_get(out, "users"), 0);
	ck_assert_int_eq(int_of(user, "recovery_codes"), 10);
	user = json_array_get(json_object_get(out, "users"), 1);
	ck_assert(json_is_true(json_object_get(user, "locked")));
	ck_assert(json_is_false(json_object_get(user, "disabled")));
	json_decref(out);
	ck_assert_int_eq(on_user("Admin.RecoveryCodes", "carol"), OUTCOME_NO_USER);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("enrol_login", a_user_enrols_at_the_prompt_and_is_let_in,
	the_state_enrol_is_for_those_alone_who_may,
	another_address_begins_anew_within_the_budgets,
	wrong_codes_of_an_enrolment_are_counted_and_lock,
	what_has_changed_when_the_code_comes_counts,
	a_passed_enrolment_gives_ten_codes_once,
	a_user_makes_codes_with_one_that_was_mailed,
	of_two_who_want_the_codes_of_one_challenge_one_gets_them,
	root_sees_how_many_codes_are_left_and_who_is_locked);
