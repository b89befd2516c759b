/* SPDX-License-Identifier: MIT */
/*
 * Where codes go and what is told of it: the second route, the language and look of
 * letters, addresses that refuse, mails that failed and what the prompt then says.
 */
#include "otpd/server/settle.h"
#include "otpd/store/audit.h"
#include "tests/unit/heard.h"
#include "tests/unit/rig.h"

#define ALICE  "alice@example.org"
#define SECOND "alice.second@example.net"
#define PHONE  "+4930123456"

static struct rig rig;
static char code[LIMIT_CODE + 1], id[LIMIT_CHALLENGE + 1];

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

static bool is_true(json_t *out, const char *name)
{
	return json_is_true(json_object_get(out, name));
}

static int admin(const char *method, json_t *parameters)
{
	return rig_call(&rig, 0, method, parameters, NULL);
}

static int add_user(const char *name, bool verified)
{
	char address[128];

	snprintf(address, sizeof(address), "%s@example.org", name);
	return admin("Admin.AddUser",
		json_pack("{s:s, s:s, s:b, s:b}", "user", name, "address", address,
			"verified", verified, "replace", 1));
}

static void set_up(const char *config)
{
	rig_open(&rig, config);
	ck_assert_int_eq(add_user("alice", true), 0);
}

static int set_second(const char *user, const char *address, bool verified)
{
	return admin("Admin.SetSecond",
		json_pack("{s:s, s:s, s:b}", "user", user, "address", address,
			"verified", verified));
}

/* Begins as root; the answer, which the caller frees. */
static json_t *begin(const char *user, const char *service)
{
	json_t *out;

	ck_assert_int_eq(
		rig_call(&rig, 0, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", user, "service", service),
			&out),
		0);
	snprintf(id, sizeof(id), "%s", string_of(out, "challenge"));
	return out;
}

static void login(const char *service)
{
	json_decref(begin("alice", service));
	rig_mail(&rig, code, NULL);
}

static int resend(json_t **out)
{
	return rig_call(
		&rig, 0, "Auth.Resend", json_pack("{s:s}", "challenge", id), out);
}

static int verify(const char *typed, json_t **out)
{
	return rig_call(&rig, 0, "Auth.Verify",
		json_pack("{s:s, s:s}", "challenge", id, "code", typed), out);
}

/* A code that is surely another one. */
static const char *wrong_one(void)
{
	static char other[LIMIT_CODE + 1];

	strcpy(other, code);
	other[0] = other[0] == '9' ? '0' : (char)(other[0] + 1);
	return other;
}

/* otpd-mail says this of the newest mail, and it is written. */
static void ends(const struct mail_result *result)
{
	struct daemon *daemon = &rig.daemon;

	outbox_result(&daemon->outbox, rig_newest(&rig), result);
	outbox_board(&daemon->outbox);
	while (!batch_is_idle(&daemon->batch) || !outbox_is_settled(&daemon->outbox))
		uv_run(&daemon->loop, UV_RUN_ONCE);
}

static void is_sent(void)
{
	ends(&(struct mail_result){ "sent", "250 ok", "relay" });
}

static void is_refused(void)
{
	ends(&(struct mail_result){
		"refused", "550 no such user", "relay", .bad_address = true });
}

static void goes_second(void)
{
	ends(&(struct mail_result){
		"sent", "250 ok", "sms", .second = true, .bad_address = true });
}

static void is_in_letter(const char *name, const char *wanted)
{
	json_t *letter = rig_letter(&rig);

	ck_assert_msg(strcmp(string_of(letter, name), wanted) == 0, "%s is \"%s\"",
		name, string_of(letter, name));
	json_decref(letter);
}

START_TEST(a_letter_has_exactly_the_members_of_the_contract)
{
	static const char *const texts[] = { "to", "second", "tenant", "language",
		"template", "name", "user", "service", "host", "rhost", "tty",
		"command", "address", "code", "reference" };
	json_t *letter;

	set_up("");
	login("sshd");
	letter = rig_letter(&rig);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(json_is_string(json_object_get(letter, texts[i])), "%s",
			texts[i]);
	ck_assert_int_eq(int_of(letter, "at"), RIG_NOW);
	ck_assert_int_eq(int_of(letter, "expires_at"), RIG_NOW + 600);
	ck_assert_uint_eq(json_object_size(letter), 17);
	ck_assert_str_eq(string_of(letter, "to"), ALICE);
	ck_assert_str_eq(string_of(letter, "template"), "login");
	json_decref(letter);
	rig_close(&rig);
}
END_TEST

START_TEST(a_second_route_stands_in_letters_of_logins_where_the_policy_allows_it)
{
	set_up("policy default { cool_down = 0 sends_per_hour = 100 second_route = refused"
	       " wrong_per_hour = 2 }\n"
	       "policy sudo { cool_down = 0 sends_per_hour = 100 }");
	login("sshd");
	is_in_letter("second", "");
	/* Not before it is proven, and not where the policy says nothing. */
	ck_assert_int_eq(set_second("alice", SECOND, false), 0);
	login("a");
	is_in_letter("second", "");
	ck_assert_int_eq(set_second("alice", SECOND, true), 0);
	login("b");
	is_in_letter("second", SECOND);
	login("sudo");
	is_in_letter("second", "");
	/* A new code goes the same ways. */
	login("b");
	ck_assert_int_eq(resend(NULL), 0);
	is_in_letter("second", SECOND);
	rig_mail(&rig, code, NULL);
	/* A notice has none. */
	ck_assert_int_eq(verify(wrong_one(), NULL), OUTCOME_WRONG_CODE);
	ck_assert_int_eq(verify(wrong_one(), NULL), OUTCOME_WRONG_CODE);
	is_in_letter("template", "locked");
	is_in_letter("second", "");
	ck_assert_int_eq(
		admin("Admin.UnlockUser", json_pack("{s:s}", "user", "alice")), 0);
	ck_assert_int_eq(set_second("alice", PHONE, true), 0);
	login("c");
	is_in_letter("second", PHONE);
	rig_close(&rig);
}
END_TEST

