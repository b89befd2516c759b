/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_GRANTS_H
#define OTPD_STORE_GRANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/store/accounts.h"

#define GRANT_HASH 32

/* What a grant allows, once. The numbers stand in the database. */
enum grant_purpose {
	GRANT_REGISTER = 1, /* an account for this address */
	GRANT_PASSWORD = 2, /* another password */
	GRANT_RECEIPT = 3,  /* a session, for the receipt of a sign-in through PAM */
};

struct grant {
	uint8_t hash[GRANT_HASH]; /* of the token; core/token.h */
	int64_t purpose;
	char tenant[LIMIT_TENANT + 1];
	char client[LIMIT_SERVICE + 1]; /* whose it is; "": root's */
	uint8_t account[ACCOUNT_ID];    /* zeros: there is none yet */
	char address[LIMIT_ADDRESS + 1];
	char amr[16]; /* of GRANT_RECEIPT: how he signed in, "pwd otp" */
	int64_t auth_time;
	int64_t expires_at;
};

int grants_insert(struct store *store, const struct grant *grant);

/* -ENOENT if there is none of that purpose, or if its time is over. */
int grants_get(struct store *store, const uint8_t hash[GRANT_HASH],
	enum grant_purpose purpose, int64_t now_s, struct grant *ret);

/* -ENOENT if it is gone already: of two who bring it at once, only one goes on. */
int grants_delete(struct store *store, const uint8_t hash[GRANT_HASH]);
int grants_delete_account(struct store *store, const uint8_t account[ACCOUNT_ID]);

/* At most limit whose time is over; *ret_more: so many there were. */
int grants_purge(struct store *store, int64_t now_s, int64_t limit, bool *ret_more);

#endif
