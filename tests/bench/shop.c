/* SPDX-License-Identifier: MIT */
/*
 * A web application that keeps its accounts in otpd: its part of the configuration, and
 * what it says. The budgets are as large as otpd takes them, as in core.c.
 */
#include "tests/bench/shop.h"

#include <inttypes.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>

#include "tests/bench/dial.h"
#include "tests/bench/say.h"

#define USER "nobody"

static const char config[] = "max_connections = 4096\n"
			     "policy " SHOP_NAME " {\n"
			     "\tcool_down = 0s\n"
			     "\tsends_per_hour = 100\n"
			     "\tsends_per_day = 400\n"
			     "\ttenant = acme\n"
			     "}\n"
			     "client " SHOP_NAME " {\n"
			     "\tuser = " USER "\n"
			     "\ttenant = acme\n"
			     "\tconnections = 2000\n"
			     "}\n";

uid_t shop_uid(void)
{
	const struct passwd *user = getpwnam(USER);

	if (!user || user->pw_uid == 0)
		die("there is no user " USER);
	return user->pw_uid;
}

static void start(struct core *core, const char *build, const char *name,
	struct core_plan plan, unsigned long long passes, size_t kib)
{
	char hash[crypto_pwhash_STRBYTES];

	if (crypto_pwhash_str_alg(hash, SHOP_PASSWORD, sizeof(SHOP_PASSWORD) - 1,
		    passes, kib * 1024, crypto_pwhash_ALG_ARGON2ID13) != 0)
		die("no memory for a hash");
	plan.config = config;
	plan.tenant = "acme";
	plan.hash = hash;
	core_start_as(core, build, name, &plan);
}

void shop_start(
	struct core *core, const char *build, const char *name, int64_t n_accounts)
{
	start(core, build, name,
		(struct core_plan){ .program = "otpd", .n_accounts = n_accounts },
		SHOP_PASSES, SHOP_KIB);
}

void shop_start_cheap(
	struct core *core, const char *build, const char *name, int64_t n_accounts)
{
	start(core, build, name,
		(struct core_plan){ .program = "bench-otpd",
			.n_users = n_accounts,
			.n_accounts = n_accounts },
		1, 8);
}

static int dial(void *context)
{
	const struct core *core = context;

	return dial_unix(core->socket, shop_uid());
}

struct load *shop_load(struct core *core, const struct load_script *script,
	int n_clients, int64_t n_users)
{
	struct load *load =
		load_new_with(&(struct load_server){ &core->loop, dial, core }, script,
			n_clients, n_users);

	core->mailbox.got = load_take;
	core->mailbox.context = load;
	return load;
}

void shop_new_address(char out[FILL_ADDRESS], int64_t number)
{
	snprintf(out, FILL_ADDRESS, "none%07" PRId64 "@mail.example.org", number);
}

static void say_login(char out[LOAD_TEXT], int64_t number)
{
	char address[FILL_ADDRESS], rhost[FILL_NAME];

	fill_address(address, number);
	fill_rhost(rhost, number);
	snprintf(out, LOAD_TEXT,
		"{\"method\":\"org.emailotp.Account.Login\",\"parameters\":{"
		"\"login\":\"%s\",\"password\":\"" SHOP_PASSWORD "\","
		"\"service\":\"" SHOP_NAME "\",\"rhost\":\"%s\"}}",
		address, rhost);
}

static void say_register(char out[LOAD_TEXT], int64_t number)
{
	char address[FILL_ADDRESS], rhost[FILL_NAME];

	fill_address(address, number);
	fill_rhost(rhost, number);
	snprintf(out, LOAD_TEXT,
		"{\"method\":\"org.emailotp.Account.Register\",\"parameters\":{"
		"\"address\":\"%s\",\"password\":\"" SHOP_PASSWORD "\","
		"\"profile\":{\"name\":\"User %" PRId64 "\"},\"rhost\":\"%s\"}}",
		address, number, rhost);
}

static void say_code(char out[LOAD_TEXT], const char *method, const char *challenge,
	const char *code)
{
	snprintf(out, LOAD_TEXT,
		"{\"method\":\"org.emailotp.%s\",\"parameters\":{"
		"\"challenge\":\"%s\",\"code\":\"%s\"}}",
		method, challenge, code);
}

static void say_pam_verify(char out[LOAD_TEXT], const char *challenge, const char *code)
{
	say_code(out, "Auth.Verify", challenge, code);
}

static void say_verify(char out[LOAD_TEXT], const char *challenge, const char *code)
{
	say_code(out, "Account.Verify", challenge, code);
}

static void say_confirm(char out[LOAD_TEXT], const char *challenge, const char *code)
{
	say_code(out, "Account.Confirm", challenge, code);
}

const struct load_script shop_pam_login = {
	.begin = say_login,
	.verify = say_pam_verify,
	.done = "{\"parameters\":{\"state\":\"verified\"}}",
	.send = send_frame,
	.peek = inbox_peek,
	.drop = inbox_drop,
};

const struct load_script shop_sign_in = {
	.begin = say_login,
	.verify = say_verify,
	.done = "\"refresh_token\":\"",
	.in_turn = true,
	.send = send_frame,
	.peek = inbox_peek,
	.drop = inbox_drop,
};

const struct load_script shop_sign_up = {
	.begin = say_register,
	.verify = say_confirm,
	.done = "\"refresh_token\":\"",
	.in_turn = true,
	.send = send_frame,
	.peek = inbox_peek,
	.drop = inbox_drop,
};
