/* SPDX-License-Identifier: MIT */
/*
 * Sessions of accounts: what their tokens open, for whom and how long, and what ends
 * them. Sign-ins, receipts and grants come from methods of the test's own, which call
 * what the real ones call once a password and a code were right.
 */
#include "otpd/account/recovery_codes.h"
#include "otpd/account/session.h"
#include "otpd/core/password.h"
#include "otpd/core/token.h"
#include "otpd/util/hex.h"
#include "otpd/util/text.h"
#include "tests/unit/rig.h"

#define WEB    1 /* uids of the clients, as Debian has them for the users below */
#define API    2 /* of the same tenant and audience */
#define OTHER  3 /* of the same audience and another tenant */
#define APART  4 /* of the same tenant and another audience */
#define NARROW 5 /* which may do nothing of this */
#define DAY    86400

static const char acme[] = "issuer = \"https://otp.example\""
			   " client web { user = daemon tenant = acme }"
			   " client api { user = bin tenant = acme audience = web }"
			   " client other { user = sys tenant = other audience = web }"
			   " client apart { user = sync tenant = acme }"
			   " client narrow { user = games tenant = acme"
			   "   purposes = { login } }"
			   " tenant acme { sessions_max = 3 }";
static const char single[] = "issuer = \"https://otp.example\""
			     " client web { user = daemon tenant = acme }"
			     " tenant acme { tokens = single }";

static struct rig rig;
static struct account alice;
static char alice_id[LIMIT_ACCOUNT + 1];

/* The tokens of an answer. */
struct tokens {
	char access[LIMIT_TOKEN + 1];
	char refresh[LIMIT_TOKEN + 1];
	int64_t expires_in;
	int64_t refresh_expires_in;
};

/* ---- the methods of the test */

struct try_in {
	char account[LIMIT_ACCOUNT + 1];
	char text[LIMIT_TOKEN + 1];
};

static const struct field try_fields[] = {
	{ "account", FIELD_STRING, offsetof(struct try_in, account), LIMIT_ACCOUNT,
		true },
	{ "text", FIELD_STRING, offsetof(struct try_in, text), LIMIT_TOKEN, true },
	{ 0 },
};

static int try_find(struct call *call, struct store *store,
	struct account_caller *caller, struct account *account)
{
	const struct try_in *in = call->in;
	uint8_t id[ACCOUNT_ID];
	int r = account_caller(call_daemon(call)->moment.config, call->peer.uid, "",
		ACCOUNT_TOKEN, caller);

	ck_assert_int_eq(r, 0);
	if (!in->account[0])
		return 0;
	ck_assert_int_ge(hex_decode(id, sizeof(id), in->account), 0);
	return accounts_get(store, id, account);
}

static int sign_in_apply(struct call *call, struct store *store)
{
	struct account_caller caller;
	struct account account;
	struct record record = { 0 };
	int r = try_find(call, store, &caller, &account);

	return r != 0
		? r
		: session_open(call, store, &caller, &account, "pwd otp", &record);
}

static int receipt_apply(struct call *call, struct store *store)
{
	const struct try_in *in = call->in;
	struct account_caller caller;
	struct account account;
	int r = try_find(call, store, &caller, &account);

	if (r != 0)
		return r;
	return in->account[0]
		? session_receipt(call, store, &caller, &account, NULL, "web", "pwd")
		: session_receipt(call, store, NULL, NULL, in->text, "sshd", "otp");
}

static int grant_apply(struct call *call, struct store *store)
{
	struct account_caller caller;
	struct account account;
	struct grant grant = { .purpose = GRANT_PASSWORD };
	int r = try_find(call, store, &caller, &account);

	if (r != 0)
		return r;
	text_copy(grant.tenant, sizeof(grant.tenant), caller.tenant);
	text_copy(grant.client, sizeof(grant.client), caller.client);
	memcpy(grant.account, account.id, sizeof(grant.account));
	return session_grant(call, store, &grant);
}

static int take_apply(struct call *call, struct store *store)
{
	const struct try_in *in = call->in;
	struct account_caller caller;
	struct account account;
	struct grant grant;
	int r = try_find(call, store, &caller, &account);

	if (r == 0)
		r = session_take_grant(call_daemon(call), store, in->text,
			GRANT_PASSWORD, &caller, &grant);
	return r;
}

static int rotate_apply(struct call *call, struct store *store)
{
	int64_t number, wait;
	int r = token_keys_rotate(call_daemon(call), store, &number, &wait);

	call_out_int(call, r == 0 ? "number" : "retry_after", r == 0 ? number : wait);
	return r;
}

static int keep_apply(struct call *call, struct store *store)
{
	struct record record = { 0 };
	int r = token_keys_keep(call_daemon(call), store, &record);

	call_out_bool(call, "rotated", record.event != NULL);
	return r;
}

#define TRY(name_, apply_)                                                          \
	{                                                                           \
		.name = (name_), .flags = METHOD_ANY, .in = try_fields,             \
		.in_size = sizeof(struct try_in), .work_size = 1, .apply = (apply_) \
	}

static const struct method try_methods[] = { TRY("SignIn", sign_in_apply),
	TRY("Receipt", receipt_apply), TRY("Grant", grant_apply),
	TRY("Take", take_apply), TRY("Rotate", rotate_apply), TRY("Keep", keep_apply),
	{ 0 } };
static const struct method *const try_tables[] = { try_methods, NULL };
static const struct interface try_interface = {
	.name = "org.emailotp.Try",
	.description = "",
	.methods = try_tables,
};

/* ---- what the tests say */

static void in_transaction(int (*work)(void))
{
	struct store *store = &rig.daemon.store;

	(void)rig_count(&rig, "SELECT 0");
	ck_assert_int_eq(store_begin(store, true), 0);
	ck_assert_int_eq(work(), 0);
	ck_assert_int_eq(store_commit(store), 0);
}

static int insert_alice(void)
{
	return accounts_insert(&rig.daemon.store, &alice);
}

static void set_up(const char *config)
{
	static const struct interface *interfaces[16];
	size_t n = 0;

	rig_open(&rig, config);
	for (; otpd_interfaces[n]; n++)
		interfaces[n] = otpd_interfaces[n];
	interfaces[n] = &try_interface;
	rig.daemon.service.interfaces = interfaces;
	alice = (struct account){ .id = "alice's account",
		.tenant = "acme",
		.address = "alice@example.org",
		.login = "alice",
		.profile = "{\"a\":1}",
		.created_at = RIG_NOW - 5,
		.verified_at = RIG_NOW - 4,
		.login_at = RIG_NOW - 3,
		.password_at = RIG_NOW - 2 };
	hex_encode(alice_id, alice.id, sizeof(alice.id));
	in_transaction(insert_alice);
}

static const char *string_of(json_t *out, const char *name)
{
	const char *text = json_string_value(json_object_get(out, name));

	return text ? text : "";
}

static int64_t int_of(json_t *out, const char *name)
{
	json_t *value = json_object_get(out, name);

	return value ? json_integer_value(value) : -1;
}

