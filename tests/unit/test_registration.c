/* SPDX-License-Identifier: MIT */
/*
 * Whole calls of who signs up: form first or code first, an address that is taken, and
 * everything that must not make an account.
 */
#include "otpd/store/registrations.h"
#include "tests/unit/people.h"

#define NEW   "jane@example.org"
#define TAKEN "ada@example.org"

static json_t *form(const char *address, const char *login, const char *password)
{
	return json_pack("{s:s, s:s, s:s, s:{s:s}, s:s, s:s}", "address", address,
		"login", login, "password", password, "profile", "colour", "blue",
		"language", "de", "rhost", HOME);
}

static json_t *only(const char *address)
{
	return json_pack("{s:s, s:s}", "address", address, "rhost", HOME);
}

static struct answer sign_up(json_t *in)
{
	return call_as(shop, "Register", in);
}

/* The outcome alone. */
static int refusal(json_t *in)
{
	return sign_up(in).r;
}

static json_t *with(json_t *in, const char *name, const char *value)
{
	json_object_set_new(in, name, json_string(value));
	return in;
}

static void with_ada(const char *config)
{
	set_up(config);
	add_account(1, "acme", TAKEN, "ada", RIGHT);
}

static int64_t n_accounts(void)
{
	return rig_count(&rig, "SELECT count(*) FROM accounts");
}

static int64_t n_forms(void)
{
	return rig_count(&rig, "SELECT count(*) FROM registrations");
}

static int64_t n_mails(void)
{
	return rig_count(&rig, "SELECT count(*) FROM mail");
}

START_TEST(the_form_waits_and_the_code_makes_the_account)
{
	struct answer a, b;
	const struct account *jane;

	set_up("");
	a = sign_up(form(NEW, "Jane.Doe", OTHER));
	ck_assert_int_eq(a.r, 0);
	ck_assert_str_eq(a.purpose, "register");
	ck_assert_str_eq(a.delivery, "queued");
	ck_assert_int_eq(a.tries_left, 5);
	ck_assert_int_eq(a.expires_in, 600);
	ck_assert_int_eq(a.resend_in, 60);
	ck_assert(!a.resumed);
	ck_assert(mail_is("register", NEW));
	ck_assert_int_eq(n_accounts(), 0);
	read_mail();
	ck_assert_int_eq(confirm(a.challenge, wrong_one()).r, OUTCOME_WRONG_CODE);
	b = confirm(a.challenge, code);
	ck_assert_int_eq(b.r, 0);
	ck_assert_str_eq(b.purpose, "register");
	ck_assert(b.has_tokens && b.account[0] && !b.grant[0]);
	ck_assert(mail_is("welcome", NEW));
	jane = found("jane.doe");
	ck_assert_str_eq(jane->address, NEW);
	ck_assert_str_eq(jane->profile, "{\"colour\":\"blue\"}");
	ck_assert_str_eq(jane->language, "de");
	ck_assert_int_eq(jane->verified_at, RIG_NOW);
	ck_assert_int_eq(password_compare(jane->password, OTHER), 0);
	ck_assert_int_eq(n_forms(), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM sessions"), 1);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM audit WHERE event IN"
				 " ('reg_begun', 'account_created', 'session_opened')"),
		3);
	/* Once, and to nobody else. */
	ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(n_accounts(), 1);
	rig_close(&rig);
}
END_TEST

static struct answer complete_as(uid_t uid, const char *grant, json_t *in)
{
	return call_as(uid, "CompleteRegistration", with(in, "grant", grant));
}

static struct answer complete(
	const char *grant, const char *login, const char *password)
{
	return complete_as(shop, grant,
		json_pack("{s:s, s:s}", "login", login, "password", password));
}