START_TEST(a_code_that_proves_an_address_has_no_second_route)
{
	set_up("policy default { cool_down = 0 second_route = refused }");
	ck_assert_int_eq(add_user("dave", false), 0);
	ck_assert_int_eq(set_second("dave", SECOND, true), 0);
	json_decref(begin("dave", "sshd"));
	is_in_letter("template", "verify");
	is_in_letter("to", "dave@example.org");
	is_in_letter("second", "");
	ck_assert_int_eq(resend(NULL), 0);
	is_in_letter("second", "");
	rig_close(&rig);
}
END_TEST

START_TEST(a_second_route_that_is_changed_ends_what_could_still_go_there)
{
	set_up("policy default { cool_down = 0 second_route = refused }");
	ck_assert_int_eq(set_second("alice", SECOND, true), 0);
	login("sshd");
	/* Declared proven once more: nothing changes for the code. */
	ck_assert_int_eq(set_second("alice", SECOND, true), 0);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM challenges WHERE state=0"), 1);
	ck_assert_int_eq(set_second("alice", "", true), 0);
	ck_assert_int_eq(verify(code, NULL), OUTCOME_NO_CHALLENGE);
	ck_assert(list_is_empty(&rig.daemon.outbox.mails));
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM users WHERE second='' AND"
				 " second_verified_at=0"),
		1);
	ck_assert_int_eq(set_second("alice", ALICE, true), OUTCOME_BAD_ADDRESS);
	ck_assert_int_eq(set_second("alice", "a@b", true), OUTCOME_BAD_ADDRESS);
	ck_assert_int_eq(set_second("alice", "+12", true), OUTCOME_BAD_ADDRESS);
	ck_assert_int_eq(set_second("nobody-here", SECOND, true), OUTCOME_NO_USER);
	ck_assert_int_eq(set_second("alice", "Me@Example.NET", true), 0);
	ck_assert_int_eq(
		rig_count(&rig,
			"SELECT count(*) FROM users WHERE second='Me@example.net'"),
		1);
	rig_close(&rig);
}
END_TEST

static int set_language(const char *user, const char *language)
{
	return admin("Admin.SetLanguage",
		json_pack("{s:s, s:s}", "user", user, "language", language));
}

START_TEST(letters_are_in_the_users_language_or_the_policys_and_of_its_tenant)
{
	static const char *const bad[] = { "x", "german", "de_DE", "de-", "-de", "d!",
		"../etc", "de-123456789", "12" };
	json_t *out;

	set_up("policy default { cool_down = 0 sends_per_hour = 100 language = fr"
	       " tenant = \"acme\" }\n"
	       "policy sudo { cool_down = 0 sends_per_hour = 100 }");
	login("sshd");
	is_in_letter("language", "fr");
	is_in_letter("tenant", "acme");
	login("sudo");
	is_in_letter("language", "");
	is_in_letter("tenant", "");
	ck_assert_int_eq(set_language("alice", "pt-BR"), 0);
	login("a");
	is_in_letter("language", "pt-BR");
	ck_assert_int_eq(set_language("alice", ""), 0);
	login("b");
	is_in_letter("language", "fr");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(set_language("alice", bad[i]) == OUTCOME_BAD_NAME, "%s",
			bad[i]);
	ck_assert_int_eq(set_language("eve", "de"), OUTCOME_NO_USER);
	/* Given with the user, and kept when he is changed without one. */
	ck_assert_int_eq(
		admin("Admin.AddUser",
			json_pack("{s:s, s:s, s:s, s:b}", "user", "erin", "address",
				"e@example.org", "language", "ja", "verified", 1)),
		0);
	ck_assert_int_eq(admin("Admin.AddUser",
				 json_pack("{s:s, s:s, s:b}", "user", "erin", "address",
					 "e2@example.org", "replace", 1)),
		0);
	ck_assert_int_eq(
		admin("Admin.AddUser",
			json_pack("{s:s, s:s, s:s}", "user", "frank", "address",
				"f@example.org", "language", "german")),
		OUTCOME_BAD_NAME);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.ShowUser",
				 json_pack("{s:s}", "user", "erin"), &out),
		0);
	ck_assert_str_eq(string_of(json_object_get(out, "user"), "language"), "ja");
	ck_assert_str_eq(
		string_of(json_object_get(out, "user"), "address"), "e2@example.org");
	json_decref(out);
	rig_close(&rig);
}
END_TEST

static int send_test(const char *address, const char *template, const char *language,
	const char *tenant)
{
	return admin("Admin.SendTest",
		json_pack("{s:s, s:s*, s:s*, s:s*}", "address", address, "template",
			template, "language", language, "tenant", tenant));
}

