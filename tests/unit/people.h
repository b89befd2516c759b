/* SPDX-License-Identifier: MIT */
/*
 * What the tests of accounts share: clients of two tenants, calls in their names, and
 * what stands in the store. Nothing waits for time: the clock is the rig's, and
 * passwords are hashed for real.
 */
#ifndef TESTS_UNIT_PEOPLE_H
#define TESTS_UNIT_PEOPLE_H

#include <pwd.h>

#include "otpd/core/password.h"
#include "otpd/core/principal.h"
#include "otpd/store/accounts.h"
#include "otpd/util/hex.h"
#include "tests/unit/rig.h"

#define RIGHT "correct horse"
#define OTHER "battery staple"
#define HOME  "192.0.2.1"

/* Two clients of one tenant, one of another, one that may only let sign in, one without
 * a tenant; and root, by the policy of a service. */
#define PEOPLE                                                               \
	"client shop { user = daemon services = { front } tenant = acme }\n" \
	"client twin { user = bin tenant = acme }\n"                         \
	"client other { user = sys tenant = umbra }\n"                       \
	"client idle { user = games tenant = acme purposes = { login } }\n"  \
	"client bare { user = man services = { shop } }\n"                   \
	"policy webmail { tenant = acme }\n"

static struct rig rig;
static uid_t shop, twin, other, idle, bare;
static char code[LIMIT_CODE + 1], wrong_code[LIMIT_CODE + 1], to[LIMIT_ADDRESS + 1];

static inline uid_t uid_of(const char *name)
{
	const struct passwd *user = getpwnam(name);

	ck_assert_ptr_nonnull(user);
	return user->pw_uid;
}

static inline void set_up(const char *config)
{
	char text[2048];

	snprintf(text, sizeof(text), PEOPLE "%s", config);
	shop = uid_of("daemon");
	twin = uid_of("bin");
	other = uid_of("sys");
	idle = uid_of("games");
	bare = uid_of("man");
	rig_open(&rig, text);
}

/* Another world in the same test. */
static inline void tear_down(void)
{
	static const char *const files[] = { "rig.db", "rig.db-wal", "rig.db-shm" };
	char path[UNIT_PATH];

	rig_close(&rig);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlink(unit_path(path, files[i]));
}

/* The daemon was killed and comes back, all in memory is gone; no reboot. */
static inline void restart(void)
{
	struct daemon *daemon = &rig.daemon;
	char path[UNIT_PATH], error[512];
	struct list *link;

	(void)rig_count(&rig, "SELECT 1");
	store_close(&daemon->store);
	ck_assert_int_eq(store_open(&daemon->store, unit_path(path, "rig.db"), error,
				 sizeof(error)),
		0);
	while ((link = list_pop(&daemon->outbox.mails))) {
		outgoing_free(list_entry(link, struct outgoing, link));
		daemon->outbox.n--;
	}
}

/* ---- accounts */

static inline void add_account(uint8_t number, const char *tenant, const char *address,
	const char *login, const char *password)
{
	static struct account account;

	account = (struct account){ .id = { number },
		.profile = "{}",
		.verified_at = RIG_NOW - 1000,
		.created_at = RIG_NOW - 2000,
		.password_at = RIG_NOW - 2000 };
	snprintf(account.tenant, sizeof(account.tenant), "%s", tenant);
	snprintf(account.address, sizeof(account.address), "%s", address);
	snprintf(account.login, sizeof(account.login), "%s", login);
	ck_assert_int_eq(password_hash(account.password, password), 0);
	ck_assert_int_eq(accounts_insert(&rig.daemon.store, &account), 0);
}

/* The account of the tenant acme, as it is in the store. */
static inline const struct account *found(const char *login)
{
	static struct account account;

	(void)rig_count(&rig, "SELECT 1");
	ck_assert_int_eq(accounts_find(&rig.daemon.store, "acme", login, &account), 0);
	return &account;
}

/* ---- calls */

static inline const char *string_of(json_t *out, const char *name)
{
	const char *text = json_string_value(json_object_get(out, name));

	return text ? text : "";
}

static inline int64_t int_of(json_t *out, const char *name)
{
	ck_assert_msg(json_is_integer(json_object_get(out, name)), "%s", name);
	return json_integer_value(json_object_get(out, name));
}

/* What a call answered, for as long as the next one does not. */
struct answer {
	int r;
	char challenge[LIMIT_CHALLENGE + 1];
	char purpose[32];
	char reference[8];
	char delivery[16];
	char grant[64];
	char account[LIMIT_ACCOUNT + 1];
	char reason[128];
	bool resumed, has_tokens;
	int64_t expires_in, resend_in, tries_left, retry_after;
	size_t members;
};

static inline int64_t number_or(json_t *out, const char *name)
{
	json_t *value = json_object_get(out, name);

	return value ? json_integer_value(value) : -1;
}

static inline struct answer call_as(uid_t uid, const char *method, json_t *in)
{
	struct answer a = { .r = 0 };
	char name[64];
	json_t *out;

	snprintf(name, sizeof(name), "Account.%s", method);
	a.r = rig_call(&rig, uid, name, in, &out);
#define TEXT(member) snprintf(a.member, sizeof(a.member), "%s", string_of(out, #member))
	TEXT(challenge);
	TEXT(purpose);
	TEXT(reference);
	TEXT(delivery);
	TEXT(grant);
	TEXT(account);
	TEXT(reason);
#undef TEXT
	a.resumed = json_is_true(json_object_get(out, "resumed"));
	a.has_tokens = json_object_get(out, "access_token") != NULL;
	a.expires_in = number_or(out, "expires_in");
	a.resend_in = number_or(out, "resend_in");
	a.tries_left = number_or(out, "tries_left");
	a.retry_after = number_or(out, "retry_after");
	a.members = json_object_size(out);
	/* Nothing but a success brings anything that opens something. */
	ck_assert(a.r == 0 || (!a.grant[0] && !a.has_tokens && !a.challenge[0]));
	json_decref(out);
	return a;
}

static inline struct answer confirm(const char *challenge, const char *typed)
{
	return call_as(shop, "Confirm",
		json_pack("{s:s, s:s}", "challenge", challenge, "code", typed));
}

static inline struct answer resend(const char *challenge)
{
	return call_as(shop, "Resend", json_pack("{s:s}", "challenge", challenge));
}

/* ---- mails */

static inline void read_mail(void)
{
	rig_mail(&rig, code, to);
}

static inline bool mail_is(const char *kind, const char *recipient)
{
	json_t *letter = rig_letter(&rig);
	bool is = strcmp(string_of(letter, "template"), kind) == 0 &&
		strcmp(string_of(letter, "to"), recipient) == 0;

	json_decref(letter);
	return is;
}

/* A code that is surely another one than the last that was read. */
static inline const char *wrong_one(void)
{
	strcpy(wrong_code, code[0] ? code : "000000");
	wrong_code[0] = wrong_code[0] == '9' ? '0' : (char)(wrong_code[0] + 1);
	return wrong_code;
}

#endif