START_TEST(the_code_comes_first_and_brings_a_grant)
{
	struct answer a, b;

	with_ada("");
	a = sign_up(only(NEW));
	read_mail();
	b = confirm(a.challenge, code);
	ck_assert_int_eq(b.r, 0);
	ck_assert(b.grant[0] && !b.has_tokens && !b.account[0]);
	ck_assert_int_eq(n_accounts(), 1);
	ck_assert_int_eq(n_forms(), 0);
	/* Whatever is wrong with the form leaves the grant good. */
	ck_assert_int_eq(complete(b.grant, "jane", "short").r, OUTCOME_BAD_PASSWORD);
	ck_assert_int_eq(complete(b.grant, "jane", NEW).r, OUTCOME_BAD_PASSWORD);
	ck_assert_int_eq(complete(b.grant, "j@ne", OTHER).r, OUTCOME_BAD_LOGIN);
	ck_assert_int_eq(complete(b.grant, "ADA", OTHER).r, OUTCOME_EXISTS);
	/* It is this client's, and a grant. */
	ck_assert_int_eq(
		complete_as(twin, b.grant, json_pack("{s:s}", "password", OTHER)).r,
		OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(
		complete_as(other, b.grant, json_pack("{s:s}", "password", OTHER)).r,
		OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(complete("g_nonsense", "jane", OTHER).r, OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(
		call_as(shop, "SetPassword",
			json_pack("{s:s, s:s}", "grant", b.grant, "password", OTHER))
			.r,
		OUTCOME_BAD_TOKEN);
	rig.now += LIMIT_GRANT_S - 1;
	a = complete(b.grant, "Jane", OTHER);
	ck_assert_int_eq(a.r, 0);
	ck_assert(a.has_tokens && a.account[0]);
	ck_assert(mail_is("welcome", NEW));
	ck_assert_str_eq(found(NEW)->login, "jane");
	ck_assert_int_eq(complete(b.grant, "jane", OTHER).r, OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(n_accounts(), 2);
	rig_close(&rig);
}
END_TEST

START_TEST(a_grant_ends_with_its_time_and_with_its_address)
{
	struct answer a, b;

	set_up("policy default { cool_down = 0 }");
	a = sign_up(only(NEW));
	read_mail();
	a = confirm(a.challenge, code);
	b = sign_up(only("late@example.org"));
	read_mail();
	b = confirm(b.challenge, code);
	add_account(2, "acme", "JANE@example.org", "", RIGHT);
	ck_assert_int_eq(complete(a.grant, "", OTHER).r, OUTCOME_BAD_TOKEN);
	rig.now += LIMIT_GRANT_S;
	ck_assert_int_eq(complete(b.grant, "", OTHER).r, OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(n_accounts(), 1);
	rig_close(&rig);
}
END_TEST

/* ---- B3 */

/* What a stranger could compare of two answers. */
static void same(struct answer a, struct answer b)
{
	ck_assert_int_eq(a.r, b.r);
	ck_assert_str_eq(a.purpose, b.purpose);
	ck_assert_str_eq(a.delivery, b.delivery);
	ck_assert_int_eq(a.resumed, b.resumed);
	ck_assert_int_eq(a.expires_in, b.expires_in);
	ck_assert_int_eq(a.resend_in, b.resend_in);
	ck_assert_int_eq(a.tries_left, b.tries_left);
	ck_assert_int_eq(a.retry_after, b.retry_after);
	ck_assert_uint_eq(a.members, b.members);
}

/* How many rows of each table there are, as a number. */
static int64_t rows(void)
{
	return rig_count(&rig,
		"SELECT (SELECT count(*) FROM challenges) +"
		" 100 * (SELECT count(*) FROM registrations) +"
		" 10000 * (SELECT count(*) FROM mail) +"
		" 1000000 * (SELECT count(*) FROM audit) +"
		" 100000000 * (SELECT count(*) FROM wrong) +"
		" 10000000000 * (SELECT count(*) FROM mail WHERE state = 0) +"
		" 1000000000000 * (SELECT count(*) FROM wrong WHERE decoy = 0) +"
		" 100000000000000 * (SELECT count(*) FROM challenges WHERE state = 0)");
}

/* The same steps for a new address and for a taken one, and the rows that each wrote.
 */
struct steps {
	struct answer answers[40];
	size_t n;
	int64_t rows;
};

static void add_answer(struct steps *steps, struct answer a)
{
	ck_assert_uint_lt(steps->n, sizeof(steps->answers) / sizeof(steps->answers[0]));
	steps->answers[steps->n++] = a;
}

static void try_wrong(struct steps *steps, const char *challenge, int n)
{
	for (int i = 0; i < n; i++)
		add_answer(steps, confirm(challenge, "000000x"));
}

static void take_steps(const char *address, struct steps *steps)
{
	struct answer a, b;
	int64_t before = rows(), start = rig.now;

	steps->n = 0;
	a = sign_up(form(address, "", OTHER));
	add_answer(steps, a);
	try_wrong(steps, a.challenge, 2);
	add_answer(steps, resend(a.challenge));
	b = sign_up(with(form(address, "", OTHER), "previous", a.challenge));
	add_answer(steps, b);
	ck_assert_str_eq(b.challenge, a.challenge);
	add_answer(steps, sign_up(form(address, "", OTHER)));
	rig.now += 60;
	add_answer(steps, resend(a.challenge));
	try_wrong(steps, a.challenge, 4);
	rig.now += 600;
	b = sign_up(with(only(address), "previous", a.challenge));
	add_answer(steps, b);
	try_wrong(steps, b.challenge, 5);
	rig.now += 600;
	/* Ten wrong codes were typed, and three mails went. */
	add_answer(steps, sign_up(only(address)));
	add_answer(steps, resend(b.challenge));
	rig.now += 3000;
	b = sign_up(only(address));
	add_answer(steps, b);
	rig.now += 300;
	add_answer(steps, resend(b.challenge));
	rig.now += 601; /* its code is over, its form waits */
	try_wrong(steps, b.challenge, 1);
	add_answer(steps, resend(b.challenge));
	try_wrong(steps, b.challenge, 1);
	add_answer(steps,
		call_as(shop, "Cancel", json_pack("{s:s}", "challenge", b.challenge)));
	try_wrong(steps, b.challenge, 1);
	steps->rows = rows() - before;
	rig.now = start;
}

static void compare_both(const char *config)
{
	static struct steps new, taken;

	with_ada(config);
	take_steps(NEW, &new);
	tear_down();
	with_ada(config);
	take_steps("Ada@Example.org", &taken);
	ck_assert_uint_eq(new.n, taken.n);
	for (size_t i = 0; i < new.n; i++)
		same(new.answers[i], taken.answers[i]);
	ck_assert_int_eq(new.rows, taken.rows);
	ck_assert_int_eq(n_accounts(), 1);
	tear_down();
}

START_TEST(an_address_that_is_taken_looks_like_a_new_one)
{
	compare_both("");
	compare_both("policy default { conceal = no }");
}
END_TEST

START_TEST(its_owner_is_told_in_his_language)
{
	struct answer a;
	json_t *letter;

	with_ada("tenant acme { language = fr }");
	a = sign_up(form("ADA@example.org", "", OTHER));
	ck_assert(mail_is("registered", TAKEN));
	letter = rig_letter(&rig);
	ck_assert_str_eq(string_of(letter, "language"), "fr");
	ck_assert_str_eq(string_of(letter, "tenant"), "acme");
	ck_assert_str_eq(string_of(letter, "code"), "");
	ck_assert_str_eq(string_of(letter, "user"), "ada");
	json_decref(letter);
	rig.now += 60;
	ck_assert_int_eq(resend(a.challenge).r, 0);
	ck_assert(mail_is("registered", TAKEN));
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM mail WHERE state = 0"), 1);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM audit WHERE event = 'reg_taken'"
				 " AND user LIKE 'acct:%'"),
		1);
	rig_close(&rig);
}
END_TEST

static void flood(const char *address, int n)
{
	char previous[LIMIT_CHALLENGE + 1] = "";
	int sent = 0;

	for (int i = 0; i < n; i++) {
		struct answer a;

		/* An hour has 3,600 seconds; all of it lies within one. */
		rig.now = RIG_NOW + (int64_t)i * 3500 / n;
		a = i % 3 == 0 || !previous[0] ? sign_up(only(address))
			: i % 3 == 1
			? sign_up(with(only(address), "previous", previous))
			: resend(previous);
		ck_assert(
			a.r == 0 || a.r == OUTCOME_THROTTLED || a.r == OUTCOME_EXPIRED);
		sent += a.r == 0 && !a.resumed;
		if (a.r == 0)
			strcpy(previous, a.challenge);
	}
	ck_assert_int_eq(sent, 3);
	ck_assert_int_eq(n_mails(), 3);
	ck_assert_int_le(n_forms(), 3);
	ck_assert_int_le(rig_count(&rig, "SELECT count(*) FROM challenges"), 3);
}

START_TEST(ten_thousand_registrations_cost_three_mails)
{
	with_ada("");
	flood(TAKEN, 10000);
	tear_down();
	set_up("");
	flood(NEW, 2000);
	rig_close(&rig);
}
END_TEST

START_TEST(spellings_are_one_address_for_the_budgets)
{
	set_up("policy default { cool_down = 0 }");
	ck_assert_int_eq(sign_up(only("jane@example.org")).r, 0);
	ck_assert_int_eq(sign_up(only("Jane@example.org")).r, 0);
	ck_assert_int_eq(sign_up(only("JANE@EXAMPLE.org")).r, 0);
	ck_assert_int_eq(sign_up(only("jAne@example.ORG")).r, OUTCOME_THROTTLED);
	/* The same address of another tenant is another matter. */
	ck_assert_int_eq(call_as(other, "Register", only(NEW)).r, 0);
	rig_close(&rig);
}
END_TEST

/* ---- B4 */

START_TEST(another_code_makes_the_one_before_dead)
{
	struct answer a;
	char old[LIMIT_CODE + 1];

	set_up("");
	a = sign_up(form(NEW, "jane", OTHER));
	read_mail();
	strcpy(old, code);
	ck_assert_int_eq(resend(a.challenge).r, OUTCOME_THROTTLED);
	ck_assert_int_eq(resend(a.challenge).retry_after, 60);
	rig.now += 60;
	ck_assert_int_eq(resend(a.challenge).r, 0);
	read_mail();
	if (strcmp(old, code) != 0)
		ck_assert_int_eq(confirm(a.challenge, old).r, OUTCOME_WRONG_CODE);
	ck_assert_int_eq(confirm(a.challenge, code).r, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(three_an_hour_and_ten_a_day)
{
	int sent = 0;

	set_up("policy default { cool_down = 0 }");
	for (int i = 0; i < 24 * 6; i++) {
		sent += sign_up(only(NEW)).r == 0;
		if (i == 5)
			ck_assert_int_eq(sent, 3);
		rig.now += 600;
	}
	ck_assert_int_eq(sent, 10);
	rig_close(&rig);
}
END_TEST

START_TEST(whoever_comes_back_late_gets_a_new_code_for_his_form)
{
	struct answer a, b;

	set_up("tenant acme { pending = 30m }");
	a = sign_up(form(NEW, "jane", OTHER));
	read_mail();
	ck_assert_int_eq(confirm(a.challenge, wrong_one()).tries_left, 4);
	rig.now += 720;
	ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_EXPIRED);
	b = resend(a.challenge);
	ck_assert_int_eq(b.r, 0);
	ck_assert_int_eq(b.tries_left, 4);
	ck_assert_int_eq(b.expires_in, 600);
	read_mail();
	ck_assert_int_eq(confirm(a.challenge, code).r, 0);
	ck_assert_str_eq(found("jane")->address, NEW);
	rig_close(&rig);
}
END_TEST

START_TEST(a_form_ends_with_its_time)
{
	struct answer a;

	set_up("tenant acme { pending = 10m }");
	a = sign_up(form(NEW, "jane", OTHER));
	rig.now += 300;
	ck_assert_int_eq(resend(a.challenge).r, 0);
	read_mail();
	rig.now += 300;
	ck_assert_int_eq(resend(a.challenge).r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(n_accounts(), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(an_expired_code_without_a_form_stays_so)
{
	struct answer a;

	set_up("tenant acme { pending = 10m }");
	a = sign_up(only(NEW));
	rig.now += 600;
	ck_assert_int_eq(resend(a.challenge).r, OUTCOME_EXPIRED);
	ck_assert_int_eq(n_mails(), 1);
	rig_close(&rig);
}
END_TEST

/* ---- asking again */

START_TEST(asking_again_with_previous_replaces_the_form)
{
	struct answer a, b;

	set_up("tenant acme { pending = 10m }");
	a = sign_up(form(NEW, "jane", RIGHT));
	read_mail();
	rig.now += 400;
	b = sign_up(with(form(NEW, "janet", OTHER), "previous", a.challenge));
	ck_assert_int_eq(b.r, 0);
	ck_assert(b.resumed);
	ck_assert_str_eq(b.challenge, a.challenge);
	ck_assert_int_eq(b.expires_in, 200);
	ck_assert_int_eq(n_mails(), 1);
	ck_assert_int_eq(n_forms(), 1);
	ck_assert_int_eq(confirm(a.challenge, code).r, 0);
	ck_assert_int_eq(password_compare(found("janet")->password, OTHER), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(asking_again_without_it_ends_the_code_before)
{
	struct answer a, b;
	char old[LIMIT_CODE + 1];

	set_up("");
	a = sign_up(form(NEW, "jane", RIGHT));
	read_mail();
	strcpy(old, code);
	/* Refused by the budgets, it changes nothing. */
	ck_assert_int_eq(sign_up(form(NEW, "janet", OTHER)).r, OUTCOME_THROTTLED);
	ck_assert_int_eq(n_forms(), 1);
	rig.now += 60;
	b = sign_up(with(form(NEW, "janet", OTHER), "rhost", "198.51.100.7"));
	ck_assert_int_eq(b.r, 0);
	ck_assert_str_ne(b.challenge, a.challenge);
	ck_assert_int_eq(confirm(a.challenge, old).r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(n_forms(), 1);
	read_mail();
	ck_assert_int_eq(confirm(b.challenge, code).r, 0);
	ck_assert_str_eq(found("janet")->address, NEW);
	rig_close(&rig);
}
END_TEST

START_TEST(previous_is_good_for_the_same_address_and_caller_only)
{
	struct answer a, b;

	set_up("policy default { cool_down = 0 }");
	a = sign_up(only("jnae@example.org"));
	/* A typo mended: the code of the other address is dead, and so is its form. */
	b = sign_up(with(only(NEW), "previous", a.challenge));
	ck_assert_int_eq(b.r, 0);
	ck_assert(!b.resumed);
	ck_assert_int_eq(n_forms(), 1);
	ck_assert_int_eq(confirm(a.challenge, "1").r, OUTCOME_NO_CHALLENGE);
	/* Another client of the tenant neither goes on with it nor ends it. */
	a = call_as(twin, "Register", with(only(NEW), "previous", b.challenge));
	ck_assert(a.r == 0 && !a.resumed);
	ck_assert_int_eq(confirm(b.challenge, "1").r, OUTCOME_WRONG_CODE);
	/* Nonsense is none. */
	a = sign_up(with(only("x@example.org"), "previous", "xyz"));
	ck_assert(a.r == 0 && !a.resumed);
	rig_close(&rig);
}
END_TEST

/* ---- B5 and other bad input */

static json_t *deep(int levels)
{
	json_t *in = json_object();

	for (int i = 1; i < levels; i++)
		in = json_pack("{s:o}", "a", in);
	return in;
}

static json_t *large(size_t size)
{
	char text[LIMIT_PROFILE + 64];

	memset(text, 'x', size);
	text[size] = '\0';
	return json_pack("{s:s}", "a", text);
}

static json_t *with_profile(json_t *profile)
{
	return json_pack("{s:s, s:o}", "address", NEW, "profile", profile);
}

START_TEST(what_is_malformed_is_refused_before_anything_is_stored)
{
	char long_one[LIMIT_PASSWORD + 2];

	set_up("");
	memset(long_one, 'y', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';
	ck_assert_int_eq(refusal(only("nobody")), OUTCOME_BAD_ADDRESS);
	ck_assert_int_eq(refusal(only("")), OUTCOME_BAD_ADDRESS);
	ck_assert_int_eq(refusal(only("a b@example.org")), OUTCOME_BAD_ADDRESS);
	ck_assert_int_eq(refusal(only("a@example.org\r\nBcc: b")), OUTCOME_BAD_ADDRESS);
	long_one[300] = '\0';
	ck_assert_int_eq(refusal(only(long_one)), OUTCOME_BAD_ADDRESS);
	ck_assert_str_ne(sign_up(only(long_one)).reason, "");
	long_one[300] = 'y';
	ck_assert_int_eq(refusal(form(NEW, "j@ne", OTHER)), OUTCOME_BAD_LOGIN);
	ck_assert_int_eq(refusal(form(NEW, "no", OTHER)), OUTCOME_BAD_LOGIN);
	ck_assert_int_eq(refusal(form(NEW, "jane", "short")), OUTCOME_BAD_PASSWORD);
	ck_assert_int_eq(refusal(form(NEW, "jane", "password1")), OUTCOME_BAD_PASSWORD);
	ck_assert_int_eq(refusal(form(NEW, "jane", long_one)), OUTCOME_BAD_PASSWORD);
	ck_assert_int_eq(
		refusal(with(only(NEW), "language", "no tag!")), OUTCOME_BAD_NAME);
	ck_assert_int_eq(refusal(with_profile(deep(9))), OUTCOME_BAD_PROFILE);
	ck_assert_int_eq(
		refusal(with_profile(large(LIMIT_PROFILE - 7))), OUTCOME_BAD_PROFILE);
	ck_assert_int_eq(refusal(with_profile(json_string("{}"))), -EINVAL);
	ck_assert_int_eq(refusal(with_profile(json_array())), -EINVAL);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT (SELECT count(*) FROM registrations) +"
				 " (SELECT count(*) FROM challenges) +"
				 " (SELECT count(*) FROM mail) +"
				 " (SELECT count(*) FROM audit)"),
		0);
	/* What just fits, fits. */
	ck_assert_int_eq(refusal(with_profile(large(LIMIT_PROFILE - 8))), 0);
	rig.now += 60;
	ck_assert_int_eq(refusal(with_profile(deep(8))), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(codes_that_are_none_are_wrong_ones)
{
	struct answer a;

	set_up("");
	a = sign_up(only(NEW));
	ck_assert_int_eq(confirm(a.challenge, "").r, OUTCOME_WRONG_CODE);
	ck_assert_int_eq(confirm(a.challenge, "abc def").r, OUTCOME_WRONG_CODE);
	ck_assert_int_eq(confirm("zz", "123456").r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(confirm(a.challenge, "12345678901234567").r, -EINVAL);
	rig_close(&rig);
}
END_TEST

START_TEST(who_may_not_register_is_told_so)
{
	set_up("tenant umbra { registration = no }");
	ck_assert_int_eq(call_as(idle, "Register", only(NEW)).r, OUTCOME_DENIED);
	ck_assert_int_eq(call_as(bare, "Register", only(NEW)).r, OUTCOME_DENIED);
	ck_assert_int_eq(call_as(0, "Register", only(NEW)).r, OUTCOME_DENIED);
	ck_assert_int_eq(call_as(RIG_NOBODY, "Register", only(NEW)).r, OUTCOME_DENIED);
	ck_assert_int_eq(call_as(other, "Register", only(NEW)).r, OUTCOME_NOT_ALLOWED);
	ck_assert_int_eq(
		complete_as(idle, "g_", json_pack("{s:s}", "password", OTHER)).r,
		OUTCOME_DENIED);
	ck_assert_int_eq(n_mails(), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_taken_user_name_is_said_whatever_the_address)
{
	with_ada("");
	ck_assert_int_eq(sign_up(form(NEW, "Ada", OTHER)).r, OUTCOME_EXISTS);
	ck_assert_int_eq(sign_up(form(TAKEN, "Ada", OTHER)).r, OUTCOME_EXISTS);
	ck_assert_int_eq(n_mails(), 0);
	ck_assert_int_eq(call_as(other, "Register", form(NEW, "ada", OTHER)).r, 0);
	rig_close(&rig);
}
END_TEST

/* ---- while it waits */

START_TEST(an_address_that_is_taken_meanwhile_has_nothing_to_confirm)
{
	struct answer a;

	set_up("");
	a = sign_up(form(NEW, "jane", OTHER));
	read_mail();
	add_account(2, "acme", "Jane@example.org", "", RIGHT);
	ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(n_forms(), 0);
	ck_assert_int_eq(n_accounts(), 1);
	ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_NO_CHALLENGE);
	rig_close(&rig);
}
END_TEST

START_TEST(a_user_name_that_is_taken_meanwhile_can_be_changed)
{
	struct answer a, b;

	set_up("");
	a = sign_up(form(NEW, "jane", OTHER));
	read_mail();
	add_account(2, "acme", "first@example.org", "jane", RIGHT);
	ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_EXISTS);
	ck_assert_int_eq(confirm(a.challenge, code).members, 0);
	ck_assert_int_eq(n_accounts(), 1);
	b = sign_up(with(form(NEW, "jane2", OTHER), "previous", a.challenge));
	ck_assert(b.r == 0 && b.resumed);
	ck_assert_int_eq(confirm(a.challenge, code).r, 0);
	ck_assert_str_eq(found("jane2")->address, NEW);
	rig_close(&rig);
}
END_TEST

START_TEST(the_code_is_good_for_nobody_and_nothing_else)
{
	struct answer a;
	json_t *in;

	set_up("");
	a = sign_up(form(NEW, "jane", OTHER));
	read_mail();
	in = json_pack("{s:s, s:s}", "challenge", a.challenge, "code", code);
	ck_assert_int_eq(
		call_as(twin, "Confirm", json_incref(in)).r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		call_as(other, "Confirm", json_incref(in)).r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		call_as(0, "Confirm", json_incref(in)).r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		call_as(shop, "Verify", json_incref(in)).r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(rig_call(&rig, shop, "Auth.Verify", json_incref(in), NULL),
		OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		rig_call(&rig, shop, "Self.Confirm", in, NULL), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(confirm(a.challenge, code).r, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_restart_between_any_two_steps_loses_nothing)
{
	struct answer a, b;

	set_up("");
	a = sign_up(only(NEW));
	read_mail();
	restart();
	b = sign_up(with(only(NEW), "previous", a.challenge));
	ck_assert(b.r == 0 && b.resumed);
	restart();
	ck_assert_int_eq(confirm(a.challenge, wrong_one()).tries_left, 4);
	restart();
	ck_assert_int_eq(confirm(a.challenge, wrong_one()).tries_left, 3);
	restart();
	b = confirm(a.challenge, code);
	ck_assert_int_eq(b.r, 0);
	restart();
	ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(complete(b.grant, "jane", OTHER).r, 0);
	restart();
	ck_assert_int_eq(complete(b.grant, "jane", OTHER).r, OUTCOME_BAD_TOKEN);
	ck_assert_str_eq(found("jane")->address, NEW);
	/* The welcome was promised: it is still queued. */
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM mail WHERE state = 0"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(a_welcome_that_cannot_be_sent_changes_nothing)
{
	struct answer a;

	set_up("");
	a = sign_up(form(NEW, "jane", OTHER));
	read_mail();
	rig.daemon.seal.ready = false;
	ck_assert_int_eq(confirm(a.challenge, code).r, 0);
	ck_assert_int_eq(n_mails(), 1);
	ck_assert_int_eq(n_accounts(), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(a_full_queue_of_passwords_says_come_again)
{
	struct answer a;

	set_up("");
	rig.daemon.hasher.n_waiting = HASHER_WAITING;
	a = sign_up(form(NEW, "jane", OTHER));
	ck_assert_int_eq(a.r, OUTCOME_BUSY);
	ck_assert_int_eq(a.retry_after, 1);
	ck_assert_int_eq(n_mails(), 0);
	rig.daemon.hasher.n_waiting = 0;
	ck_assert_int_eq(sign_up(form(NEW, "jane", OTHER)).r, 0);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("registration", the_form_waits_and_the_code_makes_the_account,
	the_code_comes_first_and_brings_a_grant,
	a_grant_ends_with_its_time_and_with_its_address,
	an_address_that_is_taken_looks_like_a_new_one,
	its_owner_is_told_in_his_language, ten_thousand_registrations_cost_three_mails,
	spellings_are_one_address_for_the_budgets,
	another_code_makes_the_one_before_dead, three_an_hour_and_ten_a_day,
	whoever_comes_back_late_gets_a_new_code_for_his_form, a_form_ends_with_its_time,
	an_expired_code_without_a_form_stays_so,
	asking_again_with_previous_replaces_the_form,
	asking_again_without_it_ends_the_code_before,
	previous_is_good_for_the_same_address_and_caller_only,
	what_is_malformed_is_refused_before_anything_is_stored,
	codes_that_are_none_are_wrong_ones, who_may_not_register_is_told_so,
	a_taken_user_name_is_said_whatever_the_address,
	an_address_that_is_taken_meanwhile_has_nothing_to_confirm,
	a_user_name_that_is_taken_meanwhile_can_be_changed,
	the_code_is_good_for_nobody_and_nothing_else,
	a_restart_between_any_two_steps_loses_nothing,
	a_welcome_that_cannot_be_sent_changes_nothing,
	a_full_queue_of_passwords_says_come_again);