START_TEST(a_test_has_a_language_and_a_tenant_and_carries_no_code)
{
	set_up("policy otpctl { tenant = acme language = fr }");
	ck_assert_int_eq(send_test("a@example.org", NULL, NULL, NULL), 0);
	is_in_letter("template", "test");
	is_in_letter("tenant", "acme");
	is_in_letter("language", "fr");
	is_in_letter("code", "");
	/* It is for nobody, and greets nobody. */
	is_in_letter("user", "");
	is_in_letter("name", "");
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM audit WHERE event='test_queued'"
				 " AND service='otpctl'"),
		1);
	ck_assert_int_eq(send_test(PHONE, "test", "ja", "Other & Sons"), 0);
	is_in_letter("to", PHONE);
	is_in_letter("tenant", "Other & Sons");
	is_in_letter("language", "ja");
	ck_assert_int_eq(
		send_test("a@example.org", "login", NULL, NULL), OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(
		send_test("a@example.org", NULL, "german", NULL), OUTCOME_BAD_NAME);
	ck_assert_int_eq(
		send_test("a@example.org", NULL, NULL, "a\nb"), OUTCOME_BAD_NAME);
	ck_assert_int_eq(send_test("+0", NULL, NULL, NULL), OUTCOME_BAD_ADDRESS);
	rig_close(&rig);
}
END_TEST

/* n bytes of what JSON must escape. */
static const char *longest(char *out, size_t n)
{
	memset(out, '"', n);
	out[n] = '\0';
	return out;
}

START_TEST(the_longest_letter_of_all_fits_its_box)
{
	char user[512], person[512], service[512], rhost[512], tty[512];
	char address[LIMIT_ADDRESS + 1], second[LIMIT_ADDRESS + 1];
	struct policy *policy;
	struct config *config;

	set_up("wrong_longer = 1\npolicy default { cool_down = 0 second_route = refused"
	       " code_length = 10 code_alphabet = letters }");
	config = rig.daemon.config;
	policy = config->policies.items;
	longest(config->host_name, LIMIT_RHOST);
	longest(policy->tenant, LIMIT_TENANT);
	memset(address, 'a', 64);
	strcpy(address + 64, "@");
	for (int i = 0; i < 94; i++)
		strcat(address, i ? ".c" : "dd");
	strcpy(second, address);
	second[0] = 'b';
	ck_assert_uint_eq(strlen(address), LIMIT_ADDRESS - 1);
	ck_assert_int_eq(admin("Admin.AddUser",
				 json_pack("{s:s, s:s, s:s, s:b, s:s}", "user",
					 longest(user, LIMIT_USER), "address", address,
					 "name", longest(person, LIMIT_NAME),
					 "verified", 1, "language", "zh-Hant-abcdefg")),
		0);
	ck_assert_int_eq(set_second(user, second, true), 0);
	budget_rate_add(&rig.daemon.wrong, RIG_NOW, 2); /* codes of 13 */
	ck_assert_int_eq(rig_call(&rig, 0, "Auth.Begin",
				 json_pack("{s:s, s:s, s:s, s:s}", "user", user,
					 "service", longest(service, LIMIT_SERVICE),
					 "rhost", longest(rhost, LIMIT_RHOST), "tty",
					 longest(tty, LIMIT_TTY)),
				 NULL),
		0);
	is_in_letter("second", second);
	is_in_letter("user", user);
	is_in_letter("tenant", policy->tenant);
	rig_mail(&rig, code, NULL);
	ck_assert_uint_eq(strlen(code), 13);
	/* There is room for sudo's command, at its longest, and the new address too. */
	ck_assert_uint_le(rig_newest(&rig)->sealed_size + 2 * 128 * 2, LIMIT_SEALED);
	rig_close(&rig);
}
END_TEST

static int enrol_second(const char *address, json_t **out)
{
	return rig_call(&rig, RIG_NOBODY, "Self.EnrolSecond",
		json_pack("{s:s}", "address", address), out);
}

static int begin_second(const char *address)
{
	json_t *out;
	int r = enrol_second(address, &out);

	if (r == 0) {
		snprintf(id, sizeof(id), "%s", string_of(out, "challenge"));
		rig_mail(&rig, code, NULL);
	}
	json_decref(out);
	return r;
}

static int confirm(const char *typed, json_t **out)
{
	return rig_call(&rig, RIG_NOBODY, "Self.Confirm",
		json_pack("{s:s, s:s}", "challenge", id, "code", typed), out);
}

static json_t *status(void)
{
	json_t *out;

	ck_assert_int_eq(rig_call(&rig, RIG_NOBODY, "Self.Status", NULL, &out), 0);
	return out;
}

