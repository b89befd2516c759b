/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_USERS_H
#define OTPD_STORE_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/proto/limits.h"
#include "otpd/store/store.h"

enum user_state {
	USER_ACTIVE = 0,
	USER_DISABLED = 1, /* by an administrator, or by the monthly budget */
};

struct user {
	char name[LIMIT_USER + 1];
	char address[LIMIT_ADDRESS + 1];
	char person[LIMIT_NAME + 1];
	int64_t state;
	int64_t verified_at; /* 0: never */
	int64_t created_at;
	int64_t login_at; /* the last code that was right */
};

/* -ENOENT if there is none. */
int users_get(struct store *store, const char *name, struct user *ret);

/* -EEXIST if there is one of that name. */
int users_insert(struct store *store, const struct user *user);

/* Address, person and verified_at of an enrolled user. */
int users_replace(struct store *store, const struct user *user);

int users_set_state(struct store *store, const char *name, enum user_state state);
int users_set_verified(struct store *store, const char *name, int64_t at);
int users_set_login(struct store *store, const char *name, int64_t at);
int users_delete(struct store *store, const char *name);

/* At most limit users after the name after, in order. */
int users_list(struct store *store, const char *after, int64_t limit,
	int (*each)(const struct user *user, void *arg), void *arg);

int users_count(struct store *store, int64_t *ret);

#endif
