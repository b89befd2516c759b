/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_PRINCIPALS_H
#define OTPD_STORE_PRINCIPALS_H

#include "otpd/store/users.h"

/*
 * What challenges, budgets and mails need to know of whoever they are about, be it a
 * Unix user or an account (core/principal.h): for an account, name is the principal,
 * person is its user name, state is USER_DISABLED if it is disabled, and it has no
 * second route and no refusals. -ENOENT if there is none.
 */
int principals_get(struct store *store, const char *principal, struct user *ret);
int principals_disable(struct store *store, const char *principal);
int principals_set_verified(struct store *store, const char *principal, int64_t at);
int principals_set_login(struct store *store, const char *principal, int64_t at);

#endif
