/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_REGISTRATIONS_H
#define OTPD_STORE_REGISTRATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/store/accounts.h"

/* A form that waits for the code of its challenge. */
struct registration {
	uint8_t challenge[CODE_ID];
	char tenant[LIMIT_TENANT + 1];
	char client[LIMIT_SERVICE + 1]; /* title of the section */
	char address[LIMIT_ADDRESS + 1];
	char login[LIMIT_LOGIN + 1];
	char password[ACCOUNT_HASH + 1]; /* ""; the rest of the form comes later */
	char profile[LIMIT_PROFILE + 1];
	char language[LIMIT_LANGUAGE + 1];
	int64_t expires_at;
};

/* Replaces the one of the same challenge. */
int registrations_put(struct store *store, const struct registration *registration);

/* -ENOENT if there is none, or if its time is over. */
int registrations_get(struct store *store, const uint8_t challenge[CODE_ID],
	int64_t now_s, struct registration *ret);

/* The challenge of the newest one for this address; -ENOENT. */
int registrations_find(struct store *store, const char *tenant, const char *address,
	int64_t now_s, uint8_t ret[CODE_ID]);

int registrations_delete(struct store *store, const uint8_t challenge[CODE_ID]);

/* All of an address, which has an account now. */
int registrations_delete_address(
	struct store *store, const char *tenant, const char *address);

/* At most limit whose time is over; *ret_more: so many there were. */
int registrations_purge(
	struct store *store, int64_t now_s, int64_t limit, bool *ret_more);

int registrations_count(struct store *store, int64_t *ret);

#endif
