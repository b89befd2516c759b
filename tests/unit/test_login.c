/* SPDX-License-Identifier: MIT */
/* Whole calls: the second step from Begin to Verify, and everything that must not pass.
 */
#include "tests/unit/rig.h"

static struct rig rig;
static char code[LIMIT_CODE + 1], other_code[LIMIT_CODE + 1];

struct begun {
	char id[LIMIT_CHALLENGE + 1];
	char reference[8];
	bool resumed;
	int64_t resend_in;
	int64_t tries_left;
	int64_t expires_in;
};

static void add_user(const char *name, bool verified)
{
	char address[128];

	snprintf(address, sizeof(address), "%s@example.org", name);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.AddUser",
				 json_pack("{s:s, s:s, s:b}", "user", name, "address",
					 address, "verified", verified),
				 NULL),
		0);
}

static void set_up(const char *config)
{
	rig_open(&rig, config);
	add_user("alice", true);
	add_user("bob", true);
}

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

/* Begins as root; 0 if there is a challenge. */
static int begin_from(
	const char *user, const char *service, const char *rhost, struct begun *ret)
{
	json_t *out;
	int r = rig_call(&rig, 0, "Auth.Begin",
		json_pack("{s:s, s:s, s:s}", "user", user, "service", service, "rhost",
			rhost),
		&out);

	if (r == 0) {
		ck_assert_str_eq(string_of(out, "state"), "challenge");
		snprintf(ret->id, sizeof(ret->id), "%s", string_of(out, "challenge"));
		snprintf(ret->reference, sizeof(ret->reference), "%s",
			string_of(out, "reference"));
		ret->resumed = json_is_true(json_object_get(out, "resumed"));
		ret->resend_in = int_of(out, "resend_in");
		ret->tries_left = int_of(out, "tries_left");
		ret->expires_in = int_of(out, "expires_in");
	}
	json_decref(out);
	return r;
}

static struct begun begin(const char *user, const char *service)
{
	struct begun begun;

	ck_assert_int_eq(begin_from(user, service, "", &begun), 0);
	return begun;
}

static int verify_as(uid_t uid, const char *id, const char *typed, char state[32])
{
	json_t *out;
	int r = rig_call(&rig, uid, "Auth.Verify",
		json_pack("{s:s, s:s}", "challenge", id, "code", typed), &out);

	if (state)
		snprintf(state, 32, "%s", string_of(out, "state"));
	/* Nothing but a right code ever says that. */
	ck_assert(r == 0 || !json_object_get(out, "state"));
	json_decref(out);
	return r;
}

static int verify(const char *id, const char *typed)
{
	return verify_as(0, id, typed, NULL);
}

/* A code that is surely another one. */
static const char *wrong_one(void)
{
	strcpy(other_code, code);
	other_code[0] = other_code[0] == '9' ? '0' : (char)(other_code[0] + 1);
	return other_code;
}

static int on_user(const char *method, const char *user)
{
	return rig_call(&rig, 0, method, json_pack("{s:s}", "user", user), NULL);
}

static int on_challenge(const char *method, const char *id, json_t **out)
{
	return rig_call(&rig, 0, method, json_pack("{s:s}", "challenge", id), out);
}

START_TEST(the_right_code_passes_once)
{
	struct begun b;
	char state[32], to[LIMIT_ADDRESS + 1];

	set_up("");
	b = begin("alice", "sshd");
	ck_assert_int_eq(b.tries_left, 5);
	ck_assert_int_eq(b.expires_in, 600);
	ck_assert_int_eq(b.resend_in, 60);
	ck_assert(!b.resumed);
	rig_mail(&rig, code, to);
	ck_assert_str_eq(to, "alice@example.org");
	ck_assert_uint_eq(strlen(code), 6);
	ck_assert_int_eq(verify_as(0, b.id, code, state), 0);
	ck_assert_str_eq(state, "verified");
	ck_assert_int_eq(verify(b.id, code), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT login_at FROM users WHERE name='alice'"),
		RIG_NOW);
	/* The unsent mail of a code that was used is sent no more. */
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM mail WHERE sealed NOTNULL"), 0);
	ck_assert(list_is_empty(&rig.daemon.outbox.mails));
	rig_close(&rig);
}
END_TEST

START_TEST(exactly_as_many_wrong_codes_as_allowed_are_compared)
{
	struct begun b;

	set_up("");
	b = begin("alice", "sshd");
	rig_mail(&rig, code, NULL);
	for (int i = 4; i >= 1; i--) {
		json_t *out;

		ck_assert_int_eq(rig_call(&rig, 0, "Auth.Verify",
					 json_pack("{s:s, s:s}", "challenge", b.id,
						 "code", wrong_one()),
					 &out),
			OUTCOME_WRONG_CODE);
		ck_assert_int_eq(int_of(out, "tries_left"), i);
		ck_assert_int_eq(int_of(out, "resend_in"), 60);
		ck_assert_str_eq(string_of(out, "delivery"), "queued");
		json_decref(out);
	}
	ck_assert_int_eq(verify(b.id, wrong_one()), OUTCOME_BURNT);
	ck_assert_int_eq(verify(b.id, code), OUTCOME_BURNT);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM wrong"), 5);
	rig_close(&rig);
}
END_TEST