START_TEST(users_prove_a_second_route_themselves)
{
	json_t *out;

	set_up("self_enrol = yes\npolicy default { cool_down = 0 second_route = refused }");
	ck_assert_int_eq(enrol_second(PHONE, NULL), OUTCOME_NO_USER);
	ck_assert_int_eq(add_user("nobody", false), 0);
	ck_assert_int_eq(enrol_second(PHONE, NULL), OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(add_user("nobody", true), 0);
	out = status();
	ck_assert_ptr_null(json_object_get(out, "second"));
	ck_assert(!is_true(out, "second_verified") && !is_true(out, "undeliverable"));
	json_decref(out);
	ck_assert_int_eq(enrol_second("nobody@Example.org", NULL), OUTCOME_BAD_ADDRESS);
	ck_assert_int_eq(enrol_second("+0301234567", NULL), OUTCOME_BAD_ADDRESS);
	ck_assert_int_eq(begin_second(PHONE), 0);
	is_in_letter("template", "verify");
	is_in_letter("to", PHONE);
	is_in_letter("second", "");
	/* It resumes, and another address begins anew. */
	ck_assert_int_eq(enrol_second(PHONE, &out), 0);
	ck_assert_str_eq(string_of(out, "challenge"), id);
	json_decref(out);
	ck_assert_int_eq(begin_second(SECOND), 0);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM challenges WHERE state=0"), 1);
	/* Nothing of Auth touches it, not even with the right code. */
	ck_assert_int_eq(
		rig_call(&rig, RIG_NOBODY, "Auth.Verify",
			json_pack("{s:s, s:s}", "challenge", id, "code", code), NULL),
		OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(rig_call(&rig, RIG_NOBODY, "Auth.Resend",
				 json_pack("{s:s}", "challenge", id), NULL),
		OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(confirm(wrong_one(), NULL), OUTCOME_WRONG_CODE);
	ck_assert_int_eq(rig_call(&rig, RIG_NOBODY, "Self.Resend",
				 json_pack("{s:s}", "challenge", id), NULL),
		0);
	is_in_letter("to", SECOND);
	rig_mail(&rig, code, NULL);
	/* Three in an hour, as where no first factor stands before the mail. */
	ck_assert_int_eq(enrol_second("third@example.net", NULL), OUTCOME_THROTTLED);
	out = status();
	ck_assert(!is_true(out, "second_verified"));
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(a_proven_second_route_is_the_users)
{
	json_t *out;

	set_up("self_enrol = yes\npolicy default { cool_down = 0 second_route = refused }");
	ck_assert_int_eq(add_user("nobody", true), 0);
	ck_assert_int_eq(begin_second(PHONE), 0);
	ck_assert_int_eq(confirm(code, NULL), 0);
	ck_assert_int_eq(confirm(code, NULL), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(enrol_second(PHONE, NULL), OUTCOME_EXISTS);
	out = status();
	ck_assert_str_eq(string_of(out, "second"), "+***56");
	ck_assert(is_true(out, "second_verified"));
	json_decref(out);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT second_verified_at FROM users WHERE"
				 " name='nobody' AND address='nobody@example.org'"),
		RIG_NOW);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM audit WHERE user='nobody'"
				 " AND event='second_enrolled'"),
		1);
	json_decref(begin("nobody", "sshd"));
	is_in_letter("second", PHONE);
	/* What is proven is not replaced, until root has taken it away. */
	rig.now += 3600;
	ck_assert_int_eq(begin_second(SECOND), OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(set_second("nobody", "", false), 0);
	ck_assert_int_eq(begin_second(SECOND), 0);
	ck_assert_int_eq(confirm(code, NULL), 0);
	out = status();
	ck_assert_str_eq(string_of(out, "second"), "a***@example.net");
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(what_may_be_a_second_route_is_the_administrators_word)
{
	set_up("");
	ck_assert_int_eq(add_user("nobody", true), 0);
	ck_assert_int_eq(begin_second(PHONE), OUTCOME_NOT_ALLOWED);
	/* What root has entered may always be proven. */
	ck_assert_int_eq(set_second("nobody", PHONE, false), 0);
	ck_assert_int_eq(begin_second(SECOND), OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(begin_second(PHONE), 0);
	/* Until he takes it away again. */
	ck_assert_int_eq(set_second("nobody", "", false), 0);
	ck_assert_int_eq(confirm(code, NULL), OUTCOME_NO_CHALLENGE);
	rig_config(&rig,
		"self_enrol = yes\nenrol_domains = { example.net }\n"
		"policy default { cool_down = 0 }");
	ck_assert_int_eq(begin_second("n@example.com"), OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(begin_second(PHONE), OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(begin_second(SECOND), 0);
	/* And while the code is under way he may forbid it. */
	rig_config(&rig, "");
	ck_assert_int_eq(confirm(code, NULL), OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM users WHERE second<>''"), 0);
	rig_close(&rig);
}
END_TEST

static void make_purpose(int purpose)
{
	char sql[96];

	snprintf(sql, sizeof(sql), "UPDATE challenges SET purpose = %d WHERE state = 0",
		purpose);
	ck_assert_int_eq(db_script(rig.daemon.store.db, sql), 0);
}

START_TEST(the_code_of_one_purpose_is_wrong_for_every_other)
{
	set_up("self_enrol = yes\npolicy default { cool_down = 0 }");
	ck_assert_int_eq(add_user("nobody", true), 0);
	/* Even if the rows were changed: the purpose is in the hash. */
	ck_assert_int_eq(begin_second(SECOND), 0);
	make_purpose(CODE_ENROL);
	ck_assert_int_eq(confirm(code, NULL), OUTCOME_WRONG_CODE);
	make_purpose(CODE_LOGIN);
	ck_assert_int_eq(confirm(code, NULL), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		rig_call(&rig, RIG_NOBODY, "Auth.Verify",
			json_pack("{s:s, s:s}", "challenge", id, "code", code), NULL),
		OUTCOME_WRONG_CODE);
	make_purpose(CODE_SECOND);
	ck_assert_int_eq(confirm(code, NULL), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_mail_that_was_refused_is_told_and_sent_again_at_once)
{
	json_t *out;

	set_up(""); /* a cool-down of 60 s */
	login("sshd");
	is_refused();
	rig.now += 1;
	out = begin("alice", "sshd");
	ck_assert(is_true(out, "resumed"));
	ck_assert_str_eq(string_of(out, "delivery"), "failed");
	ck_assert_int_eq(int_of(out, "resend_in"), 0);
	json_decref(out);
	ck_assert_int_eq(verify(wrong_one(), &out), OUTCOME_WRONG_CODE);
	ck_assert_str_eq(string_of(out, "delivery"), "failed");
	ck_assert_int_eq(int_of(out, "resend_in"), 0);
	json_decref(out);
	/* The new code has a mail of its own, of which nothing is known yet. */
	ck_assert_int_eq(resend(&out), 0);
	ck_assert_str_eq(string_of(out, "delivery"), "queued");
	ck_assert_int_eq(int_of(out, "resend_in"), 60);
	json_decref(out);
	rig_mail(&rig, code, NULL);
	is_sent();
	ck_assert_int_eq(resend(NULL), OUTCOME_THROTTLED);
	ck_assert_int_eq(verify(code, NULL), 0);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM mail WHERE user='alice'"
				 " AND state=1 AND transport='relay'"),
		1);
	rig_close(&rig);
}
END_TEST

static int begin_sudo(json_t **out)
{
	return rig_call(&rig, 0, "Auth.Begin",
		json_pack("{s:s, s:s}", "user", "alice", "service", "sudo"), out);
}

START_TEST(mails_that_fail_have_a_budget_of_their_own)
{
	json_t *out;

	set_up("policy default { cool_down = 0 sends_per_hour = 100"
	       " sends_per_day = 400 }");
	login("sshd");
	for (int i = 0; i < 9; i++) {
		is_refused();
		rig.now += 1;
		ck_assert_int_eq(resend(NULL), 0);
	}
	is_refused();
	/* Ten in an hour; the first leaves it 3600 s after it was asked for. */
	ck_assert_int_eq(resend(&out), OUTCOME_THROTTLED);
	ck_assert_int_eq(int_of(out, "retry_after"), 3600 - 9);
	json_decref(out);
	ck_assert_int_eq(verify(wrong_one(), &out), OUTCOME_WRONG_CODE);
	ck_assert_str_eq(string_of(out, "delivery"), "failed");
	ck_assert_int_eq(int_of(out, "resend_in"), 3600 - 9);
	json_decref(out);
	/* Another service is no way around it. */
	ck_assert_int_eq(begin_sudo(NULL), OUTCOME_THROTTLED);
	json_decref(begin("mallory", "sudo"));
	rig.now = RIG_NOW + 3600;
	login("sudo");
	is_sent();
	/* What came back costs as much as what was refused; thirty in a day. */
	ck_assert_int_eq(
		db_script(rig.daemon.store.db,
			"WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1"
			" FROM n WHERE i < 20) INSERT INTO mail (name, user,"
			" origin, purpose, state, tries, at, next_at, deadline,"
			" detail) SELECT x'00', 'alice', '', 1, 2, 1,"
			" 2000000000 + i, 0, 0, '' FROM n"),
		0);
	rig.now = RIG_NOW + 7200;
	ck_assert_int_eq(begin_sudo(&out), OUTCOME_THROTTLED);
	ck_assert_int_eq(int_of(out, "retry_after"), 86400 - 7200);
	json_decref(out);
	rig.now = RIG_NOW + 86400;
	login("sudo");
	rig_close(&rig);
}
END_TEST

START_TEST(a_mail_that_waits_or_came_back_is_told)
{
	struct record record;
	uint8_t name[MAIL_NAME];
	json_t *out;

	set_up("");
	login("sshd");
	memcpy(name, rig_newest(&rig)->name, sizeof(name));
	ends(&(struct mail_result){ "deferred", "451 later", "relay" });
	out = begin("alice", "sshd");
	ck_assert_str_eq(string_of(out, "delivery"), "deferred");
	ck_assert_int_eq(int_of(out, "resend_in"), 60);
	json_decref(out);
	ck_assert_int_eq(verify(wrong_one(), &out), OUTCOME_WRONG_CODE);
	ck_assert_str_eq(string_of(out, "delivery"), "deferred");
	json_decref(out);
	ck_assert_int_eq(
		db_script(rig.daemon.store.db, "UPDATE mail SET state = 1"), 0);
	ck_assert_int_eq(settle_bounced(&rig.daemon.store, name, "5.1.1", "5.1.1\nno",
				 RIG_NOW, &record),
		1);
	ck_assert_ptr_null(record.event);
	out = begin("alice", "sshd");
	ck_assert_str_eq(string_of(out, "delivery"), "failed");
	ck_assert_int_eq(int_of(out, "resend_in"), 0);
	json_decref(out);
	ck_assert_int_eq(resend(NULL), 0);
	ck_assert_int_eq(
		rig_count(&rig,
			"SELECT count(*) FROM mail WHERE state=2 AND detail='5.1.1?no'"),
		1);
	rig_close(&rig);
}
END_TEST

START_TEST(an_unverified_address_that_refuses_is_told_too)
{
	json_t *out;

	set_up("");
	ck_assert_int_eq(add_user("nobody", false), 0);
	json_decref(begin("nobody", "sshd"));
	rig_mail(&rig, code, NULL);
	is_refused();
	out = begin("nobody", "sshd");
	ck_assert_str_eq(string_of(out, "purpose"), "verify_address");
	ck_assert_str_eq(string_of(out, "delivery"), "failed");
	json_decref(out);
	ck_assert_int_eq(resend(NULL), 0);
	rig_mail(&rig, code, NULL);
	is_sent();
	ck_assert_int_eq(verify(code, NULL), 0);
	/* And who enrols himself is told after a wrong code. */
	ck_assert_int_eq(add_user("nobody", false), 0);
	ck_assert_int_eq(
		rig_call(&rig, RIG_NOBODY, "Self.Enrol",
			json_pack("{s:s}", "address", "nobody@example.org"), &out),
		OUTCOME_EXISTS);
	json_decref(out);
	ck_assert_int_eq(
		admin("Admin.RemoveUser", json_pack("{s:s}", "user", "nobody")), 0);
	ck_assert_int_eq(add_user("nobody", false), 0);
	ck_assert_int_eq(
		rig_call(&rig, RIG_NOBODY, "Self.Enrol",
			json_pack("{s:s}", "address", "nobody@example.org"), &out),
		0);
	snprintf(id, sizeof(id), "%s", string_of(out, "challenge"));
	json_decref(out);
	rig_mail(&rig, code, NULL);
	ck_assert_int_eq(confirm(wrong_one(), &out), OUTCOME_WRONG_CODE);
	ck_assert_str_eq(string_of(out, "delivery"), "queued");
	ck_assert_int_eq(int_of(out, "resend_in"), 60);
	json_decref(out);
	is_refused();
	ck_assert_int_eq(confirm(wrong_one(), &out), OUTCOME_WRONG_CODE);
	ck_assert_str_eq(string_of(out, "delivery"), "failed");
	ck_assert_int_eq(int_of(out, "resend_in"), 0);
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(one_address_that_refuses_does_not_show_in_the_prompts_of_others)
{
	json_t *out;

	set_up("policy default { cool_down = 0 }");
	login("sshd");
	is_sent();
	json_decref(begin("mallory", "sshd"));
	login("sudo");
	is_refused();
	rig.daemon.mailer.up = true;
	out = begin("mallory", "sshd");
	ck_assert_str_eq(string_of(out, "delivery"), "sent");
	json_decref(out);
	rig.daemon.mailer.up = false;
	rig_close(&rig);
}
END_TEST

static void refuse_three(void)
{
	static int n;
	char service[16];

	/* Each time another one: what is live is resumed, and mails nothing. */
	for (int i = 0; i < 3; i++) {
		snprintf(service, sizeof(service), "s%d", n++);
		login(service);
		is_refused();
	}
}

static bool is_undeliverable(void)
{
	json_t *out, *user;
	bool it_is;

	ck_assert_int_eq(rig_call(&rig, 0, "Admin.ListUsers", NULL, &out), 0);
	user = json_array_get(json_object_get(out, "users"), 0);
	it_is = is_true(user, "undeliverable");
	ck_assert(it_is == (int_of(user, "refusals") >= 3));
	json_decref(out);
	return it_is;
}

START_TEST(after_three_refusals_an_address_is_marked_once_in_log_and_audit)
{
	set_up("policy default { sends_per_hour = 100 }");
	listen_in();
	login("x");
	is_refused();
	login("y");
	is_refused();
	ck_assert(!is_undeliverable());
	ck_assert_int_eq(lines_with("undeliverable"), 0);
	login("z");
	is_refused();
	ck_assert(is_undeliverable());
	ck_assert_int_eq(
		lines_with("mail address marked undeliverable user=\"alice\" "), 1);
	login("w");
	is_refused();
	ck_assert_int_eq(lines_with("mail address marked undeliverable"), 1);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM audit WHERE user='alice'"
				 " AND event='undeliverable'"),
		1);
	/* The address itself is in neither. */
	ck_assert_int_eq(lines_with("alice@"), 0);
	/* What root does about it begins anew: three more, and it is said again. */
	ck_assert_int_eq(
		admin("Admin.VerifyUser", json_pack("{s:s}", "user", "alice")), 0);
	ck_assert(!is_undeliverable());
	refuse_three();
	ck_assert(is_undeliverable());
	ck_assert_int_eq(lines_with("mail address marked undeliverable"), 2);
	ck_assert_int_eq(
		admin("Admin.UnlockUser", json_pack("{s:s}", "user", "alice")), 0);
	ck_assert(!is_undeliverable());
	refuse_three();
	ck_assert(is_undeliverable());
	ck_assert_int_eq(add_user("alice", true), 0); /* replace, and nothing new */
	ck_assert(!is_undeliverable());
	rig.now += 3600; /* ten failed ones in an hour are all there may be */
	refuse_three();
	login("v");
	is_sent();
	ck_assert(!is_undeliverable());
	rig_close(&rig);
}
END_TEST

START_TEST(a_bounce_that_is_about_us_marks_nobody)
{
	static const char *const statuses[] = { "5.7.26", "5.4.4", "4.4.7", "5.1.8",
		"5.0.0", "" };
	struct record record;

	set_up("");
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		uint8_t name[MAIL_NAME];
		char service[8];

		snprintf(service, sizeof(service), "s%d", (int)i);
		login(service);
		memcpy(name, rig_newest(&rig)->name, sizeof(name));
		is_sent();
		ck_assert_int_eq(settle_bounced(&rig.daemon.store, name, statuses[i],
					 statuses[i], RIG_NOW, &record),
			1);
		ck_assert_ptr_null(record.event);
	}
	ck_assert(!is_undeliverable());
	rig_close(&rig);
}
END_TEST

START_TEST(a_bounce_marks_too_and_says_so)
{
	static const char *const services[] = { "a", "b", "c" };
	struct record record;

	set_up("");
	listen_in();
	for (int i = 0; i < 3; i++) {
		uint8_t name[MAIL_NAME];

		login(services[i]);
		memcpy(name, rig_newest(&rig)->name, sizeof(name));
		is_sent();
		ck_assert_int_eq(settle_bounced(&rig.daemon.store, name, "5.1.1",
					 "5.1.1", RIG_NOW, &record),
			1);
		ck_assert_msg((record.event != NULL) == (i == 2), "%d", i);
		record_log(&record);
		ck_assert_int_eq(settle_bounced(&rig.daemon.store, name, "5.1.1",
					 "5.1.1", RIG_NOW, &record),
			0);
		ck_assert_ptr_null(record.event);
	}
	ck_assert(is_undeliverable());
	ck_assert_int_eq(
		lines_with("mail address marked undeliverable user=\"alice\" "), 1);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM audit WHERE user='alice'"
				 " AND event='undeliverable'"),
		1);
	/* A mail that is taken does not help now; its code does, and is told nothing.
	 */
	login("d");
	is_sent();
	ck_assert(is_undeliverable());
	ck_assert_int_eq(verify(code, NULL), 0);
	ck_assert(!is_undeliverable());
	rig_close(&rig);
}
END_TEST

/* Logs in with the code that went the second way; whether he was told. */
static bool told_at_login(const char *service)
{
	json_t *out;
	bool told;

	login(service);
	goes_second();
	ck_assert_int_eq(verify(code, &out), 0);
	ck_assert_str_eq(string_of(out, "state"), "verified");
	told = is_true(out, "undeliverable");
	ck_assert_uint_eq(json_object_size(out), told ? 2 : 1);
	json_decref(out);
	return told;
}

START_TEST(who_gets_in_by_the_second_route_is_told_that_the_first_refuses)
{
	json_t *out;

	set_up("policy default { cool_down = 0 sends_per_hour = 100 second_route = refused"
	       " }");
	ck_assert_int_eq(set_second("alice", SECOND, true), 0);
	ck_assert(!told_at_login("a"));
	ck_assert(!told_at_login("b"));
	ck_assert(told_at_login("c"));
	ck_assert(told_at_login("d"));
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM mail WHERE second=1 AND"
				 " state=1 AND transport='sms'"),
		4);
	/* Not with a wrong code. */
	login("e");
	ck_assert_int_eq(verify(wrong_one(), &out), OUTCOME_WRONG_CODE);
	ck_assert_ptr_null(json_object_get(out, "undeliverable"));
	json_decref(out);
	/* The address works again: no word of it. */
	is_sent();
	ck_assert_int_eq(verify(code, &out), 0);
	ck_assert_ptr_null(json_object_get(out, "undeliverable"));
	json_decref(out);
	ck_assert(!is_undeliverable());
	rig_close(&rig);
}
END_TEST

