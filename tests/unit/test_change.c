/* SPDX-License-Identifier: MIT */
/*
 * Whole calls of what an owner changes: a forgotten password, another one, another
 * address; what a reset needs besides; and what must not tell or open anything.
 */
#include "otpd/core/recovery.h"
#include "otpd/store/recovery.h"
#include "otpd/store/sessions.h"
#include "otpd/store/spending.h"
#include "tests/unit/people.h"

#define ADA           "ada@example.org"
#define BOB           "bob@example.org"
#define NEW           "countess@example.net"
#define ADA_PRINCIPAL "acct:01000000000000000000000000000000"

static const uint8_t ada[ACCOUNT_ID] = { 1 };

static void with_ada(const char *config)
{
	set_up(config);
	add_account(1, "acme", ADA, "ada", RIGHT);
}

static void set_state(enum account_state state)
{
	(void)rig_count(&rig, "SELECT 1");
	ck_assert_int_eq(accounts_set_state(&rig.daemon.store, ada, state), 0);
}

static void unverify(void)
{
	ck_assert_int_eq(accounts_set_verified(&rig.daemon.store, ada, 0), 0);
}

static void add_session(uint8_t number)
{
	struct session session = { .id = { number },
		.account = { 1 },
		.client = "shop",
		.amr = "pwd otp",
		.auth_time = RIG_NOW,
		.used_at = RIG_NOW,
		.expires_at = RIG_NOW + 86400 };

	(void)rig_count(&rig, "SELECT 1");
	ck_assert_int_eq(sessions_insert(&rig.daemon.store, &session), 0);
}

static int64_t n_sessions(void)
{
	return rig_count(&rig, "SELECT count(*) FROM sessions");
}

static int64_t n_mails(void)
{
	return rig_count(&rig, "SELECT count(*) FROM mail");
}

static json_t *about(const char *login)
{
	return json_pack("{s:s, s:s}", "login", login, "rhost", HOME);
}

static struct answer request(const char *login)
{
	return call_as(shop, "RequestReset", about(login));
}

static json_t *gated(const char *login, const char *password)
{
	return json_pack(
		"{s:s, s:s, s:s}", "login", login, "password", password, "rhost", HOME);
}

static struct answer change_password(const char *login, const char *password)
{
	return call_as(shop, "ChangePassword", gated(login, password));
}

static struct answer change_address(const char *address)
{
	json_t *in = gated("ada", RIGHT);

	json_object_set_new(in, "address", json_string(address));
	return call_as(shop, "ChangeAddress", in);
}

static struct answer set_as(uid_t uid, const char *grant, const char *password)
{
	return call_as(uid, "SetPassword",
		json_pack("{s:s, s:s}", "grant", grant, "password", password));
}

static struct answer set(const char *grant, const char *password)
{
	return set_as(shop, grant, password);
}

/* Whether the newest mail says from where, and calls what showed the prompt a page. */
static bool mail_says(const char *rhost, bool page)
{
	json_t *letter = rig_letter(&rig);
	json_t *said = json_object_get(letter, "page");
	bool is = strcmp(string_of(letter, "rhost"), rhost) == 0 &&
		(page ? said && strcmp(json_string_value(said), "yes") == 0 : !said);

	json_decref(letter);
	return is;
}

/* The grant of a reset by the code alone. */
static struct answer granted(const char *login)
{
	struct answer a = request(login);

	ck_assert_int_eq(a.r, 0);
	read_mail();
	a = confirm(a.challenge, code);
	ck_assert_int_eq(a.r, 0);
	return a;
}

/* ---- C3 */

