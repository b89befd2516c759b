/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_PRINCIPALS_H
#define OTPD_STORE_PRINCIPALS_H

#include "otpd/store/users.h"

/*
 * What challenges, budgets and mails need to know of whoever they are about, be it a
 * Unix user or an account (core/principal.h): for an account, name is the principal,
 * person is its user name, state is that of a user (one that must reset its password is
 * active), and it has no second route and no refusals. -ENOENT if there is none.
 */
int principals_get(struct store *store, const char *principal, struct user *ret);

/* By the monthly budget, and back again; one in another state stays as it is. */
int principals_lock(struct store *store, const char *principal);
int principals_unlock(struct store *store, const char *principal);

int principals_set_verified(struct store *store, const char *principal, int64_t at);
int principals_set_login(struct store *store, const char *principal, int64_t at);

#endif