START_TEST(the_status_of_a_user_says_that_his_address_refuses)
{
	json_t *out;

	set_up("policy default { cool_down = 0 sends_per_hour = 100 }");
	ck_assert_int_eq(add_user("nobody", true), 0);
	for (int i = 0; i < 3; i++) {
		json_decref(begin("nobody", i == 0 ? "a" : i == 1 ? "b" : "c"));
		is_refused();
	}
	out = status();
	ck_assert(is_true(out, "undeliverable"));
	json_decref(out);
	/* Mails to addresses that are nobody's yet count for nobody. */
	ck_assert_int_eq(add_user("nobody", true), 0);
	ck_assert_int_eq(set_second("nobody", SECOND, false), 0);
	for (int i = 0; i < 3; i++) {
		if (i == 0)
			ck_assert_int_eq(begin_second(SECOND), 0);
		else
			ck_assert_int_eq(
				rig_call(&rig, RIG_NOBODY, "Self.Resend",
					json_pack("{s:s}", "challenge", id), NULL),
				0);
		is_refused();
	}
	out = status();
	ck_assert(!is_true(out, "undeliverable"));
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(a_result_that_cannot_be_written_waits_until_it_can)
{
	struct daemon *daemon = &rig.daemon;

	set_up("");
	login("sshd");
	ck_assert_int_eq(db_script(daemon->store.db,
				 "CREATE TRIGGER no BEFORE UPDATE ON mail BEGIN"
				 " SELECT RAISE(FAIL, 'no'); END"),
		0);
	outbox_result(&daemon->outbox, rig_newest(&rig),
		&(struct mail_result){ "sent", "250 ok", "relay" });
	outbox_board(&daemon->outbox);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail WHERE state=0"), 1);
	ck_assert_int_eq(rig_newest(&rig)->state, OUTGOING_DONE);
	ck_assert_int_eq(db_script(daemon->store.db, "DROP TRIGGER no"), 0);
	outbox_board(&daemon->outbox);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM mail WHERE state=1 AND tries=1"),
		1);
	ck_assert(list_is_empty(&daemon->outbox.mails));
	rig_close(&rig);
}
END_TEST