/* Calls with one parameter, or with none. */
static int one(uid_t uid, const char *method, const char *name, const char *value,
	json_t **out)
{
	return rig_call(&rig, uid, method,
		name ? json_pack("{s:s}", name, value) : json_object(), out);
}

static int tokens_of(int r, json_t *out, struct tokens *ret)
{
	*ret = (struct tokens){ 0 };
	if (r == 0)
		ck_assert_str_eq(string_of(out, "account"), alice_id);
	snprintf(
		ret->access, sizeof(ret->access), "%s", string_of(out, "access_token"));
	snprintf(ret->refresh, sizeof(ret->refresh), "%s",
		string_of(out, "refresh_token"));
	ret->expires_in = int_of(out, "expires_in");
	ret->refresh_expires_in = int_of(out, "refresh_expires_in");
	/* A refusal brings none. */
	ck_assert_int_eq(r == 0, ret->access[0] != '\0');
	json_decref(out);
	return r;
}

static struct tokens sign_in(void)
{
	struct tokens tokens;
	json_t *out;
	int r = one(WEB, "Try.SignIn", "account", alice_id, &out);

	ck_assert_int_eq(tokens_of(r, out, &tokens), 0);
	return tokens;
}

static int refresh(uid_t uid, const char *token, struct tokens *ret)
{
	struct tokens tokens;
	json_t *out;
	int r = one(uid, "Account.Refresh", "refresh_token", token, &out);

	r = tokens_of(r, out, &tokens);
	if (r == 0 && ret)
		*ret = tokens;
	return r;
}

static int exchange(uid_t uid, const char *token, struct tokens *ret)
{
	struct tokens tokens;
	json_t *out;
	int r = one(uid, "Account.Exchange", "token", token, &out);

	r = tokens_of(r, out, &tokens);
	if (r == 0 && ret)
		*ret = tokens;
	return r;
}

static bool is_active(uid_t uid, const char *token)
{
	json_t *out;
	bool active;

	ck_assert_int_eq(one(uid, "Account.Introspect", "token", token, &out), 0);
	ck_assert(json_is_boolean(json_object_get(out, "active")));
	active = json_is_true(json_object_get(out, "active"));
	ck_assert_int_eq(active, json_is_object(json_object_get(out, "claims")));
	json_decref(out);
	return active;
}

static int show(uid_t uid, const char *token)
{
	return one(uid, "Account.Show", "token", token, NULL);
}

static int end_by(uid_t uid, const char *token)
{
	return one(uid, "Account.Revoke", "token", token, NULL);
}

static void text_from(uid_t uid, const char *method, const char *name,
	const char *value, const char *member, char out_text[LIMIT_TOKEN + 1])
{
	json_t *out;

	ck_assert_int_eq(one(uid, method, name, value, &out), 0);
	snprintf(out_text, LIMIT_TOKEN + 1, "%s", string_of(out, member));
	ck_assert_str_ne(out_text, "");
	json_decref(out);
}

static void receipt(char out[LIMIT_TOKEN + 1])
{
	text_from(WEB, "Try.Receipt", "account", alice_id, "token", out);
}

static int64_t sessions(void)
{
	return rig_count(&rig, "SELECT count(*) FROM sessions");
}

static int64_t events(const char *event)
{
	char sql[128];

	snprintf(
		sql, sizeof(sql), "SELECT count(*) FROM audit WHERE event='%s'", event);
	return rig_count(&rig, sql);
}

static int account_state;

static int set_state(void)
{
	return accounts_set_state(
		&rig.daemon.store, alice.id, (enum account_state)account_state);
}

static void alice_is(enum account_state state)
{
	account_state = state;
	in_transaction(set_state);
}

/* As a restart does, but for the process. */
static void reopen(void)
{
	char path[UNIT_PATH], error[512];

	(void)rig_count(&rig, "SELECT 0");
	store_close(&rig.daemon.store);
	token_keys_free(&rig.daemon.token_keys);
	ck_assert_msg(store_open(&rig.daemon.store, unit_path(path, "rig.db"), error,
			      sizeof(error)) == 0,
		"%s", error);
}

static int64_t rotate(int64_t *ret_wait)
{
	json_t *out;
	int r = one(0, "Try.Rotate", NULL, NULL, &out);
	int64_t number = int_of(out, "number");

	if (ret_wait)
		*ret_wait = int_of(out, "retry_after");
	json_decref(out);
	ck_assert_int_eq(r, number > 0 ? 0 : OUTCOME_THROTTLED);
	return number;
}

static bool keep(void)
{
	json_t *out;
	bool rotated;

	ck_assert_int_eq(one(0, "Try.Keep", NULL, NULL, &out), 0);
	rotated = json_is_true(json_object_get(out, "rotated"));
	json_decref(out);
	return rotated;
}

/* The keys that anybody gets; kids in their order. */
static size_t kids(char out_kids[TOKEN_KEYS_MAX][TOKEN_KID + 1])
{
	json_t *out, *keys;
	size_t n;

	ck_assert_int_eq(one(0, "Account.Keys", NULL, NULL, &out), 0);
	keys = json_object_get(out, "keys");
	n = json_array_size(keys);
	ck_assert_uint_le(n, TOKEN_KEYS_MAX);
	for (size_t i = 0; i < n; i++) {
		json_t *key = json_array_get(keys, i);

		ck_assert_str_eq(string_of(key, "kty"), "OKP");
		ck_assert_str_eq(string_of(key, "crv"), "Ed25519");
		ck_assert_uint_eq(strlen(string_of(key, "x")), 43);
		ck_assert_uint_eq(strlen(string_of(key, "kid")), TOKEN_KID);
		/* The private half. */
		ck_assert_ptr_null(json_object_get(key, "d"));
		snprintf(out_kids[i], TOKEN_KID + 1, "%s", string_of(key, "kid"));
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(out_kids[i], out_kids[j]);
	}
	json_decref(out);
	return n;
}

/* Whether the header of a token names that key. */
static bool is_signed_by(const char *token, const char *kid)
{
	unsigned char header[256];
	size_t n = 0;

	ck_assert_int_eq(sodium_base642bin(header, sizeof(header) - 1, token,
				 strcspn(token, "."), NULL, &n, NULL,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING),
		0);
	header[n] = '\0';
	return strstr((char *)header, kid) != NULL;
}

/* ---- the tests */