START_TEST(a_forgotten_password_is_reset_by_code)
{
	struct answer a, b;
	const struct account *now;

	with_ada("policy default { grace = 15m }");
	add_session(1);
	ck_assert_int_eq(grace_put(&rig.daemon.store, ADA_PRINCIPAL, "shop", HOME, "",
				 shop, RIG_NOW + 900, 6, 0),
		0);
	ck_assert_int_eq(spending_add_wrong(&rig.daemon.store, "pw:" ADA_PRINCIPAL,
				 false, RIG_NOW),
		0);
	a = request("ADA");
	ck_assert_int_eq(a.r, 0);
	ck_assert_str_eq(a.purpose, "reset");
	ck_assert_int_eq(a.tries_left, 5);
	ck_assert(mail_is("reset", ADA));
	ck_assert(mail_says(HOME, true));
	read_mail();
	ck_assert_int_eq(confirm(a.challenge, wrong_one()).r, OUTCOME_WRONG_CODE);
	b = confirm(a.challenge, code);
	ck_assert_int_eq(b.r, 0);
	ck_assert_str_eq(b.purpose, "reset");
	ck_assert_str_eq(b.account, "01000000000000000000000000000000");
	ck_assert(b.grant[0] && !b.has_tokens);
	ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_NO_CHALLENGE);
	/* A refusal for its sake leaves the grant good, and the password as it was. */
	ck_assert_int_eq(set(b.grant, "short").r, OUTCOME_BAD_PASSWORD);
	ck_assert_str_ne(set(b.grant, ADA).reason, "");
	ck_assert_int_eq(set_as(twin, b.grant, OTHER).r, OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(set_as(other, b.grant, OTHER).r, OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(set_as(0, b.grant, OTHER).r, OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(n_sessions(), 1);
	ck_assert_int_eq(password_compare(found("ada")->password, RIGHT), 0);
	rig.now += LIMIT_GRANT_S - 1;
	a = set(b.grant, OTHER);
	ck_assert_int_eq(a.r, 0);
	ck_assert_str_eq(a.account, b.account);
	ck_assert(mail_is("password-changed", ADA));
	ck_assert(mail_says("", true));
	now = found("ada");
	ck_assert_int_eq(password_compare(now->password, OTHER), 0);
	ck_assert_int_eq(now->password_at, rig.now);
	ck_assert_int_eq(n_sessions(), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM wrong"), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grace"), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grants"), 0);
	ck_assert_int_eq(set(b.grant, RIGHT).r, OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM audit WHERE user = "
				 "'" ADA_PRINCIPAL "' AND event IN ('reset_begun',"
				 " 'password_granted', 'password_set')"),
		3);
	rig_close(&rig);
}
END_TEST

START_TEST(the_owner_learns_from_where_his_password_was_set)
{
	struct answer a;

	with_ada("");
	a = granted(ADA);
	a = call_as(shop, "SetPassword",
		json_pack("{s:s, s:s, s:s}", "grant", a.grant, "password", OTHER,
			"rhost", "192.0.2.9 <b>"));
	ck_assert_int_eq(a.r, 0);
	ck_assert(mail_is("password-changed", ADA));
	ck_assert(mail_says("192.0.2.9??b?", true));
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM audit WHERE"
				 " event = 'password_set' AND rhost = '192.0.2.9??b?'"),
		1);
	rig_close(&rig);
}
END_TEST

START_TEST(a_grant_ends_with_its_time)
{
	struct answer a;

	with_ada("");
	a = granted("ada");
	rig.now += LIMIT_GRANT_S;
	ck_assert_int_eq(set(a.grant, OTHER).r, OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(set("", OTHER).r, OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(password_compare(found("ada")->password, RIGHT), 0);
	rig_close(&rig);
}
END_TEST

/* What a stranger could compare of two answers. */
static void same(struct answer a, struct answer b)
{
	ck_assert_int_eq(a.r, b.r);
	ck_assert_str_eq(a.purpose, b.purpose);
	ck_assert_int_eq(a.resumed, b.resumed);
	ck_assert_int_eq(a.expires_in, b.expires_in);
	ck_assert_int_eq(a.resend_in, b.resend_in);
	ck_assert_int_eq(a.tries_left, b.tries_left);
	ck_assert_int_eq(a.retry_after, b.retry_after);
	ck_assert_uint_eq(a.members, b.members);
}

static int64_t rows(void)
{
	return rig_count(&rig,
		"SELECT (SELECT count(*) FROM challenges) +"
		" 10000 * (SELECT count(*) FROM mail) +"
		" 1000000 * (SELECT count(*) FROM audit) +"
		" 100000000 * (SELECT count(*) FROM wrong) +"
		" 10000000000 * (SELECT count(*) FROM wrong"
		" WHERE decoy = 0)");
}

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

/* What becomes of the mails, of those that there are; decoys' stay void. */
static int64_t mails_fare = MAIL_QUEUED;

static void let_mails_fare(void)
{
	char sql[128];

	snprintf(sql, sizeof(sql),
		"UPDATE mail SET state = CASE state WHEN 4 THEN 4 ELSE %d END"
		" RETURNING 1",
		(int)mails_fare);
	(void)rig_count(&rig, sql);
}

static void take_steps(const char *login, struct steps *steps)
{
	struct answer a;
	int64_t before = rows();

	steps->n = 0;
	a = request(login);
	add_answer(steps, a);
	let_mails_fare();
	try_wrong(steps, a.challenge, 3);
	add_answer(steps, request(login));
	add_answer(steps, resend(a.challenge));
	rig.now += 60;
	add_answer(steps, resend(a.challenge));
	let_mails_fare();
	try_wrong(steps, a.challenge, 3);
	rig.now += 200;
	a = request(login);
	add_answer(steps, a);
	let_mails_fare();
	try_wrong(steps, a.challenge, 5);
	rig.now += 100;
	/* Ten wrong codes, three mails. */
	add_answer(steps, request(login));
	rig.now += 3600;
	a = request(login);
	add_answer(steps, a);
	try_wrong(steps, a.challenge, 1);
	rig.now += 600;
	try_wrong(steps, a.challenge, 1);
	add_answer(steps, resend(a.challenge));
	steps->rows = rows() - before;
}

/* Once with each kind of account: none of them can be told from another. */
static void compare_all(const char *config)
{
	static const char *const logins[] = { "ada", ADA, "nobody", "no@example.org",
		"ada", "ada", "ada" };
	static struct steps first, next;

	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		with_ada(config);
		if (i == 4)
			set_state(ACCOUNT_DISABLED);
		if (i == 5)
			unverify();
		/* Who signs in meanwhile makes no code come sooner. */
		if (i == 6)
			ck_assert_int_eq(accounts_set_login(&rig.daemon.store, ada,
						 RIG_NOW + 86400),
				0);
		take_steps(logins[i], i == 0 ? &first : &next);
		tear_down();
		if (i == 0)
			continue;
		ck_assert_uint_eq(first.n, next.n);
		for (size_t j = 0; j < first.n; j++)
			same(first.answers[j], next.answers[j]);
		ck_assert_int_eq(first.rows, next.rows);
	}
}

START_TEST(nobody_learns_who_has_an_account)
{
	compare_all("");
	compare_all("policy default { conceal = no }");
	compare_all("tenant acme { reset = admin }");
	compare_all("tenant acme { reset = recovery }");
}
END_TEST

START_TEST(nobody_learns_it_from_how_the_mails_fare)
{
	static const int64_t states[] = { MAIL_SENT, MAIL_FAILED, MAIL_BOUNCED };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		mails_fare = states[i];
		compare_all("");
		compare_all("policy default { conceal = no }");
	}
	mails_fare = MAIL_QUEUED;
}
END_TEST