/* Sends a call without waiting; the client's end. */
static int send_call(const char *text)
{
	int fd = rig_connect(&rig, 0);

	ck_assert_int_eq(
		send(fd, text, strlen(text) + 1, 0), (ssize_t)strlen(text) + 1);
	return fd;
}

#define BEGIN(service)                                                      \
	"{\"method\":\"org.emailotp.Auth.Begin\",\"parameters\":{\"user\":" \
	"\"alice\",\"service\":\"" service "\"}}"
#define DISABLE                                                                    \
	"{\"method\":\"org.emailotp.Admin.DisableUser\",\"parameters\":{\"user\":" \
	"\"alice\"}}"

static void is_answered(int fd)
{
	char answer[4096];

	ck_assert_uint_gt(rig_answer(&rig, fd, answer, sizeof(answer)), 0);
	ck_assert_msg(!strstr(answer, "error"), "%s", answer);
	close(fd);
}

START_TEST(disabling_behind_a_begin_in_flight_leaves_no_mail)
{
	int first, second, third;

	/* All in one batch; then with the Begin already on the worker's thread. */
	set_up("policy default { cool_down = 0 sends_per_hour = 100 }");
	first = send_call(BEGIN("a"));
	second = send_call(BEGIN("b"));
	third = send_call(DISABLE);
	is_answered(first);
	is_answered(second);
	is_answered(third);
	ck_assert(list_is_empty(&rig.daemon.outbox.mails));
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM challenges WHERE state=0"), 0);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM mail WHERE sealed NOTNULL"), 0);
	ck_assert_int_eq(add_user("alice", true), 0);
	ck_assert_int_eq(
		admin("Admin.UnlockUser", json_pack("{s:s}", "user", "alice")), 0);
	first = send_call(BEGIN("c"));
	second = send_call(BEGIN("d"));
	while (!rig.daemon.batch.running)
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	third = send_call(DISABLE);
	is_answered(third);
	is_answered(first);
	is_answered(second);
	ck_assert(list_is_empty(&rig.daemon.outbox.mails));
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM challenges WHERE state=0"), 0);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM mail WHERE sealed NOTNULL"), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail WHERE state=5"), 4);
	rig_close(&rig);
}
END_TEST

