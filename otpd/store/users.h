/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_USERS_H
#define OTPD_STORE_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/proto/limits.h"
#include "otpd/store/store.h"

enum user_state {
	USER_ACTIVE = 0,
	USER_DISABLED = 1, /* by an administrator */
	USER_LOCKED = 2, /* by the monthly budget, until an administrator or a recovery
			  * code helps */
};

struct user {
	char name[LIMIT_USER + 1];
	char address[LIMIT_ADDRESS + 1];
	char person[LIMIT_NAME + 1];
	int64_t state;
	int64_t verified_at; /* 0: never */
	int64_t created_at;
	int64_t login_at;                  /* the last code that was right */
	char language[LIMIT_LANGUAGE + 1]; /* "": the policy's */
	char second[LIMIT_ADDRESS + 1];    /* second route, address or number; or "" */
	int64_t second_verified_at;        /* 0: never */
	int64_t refusals; /* mails in a row that the address refused; never written */
};

/* So many refusals in a row make an address undeliverable. */
#define USER_REFUSALS               3
#define USER_IS_UNDELIVERABLE(user) ((user)->refusals >= USER_REFUSALS)

/* -ENOENT if there is none. */
int users_get(struct store *store, const char *name, struct user *ret);

/* -EEXIST if there is one of that name. */
int users_insert(struct store *store, const struct user *user);

/*
 * Address, person, verified_at and language of an enrolled user. With another address
 * the refusals begin anew, and mails to the old one count for nobody.
 */
int users_replace(struct store *store, const struct user *user);

/* Also forgets refusals: the address was just proven. */
int users_set_verified(struct store *store, const char *name, int64_t at);

int users_set_state(struct store *store, const char *name, enum user_state state);
/* Only if it is from; else nothing happens. */
int users_move_state(struct store *store, const char *name, enum user_state from,
	enum user_state to);
int users_set_login(struct store *store, const char *name, int64_t at);
int users_set_language(struct store *store, const char *name, const char *language);
int users_set_second(
	struct store *store, const char *name, const char *second, int64_t verified_at);
int users_clear_refusals(struct store *store, const char *name);

/* The code of this mail was typed: if it went to the user's address, that works. */
int users_proven_by_mail(struct store *store, int64_t mail);

int users_delete(struct store *store, const char *name);

/* At most limit users after the name after, in order. */
int users_list(struct store *store, const char *after, int64_t limit,
	int (*each)(const struct user *user, void *arg), void *arg);

int users_count(struct store *store, int64_t *ret);

#endif