START_TEST(a_sign_in_brings_tokens_that_say_what_it_was)
{
	struct tokens t;
	json_t *out, *claims, *amr;

	set_up(acme);
	t = sign_in();
	ck_assert_int_eq(t.expires_in, 900);
	ck_assert_int_eq(t.refresh_expires_in, 14 * DAY);
	rig.now += 10;
	ck_assert_int_eq(one(WEB, "Account.Introspect", "token", t.access, &out), 0);
	ck_assert(json_is_true(json_object_get(out, "active")));
	claims = json_object_get(out, "claims");
	ck_assert_str_eq(string_of(claims, "iss"), "https://otp.example");
	ck_assert_str_eq(string_of(claims, "aud"), "web");
	ck_assert_str_eq(string_of(claims, "sub"), alice_id);
	ck_assert_str_eq(string_of(claims, "tenant"), "acme");
	ck_assert_uint_eq(strlen(string_of(claims, "sid")), 32);
	ck_assert_uint_eq(strlen(string_of(claims, "jti")), TOKEN_JTI);
	ck_assert_int_eq(int_of(claims, "iat"), RIG_NOW);
	ck_assert_int_eq(int_of(claims, "exp"), RIG_NOW + 900);
	ck_assert_int_eq(int_of(claims, "auth_time"), RIG_NOW);
	amr = json_object_get(claims, "amr");
	ck_assert_uint_eq(json_array_size(amr), 2);
	ck_assert_str_eq(json_string_value(json_array_get(amr, 0)), "pwd");
	ck_assert_str_eq(json_string_value(json_array_get(amr, 1)), "otp");
	json_decref(out);
	ck_assert_int_eq(events("session_opened"), 1);
	/* Neither token stands in the store. */
	ck_assert_int_eq(
		rig_count(&rig, "SELECT count(*) FROM sessions WHERE length(hash)=32"),
		1);
	rig_close(&rig);
}
END_TEST

START_TEST(the_owner_of_a_token_is_shown)
{
	struct tokens t;
	json_t *out, *account, *profile;

	set_up(acme);
	t = sign_in();
	(void)sign_in();
	ck_assert_int_eq(one(WEB, "Account.Show", "token", t.access, &out), 0);
	account = json_object_get(out, "account");
	ck_assert_str_eq(string_of(account, "account"), alice_id);
	ck_assert_str_eq(string_of(account, "address"), "alice@example.org");
	ck_assert_str_eq(string_of(account, "login"), "alice");
	ck_assert_str_eq(string_of(account, "state"), "active");
	ck_assert(json_is_true(json_object_get(account, "verified")));
	ck_assert_int_eq(int_of(account, "created_at"), RIG_NOW - 5);
	ck_assert_int_eq(int_of(account, "last_login_at"), RIG_NOW - 3);
	ck_assert_int_eq(int_of(account, "password_at"), RIG_NOW - 2);
	ck_assert_int_eq(int_of(account, "sessions"), 2);
	ck_assert_int_eq(int_of(account, "recovery_codes"), 0);
	profile = json_object_get(account, "profile");
	ck_assert_int_eq(int_of(profile, "a"), 1);
	json_decref(out);
	rig_close(&rig);
}
END_TEST