START_TEST(decoys_are_mailed_to_nobody)
{
	with_ada("policy default { cool_down = 0 }");
	set_state(ACCOUNT_DISABLED);
	ck_assert_int_eq(request("ada").r, 0);
	ck_assert_int_eq(request("nobody").r, 0);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM mail WHERE state <> 4"), 0);
	ck_assert_int_eq(
		rig_count(&rig,
			"SELECT count(*) FROM audit WHERE event = 'reset_unknown'"),
		2);
	rig_close(&rig);
}
END_TEST

START_TEST(wrong_codes_of_resets_lock_no_sign_in)
{
	with_ada("policy default { cool_down = 0 }");
	for (int day = 0; day < 10; day++) {
		for (int i = 0; i < 8; i++) {
			struct answer a = request("ada");

			for (int j = 0; a.r == 0 && j < 5; j++)
				(void)confirm(a.challenge, "x");
			rig.now += 3600;
		}
		rig.now += 16 * 3600;
	}
	/* All that is used up is the reset's own budget. */
	ck_assert_int_eq(found("ada")->state, ACCOUNT_ACTIVE);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM wrong"
				 " WHERE user = '" ADA_PRINCIPAL "'"),
		0);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM wrong WHERE decoy = 0"
				 " AND user = 'rs:" ADA_PRINCIPAL "'"),
		60);
	/* Its owner hears of it once, and what is nobody's looks the same. */
	ck_assert(mail_is("reset-locked", ADA));
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM mail WHERE purpose = 4"
				 " AND user = '" ADA_PRINCIPAL "'"),
		1);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM audit WHERE"
				 " event = 'reset_locked'"
				 " AND user = '" ADA_PRINCIPAL "'"),
		1);
	ck_assert_int_eq(call_as(shop, "Login", gated("ada", RIGHT)).r, 0);
	ck_assert(mail_is("login", ADA));
	rig_close(&rig);
}
END_TEST

START_TEST(a_reset_has_the_budget_of_codes_that_strangers_ask_for)
{
	int sent = 0;

	with_ada("policy default { cool_down = 0 life = 1m }");
	for (int i = 0; i < 24 * 12; i++) {
		sent += request("ada").r == 0;
		if (i == 11)
			ck_assert_int_eq(sent, 3);
		rig.now += 300;
	}
	ck_assert_int_eq(sent, 10);
	rig_close(&rig);
}
END_TEST

START_TEST(a_reset_proves_the_address_and_lifts_what_asked_for_it)
{
	struct answer a;

	with_ada("");
	unverify();
	set_state(ACCOUNT_MUST_RESET);
	a = granted(ADA);
	ck_assert_int_eq(set(a.grant, OTHER).r, 0);
	ck_assert_int_eq(found("ada")->verified_at, RIG_NOW);
	ck_assert_int_eq(found("ada")->state, ACCOUNT_ACTIVE);
	rig_close(&rig);
}
END_TEST

START_TEST(a_disabled_account_stays_disabled)
{
	struct answer a, b;

	with_ada("policy default { cool_down = 0 conceal = no }");
	a = granted("ada");
	set_state(ACCOUNT_DISABLED);
	ck_assert_int_eq(set(a.grant, OTHER).r, 0);
	ck_assert_int_eq(found("ada")->state, ACCOUNT_DISABLED);
	set_state(ACCOUNT_ACTIVE);
	rig.now += 60;
	b = request("ada");
	read_mail();
	set_state(ACCOUNT_DISABLED);
	ck_assert_int_eq(confirm(b.challenge, code).r, OUTCOME_LOCKED);
	rig_close(&rig);
}
END_TEST

START_TEST(other_codes_end_with_the_old_password)
{
	struct answer a, b;

	with_ada("policy default { cool_down = 0 }");
	a = granted("ada");
	rig.now += 60;
	b = request("ada");
	read_mail();
	ck_assert_int_eq(set(a.grant, OTHER).r, 0);
	ck_assert_int_eq(confirm(b.challenge, code).r, OUTCOME_NO_CHALLENGE);
	/* Its mail is dead; the notice is what waits. */
	ck_assert(mail_is("password-changed", ADA));
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM mail WHERE state = 0"), 1);
	rig_close(&rig);
}
END_TEST

/* ---- reset = admin, reset = recovery */

