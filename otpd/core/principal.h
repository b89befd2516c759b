/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_PRINCIPAL_H
#define OTPD_CORE_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/core/code.h"

#define ACCOUNT_ID 16 /* bytes */

/*
 * Whom challenges, tries and mails are about, as one word: the name of a Unix user; or
 * of an account "acct:" and its identifier; or of an address that has no account (yet),
 * and of a login that nobody has, "addr:" and a keyed hash of tenant and spelling. No
 * Unix user has a colon in his name.
 */
#define PRINCIPAL_SIZE 40 /* bytes of the second and third kind, NUL included */

void principal_of_account(char out[PRINCIPAL_SIZE], const uint8_t id[ACCOUNT_ID]);

/* text is compared without regard to the case of ASCII letters. */
void principal_of_nobody(char out[PRINCIPAL_SIZE], const struct code_key *key,
	const char *tenant, const char *text);

/* Whether it is an account, and then which one. */
bool principal_is_account(const char *principal, uint8_t ret[ACCOUNT_ID]);

/* Whether it is of the third kind. */
bool principal_is_nobody(const char *principal);

/* Whether the name could be taken for one of the last two kinds. */
bool principal_is_reserved(const char *name);

#endif