START_TEST(full_pages_of_the_longest_users_and_mails_fit_an_answer)
{
	char user[512], person[512], address[LIMIT_ADDRESS + 1];
	json_t *out;

	set_up("policy default { cool_down = 0 }");
	memset(address, 'a', 64);
	strcpy(address + 64, "@");
	for (int i = 0; i < 94; i++)
		strcat(address, i ? ".c" : "dd");
	for (int i = 0; i < LIMIT_PAGE; i++) {
		longest(user, LIMIT_USER);
		user[0] = (char)('0' + i / 10);
		user[1] = (char)('0' + i % 10);
		address[0] = 'a';
		ck_assert_int_eq(
			admin("Admin.AddUser",
				json_pack("{s:s, s:s, s:s, s:b, s:s}", "user", user,
					"address", address, "name",
					longest(person, LIMIT_NAME), "verified", 1,
					"language", "zh-Hant-abcdefg")),
			0);
		address[0] = 'b';
		ck_assert_int_eq(set_second(user, address, true), 0);
		json_decref(begin(user, "sshd"));
		{
			char detail[512], transport[512];

			ends(&(struct mail_result){ "refused",
				longest(detail, LIMIT_DETAIL),
				longest(transport, LIMIT_TRANSPORT), true, true });
		}
	}
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.ListUsers", NULL, &out), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(out, "users")), LIMIT_PAGE);
	json_decref(out);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.Queue", NULL, &out), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(out, "mails")), LIMIT_PAGE);
	ck_assert(is_true(json_array_get(json_object_get(out, "mails"), 0), "second"));
	json_decref(out);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("routes", a_letter_has_exactly_the_members_of_the_contract,
	a_second_route_stands_in_letters_of_logins_where_the_policy_allows_it,
	a_code_that_proves_an_address_has_no_second_route,
	a_second_route_that_is_changed_ends_what_could_still_go_there,
	letters_are_in_the_users_language_or_the_policys_and_of_its_tenant,
	a_test_has_a_language_and_a_tenant_and_carries_no_code,
	the_longest_letter_of_all_fits_its_box, users_prove_a_second_route_themselves,
	a_proven_second_route_is_the_users,
	what_may_be_a_second_route_is_the_administrators_word,
	the_code_of_one_purpose_is_wrong_for_every_other,
	a_mail_that_was_refused_is_told_and_sent_again_at_once,
	mails_that_fail_have_a_budget_of_their_own,
	a_mail_that_waits_or_came_back_is_told,
	an_unverified_address_that_refuses_is_told_too,
	one_address_that_refuses_does_not_show_in_the_prompts_of_others,
	after_three_refusals_an_address_is_marked_once_in_log_and_audit,
	a_bounce_that_is_about_us_marks_nobody, a_bounce_marks_too_and_says_so,
	who_gets_in_by_the_second_route_is_told_that_the_first_refuses,
	the_status_of_a_user_says_that_his_address_refuses,
	a_result_that_cannot_be_written_waits_until_it_can,
	disabling_behind_a_begin_in_flight_leaves_no_mail,
	full_pages_of_the_longest_users_and_mails_fit_an_answer);