START_TEST(where_only_an_administrator_allows_it_he_must)
{
	struct answer a;

	with_ada("tenant acme { reset = admin } policy default { cool_down = 0 }");
	a = request("ada");
	ck_assert_int_eq(a.r, 0);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM mail WHERE state <> 4"), 0);
	ck_assert_int_eq(
		accounts_set_reset_until(&rig.daemon.store, ada, RIG_NOW + 3600), 0);
	a = granted("ada");
	ck_assert_int_eq(set(a.grant, OTHER).r, 0);
	/* Once. */
	ck_assert_int_eq(found("ada")->reset_until, 0);
	rig_close(&rig);
}
END_TEST

static char recovery_codes[2][RECOVERY_SIZE];

static void with_recovery(const char *config)
{
	char text[512];
	struct recovery recoveries[2];

	snprintf(text, sizeof(text), "tenant acme { reset = recovery }\n%s", config);
	with_ada(text);
	for (int i = 0; i < 2; i++) {
		do
			recovery_draw(recovery_codes[i]);
		while (i == 1 &&
			memcmp(recovery_codes[0], recovery_codes[1],
				RECOVERY_SELECTOR) == 0);
		snprintf(recoveries[i].selector, sizeof(recoveries[i].selector), "%.*s",
			RECOVERY_SELECTOR, recovery_codes[i]);
		ck_assert_int_eq(password_hash(recoveries[i].hash,
					 recovery_codes[i] + RECOVERY_SELECTOR),
			0);
	}
	ck_assert_int_eq(
		recovery_replace(&rig.daemon.store, ADA_PRINCIPAL, recoveries, 2), 0);
}

static struct answer confirm_with(
	const char *challenge, const char *typed, const char *recovery)
{
	return call_as(shop, "Confirm",
		json_pack("{s:s, s:s, s:s}", "challenge", challenge, "code", typed,
			"recovery", recovery));
}

/* One of the right form that is not right. */
static const char *bad_recovery(void)
{
	static char bad[RECOVERY_SIZE];

	strcpy(bad, recovery_codes[0]);
	bad[RECOVERY_SIZE - 2] = bad[RECOVERY_SIZE - 2] == '7' ? '8' : '7';
	return bad;
}

static int64_t n_recoveries(void)
{
	int64_t n = -1;

	(void)rig_count(&rig, "SELECT 1");
	ck_assert_int_eq(recovery_count(&rig.daemon.store, ADA_PRINCIPAL, &n), 0);
	return n;
}

START_TEST(a_recovery_code_is_needed_as_well)
{
	char shown[RECOVERY_SHOWN];
	struct answer a, b;

	with_recovery("");
	a = request("ada");
	read_mail();
	b = confirm(a.challenge, code);
	ck_assert_int_eq(b.r, OUTCOME_RECOVERY_NEEDED);
	ck_assert_int_eq(b.tries_left, 5);
	ck_assert_uint_eq(b.members, 1);
	/* What can be none costs nothing; what could be one, does. */
	ck_assert_int_eq(confirm_with(a.challenge, code, "zzz").tries_left, 5);
	b = confirm_with(a.challenge, code, bad_recovery());
	ck_assert_int_eq(b.r, OUTCOME_RECOVERY_NEEDED);
	ck_assert_int_eq(b.tries_left, 4);
	/* None of that used up the mailed code, nor one of its tries. */
	ck_assert_int_eq(confirm(a.challenge, wrong_one()).tries_left, 4);
	recovery_show(shown, recovery_codes[0]);
	b = confirm_with(a.challenge, code, shown);
	ck_assert_int_eq(b.r, 0);
	ck_assert(b.grant[0]);
	ck_assert_int_eq(n_recoveries(), 1);
	ck_assert_int_eq(set(b.grant, OTHER).r, 0);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM audit WHERE event IN"
				 " ('recovery_used', 'recovery_wrong')"),
		2);
	/* Once. */
	rig.now += 120;
	a = request("ada");
	read_mail();
	ck_assert_int_eq(
		confirm_with(a.challenge, code, shown).r, OUTCOME_RECOVERY_NEEDED);
	ck_assert_int_eq(confirm_with(a.challenge, code, recovery_codes[1]).r, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(neither_of_the_two_tells_of_the_other)
{
	struct answer a, b, c, d;

	with_recovery("");
	a = request("ada");
	read_mail();
	/* A wrong code says the same, whatever recovery code comes with it. */
	b = confirm_with(a.challenge, wrong_one(), recovery_codes[0]);
	c = confirm_with(a.challenge, wrong_one(), bad_recovery());
	d = confirm(a.challenge, wrong_one());
	ck_assert_int_eq(b.r, OUTCOME_WRONG_CODE);
	ck_assert_int_eq(c.r, OUTCOME_WRONG_CODE);
	ck_assert_int_eq(d.r, OUTCOME_WRONG_CODE);
	ck_assert_int_eq(b.tries_left, 4);
	ck_assert_int_eq(c.tries_left, 3);
	ck_assert_int_eq(d.tries_left, 2);
	ck_assert_uint_eq(b.members, d.members);
	/* None of them was looked at, nor counted. */
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM wrong"
				 " WHERE user LIKE 'rc:%'"),
		0);
	ck_assert_int_eq(n_recoveries(), 2);
	ck_assert_int_eq(rig.daemon.hasher.n_running, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(recovery_codes_are_not_guessed)
{
	struct answer a, b = { .r = 0 };

	with_recovery("");
	a = request("ada");
	read_mail();
	for (int i = 4; i >= 0; i--) {
		b = confirm_with(a.challenge, code, bad_recovery());
		ck_assert_int_eq(b.r, OUTCOME_RECOVERY_NEEDED);
		ck_assert_int_eq(b.tries_left, i);
	}
	/* Not even the right one is looked at then. */
	b = confirm_with(a.challenge, code, recovery_codes[0]);
	ck_assert_int_eq(b.r, OUTCOME_LOCKED);
	ck_assert_int_eq(b.retry_after, 3600);
	ck_assert_int_eq(n_recoveries(), 2);
	/* And to who has no right code, nothing is said of it. */
	ck_assert_int_eq(confirm_with(a.challenge, wrong_one(), recovery_codes[0]).r,
		OUTCOME_WRONG_CODE);
	rig.now += 3600;
	a = request("ada");
	read_mail();
	ck_assert_int_eq(confirm_with(a.challenge, code, recovery_codes[0]).r, 0);
	rig_close(&rig);
}
END_TEST

/* Sends a call and leaves it under way. */
static int send_confirm(const char *challenge, const char *recovery)
{
	char text[512];
	int fd = rig_connect(&rig, shop);
	int n = snprintf(text, sizeof(text),
		"{\"method\":\"org.emailotp.Account.Confirm\",\"parameters\":"
		"{\"challenge\":\"%s\",\"code\":\"%s\",\"recovery\":\"%s\"}}",
		challenge, code, recovery);

	ck_assert_int_eq(send(fd, text, (size_t)n + 1, 0), n + 1);
	return fd;
}

static int count_answers(const int *fds, int n, const char *word)
{
	int found_n = 0;

	for (int i = 0; i < n; i++) {
		char text[2048];

		ck_assert_uint_gt(rig_answer(&rig, fds[i], text, sizeof(text)), 0);
		found_n += strstr(text, word) != NULL;
		close(fds[i]);
	}
	return found_n;
}

START_TEST(calls_beside_each_other_get_no_more_guesses)
{
	struct answer a;
	int fds[12];

	with_recovery("");
	a = request("ada");
	read_mail();
	for (int i = 0; i < 12; i++)
		fds[i] = send_confirm(a.challenge, bad_recovery());
	ck_assert_int_eq(count_answers(fds, 12, "RecoveryNeeded"), 5);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM wrong"
				 " WHERE user LIKE 'rc:%'"),
		5);
	rig_close(&rig);
}
END_TEST