START_TEST(a_code_expires_at_the_second)
{
	struct begun b;

	set_up("policy default { life = 2m }");
	b = begin("alice", "sshd");
	rig_mail(&rig, code, NULL);
	rig.now += 119;
	ck_assert_int_eq(verify(b.id, wrong_one()), OUTCOME_WRONG_CODE);
	rig.now += 1;
	ck_assert_int_eq(verify(b.id, code), OUTCOME_EXPIRED);
	b = begin("alice", "sudo");
	rig_mail(&rig, code, NULL);
	rig.now += 119;
	ck_assert_int_eq(verify(b.id, code), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(begin_resumes_what_is_live_and_mails_once)
{
	struct begun a, b;

	set_up("policy default { cool_down = 0 }");
	a = begin("alice", "sudo");
	rig_mail(&rig, code, NULL);
	rig.now += 100;
	ck_assert_int_eq(verify(a.id, wrong_one()), OUTCOME_WRONG_CODE);
	b = begin("alice", "sudo");
	ck_assert(b.resumed);
	ck_assert_str_eq(a.id, b.id);
	ck_assert_str_eq(a.reference, b.reference);
	ck_assert_int_eq(b.tries_left, 4);
	ck_assert_int_eq(b.expires_in, 500);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail"), 1);
	b = begin("alice", "sshd");
	ck_assert(!b.resumed);
	ck_assert_int_eq(begin_from("alice", "sudo", "192.0.2.1", &b), 0);
	ck_assert(!b.resumed);
	ck_assert_str_ne(a.id, b.id);
	rig.now += 600;
	b = begin("alice", "sudo");
	ck_assert(!b.resumed);
	rig_close(&rig);
}
END_TEST

START_TEST(a_code_opens_nothing_but_its_own_challenge)
{
	struct begun a, b;
	char code_a[LIMIT_CODE + 1];

	set_up("policy default { cool_down = 0 }");
	a = begin("alice", "sshd");
	rig_mail(&rig, code_a, NULL);
	b = begin("alice", "sudo");
	rig_mail(&rig, code, NULL);
	if (strcmp(code, code_a) == 0)
		return; /* one in a million */
	ck_assert_int_eq(verify(b.id, code_a), OUTCOME_WRONG_CODE);
	ck_assert_int_eq(verify(a.id, code), OUTCOME_WRONG_CODE);
	/* Another caller, even with the right code; and what is no challenge at all. */
	ck_assert_int_eq(
		verify_as(RIG_NOBODY, a.id, code_a, NULL), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(verify("00000000000000000000000000000000", code_a),
		OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(verify("", code_a), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(verify("zz", code_a), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(verify(a.id, code_a), 0);
	ck_assert_int_eq(verify(b.id, code), 0);
	rig_close(&rig);
}
END_TEST

static void burn(const char *service, int wrongs)
{
	struct begun b = begin("alice", service);

	rig_mail(&rig, code, NULL);
	for (int i = 0; i < wrongs; i++)
		ck_assert_int_gt(verify(b.id, wrong_one()), 0);
}

START_TEST(the_budget_of_an_hour_locks_all_services_and_live_challenges)
{
	struct begun live, decoy;

	set_up("policy default { cool_down = 0 }");
	live = begin("alice", "login");
	rig_mail(&rig, code, NULL);
	strcpy(other_code, code);
	burn("sshd", 5);
	burn("sudo", 5);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM wrong WHERE user='alice'"), 10);
	/* Right, and too late: the user is locked, and is told what a decoy tells. */
	strcpy(code, other_code);
	ck_assert_int_eq(verify(live.id, code), OUTCOME_WRONG_CODE);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM challenges WHERE state=1"), 0);
	/* Concealed: it looks like any other and mails nothing. */
	decoy = begin("alice", "ftp");
	ck_assert_int_eq(verify(decoy.id, "000000"), OUTCOME_WRONG_CODE);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail WHERE state=4"), 1);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM wrong WHERE user='alice' AND"
				 " decoy=0"),
		10);
	/* The clock alone gives tries back. */
	rig.now += 3600;
	live = begin("alice", "login");
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify(live.id, code), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(neither_success_nor_resend_gives_a_try_back)
{
	struct begun b;
	int wrongs = 0;

	set_up("policy default { cool_down = 0 sends_per_hour = 100 sends_per_day = 400 }");
	for (int round = 0; wrongs < 10 && round < 20; round++) {
		b = begin("alice", "sshd");
		rig_mail(&rig, code, NULL);
		ck_assert_int_eq(verify(b.id, wrong_one()), OUTCOME_WRONG_CODE);
		wrongs++;
		if (wrongs == 10)
			break;
		ck_assert_int_eq(on_challenge("Auth.Resend", b.id, NULL), 0);
		rig_mail(&rig, code, NULL);
		ck_assert_int_eq(verify(b.id, code), 0);
		rig.now++;
	}
	ck_assert_int_eq(wrongs, 10);
	ck_assert_int_eq(verify(b.id, code), OUTCOME_WRONG_CODE);
	/* Another code is issued in name only. */
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail WHERE state=4"), 0);
	ck_assert_int_eq(on_challenge("Auth.Resend", b.id, NULL), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail WHERE state=4"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(a_concealed_lock_makes_decoys_of_live_challenges)
{
	struct begun third, again;

	set_up("policy default { cool_down = 0 }");
	third = begin("alice", "login");
	rig_mail(&rig, code, NULL);
	strcpy(other_code, code);
	burn("sshd", 5);
	burn("sudo", 5);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM challenges WHERE decoy=1"), 1);
	/* Resumed like any other, and not even the right code is right. */
	again = begin("alice", "login");
	ck_assert_str_eq(again.id, third.id);
	ck_assert_int_eq(verify(third.id, other_code), OUTCOME_WRONG_CODE);
	rig_close(&rig);
}
END_TEST

START_TEST(a_lock_of_one_service_only_is_concealed_there_too)
{
	struct begun live;

	set_up("policy a { cool_down = 0 }\n"
	       "policy b { cool_down = 0 wrong_per_hour = 5 }");
	live = begin("alice", "b");
	rig_mail(&rig, code, NULL);
	burn("a", 5);
	/* Nothing is locked for a, and b's challenge is a real one; b sees five. */
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM challenges WHERE decoy=1"), 0);
	ck_assert_int_eq(on_challenge("Auth.Resend", live.id, NULL), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail WHERE state=4"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(a_lock_that_is_not_concealed_is_told_with_its_time)
{
	struct begun live;
	json_t *out;

	set_up("policy default { cool_down = 0 conceal = no }");
	live = begin("alice", "login");
	rig_mail(&rig, code, NULL);
	strcpy(other_code, code);
	burn("sshd", 5);
	burn("sudo", 5);
	ck_assert_int_eq(rig_call(&rig, 0, "Auth.Verify",
				 json_pack("{s:s, s:s}", "challenge", live.id, "code",
					 other_code),
				 &out),
		OUTCOME_LOCKED);
	ck_assert_int_eq(int_of(out, "retry_after"), 3600);
	json_decref(out);
	ck_assert_int_eq(on_challenge("Auth.Resend", live.id, NULL), OUTCOME_LOCKED);
	rig_close(&rig);
}
END_TEST

START_TEST(the_budget_of_a_month_disables_until_an_administrator_acts)
{
	struct begun b;
	json_t *out;
	int wrongs = 0;

	set_up("policy default { cool_down = 0 sends_per_day = 400 conceal = no"
	       " wrong_per_month = 21 }");
	while (wrongs < 21) {
		b = begin("alice", "sshd");
		rig_mail(&rig, code, NULL);
		for (int i = 0; i < 5 && wrongs < 21; i++, wrongs++)
			ck_assert_int_gt(verify(b.id, wrong_one()), 0);
		rig.now += 86400 / 4 + 1;
	}
	ck_assert_int_eq(rig_count(&rig, "SELECT state FROM users WHERE name='alice'"),
		USER_LOCKED);
	rig.now += 86400;
	ck_assert_int_eq(
		rig_call(&rig, 0, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "alice", "service", "sshd"),
			&out),
		OUTCOME_LOCKED);
	ck_assert_int_eq(int_of(out, "retry_after"), 0);
	json_decref(out);
	ck_assert_int_eq(on_user("Admin.UnlockUser", "alice"), 0);
	b = begin("alice", "sshd");
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify(b.id, code), 0);
	rig_close(&rig);
}
END_TEST

/* The names of an answer's members, in order. */
static void shape_of(const char *user, bool unknown, char out[512])
{
	json_t *answer;
	const char *name;
	json_t *value;

	out[0] = '\0';
	ck_assert_int_eq(rig_call(&rig, 0, "Auth.Begin",
				 json_pack("{s:s, s:s, s:b}", "user", user, "service",
					 "sshd", "unknown", unknown),
				 &answer),
		0);
	json_object_foreach(answer, name, value) {
		char part[64];
		bool random = strcmp(name, "challenge") == 0 ||
			strcmp(name, "reference") == 0;

		if (json_is_integer(value))
			snprintf(part, sizeof(part), "%s=%d ", name,
				(int)json_integer_value(value));
		else
			snprintf(part, sizeof(part), "%s=%s ", name,
				random ? "*" : json_string_value(value));
		strcat(out, part);
	}
	json_decref(answer);
}

START_TEST(strangers_and_locked_users_look_like_everybody_else)
{
	char real[512], shape[512];

	set_up("policy default { cool_down = 60 unverified = refuse }");
	add_user("carol", true);
	add_user("dave", false);
	ck_assert_int_eq(on_user("Admin.DisableUser", "carol"), 0);
	shape_of("alice", false, real);
	ck_assert_ptr_nonnull(strstr(real, "state=challenge"));
	shape_of("mallory", true, shape);
	ck_assert_str_eq(shape, real);
	shape_of("not-enrolled", false, shape);
	ck_assert_str_eq(shape, real);
	shape_of("carol", false, shape);
	ck_assert_str_eq(shape, real);
	shape_of("dave", false, shape);
	ck_assert_str_eq(shape, real);
	/* One mail, one real row; the others are void. */
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail WHERE state=0"), 1);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail WHERE state=4"), 4);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM challenges"), 5);
	/* And resumed they still look alike. */
	rig.now += 10;
	shape_of("alice", false, real);
	shape_of("mallory", true, shape);
	ck_assert_str_eq(shape, real);
	rig_close(&rig);
}
END_TEST

START_TEST(a_decoy_is_tried_resent_throttled_and_burnt_like_a_real_one)
{
	struct begun real, decoy;
	json_t *a, *b;

	set_up("");
	real = begin("alice", "sshd");
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(begin_from("mallory", "sshd", "", &decoy), 0);
	ck_assert_int_eq(on_challenge("Auth.Resend", real.id, &a), OUTCOME_THROTTLED);
	ck_assert_int_eq(on_challenge("Auth.Resend", decoy.id, &b), OUTCOME_THROTTLED);
	ck_assert(json_equal(a, b));
	json_decref(a);
	json_decref(b);
	rig.now += 60;
	ck_assert_int_eq(on_challenge("Auth.Resend", real.id, NULL), 0);
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(on_challenge("Auth.Resend", decoy.id, NULL), 0);
	for (int i = 0; i < 6; i++) {
		int r = verify(real.id, wrong_one());

		ck_assert_int_eq(verify(decoy.id, wrong_one()), r);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(nullok_lets_only_known_users_through)
{
	json_t *out;
	static const struct {
		const char *user;
		bool unknown;
		const char *state;
	} rows[] = { { "alice", false, "challenge" }, { "erin", false, "not_enrolled" },
		{ "mallory", true, "challenge" } };

	set_up("");
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(
			rig_call(&rig, 0, "Auth.Begin",
				json_pack("{s:s, s:s, s:b, s:b}", "user", rows[i].user,
					"service", "sshd", "unknown", rows[i].unknown,
					"nullok", 1),
				&out),
			0);
		ck_assert_str_eq(string_of(out, "state"), rows[i].state);
		json_decref(out);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(a_code_that_proves_an_address_opens_nothing)
{
	struct begun b;
	json_t *out;
	char state[32];

	set_up("policy default { cool_down = 0 }");
	add_user("dave", false);
	ck_assert_int_eq(
		rig_call(&rig, 0, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "dave", "service", "sshd"),
			&out),
		0);
	ck_assert_str_eq(string_of(out, "purpose"), "verify_address");
	snprintf(b.id, sizeof(b.id), "%s", string_of(out, "challenge"));
	json_decref(out);
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify_as(0, b.id, code, state), 0);
	ck_assert_str_eq(state, "address_verified");
	ck_assert_int_eq(
		rig_count(&rig, "SELECT login_at FROM users WHERE name='dave'"), 0);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT verified_at FROM users WHERE name='dave'"),
		RIG_NOW);
	b = begin("dave", "sshd");
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify_as(0, b.id, code, state), 0);
	ck_assert_str_eq(state, "verified");
	rig_close(&rig);
}
END_TEST

START_TEST(a_new_address_ends_what_was_on_its_way_to_the_old_one)
{
	struct begun b;
	char to[LIMIT_ADDRESS + 1];

	set_up("policy default { cool_down = 0 }");
	b = begin("alice", "sshd");
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(
		rig_call(&rig, 0, "Admin.AddUser",
			json_pack("{s:s, s:s, s:b, s:b}", "user", "alice", "address",
				"new@Example.ORG", "verified", 1, "replace", 1),
			NULL),
		0);
	ck_assert_int_eq(verify(b.id, code), OUTCOME_NO_CHALLENGE);
	b = begin("alice", "sshd");
	rig_mail(&rig, code, to);
	ck_assert_str_eq(to, "new@example.org");
	ck_assert_int_eq(verify(b.id, code), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_resend_kills_the_old_code_and_keeps_the_counters)
{
	struct begun b;
	char old[LIMIT_CODE + 1];
	json_t *out;

	set_up("");
	b = begin("alice", "sshd");
	rig_mail(&rig, old, NULL);
	strcpy(code, old);
	ck_assert_int_eq(verify(b.id, wrong_one()), OUTCOME_WRONG_CODE);
	rig.now += 59;
	ck_assert_int_eq(on_challenge("Auth.Resend", b.id, &out), OUTCOME_THROTTLED);
	ck_assert_int_eq(int_of(out, "retry_after"), 1);
	json_decref(out);
	rig.now += 1;
	ck_assert_int_eq(on_challenge("Auth.Resend", b.id, &out), 0);
	ck_assert_str_eq(string_of(out, "challenge"), b.id);
	ck_assert_int_eq(int_of(out, "tries_left"), 4);
	ck_assert_int_eq(int_of(out, "resend_in"), 120);
	ck_assert_int_eq(int_of(out, "expires_in"), 600);
	json_decref(out);
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail WHERE state=5"), 1);
	if (strcmp(old, code) != 0)
		ck_assert_int_eq(verify(b.id, old), OUTCOME_WRONG_CODE);
	ck_assert_int_eq(verify(b.id, code), 0);
	ck_assert_int_eq(on_challenge("Auth.Resend", b.id, NULL), OUTCOME_NO_CHALLENGE);
	rig_close(&rig);
}
END_TEST

START_TEST(sends_are_limited_by_the_hour_the_remote_host_and_the_host)
{
	struct begun b;
	char service[16];

	set_up("sends_per_rhost_hour = 3\nsends_per_host_hour = 10\n"
	       "policy default { cool_down = 0 sends_per_hour = 4 sends_per_day = 400 }");
	add_user("root", true);
	for (int i = 0; i < 4; i++) {
		snprintf(service, sizeof(service), "s%d", i);
		ck_assert_int_eq(begin_from("alice", service, "", &b), 0);
	}
	ck_assert_int_eq(begin_from("alice", "s5", "", &b), OUTCOME_THROTTLED);
	for (int i = 0; i < 3; i++) {
		snprintf(service, sizeof(service), "s%d", i);
		ck_assert_int_eq(begin_from("bob", service, "192.0.2.9", &b), 0);
	}
	ck_assert_int_eq(begin_from("bob", "s5", "192.0.2.9", &b), OUTCOME_THROTTLED);
	/* 7 of 10 are used; the last one is root's, and strangers use up none. */
	ck_assert_int_eq(begin_from("bob", "s6", "", &b), 0);
	ck_assert_int_eq(begin_from("mallory", "s6", "", &b), 0);
	add_user("dave", true);
	add_user("erin", true);
	ck_assert_int_eq(begin_from("dave", "s6", "", &b), 0);
	ck_assert_int_eq(begin_from("erin", "s6", "", &b), OUTCOME_THROTTLED);
	ck_assert_int_eq(begin_from("root", "s6", "", &b), 0);
	ck_assert_int_eq(begin_from("root", "s7", "", &b), OUTCOME_THROTTLED);
	rig.now += 3660;
	ck_assert_int_eq(begin_from("alice", "s5", "", &b), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_cancelled_challenge_is_dead_and_cancelling_is_harmless)
{
	struct begun b;

	set_up("");
	b = begin("alice", "sshd");
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(rig_call(&rig, RIG_NOBODY, "Auth.Cancel",
				 json_pack("{s:s}", "challenge", b.id), NULL),
		0);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT state FROM challenges"), CHALLENGE_LIVE);
	ck_assert_int_eq(on_challenge("Auth.Cancel", b.id, NULL), 0);
	ck_assert_int_eq(on_challenge("Auth.Cancel", b.id, NULL), 0);
	ck_assert_int_eq(
		on_challenge("Auth.Cancel", "00000000000000000000000000000000", NULL),
		0);
	ck_assert_int_eq(verify(b.id, code), OUTCOME_NO_CHALLENGE);
	rig_close(&rig);
}
END_TEST

static const char *state_of_begin(
	const char *service, const char *rhost, const char *tty)
{
	static char state[32];
	json_t *out;

	ck_assert_int_eq(
		rig_call(&rig, 0, "Auth.Begin",
			json_pack("{s:s, s:s, s:s, s:s}", "user", "alice", "service",
				service, "rhost", rhost, "tty", tty),
			&out),
		0);
	snprintf(state, sizeof(state), "%s", string_of(out, "state"));
	json_decref(out);
	return state;
}

START_TEST(a_step_up_is_remembered_where_it_happened_and_until_the_user_is_touched)
{
	struct begun b;

	set_up("policy sudo { grace = 15m cool_down = 0 sends_per_hour = 50 }");
	ck_assert_int_eq(begin_from("alice", "sudo", "192.0.2.7", &b), 0);
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify(b.id, code), 0);
	ck_assert_str_eq(state_of_begin("sudo", "192.0.2.7", ""), "verified");
	ck_assert_int_eq(rig_count(&rig, "SELECT length * 10 + alphabet FROM grace"),
		10 * (int)strlen(code));
	ck_assert_str_eq(state_of_begin("sudo", "192.0.2.7", "tty2"), "challenge");
	ck_assert_str_eq(state_of_begin("sudo", "192.0.2.1", ""), "challenge");
	ck_assert_str_eq(state_of_begin("sudo", "", ""), "challenge");
	ck_assert_str_eq(state_of_begin("sshd", "192.0.2.7", ""), "challenge");
	rig.now += 899;
	ck_assert_str_eq(state_of_begin("sudo", "192.0.2.7", ""), "verified");
	rig.now += 1;
	ck_assert_str_eq(state_of_begin("sudo", "192.0.2.7", ""), "challenge");
	rig_mail(&rig, code, NULL);
	rig_close(&rig);
}
END_TEST

START_TEST(a_step_up_from_nowhere_is_asked_for_again)
{
	struct begun b;

	set_up("policy default { grace = 15m cool_down = 0 }");
	b = begin("alice", "sudo");
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify(b.id, code), 0);
	/* A job of the same user would have had what its owner stepped up for. */
	ck_assert_str_eq(state_of_begin("sudo", "", ""), "challenge");
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grace"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(disabling_forgets_step_ups_and_ends_challenges)
{
	struct begun b, live;

	set_up("policy default { grace = 15m cool_down = 0 }");
	ck_assert_int_eq(begin_from("alice", "sudo", "192.0.2.7", &b), 0);
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify(b.id, code), 0);
	ck_assert_str_eq(state_of_begin("sudo", "192.0.2.7", ""), "verified");
	live = begin("alice", "sshd");
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(on_user("Admin.DisableUser", "alice"), 0);
	ck_assert_int_eq(verify(live.id, code), OUTCOME_NO_CHALLENGE);
	ck_assert_str_eq(state_of_begin("sudo", "192.0.2.7", ""), "challenge");
	ck_assert_int_eq(on_user("Admin.UnlockUser", "alice"), 0);
	ck_assert_int_eq(verify(live.id, code), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grace"), 0);
	ck_assert_int_eq(on_user("Admin.RemoveUser", "alice"), 0);
	ck_assert_int_eq(on_user("Admin.RemoveUser", "alice"), OUTCOME_NO_USER);
	rig_close(&rig);
}
END_TEST

START_TEST(who_comes_from_an_exempt_network_or_is_exempt_needs_no_code)
{
	set_up("policy default { exempt_networks = { 192.0.2.0/24 } }\n"
	       "policy cron { exempt_users = { alice } }\n"
	       "policy door { exempt_groups = { root } }");
	ck_assert_str_eq(state_of_begin("sshd", "192.0.2.77", ""), "exempt");
	ck_assert_str_eq(state_of_begin("sshd", "198.51.100.1", ""), "challenge");
	ck_assert_str_eq(state_of_begin("cron", "", ""), "exempt");
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(a_clock_set_back_ends_what_is_live_and_keeps_what_is_spent)
{
	struct begun b;

	set_up("policy default { cool_down = 0 grace = 1h }");
	ck_assert_int_eq(begin_from("alice", "sudo", "192.0.2.7", &b), 0);
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify(b.id, code), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grace"), 1);
	b = begin("alice", "sshd");
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify(b.id, wrong_one()), OUTCOME_WRONG_CODE);
	rig.now -= 2; /* what NTP may do */
	ck_assert_int_eq(verify(b.id, wrong_one()), OUTCOME_WRONG_CODE);
	rig.now -= 3600;
	ck_assert_int_eq(verify(b.id, code), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grace"), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM wrong"), 2);
	/* After it, things go on. */
	b = begin("alice", "sshd");
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify(b.id, code), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(under_attack_new_codes_are_three_longer)
{
	struct begun b;
	json_t *out;

	set_up("wrong_longer = 4\npolicy default { cool_down = 0 }");
	burn("sshd", 5);
	rig.now++;
	ck_assert_int_eq(
		rig_call(&rig, 0, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "bob", "service", "sshd"),
			&out),
		0);
	ck_assert_int_eq(int_of(out, "length"), 9);
	snprintf(b.id, sizeof(b.id), "%s", string_of(out, "challenge"));
	json_decref(out);
	rig_mail(&rig, code, NULL);
	ck_assert_uint_eq(strlen(code), 9);
	ck_assert_int_eq(verify(b.id, code), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(letters_are_codes_too)
{
	struct begun b;

	set_up("policy default { code_alphabet = letters code_length = 8 }");
	b = begin("alice", "sshd");
	rig_mail(&rig, code, NULL);
	ck_assert_uint_eq(strlen(code), 8);
	ck_assert_uint_eq(strspn(code, CODE_LETTERS), 8);
	ck_assert_int_eq(verify(b.id, code), 0);
	rig_close(&rig);
}
END_TEST

static int account(const char *user, char state[32])
{
	json_t *out;
	int r = rig_call(&rig, 0, "Auth.Account",
		json_pack("{s:s, s:s}", "user", user, "service", "sshd"), &out);

	snprintf(state, 32, "%s", string_of(out, "state"));
	json_decref(out);
	return r;
}

START_TEST(the_account_phase_mails_nothing_and_tells_the_state)
{
	char state[32];

	set_up("policy default { cool_down = 0 }");
	ck_assert_int_eq(account("alice", state), 0);
	ck_assert_str_eq(state, "verified");
	ck_assert_int_eq(account("erin", state), 0);
	ck_assert_str_eq(state, "not_enrolled");
	ck_assert_int_eq(on_user("Admin.DisableUser", "bob"), 0);
	ck_assert_int_eq(account("bob", state), OUTCOME_LOCKED);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail"), 0);
	burn("a", 5);
	burn("b", 5);
	ck_assert_int_eq(account("alice", state), OUTCOME_LOCKED);
	rig_close(&rig);
}
END_TEST

START_TEST(without_the_mailers_key_nothing_is_issued_and_nothing_is_kept)
{
	struct begun b;

	set_up("");
	rig.daemon.seal.ready = false;
	ck_assert_int_eq(begin_from("alice", "sshd", "", &b), OUTCOME_UNAVAILABLE);
	ck_assert_int_eq(begin_from("mallory", "sshd", "", &b), OUTCOME_UNAVAILABLE);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM challenges"), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail"), 0);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.SendTest",
				 json_pack("{s:s}", "address", "a@b.c"), NULL),
		OUTCOME_UNAVAILABLE);
	rig_close(&rig);
}
END_TEST

static int enrol(uid_t uid, const char *address, json_t **out)
{
	return rig_call(
		&rig, uid, "Self.Enrol", json_pack("{s:s}", "address", address), out);
}

START_TEST(users_enrol_themselves_where_it_is_allowed)
{
	json_t *out;
	char id[64];

	set_up("self_enrol = yes\nenrol_domains = { Example.org }\n"
	       "policy default { cool_down = 0 }");
	ck_assert_int_eq(
		enrol(RIG_NOBODY, "n@evil.example", NULL), OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(enrol(RIG_NOBODY, "n@b\r\n.c", NULL), OUTCOME_BAD_ADDRESS);
	ck_assert_int_eq(enrol(RIG_NOBODY, "N@EXAMPLE.org", &out), 0);
	snprintf(id, sizeof(id), "%s", string_of(out, "challenge"));
	json_decref(out);
	rig_mail(&rig, code, NULL);
	/* The code of an enrolment is none of a login, and the reverse. */
	ck_assert_int_eq(verify_as(RIG_NOBODY, id, code, NULL), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(rig_call(&rig, RIG_NOBODY, "Auth.Resend",
				 json_pack("{s:s}", "challenge", id), NULL),
		OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		rig_call(&rig, 0, "Self.Confirm",
			json_pack("{s:s, s:s}", "challenge", id, "code", code), NULL),
		OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		rig_call(&rig, RIG_NOBODY, "Self.Confirm",
			json_pack("{s:s, s:s}", "challenge", id, "code", wrong_one()),
			NULL),
		OUTCOME_WRONG_CODE);
	ck_assert_int_eq(
		rig_call(&rig, RIG_NOBODY, "Self.Confirm",
			json_pack("{s:s, s:s}", "challenge", id, "code", code), NULL),
		0);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM users WHERE name='nobody' AND"
				 " address='N@example.org' AND verified_at>0"),
		1);
	ck_assert_int_eq(enrol(RIG_NOBODY, "other@example.org", NULL), OUTCOME_EXISTS);
	ck_assert_int_eq(rig_call(&rig, RIG_NOBODY, "Self.Status", NULL, &out), 0);
	ck_assert_str_eq(string_of(out, "user"), "nobody");
	ck_assert_str_eq(string_of(out, "address"), "N***@example.org");
	ck_assert(json_is_true(json_object_get(out, "verified")));
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(enrolling_again_resumes_or_begins_anew_by_the_address)
{
	json_t *a, *b, *c;

	set_up("self_enrol = yes\npolicy default { cool_down = 0 }");
	ck_assert_int_eq(enrol(RIG_NOBODY, "n@example.org", &a), 0);
	ck_assert_int_eq(enrol(RIG_NOBODY, "n@example.org", &b), 0);
	ck_assert_str_eq(string_of(a, "challenge"), string_of(b, "challenge"));
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail"), 1);
	ck_assert_int_eq(enrol(RIG_NOBODY, "m@example.org", &c), 0);
	ck_assert_str_ne(string_of(a, "challenge"), string_of(c, "challenge"));
	ck_assert_int_eq(
		rig_call(&rig, RIG_NOBODY, "Self.Resend",
			json_pack("{s:s}", "challenge", string_of(a, "challenge")),
			NULL),
		OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		rig_call(&rig, RIG_NOBODY, "Self.Resend",
			json_pack("{s:s}", "challenge", string_of(c, "challenge")),
			NULL),
		0);
	/* Without a first factor: 3 an hour. */
	ck_assert_int_eq(enrol(RIG_NOBODY, "o@example.org", NULL), OUTCOME_THROTTLED);
	json_decref(a);
	json_decref(b);
	json_decref(c);
	rig_close(&rig);
}
END_TEST

START_TEST(self_enrolment_is_off_by_default_except_for_the_address_on_file)
{
	json_t *out;

	set_up("");
	ck_assert_int_eq(enrol(RIG_NOBODY, "n@example.org", NULL), OUTCOME_NOT_ALLOWED);
	add_user("nobody", false);
	ck_assert_int_eq(enrol(RIG_NOBODY, "n@example.org", NULL), OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(enrol(RIG_NOBODY, "nobody@example.org", &out), 0);
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(rig_call(&rig, RIG_NOBODY, "Self.Confirm",
				 json_pack("{s:s, s:s}", "challenge",
					 string_of(out, "challenge"), "code", code),
				 NULL),
		0);
	json_decref(out);
	/* A uid that has no name is nobody at all. */
	ck_assert_int_eq(rig_call(&rig, 3999999999u, "Self.Status", NULL, NULL),
		OUTCOME_BAD_NAME);
	rig_close(&rig);
}
END_TEST

START_TEST(a_login_never_resumes_an_enrolment)
{
	json_t *a, *b;

	set_up("self_enrol = yes\npolicy default { cool_down = 0 }");
	ck_assert_int_eq(enrol(RIG_NOBODY, "n@example.org", &a), 0);
	ck_assert_int_eq(
		rig_call(&rig, RIG_NOBODY, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "nobody", "service", "otpctl"),
			&b),
		0);
	ck_assert_str_ne(string_of(a, "challenge"), string_of(b, "challenge"));
	json_decref(a);
	json_decref(b);
	rig_close(&rig);
}
END_TEST

static int client_begins(const char *user, const char *rhost)
{
	return rig_call(&rig, 1, "Auth.Begin",
		json_pack("{s:s, s:s, s:s}", "user", user, "service", "web", "rhost",
			rhost),
		NULL);
}

START_TEST(a_clock_that_went_back_is_believed_only_with_its_commit)
{
	struct store *store = &rig.daemon.store;
	struct begun live;

	set_up("");
	live = begin("alice", "sshd");
	rig_mail(&rig, code, NULL);
	rig.now -= 3600;
	rig.daemon.moment.now_s = rig.now;
	/* The first transaction that sees it is lost, and all that it ended lives
	 * again. */
	ck_assert_int_eq(store_begin(store, true), 0);
	ck_assert_int_eq(keeper_guard_clock(&rig.daemon, store, true), 0);
	store_rollback(store);
	ck_assert(!keeper_landed(&rig.daemon, false));
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM challenges WHERE state=0"), 1);
	/* So the next one ends it. */
	ck_assert_int_eq(verify(live.id, code), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM challenges WHERE state=3"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(a_client_speaks_for_everybody_but_root)
{
	set_up("client web { user = daemon services = { web } }");
	add_user("root", true);
	ck_assert_int_eq(client_begins("root", "192.0.2.1"), OUTCOME_DENIED);
	ck_assert_int_eq(client_begins("alice", "192.0.2.1"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_client_with_users_speaks_for_them_only)
{
	set_up("client web { user = daemon services = { web } users = { bob, root } }");
	add_user("root", true);
	ck_assert_int_eq(client_begins("alice", "192.0.2.1"), OUTCOME_DENIED);
	ck_assert_int_eq(client_begins("bob", "192.0.2.2"), 0);
	ck_assert_int_eq(client_begins("root", "192.0.2.3"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(what_a_client_says_of_the_remote_host_is_a_host)
{
	set_up("client web { user = daemon services = { web } }");
	ck_assert_int_eq(client_begins("alice", "click http://evil/?x=<b>"), 0);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM challenges WHERE rhost GLOB"
				 " '*[^A-Za-z0-9.:%_?-]*'"),
		0);
	ck_assert_int_eq(
		rig_count(&rig,
			"SELECT count(*) FROM challenges WHERE rhost LIKE 'click_http:%'"),
		1);
	rig_close(&rig);
}
END_TEST

START_TEST(a_user_who_calls_too_often_is_told_to_wait)
{
	json_t *out;
	int r = 0, n = 0;

	set_up("");
	for (; r == 0 && n < 1000; n++)
		r = rig_call(&rig, RIG_NOBODY, "Self.Status", json_object(), NULL);
	ck_assert_int_eq(r, OUTCOME_THROTTLED);
	ck_assert_int_ge(n, 30);
	ck_assert_int_eq(rig_call(&rig, RIG_NOBODY, "Self.Status", json_object(), &out),
		OUTCOME_THROTTLED);
	ck_assert_int_eq(int_of(out, "retry_after"), 1);
	json_decref(out);
	/* Root is not counted. */
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(
			rig_call(&rig, 0, "Self.Status", json_object(), NULL), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(callers_may_do_what_their_uid_may_and_nothing_else)
{
	static const char *const admin[] = { "AddUser", "ListUsers", "ShowUser",
		"VerifyUser", "DisableUser", "UnlockUser", "RemoveUser", "ImportUsers",
		"Status", "Queue", "Audit", "Metrics", "SendTest", "ShowMail" };
	json_t *out;

	set_up("client web { user = daemon services = { web } }");
	add_user("nobody", true);
	for (size_t i = 0; i < sizeof(admin) / sizeof(admin[0]); i++) {
		char method[64];
		json_t *all = json_pack("{}");
		int r;

		snprintf(method, sizeof(method), "Admin.%s", admin[i]);
		if (strstr("ListUsers Status Queue Audit Metrics", admin[i]) == NULL)
			json_object_set_new(all,
				strcmp(admin[i], "SendTest") == 0           ? "address"
					: strcmp(admin[i], "ShowMail") == 0 ? "mail"
					: strcmp(admin[i], "ImportUsers") == 0 ? "users"
									       : "user",
				strcmp(admin[i], "ImportUsers") == 0
					? json_array()
					: json_string("alice"));
		if (strcmp(admin[i], "AddUser") == 0)
			json_object_set_new(all, "address", json_string("x@y.z"));
		r = rig_call(&rig, RIG_NOBODY, method, all, NULL);
		ck_assert_msg(r == OUTCOME_DENIED, "%s: %d", admin[i], r);
	}
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM users"), 3);
	/* A user for himself, a client for its service. */
	ck_assert_int_eq(
		rig_call(&rig, RIG_NOBODY, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "nobody", "service", "lock"),
			&out),
		0);
	json_decref(out);
	ck_assert_int_eq(
		rig_call(&rig, RIG_NOBODY, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "alice", "service", "lock"),
			NULL),
		OUTCOME_DENIED);
	ck_assert_int_eq(
		rig_call(&rig, 1, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "alice", "service", "web"),
			NULL),
		0);
	ck_assert_int_eq(
		rig_call(&rig, 1, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "alice", "service", "sshd"),
			NULL),
		OUTCOME_DENIED);
	rig_close(&rig);
}
END_TEST

START_TEST(names_that_could_fool_somebody_are_refused)
{
	static const char *const bad[] = { "", "a\nb", "a\x1b[31m", "\x7f",
		"a\xc2\x9b" };

	set_up("");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(rig_call(&rig, 0, "Auth.Begin",
					 json_pack("{s:s, s:s}", "user", bad[i],
						 "service", "sshd"),
					 NULL),
			OUTCOME_BAD_NAME);
		ck_assert_int_eq(rig_call(&rig, 0, "Admin.AddUser",
					 json_pack("{s:s, s:s}", "user", bad[i],
						 "address", "a@b.c"),
					 NULL),
			OUTCOME_BAD_NAME);
	}
	/* Spellings are names of their own. */
	ck_assert_int_eq(on_user("Admin.ShowUser", "Alice"), OUTCOME_NO_USER);
	ck_assert_int_eq(on_user("Admin.ShowUser", "alice "), OUTCOME_NO_USER);
	rig_close(&rig);
}
END_TEST

static int raw(const char *text, char wrong[64])
{
	json_t *out;
	int r = rig_send(&rig, 0, text, strlen(text) + 1, &out);

	snprintf(wrong, 64, "%s", string_of(out, "parameter"));
	json_decref(out);
	return r;
}

START_TEST(parameters_are_taken_strictly_and_the_wrong_one_is_named)
{
	static const struct {
		const char *parameters;
		const char *wrong;
	} rows[] = { { "{}", "user" }, { "{\"user\":\"a\"}", "service" },
		{ "{\"user\":1,\"service\":\"s\"}", "user" },
		{ "{\"user\":null,\"service\":\"s\"}", "user" },
		{ "{\"user\":[\"a\"],\"service\":\"s\"}", "user" },
		{ "{\"user\":\"a\",\"service\":\"s\",\"extra\":1}", "extra" },
		{ "{\"user\":\"a\",\"service\":\"s\",\"nullok\":1}", "nullok" },
		{ "{\"user\":\"a\",\"service\":\"s\",\"nullok\":\"true\"}", "nullok" },
		{ "{\"user\":\"a\",\"service\":\"s\",\"rhost\":{}}", "rhost" },
		{ "{\"user\":\"a\",\"service\":\"0123456789012345678901234567890123456789"
		  "012345678901234567890123\"}",
			"service" },
		{ "{\"user\":\"a\",\"User\":\"b\",\"service\":\"s\"}", "User" } };
	char wrong[64], text[512];

	set_up("");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
			"{\"method\":\"org.emailotp.Auth.Begin\",\"parameters\":%s}",
			rows[i].parameters);
		ck_assert_msg(raw(text, wrong) == -EINVAL, "%s", text);
		ck_assert_str_eq(wrong, rows[i].wrong);
	}
	ck_assert_int_eq(raw("{\"method\":\"org.emailotp.Auth.Begin\",\"parameters\":"
			     "{\"user\":\"a\",\"service\":\"s\",\"rhost\":null}}",
				 wrong),
		0);
	ck_assert_int_eq(
		raw("{\"method\":\"org.emailotp.Admin.ListUsers\",\"parameters\":"
		    "{\"limit\":-1}}",
			wrong),
		-EINVAL);
	ck_assert_int_eq(raw("{\"method\":\"org.emailotp.Admin.Queue\",\"parameters\":"
			     "{\"limit\":9223372036854775807}}",
				 wrong),
		-EINVAL);
	ck_assert_int_eq(raw("{\"method\":\"org.emailotp.Admin.Queue\",\"parameters\":"
			     "{\"limit\":1.0}}",
				 wrong),
		-EINVAL);
	rig_close(&rig);
}
END_TEST

START_TEST(the_envelope_is_that_of_varlink_and_nothing_more)
{
	static const char *const closed[] = { "", "x", "[]", "{}", "{\"method\":1}",
		"{\"method\":\"a.B\",\"parameters\":[]}",
		"{\"method\":\"a.B\",\"method\":\"a.C\"}", "{\"method\":\"a.B\"} ",
		"{\"method\":\"\xff\"}", "{\"method\":\"a\\u0000b\"}",
		"{\"parameters\":{}}",
		"{\"method\":\"a.B\",\"parameters\":{\"a\":1,\"a\":2}}" };
	char wrong[64];

	set_up("");
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		if (i != 7) /* blanks behind are JSON */
			ck_assert_msg(
				raw(closed[i], wrong) == -ECONNRESET, "%s", closed[i]);
	ck_assert_int_eq(
		raw("{\"method\":\"org.emailotp.Admin.Status\",\"oneway\":true}",
			wrong),
		-EINVAL);
	ck_assert_str_eq(wrong, "oneway");
	ck_assert_int_eq(
		raw("{\"method\":\"org.emailotp.Admin.Status\",\"upgrade\":true}",
			wrong),
		-EINVAL);
	ck_assert_int_eq(
		raw("{\"method\":\"org.emailotp.Admin.Status\",\"uid\":0}", wrong),
		-EINVAL);
	ck_assert_str_eq(wrong, "uid");
	ck_assert_int_eq(raw("{\"method\":\"org.emailotp.Admin.Status\",\"more\":false,"
			     "\"oneway\":false}",
				 wrong),
		0);
	ck_assert_int_eq(
		raw("{\"method\":\"org.emailotp.Admin.Status\",\"more\":true}", wrong),
		0);
	ck_assert_int_eq(
		raw("{\"method\":\"org.emailotp.Admin.Status\",\"more\":1}", wrong),
		-EINVAL);
	ck_assert_int_eq(
		raw("{\"method\":\"org.emailotp.Auth.Nothing\"}", wrong), -ENOSYS);
	ck_assert_int_eq(raw("{\"method\":\"org.nobody.Auth.Begin\"}", wrong), -ENOSYS);
	ck_assert_int_eq(raw("{\"method\":\"nothing\"}", wrong), -ENOSYS);
	rig_close(&rig);
}
END_TEST

START_TEST(members_that_varlink_does_not_know_are_refused_even_when_false)
{
	char wrong[64];

	set_up("");
	ck_assert_int_eq(
		raw("{\"method\":\"org.emailotp.Admin.Status\",\"garbage\":false}",
			wrong),
		-EINVAL);
	ck_assert_str_eq(wrong, "garbage");
	rig_close(&rig);
}
END_TEST

START_TEST(the_daemon_describes_itself)
{
	static const char *const interfaces[] = { "org.varlink.service",
		"org.emailotp.Auth", "org.emailotp.Self", "org.emailotp.Admin",
		"org.emailotp.Error" };
	static const char info[] = "{\"method\":\"org.varlink.service.GetInfo\"}";
	json_t *out;

	set_up("");
	ck_assert_int_eq(rig_send(&rig, RIG_NOBODY, info, sizeof(info), &out), 0);
	ck_assert_str_eq(string_of(out, "product"), "otpd");
	ck_assert_uint_eq(json_array_size(json_object_get(out, "interfaces")), 6);
	json_decref(out);
	for (size_t i = 0; i < 5; i++) {
		char text[256], head[64];

		snprintf(text, sizeof(text),
			"{\"method\":\"org.varlink.service.GetInterfaceDescription\","
			"\"parameters\":{\"interface\":\"%s\"}}",
			interfaces[i]);
		snprintf(head, sizeof(head), "interface %s", interfaces[i]);
		ck_assert_int_eq(
			rig_send(&rig, RIG_NOBODY, text, strlen(text) + 1, &out), 0);
		ck_assert_ptr_nonnull(strstr(string_of(out, "description"), head));
		json_decref(out);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(an_interface_that_is_not_there_is_not_found)
{
	static const char text[] =
		"{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		"\"parameters\":{\"interface\":\"org.nobody\"}}";
	json_t *out;

	set_up("");
	/* Anybody can ask: it is neither a failure of otpd nor a line of its log. */
	ck_assert_int_eq(rig_send(&rig, RIG_NOBODY, text, sizeof(text), &out), -ENOSYS);
	json_decref(out);
	rig_close(&rig);
}
END_TEST

static json_t *line(const char *user, const char *address)
{
	return json_pack("{s:s, s:s}", "user", user, "address", address);
}

static int import(json_t *users, bool update, bool dry_run, json_t **out)
{
	return rig_call(&rig, 0, "Admin.ImportUsers",
		json_pack("{s:o, s:b, s:b}", "users", users, "update", update,
			"dry_run", dry_run),
		out);
}

START_TEST(an_import_is_all_or_nothing_and_a_dry_run_is_nothing)
{
	json_t *out, *problems;

	set_up("");
	ck_assert_int_eq(
		import(json_pack("[o, o]", line("x", "x@y.z"), line("y", "y@y.z")),
			false, true, &out),
		0);
	ck_assert_int_eq(int_of(out, "added"), 2);
	json_decref(out);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM users"), 2);
	ck_assert_int_eq(
		import(json_pack("[o, o, o, o]", line("x", "x@y.z"), line("y", "bad"),
			       line("", "a@b.c"), line("alice", "new@y.z")),
			false, false, &out),
		0);
	problems = json_object_get(out, "problems");
	ck_assert_uint_eq(json_array_size(problems), 3);
	ck_assert_str_eq(
		string_of(json_array_get(problems, 0), "reason"), "bad_address");
	ck_assert_str_eq(string_of(json_array_get(problems, 1), "reason"), "bad_name");
	ck_assert_str_eq(string_of(json_array_get(problems, 2), "reason"), "exists");
	ck_assert_int_eq(int_of(json_array_get(problems, 2), "line"), 3);
	ck_assert_int_eq(int_of(out, "added"), 0);
	json_decref(out);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM users"), 2);
	ck_assert_int_eq(import(json_pack("[o, o, o]", line("x", "x@y.z"),
					line("alice", "new@y.z"),
					line("bob", "bob@example.org")),
				 true, false, &out),
		0);
	ck_assert_int_eq(int_of(out, "added"), 1);
	ck_assert_int_eq(int_of(out, "updated"), 1);
	ck_assert_int_eq(int_of(out, "unchanged"), 1);
	json_decref(out);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT verified_at FROM users WHERE name='alice'"), 0);
	/* Elements that are no users. */
	ck_assert_int_eq(import(json_pack("[i, n, {}]", 1), true, false, &out), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(out, "problems")), 3);
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(administrators_see_users_mails_and_events)
{
	struct begun b;
	json_t *out, *rows;
	char mail[64];

	set_up("policy default { cool_down = 0 }");
	b = begin("alice", "sshd");
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(verify(b.id, wrong_one()), OUTCOME_WRONG_CODE);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.ShowUser",
				 json_pack("{s:s}", "user", "alice"), &out),
		0);
	ck_assert_int_eq(int_of(out, "wrong_hour"), 1);
	ck_assert_int_eq(int_of(out, "sends_hour"), 1);
	ck_assert_int_eq(int_of(out, "live_challenges"), 1);
	json_decref(out);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.ListUsers",
				 json_pack("{s:i}", "limit", 1), &out),
		0);
	ck_assert_str_eq(string_of(out, "next"), "alice");
	json_decref(out);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.Status", NULL, &out), 0);
	ck_assert_int_eq(int_of(out, "users"), 2);
	ck_assert_int_eq(int_of(out, "queued_mails"), 1);
	ck_assert_int_eq(int_of(out, "wrong_last_hour"), 1);
	json_decref(out);
	ck_assert_int_eq(
		rig_call(&rig, 0, "Admin.Queue", json_pack("{s:b}", "open", 1), &out),
		0);
	rows = json_object_get(out, "mails");
	ck_assert_uint_eq(json_array_size(rows), 1);
	ck_assert_str_eq(string_of(json_array_get(rows, 0), "user"), "alice");
	json_decref(out);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.SendTest",
				 json_pack("{s:s}", "address", "a@b.c"), &out),
		0);
	snprintf(mail, sizeof(mail), "%s", string_of(out, "mail"));
	json_decref(out);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.ShowMail",
				 json_pack("{s:s}", "mail", mail), &out),
		0);
	ck_assert_str_eq(string_of(json_object_get(out, "mail"), "purpose"), "test");
	json_decref(out);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.ShowMail",
				 json_pack("{s:s}", "mail", "no"), NULL),
		OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.Audit",
				 json_pack("{s:s}", "user", "alice"), &out),
		0);
	rows = json_object_get(out, "events");
	ck_assert_uint_eq(json_array_size(rows), 3);
	ck_assert_str_eq(string_of(json_array_get(rows, 0), "event"), "wrong");
	ck_assert_str_eq(string_of(json_array_get(rows, 1), "event"), "issued");
	ck_assert_str_eq(string_of(json_array_get(rows, 2), "event"), "user_added");
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(full_pages_of_the_longest_rows_fit_an_answer)
{
	json_t *out;
	char name[LIMIT_USER + 1], person[LIMIT_NAME + 1], address[LIMIT_ADDRESS + 1];

	set_up("");
	for (int i = 0; i < LIMIT_PAGE + 1; i++) {
		/* What JSON has to escape is longest. */
		memset(name, '"', LIMIT_USER);
		name[LIMIT_USER] = '\0';
		snprintf(name, 8, "%07d", i);
		name[7] = '"';
		memset(person, '\\', LIMIT_NAME);
		person[LIMIT_NAME] = '\0';
		memset(address, 'a', 64);
		strcpy(address + 64, "@");
		for (int j = 0; j < 94; j++)
			strcat(address, j ? ".c" : "d");
		ck_assert_int_eq(rig_call(&rig, 0, "Admin.AddUser",
					 json_pack("{s:s, s:s, s:s}", "user", name,
						 "address", address, "name", person),
					 NULL),
			0);
	}
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.ListUsers", NULL, &out), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(out, "users")), LIMIT_PAGE);
	json_decref(out);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.Audit", NULL, &out), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(out, "events")), LIMIT_PAGE);
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(the_code_stands_nowhere_in_the_store)
{
	struct begun b;
	char sql[256];

	set_up("");
	b = begin("alice", "sshd");
	ck_assert_uint_eq(strlen(b.id), 32);
	rig_mail(&rig, code, NULL);
	snprintf(sql, sizeof(sql),
		"SELECT (SELECT count(*) FROM mail WHERE instr(sealed, '%s')) + (SELECT"
		" count(*) FROM audit WHERE instr(detail || reference, '%s')) + (SELECT count(*)"
		" FROM challenges WHERE instr(hash, '%s'))",
		code, code, code);
	ck_assert_int_eq(rig_count(&rig, sql), 0);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("login", the_right_code_passes_once,
	exactly_as_many_wrong_codes_as_allowed_are_compared,
	a_code_expires_at_the_second, begin_resumes_what_is_live_and_mails_once,
	a_code_opens_nothing_but_its_own_challenge,
	the_budget_of_an_hour_locks_all_services_and_live_challenges,
	neither_success_nor_resend_gives_a_try_back,
	a_lock_that_is_not_concealed_is_told_with_its_time,
	a_concealed_lock_makes_decoys_of_live_challenges,
	the_budget_of_a_month_disables_until_an_administrator_acts,
	strangers_and_locked_users_look_like_everybody_else,
	a_decoy_is_tried_resent_throttled_and_burnt_like_a_real_one,
	nullok_lets_only_known_users_through,
	a_code_that_proves_an_address_opens_nothing,
	a_new_address_ends_what_was_on_its_way_to_the_old_one,
	a_resend_kills_the_old_code_and_keeps_the_counters,
	sends_are_limited_by_the_hour_the_remote_host_and_the_host,
	a_cancelled_challenge_is_dead_and_cancelling_is_harmless,
	a_step_up_is_remembered_where_it_happened_and_until_the_user_is_touched,
	a_step_up_from_nowhere_is_asked_for_again,
	disabling_forgets_step_ups_and_ends_challenges,
	who_comes_from_an_exempt_network_or_is_exempt_needs_no_code,
	a_clock_set_back_ends_what_is_live_and_keeps_what_is_spent,
	under_attack_new_codes_are_three_longer, letters_are_codes_too,
	the_account_phase_mails_nothing_and_tells_the_state,
	without_the_mailers_key_nothing_is_issued_and_nothing_is_kept,
	users_enrol_themselves_where_it_is_allowed,
	enrolling_again_resumes_or_begins_anew_by_the_address,
	self_enrolment_is_off_by_default_except_for_the_address_on_file,
	a_login_never_resumes_an_enrolment,
	a_clock_that_went_back_is_believed_only_with_its_commit,
	a_lock_of_one_service_only_is_concealed_there_too,
	a_client_speaks_for_everybody_but_root,
	a_client_with_users_speaks_for_them_only,
	what_a_client_says_of_the_remote_host_is_a_host,
	a_user_who_calls_too_often_is_told_to_wait,
	callers_may_do_what_their_uid_may_and_nothing_else,
	names_that_could_fool_somebody_are_refused,
	parameters_are_taken_strictly_and_the_wrong_one_is_named,
	the_envelope_is_that_of_varlink_and_nothing_more,
	members_that_varlink_does_not_know_are_refused_even_when_false,
	the_daemon_describes_itself, an_interface_that_is_not_there_is_not_found,
	an_import_is_all_or_nothing_and_a_dry_run_is_nothing,
	administrators_see_users_mails_and_events,
	full_pages_of_the_longest_rows_fit_an_answer,
	the_code_stands_nowhere_in_the_store);
