/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_ACCOUNTS_H
#define OTPD_STORE_ACCOUNTS_H

#include <stdint.h>

#include "otpd/core/principal.h"
#include "otpd/proto/limits.h"
#include "otpd/store/store.h"

enum account_state {
	ACCOUNT_ACTIVE = 0,
	ACCOUNT_DISABLED = 1,   /* by an administrator */
	ACCOUNT_MUST_RESET = 2, /* an administrator wants another password */
	ACCOUNT_LOCKED = 3, /* by the monthly budget of codes, until an administrator or
			     * a recovery code helps */
};

#define ACCOUNT_HASH 127 /* characters of a hashed password, as libsodium writes it */

/* An account of a web application. */
struct account {
	uint8_t id[ACCOUNT_ID];
	char tenant[LIMIT_TENANT + 1];
	char address[LIMIT_ADDRESS + 1]; /* as its owner spells it */
	char login[LIMIT_LOGIN + 1];     /* user name, in lower case; or "" */
	char password[ACCOUNT_HASH + 1]; /* "": none, so that only a reset helps */
	char profile[LIMIT_PROFILE + 1]; /* compact JSON */
	char language[LIMIT_LANGUAGE + 1];
	int64_t state;
	int64_t verified_at; /* 0: never */
	int64_t created_at;
	int64_t login_at;    /* the last code that was right */
	int64_t password_at; /* when it was set */
	int64_t reset_until; /* until when an administrator allows a reset; 0: not */
};

/* -ENOENT if there is none. */
int accounts_get(
	struct store *store, const uint8_t id[ACCOUNT_ID], struct account *ret);

/*
 * The account of a tenant by its address or its user name, whichever the letters spell:
 * a user name has no '@'. Both are compared without regard to the case of ASCII
 * letters.
 */
int accounts_find(struct store *store, const char *tenant, const char *login,
	struct account *ret);

/* -EEXIST if the tenant has one of that address or user name, in whatever case. */
int accounts_insert(struct store *store, const struct account *account);

/* Each one change; a missing account is no error. */
int accounts_set_password(struct store *store, const uint8_t id[ACCOUNT_ID],
	const char *hash, int64_t at);
/* Another hash of the same password: password_at stays. */
int accounts_rehash(
	struct store *store, const uint8_t id[ACCOUNT_ID], const char *hash);
/* -EEXIST if another one has it. It counts as proven at that time. */
int accounts_set_address(struct store *store, const uint8_t id[ACCOUNT_ID],
	const char *address, int64_t at);
int accounts_set_profile(
	struct store *store, const uint8_t id[ACCOUNT_ID], const char *profile);
int accounts_set_state(
	struct store *store, const uint8_t id[ACCOUNT_ID], enum account_state state);
/* Only if it is from; else nothing happens. */
int accounts_move_state(struct store *store, const uint8_t id[ACCOUNT_ID],
	enum account_state from, enum account_state to);
int accounts_set_verified(
	struct store *store, const uint8_t id[ACCOUNT_ID], int64_t at);
int accounts_set_login(struct store *store, const uint8_t id[ACCOUNT_ID], int64_t at);
int accounts_set_reset_until(
	struct store *store, const uint8_t id[ACCOUNT_ID], int64_t until);

/* With its sessions, grants and recovery codes. */
int accounts_delete(struct store *store, const uint8_t id[ACCOUNT_ID]);

/* At most limit accounts of a tenant in the order of addresses (in lower case), after
 * that of after. */
int accounts_list(struct store *store, const char *tenant, const char *after,
	int64_t limit, int (*each)(const struct account *account, void *arg),
	void *arg);

int accounts_count(struct store *store, int64_t *ret);

#endif