START_TEST(a_refresh_token_is_good_once_and_twice_ends_the_session)
{
	struct tokens a, b, other;

	set_up(acme);
	a = sign_in();
	other = sign_in();
	rig.now += 60;
	ck_assert_int_eq(refresh(WEB, a.refresh, &b), 0);
	ck_assert_str_ne(a.refresh, b.refresh);
	ck_assert_str_ne(a.access, b.access);
	ck_assert_int_eq(b.refresh_expires_in, 14 * DAY);
	ck_assert(is_active(WEB, a.access));
	ck_assert(is_active(WEB, b.access));
	ck_assert_int_eq(refresh(WEB, a.refresh, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(events("session_reused"), 1);
	/* Who of the two was the thief, nobody knows. */
	ck_assert_int_eq(refresh(WEB, b.refresh, NULL), OUTCOME_BAD_TOKEN);
	ck_assert(!is_active(WEB, a.access));
	ck_assert(!is_active(WEB, b.access));
	ck_assert_int_eq(show(WEB, b.access), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(sessions(), 1);
	ck_assert(is_active(WEB, other.access));
	ck_assert_int_eq(refresh(WEB, other.refresh, NULL), 0);
	ck_assert_int_eq(events("session_reused"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(of_two_at_the_same_time_one_passes_and_the_session_ends)
{
	static char answer[LIMIT_REPLY];
	struct tokens t;
	char text[LIMIT_FRAME];
	int fds[2], n_passed = 0, n;

	set_up(acme);
	t = sign_in();
	n = snprintf(text, sizeof(text),
		"{\"method\":\"org.emailotp.Account.Refresh\","
		"\"parameters\":{\"refresh_token\":\"%s\"}}",
		t.refresh);
	for (int i = 0; i < 2; i++) {
		fds[i] = rig_connect(&rig, WEB);
		ck_assert_int_eq(send(fds[i], text, (size_t)n + 1, 0), n + 1);
	}
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_gt(rig_answer(&rig, fds[i], answer, sizeof(answer)), 0);
		n_passed += strstr(answer, "access_token") != NULL;
		ck_assert(strstr(answer, "access_token") ||
			strstr(answer, "org.emailotp.Error.BadToken"));
		close(fds[i]);
	}
	ck_assert_int_eq(n_passed, 1);
	ck_assert_int_eq(sessions(), 0);
	ck_assert_int_eq(events("session_reused"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(an_older_generation_ends_the_session_even_after_a_restart)
{
	struct tokens a, b, c;

	set_up(acme);
	a = sign_in();
	reopen();
	ck_assert_int_eq(refresh(WEB, a.refresh, &b), 0);
	reopen();
	ck_assert(is_active(WEB, a.access));
	ck_assert_int_eq(refresh(WEB, b.refresh, &c), 0);
	reopen();
	ck_assert_int_eq(refresh(WEB, a.refresh, NULL), OUTCOME_BAD_TOKEN);
	reopen();
	ck_assert_int_eq(sessions(), 0);
	ck_assert_int_eq(refresh(WEB, c.refresh, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(events("session_reused"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(what_is_no_token_is_refused_and_ends_nothing)
{
	static const char *const none[] = { "", "r_", "g_", ".", "..", "a.b.c",
		"eyJhbGciOiJub25lIn0.e30.", "r_AAAA", "\xc3\xa4" };
	struct tokens t;
	char bent[LIMIT_TOKEN + 1];

	set_up(acme);
	t = sign_in();
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		ck_assert(!is_active(WEB, none[i]));
		ck_assert_int_eq(show(WEB, none[i]), OUTCOME_BAD_TOKEN);
		ck_assert_int_eq(end_by(WEB, none[i]), OUTCOME_BAD_TOKEN);
		ck_assert_int_eq(refresh(WEB, none[i], NULL), OUTCOME_BAD_TOKEN);
		ck_assert_int_eq(exchange(WEB, none[i], NULL), OUTCOME_BAD_TOKEN);
	}
	/* One letter of each is another. */
	for (size_t i = 0; i < strlen(t.refresh); i++) {
		strcpy(bent, t.refresh);
		bent[i] = bent[i] == 'A' ? 'B' : 'A';
		ck_assert_int_eq(refresh(WEB, bent, NULL), OUTCOME_BAD_TOKEN);
		ck_assert_int_eq(end_by(WEB, bent), OUTCOME_BAD_TOKEN);
	}
	for (size_t i = 0; i < strlen(t.access); i++) {
		strcpy(bent, t.access);
		bent[i] = bent[i] == 'A' ? 'B' : 'A';
		ck_assert_msg(!is_active(WEB, bent), "letter %zu", i);
	}
	/* Each for what it is. */
	ck_assert(!is_active(WEB, t.refresh));
	ck_assert_int_eq(refresh(WEB, t.access, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(exchange(WEB, t.access, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(exchange(WEB, t.refresh, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(sessions(), 1);
	ck_assert(is_active(WEB, t.access));
	ck_assert_int_eq(refresh(WEB, t.refresh, NULL), 0);
	rig_close(&rig);
}
END_TEST

/* A token that says other things than those that a sign-in makes. */
static bool is_active_with(const struct token_claims *claims, const char *typ)
{
	struct token_key key;
	char text[LIMIT_TOKEN + 1];

	token_key_derive(&key, &rig.key, 1);
	ck_assert_int_eq(token_sign(text, &key, typ, claims), 0);
	return is_active(WEB, text);
}

START_TEST(a_signed_token_counts_only_if_all_that_it_says_fits)
{
	struct tokens t = { 0 };
	struct token_key key;
	struct token_claims good = { 0 }, bad;

	set_up(acme);
	t = sign_in();
	token_key_derive(&key, &rig.key, 1);
	ck_assert_int_eq(token_check(t.access, &key, 1, TOKEN_ACCESS,
				 "https://otp.example", "web", rig.now, &good),
		0);
	ck_assert(is_active_with(&good, TOKEN_ACCESS));
	ck_assert(!is_active_with(&good, TOKEN_RECEIPT));
	bad = good;
	strcpy(bad.tenant, "other");
	ck_assert(!is_active_with(&bad, TOKEN_ACCESS));
	bad = good;
	strcpy(bad.aud, "sync");
	ck_assert(!is_active_with(&bad, TOKEN_ACCESS));
	bad = good;
	bad.sub[0] = bad.sub[0] == '0' ? '1' : '0';
	ck_assert(!is_active_with(&bad, TOKEN_ACCESS));
	bad = good;
	bad.sid[0] = bad.sid[0] == '0' ? '1' : '0';
	ck_assert(!is_active_with(&bad, TOKEN_ACCESS));
	bad.sid[0] = 'x';
	ck_assert(!is_active_with(&bad, TOKEN_ACCESS));
	rig_close(&rig);
}
END_TEST

START_TEST(a_session_is_its_clients_and_its_tenants)
{
	struct tokens t;

	set_up(acme);
	t = sign_in();
	/* The same audience: an interface that web's pages call. */
	ck_assert(is_active(API, t.access));
	ck_assert_int_eq(show(API, t.access), 0);
	ck_assert_int_eq(refresh(API, t.refresh, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(end_by(API, t.refresh), OUTCOME_BAD_TOKEN);
	for (uid_t uid = OTHER; uid <= APART; uid++) {
		ck_assert(!is_active(uid, t.access));
		ck_assert_int_eq(show(uid, t.access), OUTCOME_BAD_TOKEN);
		ck_assert_int_eq(refresh(uid, t.refresh, NULL), OUTCOME_BAD_TOKEN);
		ck_assert_int_eq(end_by(uid, t.access), OUTCOME_BAD_TOKEN);
		ck_assert_int_eq(end_by(uid, t.refresh), OUTCOME_BAD_TOKEN);
	}
	ck_assert_int_eq(one(OTHER, "Account.RevokeAll", "account", alice_id, NULL),
		OUTCOME_NO_USER);
	/* The tenant of otpd.conf counts, not that of the token. */
	rig_config(&rig,
		"issuer = \"https://otp.example\""
		" client web { user = daemon tenant = moved }");
	ck_assert(!is_active(WEB, t.access));
	ck_assert_int_eq(refresh(WEB, t.refresh, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(end_by(WEB, t.refresh), OUTCOME_BAD_TOKEN);
	/* Nor is what another issuer has signed ours. */
	rig_config(
		&rig, "issuer = elsewhere client web { user = daemon tenant = acme }");
	ck_assert(!is_active(WEB, t.access));
	rig_config(&rig, acme);
	ck_assert(is_active(WEB, t.access));
	ck_assert_int_eq(refresh(WEB, t.refresh, NULL), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(who_may_not_is_denied)
{
	static const char *const methods[][2] = { { "Exchange", "token" },
		{ "Refresh", "refresh_token" }, { "Revoke", "token" },
		{ "RevokeAll", "account" }, { "Introspect", "token" },
		{ "Show", "token" }, { "RecoveryCodes", "token" } };
	static const uid_t who[] = { 0, NARROW, RIG_NOBODY };
	struct tokens t;

	set_up(acme);
	t = sign_in();
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		for (size_t j = 0; j < sizeof(who) / sizeof(who[0]); j++) {
			char method[64];
			const char *value = i == 3 ? alice_id
				: i == 1           ? t.refresh
						   : t.access;

			snprintf(method, sizeof(method), "Account.%s", methods[i][0]);
			ck_assert_int_eq(
				one(who[j], method, methods[i][1], value, NULL),
				OUTCOME_DENIED);
		}
	ck_assert_int_eq(sessions(), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(an_account_that_may_not_sign_in_gets_no_tokens)
{
	struct tokens t;
	char text[LIMIT_TOKEN + 1];

	set_up(acme);
	t = sign_in();
	receipt(text);
	alice_is(ACCOUNT_DISABLED);
	ck_assert_int_eq(refresh(WEB, t.refresh, NULL), OUTCOME_DISABLED);
	ck_assert_int_eq(exchange(WEB, text, NULL), OUTCOME_DISABLED);
	ck_assert(!is_active(WEB, t.access));
	ck_assert_int_eq(show(WEB, t.access), OUTCOME_BAD_TOKEN);
	alice_is(ACCOUNT_MUST_RESET);
	ck_assert_int_eq(refresh(WEB, t.refresh, NULL), OUTCOME_MUST_RESET);
	ck_assert_int_eq(exchange(WEB, text, NULL), OUTCOME_MUST_RESET);
	ck_assert(!is_active(WEB, t.access));
	/* Neither has used up anything. */
	alice_is(ACCOUNT_ACTIVE);
	ck_assert_int_eq(exchange(WEB, text, NULL), 0);
	ck_assert_int_eq(refresh(WEB, t.refresh, NULL), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(tokens_expire_at_the_second)
{
	struct tokens t;

	set_up(acme);
	t = sign_in();
	rig.now += 899;
	ck_assert(is_active(WEB, t.access));
	rig.now += 1;
	ck_assert(!is_active(WEB, t.access));
	ck_assert_int_eq(show(WEB, t.access), OUTCOME_BAD_TOKEN);
	rig.now = RIG_NOW + 14 * DAY - 1;
	ck_assert_int_eq(refresh(WEB, t.refresh, &t), 0);
	rig.now += 14 * DAY;
	ck_assert_int_eq(refresh(WEB, t.refresh, NULL), OUTCOME_BAD_TOKEN);
	/* That one was not a second time. */
	ck_assert_int_eq(events("session_reused"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_session_ends_thirty_days_after_its_sign_in)
{
	struct tokens t;

	set_up(acme);
	t = sign_in();
	rig.now += 13 * DAY;
	ck_assert_int_eq(refresh(WEB, t.refresh, &t), 0);
	ck_assert_int_eq(t.refresh_expires_in, 14 * DAY);
	rig.now += 13 * DAY;
	ck_assert_int_eq(refresh(WEB, t.refresh, &t), 0);
	ck_assert_int_eq(t.refresh_expires_in, 4 * DAY);
	rig.now += 4 * DAY - 300;
	ck_assert_int_eq(refresh(WEB, t.refresh, &t), 0);
	ck_assert_int_eq(t.refresh_expires_in, 300);
	ck_assert_int_eq(t.expires_in, 300);
	rig.now += 300;
	ck_assert_int_eq(refresh(WEB, t.refresh, NULL), OUTCOME_BAD_TOKEN);
	ck_assert(!is_active(WEB, t.access));
	rig_close(&rig);
}
END_TEST

START_TEST(a_single_token_lives_long_and_is_all_there_is)
{
	struct tokens t;

	set_up(single);
	t = sign_in();
	ck_assert_str_eq(t.refresh, "");
	ck_assert_int_eq(t.refresh_expires_in, -1);
	ck_assert_int_eq(t.expires_in, 7 * DAY);
	rig.now += 7 * DAY - 1;
	ck_assert(is_active(WEB, t.access));
	rig.now += 1;
	ck_assert(!is_active(WEB, t.access));
	t = sign_in();
	ck_assert_int_eq(end_by(WEB, t.access), 0);
	ck_assert(!is_active(WEB, t.access));
	ck_assert_int_eq(end_by(WEB, t.access), 0);
	ck_assert_int_eq(events("session_ended"), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(of_too_many_sessions_the_oldest_ends)
{
	static struct tokens t[5];

	set_up(acme);
	for (int i = 0; i < 5; i++)
		t[i] = sign_in(); /* all in one second */
	ck_assert_int_eq(sessions(), 3);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(is_active(WEB, t[i].access), i >= 2);
	ck_assert_int_eq(refresh(WEB, t[0].refresh, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(events("session_reused"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_receipt_opens_one_session_for_the_right_client)
{
	struct tokens t;
	char text[LIMIT_TOKEN + 1];
	json_t *out, *claims;

	set_up(acme);
	receipt(text);
	ck_assert(!is_active(WEB, text));
	ck_assert_int_eq(refresh(WEB, text, NULL), OUTCOME_BAD_TOKEN);
	for (uid_t uid = API; uid <= APART; uid++)
		ck_assert_int_eq(exchange(uid, text, NULL), OUTCOME_BAD_TOKEN);
	rig.now += 299;
	reopen();
	ck_assert_int_eq(exchange(WEB, text, &t), 0);
	ck_assert_int_eq(exchange(WEB, text, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(one(WEB, "Account.Introspect", "token", t.access, &out), 0);
	claims = json_object_get(out, "claims");
	/* He signed in then, and not now; and so as the receipt says. */
	ck_assert_int_eq(int_of(claims, "auth_time"), RIG_NOW);
	ck_assert_int_eq(int_of(claims, "iat"), RIG_NOW + 299);
	ck_assert_uint_eq(json_array_size(json_object_get(claims, "amr")), 1);
	json_decref(out);
	receipt(text);
	rig.now += 300;
	ck_assert_int_eq(exchange(WEB, text, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(sessions(), 1);
	rig_close(&rig);
}
END_TEST

START_TEST(the_receipt_of_a_unix_user_is_signed_and_opens_no_session)
{
	struct token_key key;
	struct token_claims claims;
	char text[LIMIT_TOKEN + 1];

	set_up(acme);
	text_from(WEB, "Try.Receipt", "text", "root", "token", text);
	ck_assert_int_eq(exchange(WEB, text, NULL), OUTCOME_BAD_TOKEN);
	token_key_derive(&key, &rig.key, 1);
	ck_assert_int_eq(token_check(text, &key, 1, TOKEN_RECEIPT,
				 "https://otp.example", "sshd", rig.now, &claims),
		0);
	ck_assert_str_eq(claims.sub, "root");
	ck_assert_str_eq(claims.service, "sshd");
	ck_assert_str_eq(claims.amr, "otp");
	ck_assert_str_eq(claims.tenant, "");
	ck_assert_int_eq(claims.exp, RIG_NOW + 300);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grants"), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_grant_is_its_clients_until_its_time_is_over)
{
	char text[LIMIT_TOKEN + 1];

	set_up(acme);
	text_from(WEB, "Try.Grant", "account", alice_id, "grant", text);
	ck_assert_int_eq(one(WEB, "Try.Take", "text", text, NULL), 0);
	ck_assert_int_eq(one(API, "Try.Take", "text", text, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(one(OTHER, "Try.Take", "text", text, NULL), OUTCOME_BAD_TOKEN);
	rig_config(&rig, "client web { user = daemon tenant = moved }");
	ck_assert_int_eq(one(WEB, "Try.Take", "text", text, NULL), OUTCOME_BAD_TOKEN);
	rig_config(&rig, acme);
	/* It allows what it was made for only. */
	ck_assert_int_eq(exchange(WEB, text, NULL), OUTCOME_BAD_TOKEN);
	rig.now += LIMIT_GRANT_S - 1;
	reopen();
	ck_assert_int_eq(one(WEB, "Try.Take", "text", text, NULL), 0);
	rig.now += 1;
	ck_assert_int_eq(one(WEB, "Try.Take", "text", text, NULL), OUTCOME_BAD_TOKEN);
	receipt(text);
	ck_assert_int_eq(one(WEB, "Try.Take", "text", text, NULL), OUTCOME_BAD_TOKEN);
	rig_close(&rig);
}
END_TEST

START_TEST(a_session_is_revoked_by_any_of_its_tokens_and_without_haste)
{
	struct tokens a, b;

	set_up(acme);
	a = sign_in();
	ck_assert_int_eq(end_by(WEB, a.refresh), 0);
	ck_assert_int_eq(end_by(WEB, a.refresh), 0);
	ck_assert_int_eq(end_by(WEB, a.access), 0);
	ck_assert_int_eq(refresh(WEB, a.refresh, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(events("session_ended"), 1);
	ck_assert_int_eq(events("session_reused"), 0);
	/* An older generation; and an access token whose time is over. */
	a = sign_in();
	ck_assert_int_eq(refresh(WEB, a.refresh, &b), 0);
	ck_assert_int_eq(end_by(WEB, a.refresh), 0);
	ck_assert(!is_active(WEB, b.access));
	a = sign_in();
	rig.now += 900;
	ck_assert_int_eq(end_by(WEB, a.access), 0);
	ck_assert_int_eq(sessions(), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(all_sessions_of_an_account_end_with_its_grants)
{
	struct tokens t;
	char text[LIMIT_TOKEN + 1], grant[LIMIT_TOKEN + 1], principal[PRINCIPAL_SIZE];
	json_t *out;

	set_up(acme);
	t = sign_in();
	(void)sign_in();
	receipt(text);
	text_from(WEB, "Try.Grant", "account", alice_id, "grant", grant);
	/* Whoever was signed in where it was not him has stepped up there, too. */
	principal_of_account(principal, alice.id);
	ck_assert_int_eq(grace_put(&rig.daemon.store, principal, "web", "192.0.2.1", "",
				 WEB, rig.now + 900, 6, 0),
		0);
	ck_assert_int_eq(one(API, "Account.RevokeAll", "account", alice_id, &out), 0);
	ck_assert_int_eq(int_of(out, "sessions"), 2);
	json_decref(out);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grace"), 0);
	ck_assert(!is_active(WEB, t.access));
	ck_assert_int_eq(exchange(WEB, text, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(one(WEB, "Try.Take", "text", grant, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(one(API, "Account.RevokeAll", "account", alice_id, &out), 0);
	ck_assert_int_eq(int_of(out, "sessions"), 0);
	json_decref(out);
	ck_assert_int_eq(
		one(WEB, "Account.RevokeAll", "account", "zz", NULL), OUTCOME_NO_USER);
	ck_assert_int_eq(one(WEB, "Account.RevokeAll", "account",
				 "00000000000000000000000000000000", NULL),
		OUTCOME_NO_USER);
	ck_assert_int_eq(events("sessions_ended"), 2);
	rig_close(&rig);
}
END_TEST

START_TEST(the_next_key_is_known_before_it_signs_and_an_old_one_while_it_must)
{
	char before[TOKEN_KEYS_MAX][TOKEN_KID + 1],
		after[TOKEN_KEYS_MAX][TOKEN_KID + 1];
	struct tokens a, b;

	set_up(acme);
	ck_assert_uint_eq(kids(before), 2);
	a = sign_in();
	ck_assert(is_signed_by(a.access, before[0]));
	ck_assert_int_eq(rotate(NULL), 2);
	reopen();
	ck_assert_uint_eq(kids(after), 3);
	ck_assert_str_eq(after[0], before[1]);
	ck_assert_str_eq(after[2], before[0]);
	b = sign_in();
	ck_assert(is_signed_by(b.access, after[0]));
	rig.now += 899;
	ck_assert(is_active(WEB, a.access));
	ck_assert_uint_eq(kids(after), 3);
	rig.now += 1;
	ck_assert_uint_eq(kids(after), 2);
	ck_assert_str_eq(after[0], before[1]);
	/* Refresh tokens are none of these keys'. */
	ck_assert_int_eq(refresh(WEB, a.refresh, &a), 0);
	ck_assert(is_active(WEB, a.access));
	rig_close(&rig);
}
END_TEST

START_TEST(no_rotation_orphans_a_token_that_lives)
{
	char found[TOKEN_KEYS_MAX][TOKEN_KID + 1];
	static struct tokens t[TOKEN_KEYS_OLD + 1];
	int64_t wait = 0;

	set_up(acme);
	rig_config(&rig, single);
	for (int i = 0; i < TOKEN_KEYS_OLD; i++) {
		rig.now = RIG_NOW + i;
		t[i] = sign_in();
		ck_assert_int_eq(rotate(NULL), i + 2);
	}
	t[TOKEN_KEYS_OLD] = sign_in();
	ck_assert_int_eq(rotate(&wait), -1);
	ck_assert_int_eq(wait, 7 * DAY - (TOKEN_KEYS_OLD - 1));
	reopen();
	ck_assert_uint_eq(kids(found), TOKEN_KEYS_MAX);
	for (int i = 0; i <= TOKEN_KEYS_OLD; i++)
		ck_assert(is_active(WEB, t[i].access));
	/* Once the first has no tokens, its place is free. */
	rig.now = RIG_NOW + 7 * DAY - 1;
	ck_assert(is_active(WEB, t[0].access));
	ck_assert_int_eq(rotate(NULL), -1);
	rig.now++;
	ck_assert(!is_active(WEB, t[0].access));
	ck_assert(is_active(WEB, t[1].access));
	ck_assert_int_eq(rotate(NULL), TOKEN_KEYS_OLD + 2);
	for (int i = 1; i <= TOKEN_KEYS_OLD; i++)
		ck_assert(is_active(WEB, t[i].access));
	rig_close(&rig);
}
END_TEST

START_TEST(a_reload_that_shortens_lives_orphans_no_token)
{
	static const char shorter[] = "issuer = \"https://otp.example\""
				      " client web { user = daemon tenant = acme }";
	struct tokens t;

	set_up(single);
	ck_assert(!keep());
	t = sign_in();
	rig.now += 10;
	rig_config(&rig, shorter);
	ck_assert(!keep());
	reopen();
	rig.now += 10;
	ck_assert_int_eq(rotate(NULL), 2);
	rig.now = RIG_NOW + 7 * DAY - 1;
	ck_assert(!keep());
	ck_assert(is_active(WEB, t.access));
	rig.now += 10;
	ck_assert_int_eq(rotate(NULL), 3);
	/* The memory of the long ones ends: this one is kept for as long as its own. */
	ck_assert_int_eq(
		rig_count(&rig, "SELECT value FROM meta WHERE name='token_key_old_2'"),
		rig.now + 900);
	rig_close(&rig);
}
END_TEST

START_TEST(a_rotation_that_was_not_committed_never_was)
{
	char before[TOKEN_KEYS_MAX][TOKEN_KID + 1],
		after[TOKEN_KEYS_MAX][TOKEN_KID + 1];
	struct store *store = &rig.daemon.store;
	const struct token_keys *keys;
	int64_t number, wait;
	struct tokens t;

	set_up(acme);
	ck_assert_uint_eq(kids(before), 2);
	ck_assert_int_eq(store_begin(store, true), 0);
	ck_assert_int_eq(token_keys_rotate(&rig.daemon, store, &number, &wait), 0);
	ck_assert_int_eq(number, 2);
	ck_assert_int_eq(token_keys_get(&rig.daemon, store, &keys), 0);
	ck_assert_int_eq(keys->number, 2);
	ck_assert_str_eq(keys->keys[1].kid, before[1]);
	store_rollback(store);
	ck_assert_uint_eq(kids(after), 2);
	ck_assert_str_eq(after[0], before[0]);
	ck_assert_str_eq(after[1], before[1]);
	t = sign_in();
	ck_assert(is_signed_by(t.access, before[0]));
	rig_close(&rig);
}
END_TEST

START_TEST(a_key_that_has_signed_long_enough_is_changed)
{
	char found[TOKEN_KEYS_MAX][TOKEN_KID + 1];
	struct tokens t;

	set_up(acme);
	rig_config(&rig,
		"token_key_life = 1d issuer = \"https://otp.example\""
		" client web { user = daemon tenant = acme }");
	ck_assert(!keep());
	rig.now += DAY - 1;
	ck_assert(!keep());
	t = sign_in();
	rig.now += 1;
	ck_assert(keep());
	ck_assert(!keep());
	ck_assert_int_eq(events("token_key_rotated"), 1);
	ck_assert_uint_eq(kids(found), 3);
	ck_assert(is_active(WEB, t.access));
	/* One by hand puts the next one off. */
	rig.now += DAY - 1;
	ck_assert_int_eq(rotate(NULL), 3);
	rig.now += 1;
	ck_assert(!keep());
	rig_close(&rig);
}
END_TEST

START_TEST(a_clock_that_was_years_ahead_keeps_no_keys_for_years)
{
	char found[TOKEN_KEYS_MAX][TOKEN_KID + 1];

	set_up(single);
	rig.now += 3650 * (int64_t)DAY;
	ck_assert(!keep());
	ck_assert_int_eq(rotate(NULL), 2);
	rig.now = RIG_NOW;
	ck_assert(!keep());
	ck_assert_uint_eq(kids(found), 3);
	rig.now += 7 * DAY;
	ck_assert(!keep());
	ck_assert_uint_eq(kids(found), 2);
	/* And the next rotation comes when it is due from now. */
	rig.now = RIG_NOW + 30 * (int64_t)DAY;
	ck_assert(keep());
	rig_close(&rig);
}
END_TEST

START_TEST(keys_are_for_everybody_but_not_without_end)
{
	int r = 0, n = 0;

	set_up(acme);
	for (; n < 1000 && r == 0; n++)
		r = one(RIG_NOBODY, "Account.Keys", NULL, NULL, NULL);
	ck_assert_int_gt(n, 1);
	ck_assert_int_eq(r, OUTCOME_THROTTLED);
	for (int i = 0; i < 2 * n; i++)
		ck_assert_int_eq(one(WEB, "Account.Keys", NULL, NULL, NULL), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_small_step_back_of_the_clock_keeps_sessions_and_a_large_one_does_not)
{
	struct tokens t;
	char text[LIMIT_TOKEN + 1];

	set_up(acme);
	rig.now += 10000;
	t = sign_in();
	receipt(text);
	rig.now -= 3600;
	ck_assert_int_eq(exchange(WEB, text, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(refresh(WEB, t.refresh, &t), 0);
	ck_assert(is_active(WEB, t.access));
	rig.now -= 3601;
	ck_assert_int_eq(refresh(WEB, t.refresh, NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(sessions(), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(the_keeper_ends_what_is_over_in_bites)
{
	struct daemon *daemon = &rig.daemon;
	char text[LIMIT_TOKEN + 1];

	set_up(acme);
	(void)sign_in();
	receipt(text);
	(void)rig_count(&rig,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
		" WHERE i < 2000) INSERT INTO sessions (id, account, client, amr,"
		" generation, hash, auth_time, used_at, expires_at)"
		" SELECT randomblob(16), x'00', 'web', '', 1, x'00', 1, 1, i FROM n"
		" RETURNING 1");
	ck_assert_int_eq(sessions(), 2001);
	ck_assert_int_eq(keeper_open(&daemon->keeper, daemon), 0);
	rig.now += 14 * DAY;
	batch_add_job(&daemon->batch, &daemon->keeper.job);
	ck_assert_int_eq(sessions(), 1);
	/* It knows that this was not all, and does not wait for half a minute. */
	ck_assert(daemon->keeper.more);
	ck_assert_uint_le(uv_timer_get_due_in(&daemon->keeper.timer), 1000);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM grants"), 0);
	batch_add_job(&daemon->batch, &daemon->keeper.job);
	ck_assert_int_eq(sessions(), 0);
	ck_assert(!daemon->keeper.more);
	/* It also keeps the keys. */
	rig.now += 30 * DAY;
	batch_add_job(&daemon->batch, &daemon->keeper.job);
	ck_assert_int_eq(
		rig_count(&rig, "SELECT value FROM meta WHERE name='token_key'"), 2);
	keeper_close(&daemon->keeper);
	rig_close(&rig);
}
END_TEST

static int set_profile(const char *token, const char *profile, char reason[64])
{
	json_t *out;
	int r = rig_call(&rig, WEB, "Account.SetProfile",
		json_pack("{s:s, s:o}", "token", token, "profile",
			json_loads(profile, 0, NULL)),
		&out);

	if (reason)
		snprintf(reason, 64, "%s", string_of(out, "reason"));
	json_decref(out);
	return r;
}

START_TEST(a_profile_is_replaced_as_a_whole_or_not_at_all)
{
	struct tokens t;
	char reason[64];
	json_t *out, *profile;

	set_up(acme);
	t = sign_in();
	ck_assert_int_eq(set_profile(t.access, "{\"b\":[2]}", NULL), 0);
	ck_assert_int_eq(set_profile(t.access, "{\"b\":[[[[[[[[[]]]]]]]]]}", reason),
		OUTCOME_BAD_PROFILE);
	ck_assert_ptr_nonnull(strstr(reason, "deep"));
	ck_assert_int_eq(set_profile("nonsense", "{}", NULL), OUTCOME_BAD_TOKEN);
	ck_assert_int_eq(set_profile(t.access, "[]", NULL), -EINVAL);
	ck_assert_int_eq(one(WEB, "Account.Show", "token", t.access, &out), 0);
	profile = json_object_get(json_object_get(out, "account"), "profile");
	ck_assert_uint_eq(json_object_size(profile), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(profile, "b")), 1);
	json_decref(out);
	rig_config(&rig,
		"issuer = \"https://otp.example\" client web { user = daemon"
		" tenant = acme purposes = { token } }");
	ck_assert_int_eq(set_profile(t.access, "{}", NULL), OUTCOME_DENIED);
	ck_assert_int_eq(one(WEB, "Account.RecoveryCodes", "token", t.access, NULL),
		OUTCOME_DENIED);
	rig_close(&rig);
}
END_TEST

static int recovery_codes(const char *token, char codes[RECOVERY_CODES][RECOVERY_SIZE])
{
	json_t *out, *array;
	int r = one(WEB, "Account.RecoveryCodes", "token", token, &out);

	array = json_object_get(out, "codes");
	ck_assert_uint_eq(json_array_size(array), r == 0 ? RECOVERY_CODES : 0);
	for (size_t i = 0; r == 0 && i < RECOVERY_CODES; i++)
		ck_assert(recovery_read(
			codes[i], json_string_value(json_array_get(array, i))));
	json_decref(out);
	return r;
}

/* Whether the code is one of those in the store. */
static bool is_kept(const char *code)
{
	char principal[PRINCIPAL_SIZE], selector[RECOVERY_SELECTOR + 1];
	struct recovery row;

	snprintf(selector, sizeof(selector), "%.*s", RECOVERY_SELECTOR, code);
	principal_of_account(principal, alice.id);
	(void)rig_count(&rig, "SELECT 0");
	return recovery_get(&rig.daemon.store, principal, selector,
		       rig.daemon.moment.now_s, &row) == 0 &&
		password_compare(row.hash, code + RECOVERY_SELECTOR) == 0;
}

START_TEST(ten_recovery_codes_replace_the_earlier_ones_and_the_owner_is_told)
{
	char a[RECOVERY_CODES][RECOVERY_SIZE], b[RECOVERY_CODES][RECOVERY_SIZE];
	struct tokens t;
	json_t *letter;

	set_up(acme);
	t = sign_in();
	rig.now += 900 - 1;
	ck_assert_int_eq(recovery_codes(t.access, a), 0);
	for (int i = 0; i < RECOVERY_CODES; i++)
		ck_assert(is_kept(a[i]));
	letter = rig_letter(&rig);
	ck_assert_str_eq(string_of(letter, "template"), "recovery-codes");
	ck_assert_str_eq(string_of(letter, "to"), "alice@example.org");
	ck_assert_str_eq(string_of(letter, "user"), "alice");
	ck_assert_str_eq(string_of(letter, "code"), "");
	json_decref(letter);
	ck_assert_int_eq(recovery_codes(t.access, b), 0);
	ck_assert(!is_kept(a[0]));
	ck_assert(is_kept(b[9]));
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM recovery"), 10);
	ck_assert_int_eq(events("recovery_made"), 2);
	rig_close(&rig);
}
END_TEST

START_TEST(recovery_codes_need_a_fresh_sign_in_a_free_hasher_and_a_mail)
{
	char a[RECOVERY_CODES][RECOVERY_SIZE], b[RECOVERY_CODES][RECOVERY_SIZE];
	struct tokens t;
	json_t *out;

	set_up(acme);
	t = sign_in();
	ck_assert_int_eq(recovery_codes(t.access, a), 0);
	ck_assert_int_eq(recovery_codes("nonsense", b), OUTCOME_BAD_TOKEN);
	rig.daemon.hasher.n_waiting = HASHER_WAITING;
	ck_assert_int_eq(one(WEB, "Account.RecoveryCodes", "token", t.access, &out),
		OUTCOME_BUSY);
	ck_assert_int_eq(int_of(out, "retry_after"), 1);
	json_decref(out);
	rig.daemon.hasher.n_waiting = 0;
	rig.daemon.seal.ready = false;
	ck_assert_int_eq(recovery_codes(t.access, b), OUTCOME_UNAVAILABLE);
	rig.daemon.seal.ready = true;
	ck_assert_int_eq(rig_call(&rig, WEB, "Account.RecoveryCodes",
				 json_pack("{s:s, s:s}", "token", t.access, "rhost",
					 "192.0.2.9"),
				 NULL),
		0);
	out = rig_letter(&rig);
	ck_assert_str_eq(string_of(out, "rhost"), "192.0.2.9");
	json_decref(out);
	/* A new access token is no new sign-in. */
	rig.now += 300;
	ck_assert_int_eq(refresh(WEB, t.refresh, &t), 0);
	rig.now += 600;
	ck_assert_int_eq(recovery_codes(t.access, b), 0);
	ck_assert(!is_kept(a[0]));
	ck_assert_int_eq(refresh(WEB, t.refresh, &t), 0);
	rig.now += 1;
	ck_assert_int_eq(recovery_codes(t.access, a), OUTCOME_NOT_ALLOWED);
	ck_assert(is_kept(b[0]));
	ck_assert_int_eq(events("recovery_made"), 3);
	rig_close(&rig);
}
END_TEST

/* Each is a mail, which counts against the ceiling that all others need. */
START_TEST(recovery_codes_are_not_made_without_end)
{
	char a[RECOVERY_CODES][RECOVERY_SIZE], b[RECOVERY_CODES][RECOVERY_SIZE];
	struct tokens t;
	json_t *out;

	set_up(acme);
	t = sign_in();
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(recovery_codes(t.access, a), 0);
	ck_assert_int_eq(one(WEB, "Account.RecoveryCodes", "token", t.access, &out),
		OUTCOME_THROTTLED);
	ck_assert_int_eq(int_of(out, "retry_after"), 3600);
	json_decref(out);
	ck_assert(is_kept(a[0]));
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail"), 10);
	/* What strangers cause beyond their budget is void, and keeps nobody from it.
	 */
	(void)rig_count(&rig, "UPDATE mail SET state = 4 RETURNING 1");
	ck_assert_int_eq(recovery_codes(t.access, b), 0);
	(void)rig_count(&rig, "UPDATE mail SET state = 3 RETURNING 1");
	ck_assert_int_eq(recovery_codes(t.access, b), OUTCOME_THROTTLED);
	rig.now += 3600;
	t = sign_in();
	ck_assert_int_eq(recovery_codes(t.access, b), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_session_that_ends_while_codes_are_hashed_gets_none)
{
	struct tokens t;
	char text[LIMIT_FRAME], answer[512];
	int fd, n;

	set_up(acme);
	t = sign_in();
	fd = rig_connect(&rig, WEB);
	n = snprintf(text, sizeof(text),
		"{\"method\":\"org.emailotp.Account.RecoveryCodes\","
		"\"parameters\":{\"token\":\"%s\"}}",
		t.access);
	ck_assert_int_eq(send(fd, text, (size_t)n + 1, 0), n + 1);
	while (hasher_is_idle(&rig.daemon.hasher))
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	ck_assert_int_eq(end_by(WEB, t.refresh), 0);
	ck_assert_uint_gt(rig_answer(&rig, fd, answer, sizeof(answer)), 0);
	ck_assert_ptr_nonnull(strstr(answer, "org.emailotp.Error.BadToken"));
	close(fd);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM recovery"), 0);
	ck_assert_int_eq(rig_count(&rig, "SELECT count(*) FROM mail"), 0);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("sessions", a_sign_in_brings_tokens_that_say_what_it_was,
	the_owner_of_a_token_is_shown,
	a_refresh_token_is_good_once_and_twice_ends_the_session,
	of_two_at_the_same_time_one_passes_and_the_session_ends,
	an_older_generation_ends_the_session_even_after_a_restart,
	what_is_no_token_is_refused_and_ends_nothing,
	a_signed_token_counts_only_if_all_that_it_says_fits,
	a_session_is_its_clients_and_its_tenants, who_may_not_is_denied,
	an_account_that_may_not_sign_in_gets_no_tokens, tokens_expire_at_the_second,
	a_session_ends_thirty_days_after_its_sign_in,
	a_single_token_lives_long_and_is_all_there_is,
	of_too_many_sessions_the_oldest_ends,
	a_receipt_opens_one_session_for_the_right_client,
	the_receipt_of_a_unix_user_is_signed_and_opens_no_session,
	a_grant_is_its_clients_until_its_time_is_over,
	a_session_is_revoked_by_any_of_its_tokens_and_without_haste,
	all_sessions_of_an_account_end_with_its_grants,
	the_next_key_is_known_before_it_signs_and_an_old_one_while_it_must,
	no_rotation_orphans_a_token_that_lives,
	a_reload_that_shortens_lives_orphans_no_token,
	a_rotation_that_was_not_committed_never_was,
	a_key_that_has_signed_long_enough_is_changed,
	a_clock_that_was_years_ahead_keeps_no_keys_for_years,
	keys_are_for_everybody_but_not_without_end,
	a_small_step_back_of_the_clock_keeps_sessions_and_a_large_one_does_not,
	the_keeper_ends_what_is_over_in_bites,
	a_profile_is_replaced_as_a_whole_or_not_at_all,
	ten_recovery_codes_replace_the_earlier_ones_and_the_owner_is_told,
	recovery_codes_need_a_fresh_sign_in_a_free_hasher_and_a_mail,
	recovery_codes_are_not_made_without_end,
	a_session_that_ends_while_codes_are_hashed_gets_none);
