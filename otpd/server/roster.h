/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_ROSTER_H
#define OTPD_SERVER_ROSTER_H

#include <stdbool.h>

#include "otpd/store/users.h"

enum roster_change {
	ROSTER_ADDED,
	ROSTER_UPDATED,
	ROSTER_UNCHANGED,
};

/* Whether this can be a user's name: not empty, UTF-8, without control characters,
 * and no principal of another kind. */
bool roster_name_is_good(const char *name);

/*
 * Enrols a user, or with update gives an enrolled one this address and name; a proof of
 * the old address is kept only if the address is the same. OUTCOME_EXISTS if enrolled
 * otherwise and not update.
 */
int roster_put(struct store *store, const struct user *user, bool update,
	enum roster_change *ret);

#endif
