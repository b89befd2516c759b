/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_SHOP_H
#define TESTS_BENCH_SHOP_H

#include <sys/types.h>

#include "tests/bench/load.h"

/* A web application: what it calls itself, its users' password, and how they hash. */
#define SHOP_NAME     "shop"
#define SHOP_PASSWORD "battery staple 4711"
#define SHOP_PASSES   2
#define SHOP_KIB      19456

/* Uid of the client "shop". */
uid_t shop_uid(void);

/* otpd with a client "shop" and n_accounts of its tenant; as core_start() else. */
void shop_start(
	struct core *core, const char *build, const char *name, int64_t n_accounts);

/*
 * The same with bench-otpd, whose passwords cost nothing, and with as many Unix users.
 */
void shop_start_cheap(
	struct core *core, const char *build, const char *name, int64_t n_accounts);

/* Connections of the client, all with this script. */
struct load *shop_load(struct core *core, const struct load_script *script,
	int n_clients, int64_t n_users);

/* Account.Login of root, as PAM calls it, and Auth.Verify. */
extern const struct load_script shop_pam_login;

/* Account.Login and Account.Verify of the client, each account once. */
extern const struct load_script shop_sign_in;

/* Account.Register with the whole form, and Confirm; each address once. */
extern const struct load_script shop_sign_up;

/* An address that has no account, as long as those that have. */
void shop_new_address(char out[FILL_ADDRESS], int64_t number);

#endif