START_TEST(a_recovery_code_is_good_once_also_for_two_at_once)
{
	struct answer a;
	int fds[4];

	with_recovery("");
	a = request("ada");
	read_mail();
	for (int i = 0; i < 4; i++)
		fds[i] = send_confirm(a.challenge, recovery_codes[0]);
	ck_assert_int_eq(count_answers(fds, 4, "\"grant\""), 1);
	ck_assert_int_eq(n_recoveries(), 1);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grants"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(a_busy_hasher_uses_up_nothing)
{
	struct answer a, b;

	with_recovery("");
	a = request("ada");
	read_mail();
	rig.daemon.hasher.n_waiting = HASHER_WAITING;
	b = confirm_with(a.challenge, code, recovery_codes[0]);
	ck_assert_int_eq(b.r, OUTCOME_BUSY);
	ck_assert_int_eq(b.retry_after, 1);
	ck_assert_int_eq(change_password("ada", RIGHT).r, OUTCOME_BUSY);
	rig.daemon.hasher.n_waiting = 0;
	b = confirm_with(a.challenge, code, recovery_codes[0]);
	ck_assert_int_eq(b.r, 0);
	rig.daemon.hasher.n_waiting = HASHER_WAITING;
	ck_assert_int_eq(set(b.grant, OTHER).r, OUTCOME_BUSY);
	rig.daemon.hasher.n_waiting = 0;
	ck_assert_int_eq(set(b.grant, OTHER).r, 0);
	rig_close(&rig);
}
END_TEST

/* ---- ChangePassword */

START_TEST(another_password_needs_the_old_one_and_a_code)
{
	struct answer a, b;

	with_ada("");
	ck_assert_int_eq(change_password("ada", OTHER).r, OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(change_password("nobody", RIGHT).r, OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(n_mails(), 0);
	a = change_password("ada", RIGHT);
	ck_assert_int_eq(a.r, 0);
	ck_assert_str_eq(a.purpose, "change_password");
	ck_assert(mail_is("reset", ADA));
	b = change_password("ada", RIGHT);
	ck_assert(b.r == 0 && b.resumed);
	ck_assert_str_eq(b.challenge, a.challenge);
	ck_assert_int_eq(n_mails(), 1);
	read_mail();
	b = confirm(a.challenge, code);
	ck_assert_int_eq(b.r, 0);
	ck_assert_str_eq(b.purpose, "change_password");
	ck_assert_int_eq(set(b.grant, OTHER).r, 0);
	ck_assert_int_eq(password_compare(found("ada")->password, OTHER), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(what_an_account_may_not_is_said_behind_its_password)
{
	with_ada("");
	set_state(ACCOUNT_DISABLED);
	ck_assert_int_eq(change_password("ada", RIGHT).r, OUTCOME_DISABLED);
	ck_assert_int_eq(change_password("ada", OTHER).r, OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(change_address(NEW).r, OUTCOME_DISABLED);
	set_state(ACCOUNT_MUST_RESET);
	ck_assert_int_eq(change_password("ada", RIGHT).r, OUTCOME_MUST_RESET);
	ck_assert_int_eq(change_address(NEW).r, OUTCOME_MUST_RESET);
	ck_assert_int_eq(n_mails(), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(wrong_codes_of_an_owner_lock_him)
{
	struct answer a;

	with_ada("policy default { cool_down = 0 conceal = no }");
	for (int i = 0; i < 2; i++) {
		a = change_password("ada", RIGHT);
		for (int j = 0; j < 5; j++)
			(void)confirm(a.challenge, "x");
	}
	a = change_password("ada", RIGHT);
	ck_assert_int_eq(a.r, OUTCOME_LOCKED);
	ck_assert_int_eq(a.retry_after, 3600);
	ck_assert(mail_is("locked", ADA));
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM audit WHERE event = 'locked'"),
		1);
	rig.now += 3600;
	ck_assert_int_eq(change_password("ada", RIGHT).r, 0);
	rig_close(&rig);
}
END_TEST

/* ---- C4 */

START_TEST(another_address_is_proven_and_the_old_one_told)
{
	struct answer a, b;
	json_t *letter;

	with_ada("policy default { cool_down = 0 }");
	add_session(1);
	b = request("ada");
	read_mail();
	a = change_address("Countess@Example.NET");
	ck_assert_int_eq(a.r, 0);
	ck_assert_str_eq(a.purpose, "change_address");
	ck_assert(mail_is("verify", "Countess@example.net"));
	ck_assert_str_eq(found("ada")->address, ADA);
	{
		char reset_code[LIMIT_CODE + 1];

		strcpy(reset_code, code);
		read_mail();
		a = confirm(a.challenge, code);
		ck_assert_int_eq(a.r, 0);
		ck_assert_str_eq(a.purpose, "change_address");
		ck_assert_str_eq(a.account, "01000000000000000000000000000000");
		ck_assert(!a.grant[0] && !a.has_tokens);
		/* A code that went to the old address opens nothing any more. */
		ck_assert_int_eq(
			confirm(b.challenge, reset_code).r, OUTCOME_NO_CHALLENGE);
	}
	ck_assert_str_eq(found("ada")->address, "Countess@example.net");
	ck_assert_int_eq(found("ada")->verified_at, RIG_NOW);
	ck_assert_int_eq(n_sessions(), 0);
	ck_assert(mail_is("address-changed", ADA));
	letter = rig_letter(&rig);
	ck_assert_str_eq(string_of(letter, "address"), "C***@example.net");
	json_decref(letter);
	ck_assert_int_eq(rig_count(&rig,
				 "SELECT count(*) FROM audit"
				 " WHERE event = 'address_changed'"),
		1);
	rig_close(&rig);
}
END_TEST

START_TEST(an_address_is_looked_at_before_anything_is_sent)
{
	struct answer a;

	with_ada("");
	a = change_address("nonsense");
	ck_assert_int_eq(a.r, OUTCOME_BAD_ADDRESS);
	ck_assert_str_ne(a.reason, "");
	a = change_address("ada@EXAMPLE.org");
	ck_assert_int_eq(a.r, OUTCOME_BAD_ADDRESS);
	ck_assert_str_eq(a.reason, "it is the address already");
	ck_assert_int_eq(n_mails(), 0);
	/* Another spelling of one's own is no one else's. */
	a = change_address("Ada@example.org");
	ck_assert_int_eq(a.r, 0);
	read_mail();
	ck_assert_str_eq(to, "Ada@example.org");
	ck_assert_int_eq(confirm(a.challenge, code).r, 0);
	ck_assert_str_eq(found("ada")->address, "Ada@example.org");
	rig_close(&rig);
}
END_TEST

START_TEST(a_new_address_ends_the_code_of_the_one_before)
{
	struct answer a, b;

	with_ada("policy default { cool_down = 0 }");
	a = change_address("typo@example.net");
	read_mail();
	b = change_address(NEW);
	ck_assert(b.r == 0 && !b.resumed);
	ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_NO_CHALLENGE);
	a = change_address(NEW);
	ck_assert(a.r == 0 && a.resumed);
	ck_assert_str_eq(a.challenge, b.challenge);
	rig_close(&rig);
}
END_TEST

static void take_address_steps(const char *address, struct steps *steps)
{
	char spelled[LIMIT_ADDRESS + 1];
	struct answer a;
	int64_t before = rows();

	steps->n = 0;
	a = change_address(address);
	add_answer(steps, a);
	try_wrong(steps, a.challenge, 2);
	snprintf(spelled, sizeof(spelled), "%s", address);
	spelled[0] ^= 'a' ^ 'A';
	add_answer(steps, change_address(spelled));
	add_answer(steps, resend(a.challenge));
	rig.now += 60;
	add_answer(steps, resend(a.challenge));
	try_wrong(steps, a.challenge, 3);
	rig.now += 200;
	a = change_address(address);
	add_answer(steps, a);
	try_wrong(steps, a.challenge, 5);
	rig.now += 300;
	/* He has locked himself, whosever address it was. */
	a = change_address(address);
	add_answer(steps, a);
	rig.now += 3600;
	a = change_address(address);
	add_answer(steps, a);
	try_wrong(steps, a.challenge, 1);
	steps->rows = rows() - before;
}

static void compare_addresses(const char *config)
{
	static const char *const addresses[] = { "carol@example.org", BOB,
		"BOB@example.org" };
	static struct steps first, next;

	for (size_t i = 0; i < 3; i++) {
		with_ada(config);
		add_account(2, "acme", BOB, "bob", RIGHT);
		take_address_steps(addresses[i], i == 0 ? &first : &next);
		tear_down();
		if (i == 0)
			continue;
		ck_assert_uint_eq(first.n, next.n);
		for (size_t j = 0; j < first.n; j++)
			same(first.answers[j], next.answers[j]);
		ck_assert_int_eq(first.rows, next.rows);
	}
}

START_TEST(an_address_of_somebody_else_looks_like_any_other)
{
	compare_addresses("");
	compare_addresses("policy default { conceal = no }");
}
END_TEST

START_TEST(its_owner_is_told)
{
	struct answer a;

	with_ada("");
	add_account(2, "acme", BOB, "bob", RIGHT);
	add_account(3, "umbra", NEW, "eve", RIGHT);
	a = change_address("BOB@example.org");
	ck_assert_int_eq(a.r, 0);
	ck_assert(mail_is("registered", BOB));
	rig.now += 60;
	ck_assert_int_eq(resend(a.challenge).r, 0);
	ck_assert(mail_is("registered", BOB));
	ck_assert_str_eq(found("bob")->address, BOB);
	/* That of another tenant is nobody's here. */
	rig.now += 600;
	ck_assert_int_eq(change_address(NEW).r, 0);
	ck_assert(mail_is("verify", NEW));
	rig_close(&rig);
}
END_TEST

START_TEST(an_address_that_is_taken_meanwhile_stays_with_whom_has_it)
{
	struct answer a;

	with_ada("");
	a = change_address(NEW);
	read_mail();
	add_account(2, "acme", NEW, "bob", RIGHT);
	ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_NO_CHALLENGE);
	ck_assert_str_eq(found("ada")->address, ADA);
	ck_assert_str_eq(found("bob")->address, NEW);
	rig_close(&rig);
}
END_TEST

START_TEST(spellings_of_a_new_address_have_one_budget)
{
	with_ada("policy default { cool_down = 0 sends_per_hour = 20 }");
	ck_assert_int_eq(change_address("a@example.net").r, 0);
	ck_assert_int_eq(change_address("b@example.net").r, 0);
	ck_assert_int_eq(change_address("A@example.net").r, 0);
	ck_assert_int_eq(change_address("c@example.net").r, 0);
	ck_assert_int_eq(change_address("a@EXAMPLE.net").r, 0);
	ck_assert_int_eq(change_address("d@example.net").r, 0);
	ck_assert_int_eq(change_address("A@example.net").r, OUTCOME_THROTTLED);
	rig_close(&rig);
}
END_TEST

/* ---- who */

static int outcome_of(uid_t uid, const char *method, json_t *in)
{
	return call_as(uid, method, in).r;
}

START_TEST(codes_of_one_purpose_open_nothing_of_another)
{
	struct answer a, b;
	char reset_code[LIMIT_CODE + 1];
	json_t *in;

	with_ada("policy default { cool_down = 0 }");
	a = request("ada");
	read_mail();
	strcpy(reset_code, code);
	b = change_address(NEW);
	read_mail();
	if (strcmp(code, reset_code) != 0) {
		ck_assert_int_eq(
			confirm(b.challenge, reset_code).r, OUTCOME_WRONG_CODE);
		ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_WRONG_CODE);
	}
	in = json_pack("{s:s, s:s}", "challenge", a.challenge, "code", reset_code);
	ck_assert_int_eq(
		outcome_of(shop, "Verify", json_incref(in)), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		outcome_of(twin, "Confirm", json_incref(in)), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(
		outcome_of(0, "Confirm", json_incref(in)), OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(rig_call(&rig, shop, "Auth.Verify", json_incref(in), NULL),
		OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(outcome_of(shop, "Confirm", in), 0);
	/* That of a sign-in, here. */
	a = call_as(shop, "Login", gated("ada", RIGHT));
	read_mail();
	ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_NO_CHALLENGE);
	rig_close(&rig);
}
END_TEST

START_TEST(the_accounts_of_another_tenant_are_nobody)
{
	struct answer a;

	with_ada("");
	a = call_as(other, "RequestReset", about("ada"));
	ck_assert_int_eq(a.r, 0);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM mail WHERE state <> 4"), 0);
	ck_assert_int_eq(call_as(other, "ChangePassword", gated("ada", RIGHT)).r,
		OUTCOME_WRONG_PASSWORD);
	ck_assert_int_eq(call_as(idle, "RequestReset", about("ada")).r, OUTCOME_DENIED);
	ck_assert_int_eq(
		call_as(idle, "ChangePassword", gated("ada", RIGHT)).r, OUTCOME_DENIED);
	ck_assert_int_eq(set_as(idle, "g_", OTHER).r, OUTCOME_DENIED);
	ck_assert_int_eq(call_as(bare, "RequestReset", about("ada")).r, OUTCOME_DENIED);
	ck_assert_int_eq(call_as(0, "RequestReset", about("ada")).r, OUTCOME_DENIED);
	ck_assert_int_eq(
		call_as(RIG_NOBODY, "RequestReset", about("ada")).r, OUTCOME_DENIED);
	rig_close(&rig);
}
END_TEST

static json_t *by_service(json_t *in)
{
	json_object_set_new(in, "service", json_string("webmail"));
	return in;
}

START_TEST(root_asks_in_the_name_of_a_service)
{
	struct answer a, b;

	with_ada("policy default { cool_down = 0 }");
	a = call_as(0, "RequestReset", by_service(about("ada")));
	ck_assert_int_eq(a.r, 0);
	ck_assert(mail_says(HOME, false));
	read_mail();
	b = call_as(0, "Confirm",
		json_pack("{s:s, s:s}", "challenge", a.challenge, "code", code));
	ck_assert_int_eq(b.r, 0);
	/* A grant of root's is root's. */
	ck_assert_int_eq(set(b.grant, OTHER).r, OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(set_as(0, b.grant, OTHER).r, 0);
	ck_assert(mail_is("password-changed", ADA));
	a = call_as(0, "ChangePassword", by_service(gated("ada", OTHER)));
	ck_assert_int_eq(a.r, 0);
	read_mail();
	b = call_as(0, "Confirm",
		json_pack("{s:s, s:s}", "challenge", a.challenge, "code", code));
	ck_assert_int_eq(b.r, 0);
	ck_assert_int_eq(set_as(0, b.grant, RIGHT).r, 0);
	ck_assert_int_eq(set_as(0, b.grant, RIGHT).r, OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(password_compare(found("ada")->password, RIGHT), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_restart_between_any_two_steps_loses_nothing)
{
	struct answer a, b;

	with_recovery("");
	a = request("ada");
	read_mail();
	restart();
	ck_assert_int_eq(confirm(a.challenge, wrong_one()).tries_left, 4);
	restart();
	ck_assert_int_eq(confirm_with(a.challenge, code, bad_recovery()).tries_left, 4);
	restart();
	ck_assert_int_eq(confirm_with(a.challenge, code, bad_recovery()).tries_left, 3);
	restart();
	b = confirm_with(a.challenge, code, recovery_codes[0]);
	ck_assert_int_eq(b.r, 0);
	restart();
	ck_assert_int_eq(confirm(a.challenge, code).r, OUTCOME_NO_CHALLENGE);
	ck_assert_int_eq(n_recoveries(), 1);
	ck_assert_int_eq(set(b.grant, OTHER).r, 0);
	restart();
	ck_assert_int_eq(set(b.grant, OTHER).r, OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(password_compare(found("ada")->password, OTHER), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_notice_that_cannot_be_sent_changes_nothing)
{
	struct answer a;

	with_ada("");
	a = granted("ada");
	rig.daemon.seal.ready = false;
	ck_assert_int_eq(set(a.grant, OTHER).r, 0);
	ck_assert_int_eq(password_compare(found("ada")->password, OTHER), 0);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("change", a_forgotten_password_is_reset_by_code,
	the_owner_learns_from_where_his_password_was_set, a_grant_ends_with_its_time,
	nobody_learns_who_has_an_account, nobody_learns_it_from_how_the_mails_fare,
	decoys_are_mailed_to_nobody, wrong_codes_of_resets_lock_no_sign_in,
	a_reset_has_the_budget_of_codes_that_strangers_ask_for,
	a_reset_proves_the_address_and_lifts_what_asked_for_it,
	a_disabled_account_stays_disabled, other_codes_end_with_the_old_password,
	where_only_an_administrator_allows_it_he_must,
	a_recovery_code_is_needed_as_well, neither_of_the_two_tells_of_the_other,
	recovery_codes_are_not_guessed, calls_beside_each_other_get_no_more_guesses,
	a_recovery_code_is_good_once_also_for_two_at_once,
	a_busy_hasher_uses_up_nothing, another_password_needs_the_old_one_and_a_code,
	what_an_account_may_not_is_said_behind_its_password,
	wrong_codes_of_an_owner_lock_him,
	another_address_is_proven_and_the_old_one_told,
	an_address_is_looked_at_before_anything_is_sent,
	a_new_address_ends_the_code_of_the_one_before,
	an_address_of_somebody_else_looks_like_any_other, its_owner_is_told,
	an_address_that_is_taken_meanwhile_stays_with_whom_has_it,
	spellings_of_a_new_address_have_one_budget,
	codes_of_one_purpose_open_nothing_of_another,
	the_accounts_of_another_tenant_are_nobody, root_asks_in_the_name_of_a_service,
	a_restart_between_any_two_steps_loses_nothing,
	a_notice_that_cannot_be_sent_changes_nothing);
